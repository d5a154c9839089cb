"""What the commands share at the terminal: exit codes, errors in one line, and text that is safe to show.

| exit code | what it says |
|---|---|
| 0 | everything checks out |
| 1 | something is wrong, and the output names it |
| 2 | wrong usage, or something could not be read: nothing is known |
| 3 | something was not understood, and nothing else is wrong |
"""

import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from pledge.errors import (
    ConflictError,
    ForbiddenError,
    MalformedError,
    NotUnderstoodError,
    PledgeError,
    VerificationError,
)

WELL: Final = 0
WRONG: Final = 1
UNREADABLE: Final = 2
NOT_UNDERSTOOD: Final = 3

_JOINERS: Final = "\u200c\u200d"  # some scripts cannot be written without them


class Stop(click.ClickException):
    """Ends a command with one line on stderr and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(printable(" ".join(message.split())))
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance too


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn every error of ours, and of files, into one line and an exit code."""
    try:
        yield
    except PledgeError as error:
        raise Stop(str(error), exit_code_of(error)) from error
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise Stop(f"{name}{error.strerror or type(error).__name__}", UNREADABLE) from error


def exit_code_of(error: PledgeError) -> int:
    """Give the exit code of an error: what is known to be wrong is told apart from what nobody could look at."""
    match error:
        case NotUnderstoodError():
            return NOT_UNDERSTOOD
        case MalformedError() | VerificationError() | ConflictError() | ForbiddenError():
            return WRONG
        case _:
            return UNREADABLE


def printable(text: str) -> str:
    """Show characters that could steer a terminal, or turn the direction of a line, as their code points."""
    return "".join(char if _is_plain(char) else f"\\u{{{ord(char):x}}}" for char in text)


def _is_plain(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def fact(name: str, value: str) -> str:
    """Write one line of a list of facts; further lines of the value are indented as the first."""
    first, *rest = [printable(line) for line in value.split("\n")]
    return "\n".join([f"{name:<11}{first}", *(f"{'':<11}{line}" for line in rest)])


def utc_minute(seconds: int) -> str:
    """Write seconds since the Unix epoch as a minute in UTC; a year past 9999 as the number it is."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that whoever looks finds the old one or the new one, whole, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync_directory(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_directory(directory: Path) -> None:
    """Make names in a directory last: a file that is on the disk under no name is lost."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a whole regular file.

    Raises:
        MalformedError: It has more than ``max_bytes``.
        OSError: It cannot be read, or is not a regular file.
    """
    if path.exists() and not path.is_file():
        raise OSError(0, "not a regular file", str(path))
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise MalformedError(f"{path} has more than {max_bytes} bytes.")
    return data

"""Files for their owner alone, and the terminal: what may be written where, and what may be shown."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, TextIO

import click

from pledge.audit.console import UNREADABLE, Stop, printable, read_bounded
from pledge.core.steward_bundle import MAX_BUNDLE_BYTES, Bundle, unwrap_bundle
from pledge.errors import NotFoundError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
POLICY = click.option(
    "--policy", "policy_file", type=FILE, help="Whom to believe; by default the installed policy."
)
KEYS = click.option(
    "--keys",
    "keys_file",
    type=FILE,
    required=True,
    help="Your keys: pledge-steward.age. Asks for its passphrase.",
)
_CHUNK_BYTES: Final = 65_536


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file of mode 0600 that was not there before; it is gone again if writing fails.

    Raises:
        Stop: There is one already.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise Stop(f"{path} is there already, and is not written over.", UNREADABLE) from None
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def new_directory(path: Path) -> Path:
    """Make a directory for its owner alone that was not there before.

    Raises:
        Stop: There is something of this name already.
    """
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Stop(f"{path} is there already: name a new directory.", UNREADABLE) from None
    return path


def chunks_of(path: Path) -> Iterator[bytes]:
    """Read a file in chunks."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def show(text: str) -> None:
    """Print text of others, line by line, with all that could steer a terminal made visible."""
    for line in text.split("\n"):
        click.echo(f"  {printable(line)}".rstrip())


@contextmanager
def only_terminal() -> Iterator[TextIO]:
    """Give a terminal to print a secret on, never a file or a pipe that may be kept.

    Raises:
        NotFoundError: There is none.
    """
    if sys.stdout.isatty():
        yield sys.stdout
        return
    terminal = None
    with suppress(OSError):
        terminal = Path("/dev/tty").open("w", encoding="utf-8")  # noqa: SIM115  # closed below
    if terminal is None:
        raise NotFoundError(
            "There is no terminal to show your twelve words on, and they are written to no file. Nothing was sealed."
        )
    with terminal:
        yield terminal


def read_keys(path: Path) -> Bundle:
    """Ask for the passphrase of a steward's key file, and unwrap it.

    Raises:
        MalformedError: It is no key file.
        VerificationError: It is another passphrase.
    """
    data = read_bounded(path, MAX_BUNDLE_BYTES)
    return unwrap_bundle(data, click.prompt("Passphrase", hide_input=True, err=True))

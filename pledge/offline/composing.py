"""What sealing a tip and sealing an answer have in common: the text, the files, and writing an envelope."""

import hashlib
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Final

import click

from pledge.audit.console import read_bounded
from pledge.core.tip.message import MAX_FILES_BYTES, MAX_TEXT_CHARS
from pledge.core.tip.sealing import Given
from pledge.errors import LimitError, MalformedError
from pledge.offline.private import chunks_of

_MAX_TEXT_BYTES: Final = 4 * MAX_TEXT_CHARS + 4  # so that more than may be can be told


def today() -> date:
    """Give the day by this machine's clock, in UTC."""
    return datetime.now(UTC).date()


def read_text(file: str | None) -> str:
    """Read the words of a message; ``-`` stands for standard input, None for no words.

    Raises:
        MalformedError: They are not UTF-8.
        LimitError: There are more than a message holds.
    """
    if file is None:
        return ""
    is_typed = file == "-"
    data = sys.stdin.buffer.read(_MAX_TEXT_BYTES) if is_typed else read_bounded(Path(file), _MAX_TEXT_BYTES)
    try:
        text = unicodedata.normalize("NFC", data.decode().replace("\r\n", "\n").strip("\n"))
    except UnicodeDecodeError:
        raise MalformedError("The text is not UTF-8.") from None
    if len(text) > MAX_TEXT_CHARS:
        raise LimitError(f"A message has at most {MAX_TEXT_CHARS:,} characters. Put the rest into a file.")
    return text


def given(files: Sequence[Path]) -> Iterator[Given]:
    """Name files as they are called, without where they lie, and read them when it is their turn."""
    return (Given(file.name, chunks_of(file)) for file in files)


def write_envelope(target: IO[bytes], envelope: Iterable[bytes], files: Sequence[Path]) -> bytes:
    """Write an envelope where a file stands; shows how far it is.

    Returns:
        The envelope's SHA-256, 32 bytes.

    Raises:
        LimitError: The files are larger than an envelope holds; found before they are read.
    """
    size = sum(file.stat().st_size for file in files)
    if size > MAX_FILES_BYTES:
        raise LimitError("The files of a message have at most 500 MiB together.", code="too-large")
    digest = hashlib.sha256()
    with click.progressbar(
        length=size, label="Sealing", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        for piece in envelope:
            digest.update(piece)
            target.write(piece)
            bar.update(min(len(piece), size - bar.pos))
    return digest.digest()

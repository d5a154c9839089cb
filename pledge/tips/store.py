"""Where envelopes lie: small ones in their row, so that many share one write to the disk; larger ones as files.

A file is written beside the others as ``<id>.part``, mode 0600, put on disk and renamed before the row that names it
commits. What a crash leaves behind has no row, and ``sweep`` removes it. Only ciphertext is ever written here.
"""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pledge.core.age.envelope import check_envelope
from pledge.core.age.header import MAX_HEADER_BYTES
from pledge.core.archive import SIZE_CLASSES
from pledge.errors import MalformedError, UnavailableError, noop

MAX_IN_ROW_BYTES = MAX_HEADER_BYTES
"""What is longer begins with a whole header, so that it can be checked before anything is written."""
RESERVE_BYTES = 256 << 20
"""So much of a disk is left free: the log must be able to go on."""
MAX_ENVELOPE_BYTES = SIZE_CLASSES[-1] + (1 << 20)
STALE_SECONDS = 2 * 24 * 3600

_CHUNK_BYTES = 65_536
_LOOK_BYTES = 16 << 20
"""After so much more has been written, the disk is looked at again: others write too, and some lengths are not told."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = noop(
    "This site has no room for messages just now. Nothing was kept; try again tomorrow, or send less."
)


class Received(NamedTuple):
    """An envelope that is safe on disk, or small and in memory: its message, hash, size, and the small one itself."""

    id: bytes
    sha256: bytes
    size_bytes: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Store:
    """The directory of large envelopes.

    Args:
        directory: Made with mode 0700 when it is first needed.
    """

    directory: Path

    def receive(
        self, chunks: Iterable[bytes], message_id: bytes, *, size_bytes: int | None = None
    ) -> Received:
        """Take an envelope in, and check all that can be checked of it unopened.

        Args:
            chunks: The envelope, in pieces of any size.
            message_id: 16 random bytes.
            size_bytes: How long it is, where that is known before it is read: then it is refused before, too.

        Raises:
            MalformedError: It is no envelope of a padded size.
            UnavailableError: The disk is too full. Nothing is left of what was written.
        """
        pieces = iter(chunks)
        head = _take(pieces, MAX_IN_ROW_BYTES)
        if len(head) <= MAX_IN_ROW_BYTES:
            _check(head, len(head))
            return Received(message_id, hashlib.sha256(head).digest(), len(head), head)
        if size_bytes is not None:
            _check(head, size_bytes)
            self._check_room(size_bytes)
        return self._receive_file(head, pieces, message_id)

    def read(self, message_id: bytes, content: bytes | None) -> Iterator[bytes]:
        """Give an envelope, in pieces."""
        if content is not None:
            yield content
            return
        with self._path(message_id).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def remove(self, message_ids: Iterable[bytes]) -> None:
        """Remove files, those that are there."""
        for message_id in message_ids:
            self._path(message_id).unlink(missing_ok=True)

    def sweep(self, known: Iterable[bytes]) -> int:
        """Remove what no row names and nobody is writing any more; gives how many files that were."""
        names = {message_id.hex() for message_id in known}
        removed = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                is_old = path.stat().st_ctime < time.time() - STALE_SECONDS
                if path.name not in names and is_old:
                    path.unlink()
                    removed += 1
        return removed

    def rewrite(self, message_id: bytes, day: date) -> None:
        """Write a file anew under the same name, with its times set to the day, so that it does not tell its own.

        Where there is no room for a second copy, the first keeps its place on the disk and gets other times only.
        """
        path = self._path(message_id)
        copy = path.with_suffix(
            f".{secrets.token_hex(4)}.part"
        )  # of this pass alone: two processes may be at it
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
        if not path.exists():
            return  # small, or burned meanwhile
        try:
            self._copy(path, copy)
        except OSError as error:
            copy.unlink(missing_ok=True)
            if error.errno not in _NO_ROOM:
                raise
            os.utime(path, (noon, noon))
            return
        os.utime(copy, (noon, noon))
        copy.rename(path)
        self._sync()

    @staticmethod
    def _copy(path: Path, copy: Path) -> None:
        with path.open("rb") as source, _create(copy) as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)
            target.flush()
            os.fsync(target.fileno())

    def _receive_file(self, head: bytes, pieces: Iterator[bytes], message_id: bytes) -> Received:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        part = self._path(message_id).with_suffix(".part")
        sha256, size, looked = hashlib.sha256(), 0, 0
        try:
            with _create(part) as file:
                for piece in chain([head], pieces):
                    size += len(piece)
                    if size >= looked:
                        self._check_room(len(piece))
                        looked = size + _LOOK_BYTES
                    sha256.update(piece)
                    file.write(piece)
                _check(head, size)
                file.flush()
                os.fsync(file.fileno())
            part.rename(self._path(message_id))
            self._sync()
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise UnavailableError(_FULL, code="disk-full") from None
            raise
        return Received(message_id, sha256.digest(), size, None)

    def _check_room(self, size_bytes: int) -> None:
        place = self.directory if self.directory.is_dir() else self.directory.parent
        if shutil.disk_usage(place).free < size_bytes + RESERVE_BYTES:
            raise UnavailableError(_FULL, code="disk-full")

    def _path(self, message_id: bytes) -> Path:
        return self.directory / message_id.hex()

    def _files(self) -> list[Path]:
        return list(self.directory.iterdir()) if self.directory.is_dir() else []

    def _sync(self) -> None:
        handle = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take(pieces: Iterator[bytes], size: int) -> bytes:
    """Take pieces until there are more than ``size`` bytes, or no more."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > size:
            break
    return bytes(held)


def _check(start: bytes, size_bytes: int) -> None:
    if check_envelope(start, size_bytes).plaintext_bytes not in SIZE_CLASSES:
        raise MalformedError(
            "This message is not padded to one of the sizes that messages have.", code="size"
        )


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

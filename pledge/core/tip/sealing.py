"""Sealing: a message and its files become one envelope, as a stream.

Files are read once, and nothing of them is held: their hashes are known by the time the manifest is written, which
stands behind them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridRecipient
from pledge.core.age.keytext import parse_recipient
from pledge.core.age.stanza import RandomBytes
from pledge.core.archive import MANIFEST, file_entry_name, write_archive
from pledge.core.filename import fit_name
from pledge.core.keys import SigningKey
from pledge.core.tip.message import MAX_FILES, MAX_FILES_BYTES, File, Message, format_manifest, sign_message
from pledge.errors import LimitError, MalformedError

MakeMessage = Callable[[tuple[File, ...]], Message]
"""Puts a message together from what its manifest says of the files."""


class Given(NamedTuple):
    """A file, called whatever its owner calls it, and its data in chunks of any size."""

    name: str
    chunks: Iterable[bytes]


def seal_message(
    files: Iterable[Given],
    make_message: MakeMessage,
    *,
    key: SigningKey,
    recipients: Sequence[str],
    random_bytes: RandomBytes,
) -> Iterator[bytes]:
    """Seal a message and its files; what is wrong with the recipients is found at once.

    Args:
        files: At most 100 of them, 500 MiB together; read as the result is.
        make_message: Puts the message together from what the manifest says of the files.
        key: The mailbox's for a source, a steward's signing key for an answer.
        recipients: ``age1pq1…``, 1 to 128, none twice.
        random_bytes: ``os.urandom``.

    Returns:
        The envelope, in pieces of up to 64 KiB and a little; a long first one for many recipients.

    Raises:
        MalformedError: A recipient is none, or the message cannot be written.
        LimitError: Too many files, or too much (code ``too-large``).
    """
    sealed_to = [_parse_hybrid(recipient) for recipient in recipients]
    archive = write_archive(_entries(files, make_message, key))
    return seal(sealed_to, archive, random_bytes=random_bytes)


def _parse_hybrid(recipient: str) -> HybridRecipient:
    parsed = parse_recipient(recipient)
    if not isinstance(parsed, HybridRecipient):
        raise MalformedError("An envelope is sealed to hybrid recipients only.", code="age-mixed")
    return parsed


def _entries(
    files: Iterable[Given], make_message: MakeMessage, key: SigningKey
) -> Iterator[tuple[str, Iterable[bytes]]]:
    listed: list[File] = []
    for number, (name, chunks) in enumerate(files, start=1):
        if number > MAX_FILES:
            raise LimitError("A message has at most %(most)s files.", code="too-large", most=MAX_FILES)
        hashing = _Hashing(chunks, room_bytes=MAX_FILES_BYTES - sum(file.size_bytes for file in listed))
        yield file_entry_name(number, name), hashing
        listed.append(
            File(name=fit_name(name), size_bytes=hashing.size_bytes, sha256=hashing.digest.hexdigest())
        )
    yield MANIFEST, [format_manifest(sign_message(make_message(tuple(listed)), key))]


class _Hashing:
    """Counts and hashes chunks as they go by."""

    def __init__(self, chunks: Iterable[bytes], *, room_bytes: int) -> None:
        self._chunks = chunks
        self._room_bytes = room_bytes
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._room_bytes:
                raise LimitError("The files of a message have at most 500 MiB together.", code="too-large")
            self.digest.update(chunk)
            yield chunk

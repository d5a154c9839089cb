"""What an envelope holds: its archive held against its manifest, and nothing given out before all of it is checked.

An archive's directory stands at its end and the manifest behind the files, so an envelope is decrypted more than once:

    first     to the end: its tail has the directory, and with it names, sizes and places
    second    against the directory: each file is hashed, the manifest read, one held against the other
    third     the files again, for whoever wants them, each compared as it goes by

At no time is more than a chunk of a file held, however large the envelope is.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pledge.core.age.blocks import Piece
from pledge.core.age.file import decrypt
from pledge.core.age.stanza import Identity
from pledge.core.archive import MANIFEST, TAIL_BYTES, Entry, file_entry_name, read_directory, read_entries
from pledge.core.tip.message import (
    MAX_MANIFEST_BYTES,
    File,
    Manifest,
    Message,
    parse_manifest,
    verify_manifest,
)
from pledge.errors import MalformedError, VerificationError

Reopen = Callable[[], Iterable[Piece]]
"""Gives the envelope from its start, in pieces of any size, each time that it is called."""


class Found(NamedTuple):
    """A file as the archive has it: the name of its entry, its size, and the SHA-256 of its data in hex."""

    name: str
    size_bytes: int
    sha256: str


class Contents(NamedTuple):
    """What an envelope holds.

    Attributes:
        identities: What opens it.
        directory: The archive's, without the padding.
        manifest: Signed by the key that it names; whose key that is, is for ``thread`` to say.
    """

    identities: Sequence[Identity]
    directory: tuple[Entry, ...]
    manifest: Manifest


def check_files(found: Sequence[Found], message: Message) -> None:
    """Hold the files of an archive against those that its message names: all of them, in order, and no others.

    Raises:
        VerificationError: Another name, size or hash, one missing, or one more (code ``other-files``).
    """
    named = tuple(
        Found(file_entry_name(number, file.name), file.size_bytes, file.sha256)
        for number, file in enumerate(message.files, start=1)
    )
    if tuple(found) != named:
        raise VerificationError(
            "The files in this envelope are not the ones that its message names.", code="other-files"
        )


def open_contents(identities: Sequence[Identity], reopen: Reopen) -> Contents:
    """Open an envelope and check all of it. Cost: it is decrypted twice.

    Args:
        identities: Tried in this order.
        reopen: The envelope, which must not change meanwhile.

    Raises:
        MalformedError: The age file, the archive or the manifest does not follow its format.
        VerificationError: No identity fits (code ``age-no-match``), something was changed or cut off, files and
            manifest do not go together (``other-files``), or the signature is not by the key that the manifest names.
    """
    directory = _find_directory(decrypt(identities, reopen()))
    if directory[-1].size_bytes > MAX_MANIFEST_BYTES:
        raise MalformedError("The manifest in this envelope is too large.")
    found: list[Found] = []
    data = b""
    for entry, chunks in read_entries(decrypt(identities, reopen()), directory):
        if entry.name == MANIFEST:
            data = b"".join(chunks)
        else:
            found.append(Found(entry.name, entry.size_bytes, _hash(chunks)))
    manifest = parse_manifest(data)
    verify_manifest(manifest)
    check_files(found, manifest.message)
    return Contents(identities, directory, manifest)


def read_files(contents: Contents, reopen: Reopen) -> Iterator[tuple[File, Iterator[bytes]]]:
    """Give the files of an envelope that ``open_contents`` has checked, each with its data in chunks.

    Whoever writes them somewhere takes back what was written if an error ends this: then the envelope has changed.

    Raises:
        MalformedError, VerificationError: It is not what it was.
    """
    files = iter(contents.manifest.message.files)
    for entry, chunks in read_entries(decrypt(contents.identities, reopen()), contents.directory):
        if entry.name != MANIFEST:
            file = next(files)
            yield file, _compared(chunks, file.sha256)


def _find_directory(chunks: Iterable[bytes]) -> tuple[Entry, ...]:
    tail, total = b"", 0
    for chunk in chunks:
        tail = (tail + chunk)[-TAIL_BYTES:]
        total += len(chunk)
    return read_directory(tail, total)


def _hash(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _compared(chunks: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise VerificationError("This envelope has changed since it was checked.", code="other-files")

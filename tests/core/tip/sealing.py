"""Envelopes for tests: whole ones, and ones that lie."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.archive import MANIFEST, file_entry_name, write_archive
from pledge.core.keys import SigningKey
from pledge.core.tip.message import File, Message, format_manifest, sign_message
from tests.core.tip.kit import SOURCE, TIP

READER = HybridIdentity.from_seed(bytes([5]) * 32)
Named = tuple[str, bytes]


def file_of(name: str, data: bytes) -> File:
    fit = file_entry_name(1, name).partition("-")[2]
    return File(name=fit, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def archive_of(
    files: Sequence[Named],
    *,
    message: Message = TIP,
    key: SigningKey = SOURCE,
    named: Sequence[File] | None = None,
) -> bytes:
    """Return an archive of files, and a manifest that names them, or others."""
    listed = tuple(named) if named is not None else tuple(file_of(*file) for file in files)
    manifest = format_manifest(sign_message(replace(message, files=listed), key))
    entries: list[tuple[str, Iterable[bytes]]] = [
        (file_entry_name(number, name), [data]) for number, (name, data) in enumerate(files, 1)
    ]
    return b"".join(write_archive([*entries, (MANIFEST, [manifest])]))


def envelope_of(archive: bytes, *readers: HybridIdentity) -> bytes:
    recipients = [reader.recipient for reader in readers or (READER,)]
    return b"".join(seal(recipients, [archive], random_bytes=os.urandom))

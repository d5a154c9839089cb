"""Sealing for who runs no scripts: a form becomes an envelope as it arrives.

Files go from the socket into the archive, the archive into the envelope, and only the envelope to the disk. The text
and the twelve words are held in memory until the request ends. Here the source trusts the server, and the manifest
says so: its way is ``sealed-by-server``.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridRecipient
from pledge.core.age.keytext import format_recipient, parse_recipient
from pledge.core.archive import MANIFEST, file_entry_name, write_archive
from pledge.core.filename import fit_name
from pledge.core.tip.codename import Codename
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.tip.message import (
    MAX_FILES,
    MAX_FILES_BYTES,
    MAX_TEXT_CHARS,
    File,
    Message,
    format_manifest,
    sign_message,
)
from pledge.errors import LimitError, MalformedError
from pledge.web.multipart import Part


@dataclass(slots=True)
class Written:
    """What a form has said so far: its fields by name, in the order they came, and the files that were passed on."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    def one(self, name: str) -> str:
        """Give a field's only value; empty where it was not sent.

        Raises:
            MalformedError: It was sent twice; which was meant, nobody knows.
        """
        values = self.fields.get(name, [""])
        if len(values) > 1:
            raise MalformedError(
                "A field of this form was sent twice. Load the page again.", code="sent-twice"
            )
        return values[0]


def seal_form(
    parts: Iterable[Part],
    written: Written,
    make_message: Callable[[Written], Message],
    *,
    codename: Codename,
    recipients: Sequence[str],
    random_bytes: Callable[[int], bytes],
) -> Iterator[bytes]:
    """Seal a form as it arrives; gives the envelope in pieces.

    Args:
        parts: The form's; files in any place.
        written: Filled with what the form says, as it does.
        make_message: Puts the message together, once all of the form has been read.
        codename: Whose message it is.
        recipients: ``age1pq1…``.
        random_bytes: ``os.urandom``.

    Raises:
        MalformedError, LimitError: What was written makes no message.
    """
    sealed_to = [_hybrid(recipient) for recipient in recipients]
    entries = _entries(parts, written, make_message, codename)
    return seal(sealed_to, write_archive(entries), random_bytes=random_bytes)


def first_message(written: Written, *, codename: Codename, origin: str, day: date) -> Message:
    """Put a tip together.

    Raises:
        MalformedError: It has neither text nor files, or something that no tip can have.
    """
    return Message(
        type_="tip/v1",
        origin=origin,
        mailbox=codename.mailbox,
        number=1,
        previous=None,
        day=day,
        lab=written.one("lab") or None,
        clauses=tuple(written.fields.get("clauses", ())),
        text=_text(written),
        files=tuple(written.files),
        recipient=format_recipient(codename.identity.recipient),
        nonce=derive_nonce(codename.digest_seed, 1),
        way="sealed-by-server",
        credential=None,
    )


def later_message(
    written: Written, *, codename: Codename, origin: str, day: date, number: int, previous: str
) -> Message:
    """Put a follow-up together.

    Raises:
        MalformedError: It has neither text nor files, or something that no message can have.
    """
    return Message(
        type_="follow-up/v1",
        origin=origin,
        mailbox=codename.mailbox,
        number=number,
        previous=previous,
        day=day,
        lab=None,
        clauses=(),
        text=_text(written),
        files=tuple(written.files),
        recipient=None,
        nonce=derive_nonce(codename.digest_seed, number),
        way="sealed-by-server",
        credential=None,
    )


def _entries(
    parts: Iterable[Part],
    written: Written,
    make_message: Callable[[Written], Message],
    codename: Codename,
) -> Iterator[tuple[str, Iterable[bytes]]]:
    for part in parts:
        if part.filename is None:
            written.fields.setdefault(part.name, []).append(part.text())
        elif part.name == "files" and part.filename:
            if len(written.files) == MAX_FILES:
                raise LimitError(f"One message has at most {MAX_FILES} files.", code="too-many-files")
            hashed = _Hashed(part.chunks, MAX_FILES_BYTES - sum(file.size_bytes for file in written.files))
            yield file_entry_name(len(written.files) + 1, part.filename), hashed.chunks()
            written.files.append(hashed.file(part.filename))
    manifest = format_manifest(sign_message(make_message(written), codename.key))
    yield MANIFEST, [manifest]


class _Hashed:
    """A file on its way into the archive."""

    def __init__(self, chunks: Iterator[bytes], room_bytes: int) -> None:
        self._chunks = chunks
        self._room_bytes = room_bytes
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()

    def chunks(self) -> Iterator[bytes]:
        """Give the file's data, hashing it."""
        for chunk in self._chunks:
            self._size_bytes += len(chunk)
            if self._size_bytes > self._room_bytes:
                raise LimitError("The files of one message have at most 500 MiB together.", code="too-large")
            self._sha256.update(chunk)
            yield chunk

    def file(self, name: str) -> File:
        """Give what the manifest says of it."""
        return File(name=fit_name(name), size_bytes=self._size_bytes, sha256=self._sha256.hexdigest())


def _hybrid(recipient: str) -> HybridRecipient:
    parsed = parse_recipient(recipient)
    if not isinstance(parsed, HybridRecipient):
        raise MalformedError("An envelope is sealed to hybrid recipients only.", code="age-mixed")
    return parsed


def _text(written: Written) -> str:
    text = unicodedata.normalize("NFC", written.one("text").replace("\r\n", "\n"))
    if len(text) > MAX_TEXT_CHARS:
        raise LimitError(f"A message has at most {MAX_TEXT_CHARS:,} characters.", code="too-long")
    if not text.strip() and not written.files:
        raise MalformedError("Write something, or add a file.", code="nothing-written")
    return text

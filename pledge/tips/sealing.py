"""Sealing for who runs no scripts: a form becomes an envelope as it arrives.

Files go from the socket into the archive, the archive into the envelope, and only the envelope to the disk. The text
and the twelve words are held in memory until the request ends. Here the source trusts the server, and the manifest
says so: its way is ``sealed-by-server``.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from pledge.core.age.keytext import format_recipient
from pledge.core.tip.codename import Codename
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.tip.message import MAX_TEXT_CHARS, File, Message
from pledge.core.tip.sealing import Given, seal_message
from pledge.errors import LimitError, MalformedError
from pledge.log.notary import RandomBytes
from pledge.web.multipart import Part


@dataclass(slots=True)
class Fields:
    """What a form has said so far, by name, in the order in which it came."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, part: Part) -> None:
        """Read a field.

        Raises:
            MalformedError, LimitError: It is no text, or too long.
        """
        text = part.text()
        self.values.setdefault(part.name, []).append(text)

    def one(self, name: str) -> str:
        """Give a field's only value; empty where it was not sent.

        Raises:
            MalformedError: It was sent twice; which was meant, nobody knows.
        """
        found = self.values.get(name, [""])
        if len(found) > 1:
            raise MalformedError(
                "A field of this form was sent twice. Load the page again.", code="sent-twice"
            )
        return found[0]


def seal_form(
    parts: Iterable[Part],
    fields: Fields,
    make_message: Callable[[tuple[File, ...]], Message],
    *,
    codename: Codename,
    recipients: Sequence[str],
    random_bytes: RandomBytes,
) -> Iterator[bytes]:
    """Seal a form as it arrives; gives the envelope in pieces.

    Args:
        parts: The form's; files in any place.
        fields: Filled with what the form says, as it does.
        make_message: Puts the message together, once all of the form has been read.
        codename: Whose message it is.
        recipients: ``age1pq1…``.
        random_bytes: ``os.urandom``.

    Raises:
        MalformedError, LimitError: What was written makes no message.
    """
    return seal_message(
        _files(parts, fields),
        make_message,
        key=codename.key,
        recipients=recipients,
        random_bytes=random_bytes,
    )


def first_message(
    fields: Fields, files: tuple[File, ...], *, codename: Codename, origin: str, day: date
) -> Message:
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
        lab=fields.one("lab") or None,
        clauses=tuple(fields.values.get("clauses", ())),
        text=_text(fields, files),
        files=files,
        recipient=format_recipient(codename.identity.recipient),
        nonce=derive_nonce(codename.digest_seed, 1),
        way="sealed-by-server",
        credential=None,
    )


def later_message(
    fields: Fields,
    files: tuple[File, ...],
    *,
    codename: Codename,
    origin: str,
    day: date,
    number: int,
    previous: str,
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
        text=_text(fields, files),
        files=files,
        recipient=None,
        nonce=derive_nonce(codename.digest_seed, number),
        way="sealed-by-server",
        credential=None,
    )


def take_sealed(parts: Iterator[Part], fields: Fields) -> tuple[Part | None, Iterator[Part]]:
    """Read a form up to its first file; gives that one if it was sealed elsewhere, and all parts that are left."""
    for part in parts:
        if part.filename is None:
            fields.add(part)
        elif part.filename:
            is_sealed = part.name == "sealed"
            return (part, parts) if is_sealed else (None, chain([part], parts))
    return None, iter(())


def check_alone(fields: Fields, parts: Iterable[Part]) -> None:
    """Read the rest of a form, and check that nothing was written beside a file that was sealed elsewhere.

    Raises:
        MalformedError: Something was, and would be lost.
    """
    has_more = False
    for part in parts:
        if part.filename is None:
            fields.add(part)
        has_more |= bool(part.filename)
    if has_more or fields.one("text").strip():
        raise MalformedError(
            "Either write here, or send a file that you have sealed. Nothing was kept.",
            code="sealed-and-more",
        )


def _files(parts: Iterable[Part], fields: Fields) -> Iterator[Given]:
    for part in parts:
        if part.filename is None:
            fields.add(part)
        elif part.name == "sealed" and part.filename:
            check_alone(fields, [part])  # which raises
        elif part.name == "files" and part.filename:
            yield Given(part.filename, part.chunks)


def _text(fields: Fields, files: tuple[File, ...]) -> str:
    text = unicodedata.normalize("NFC", fields.one("text").replace("\r\n", "\n"))
    if len(text) > MAX_TEXT_CHARS:
        raise LimitError(
            "A message has at most %(most)s characters.", code="too-long", most=format(MAX_TEXT_CHARS, ",")
        )
    if not text.strip() and not files:
        raise MalformedError("Write something, or add a file.", code="nothing-written")
    return text

"""Threads: what one side may show of what the other has sent.

Each side can open only what is sealed to it, and knows of the rest the hash of its envelope. A message is shown only
where it stands in the right place, names the envelope before it, and is signed by whoever it says it is from. A server
that forges, swaps, replays or drops one is thereby found out, at the latest by the next message.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from pledge.core.keys import parse_key
from pledge.core.tip.mailbox import MailboxId, mailbox_id
from pledge.core.tip.message import Manifest, verify_manifest
from pledge.errors import VerificationError


class Place(NamedTuple):
    """A place in a thread: the SHA-256 of its envelope in hex, and its manifest, None where it cannot be opened."""

    envelope_sha256: str
    manifest: Manifest | None


def check_thread(
    places: Sequence[Place], *, origin: str, mailbox: MailboxId, stewards: Collection[str]
) -> None:
    """Check all that can be checked of a thread.

    Args:
        places: In order, from the first.
        origin: The log's.
        mailbox: Whose thread it should be.
        stewards: The signing keys, ``ed25519:…``, of stewards that the log has.

    Raises:
        VerificationError: A message is not in its place, or not by whom it says; its number begins the message.
    """
    previous: str | None = None
    for number, place in enumerate(places, start=1):
        if place.manifest is not None:
            try:
                _check(place.manifest, number, previous, origin=origin, mailbox=mailbox, stewards=stewards)
            except VerificationError as error:
                raise VerificationError(
                    "Message %(number)s: %(error)s", code=error.code, number=number, error=str(error)
                ) from error
        previous = place.envelope_sha256
    if len({place.envelope_sha256 for place in places}) != len(places):
        raise VerificationError("An envelope stands twice in this thread.", code="message-replayed")


def _check(
    manifest: Manifest,
    number: int,
    previous: str | None,
    *,
    origin: str,
    mailbox: MailboxId,
    stewards: Collection[str],
) -> None:
    message = manifest.message
    if (message.origin, message.mailbox) != (origin, mailbox):
        raise VerificationError("It belongs to another thread.", code="message-elsewhere")
    if (message.number, message.previous) != (number, previous):
        raise VerificationError("It does not follow the one before.", code="message-order")
    check_author(manifest, stewards=stewards)


def check_author(manifest: Manifest, *, stewards: Collection[str]) -> None:
    """Check that a message is by whom its kind says: an answer by a steward, all others by the mailbox that they name.

    Args:
        manifest: Of one message; its place in a thread is not looked at.
        stewards: The signing keys, ``ed25519:…``, of stewards that the log has.

    Raises:
        VerificationError: It is by somebody else (code ``message-forged``), or was changed.
    """
    message = manifest.message
    if message.type_ == "answer/v1":
        if manifest.key not in stewards:
            raise VerificationError("It is not by a steward of this site.", code="message-forged")
    elif mailbox_id(parse_key(manifest.key)) != message.mailbox:
        raise VerificationError("It is not by the source.", code="message-forged")
    verify_manifest(manifest)

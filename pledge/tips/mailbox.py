"""A source's mailbox: who is let in, what lies in it, and what is shown of it to who runs no scripts.

A mailbox that was never used, one that was burned and one whose time is over are one thing here: nothing is found, and
as much is done and said about it.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from pledge.core.keys import parse_key
from pledge.core.statement.canonical import Value, format_json, parse_base64
from pledge.core.tip.mailbox import MailboxId, mailbox_id, verify_answer
from pledge.core.tip.message import MAX_NUMBER
from pledge.errors import ForbiddenError, MalformedError, NotFoundError, VerificationError
from pledge.instance import Instance
from pledge.tips.digests import where_logged
from pledge.tips.intake import acknowledge
from pledge.tips.models import Message, Thread

WINDOW_SECONDS = 300
STEP_BYTES = 8192
_NONCE = re.compile(r"[0-9a-f]{64}")


class Listed(NamedTuple):
    """A message of a thread, without its envelope."""

    id: bytes
    number: int
    sender: str
    sha256: bytes
    size_bytes: int
    row: Message


def give_nonce(session_key: bytes, now: datetime) -> bytes:
    """Give what is to be signed now to be let in, 32 bytes: the same for everybody, for up to ten minutes."""
    return _nonce(session_key, int(now.timestamp()) // WINDOW_SECONDS)


def let_in(auth: object, *, session_key: bytes, origin: str, now: datetime) -> MailboxId:
    """Check that somebody holds the key of a mailbox, and give its name.

    Args:
        auth: ``{"key", "nonce", "signature"}`` as they were sent; other members are let be.
        session_key: What nonces are made from.
        origin: The log's.
        now: The time.

    Raises:
        MalformedError: It is not such an object.
        ForbiddenError: The nonce is too old, or the signature is not over it.
    """
    members = auth if isinstance(auth, dict) else {}
    key, nonce, signature = (members.get(name) for name in ("key", "nonce", "signature"))
    if not (isinstance(key, str) and isinstance(nonce, str) and isinstance(signature, str)):
        raise MalformedError("This request lacks what shows whose mailbox it is.", code="auth")
    public, sig = parse_key(key), parse_base64(signature)
    window = int(now.timestamp()) // WINDOW_SECONDS
    fresh = [_nonce(session_key, window - age).hex() for age in (0, 1)]
    if not _NONCE.fullmatch(nonce) or not any(hmac.compare_digest(nonce, known) for known in fresh):
        raise ForbiddenError("This took too long. Open the mailbox again.", code="nonce-old")
    mailbox = mailbox_id(public)
    try:
        verify_answer(mailbox, bytes.fromhex(nonce), origin=origin, public=public, signature=sig)
    except VerificationError:
        raise ForbiddenError("This is not signed by the key of this mailbox.", code="auth") from None
    return mailbox


def messages_of(session: Session, mailbox: MailboxId) -> Sequence[Message]:
    """Give a mailbox's messages in order, none where there is no thread; their contents are read when asked for."""
    return session.scalars(
        select(Message)
        .join(Thread, Message.thread == Thread.id)
        .where(Thread.mailbox == mailbox)
        .options(defer(Message.content))
        .order_by(Message.number)
    ).all()


def list_thread(instance: Instance, session: Session, mailbox: MailboxId) -> bytes:
    """Give what a mailbox holds as JSON, padded so that its length tells nothing of it."""
    listed = [_listed(instance, session, message) for message in messages_of(session, mailbox)]
    size = len(format_json({"messages": listed, "padding": ""}, max_bytes=1 << 26))
    padding = " " * (-size % STEP_BYTES)
    return format_json({"messages": listed, "padding": padding}, max_bytes=1 << 26)


def find_answer(session: Session, mailbox: MailboxId, number: object) -> Message:
    """Give a steward's answer of a mailbox.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = None
    if isinstance(number, int) and 0 < number <= MAX_NUMBER:
        found = session.scalar(
            select(Message)
            .join(Thread, Message.thread == Thread.id)
            .where(Thread.mailbox == mailbox, Message.number == number, Message.sender == "steward")
        )
    if found is None:
        raise NotFoundError("There is no such message here.")
    return found


def _listed(instance: Instance, session: Session, message: Message) -> Value:
    is_own = message.sender == "source"
    word = acknowledge(instance.notary, day=message.day, sha256=message.sha256) if is_own else None
    return {
        "acknowledgement": None if word is None else word.decode(),
        "day": message.day.isoformat(),
        "digest": _digest(instance, session, message) if is_own else None,
        "from": message.sender,
        "number": message.number,
        "sha256": message.sha256.hex(),
        "size_bytes": message.size_bytes,
    }


def _digest(instance: Instance, session: Session, message: Message) -> Value:
    """Give where the log commits to a message: the digest's day, its entry, and the proof that the log has it."""
    if message.settled is None:
        return None
    return where_logged(session, message.settled, instance.log.tiles)


def _nonce(session_key: bytes, window: int) -> bytes:
    return hmac.digest(session_key, f"pledge/mailbox-window/v1\n{window}".encode(), hashlib.sha256)

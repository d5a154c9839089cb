"""Threads as stewards handle them: whose they are, what was noted, and their envelopes."""

import re
from types import EllipsisType
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledge.db import table_of
from pledge.errors import NotFoundError
from pledge.tips.models import Message, Thread

_ID = re.compile(r"[0-9a-f]{32}")
_THREAD = table_of(Thread)


class Change(NamedTuple):
    """What a steward notes about a thread.

    Attributes:
        assigned: An account, None for nobody's, or ``...`` to leave it.
        label: One of ``rows.LABELS``, or None to leave it.
        state: ``open`` or ``closed``, or None to leave it.
    """

    assigned: bytes | EllipsisType | None
    label: str | None
    state: str | None


def parse_id(text: str) -> bytes:
    """Read the id of a thread or message, 16 bytes in hex.

    Raises:
        NotFoundError: It is none.
    """
    if not _ID.fullmatch(text):
        raise NotFoundError("There is nothing of this name.")
    return bytes.fromhex(text)


def get_message(session: Session, message_id: str) -> Message:
    """Give a message.

    Raises:
        NotFoundError: It is gone, or never was.
    """
    message = session.get(Message, parse_id(message_id))
    if message is None:
        raise NotFoundError("This message is gone.")
    return message


def change(session: Session, thread_id: bytes, change: Change) -> None:
    """Note something about a thread. It does not count as a movement: what stewards note keeps nothing longer.

    Raises:
        NotFoundError: The thread is gone.
    """
    if session.get(Thread, thread_id) is None:
        raise NotFoundError("This thread is gone.")
    values: dict[str, object] = {
        name: value for name, value in (("label", change.label), ("state", change.state)) if value is not None
    }
    if change.assigned is not ...:
        values["assigned"] = change.assigned
    if values:
        session.execute(update(_THREAD).where(_THREAD.c.id == thread_id).values(values))

r"""Frames: what is sent with an envelope, and nothing else is.

::

    tip        "pledge/submission/v1\n" ‖ mailbox public key[32] ‖ leaf[32] ‖ stamp[8] ‖ envelope
    follow-up  "pledge/follow-up/v1\n"  ‖ mailbox public key[32] ‖ leaf[32] ‖ number u32 BE ‖ signature[64] ‖ envelope
    answer     "pledge/answer/v1\n"     ‖ number u32 BE ‖ envelope

The leaf is what stands for the envelope in the day's digest (``digest``), the stamp proof of work (``core.pow``), the
signature by the mailbox's key over ``mailbox.follow_up``.
"""

import struct
from typing import Any, Final, NamedTuple

from pledge.errors import MalformedError

_TIP: Final = b"pledge/submission/v1\n"
_FOLLOW_UP: Final = b"pledge/follow-up/v1\n"
_ANSWER: Final = b"pledge/answer/v1\n"
_TIP_FIELDS: Final = struct.Struct(">32s32s8s")
_FOLLOW_UP_FIELDS: Final = struct.Struct(">32s32sI64s")
_ANSWER_FIELDS: Final = struct.Struct(">I")

TIP_BYTES: Final = len(_TIP) + _TIP_FIELDS.size
FOLLOW_UP_BYTES: Final = len(_FOLLOW_UP) + _FOLLOW_UP_FIELDS.size
ANSWER_BYTES: Final = len(_ANSWER) + _ANSWER_FIELDS.size


class TipFrame(NamedTuple):
    """What comes before a tip's envelope: 32, 32 and 8 bytes."""

    mailbox_key: bytes
    leaf: bytes
    stamp: bytes


class FollowUpFrame(NamedTuple):
    """What comes before a follow-up's envelope: 32 and 32 bytes, its number in the thread, 64 bytes."""

    mailbox_key: bytes
    leaf: bytes
    number: int
    signature: bytes


class AnswerFrame(NamedTuple):
    """What comes before a steward's envelope: its number in the thread."""

    number: int


def format_tip_frame(frame: TipFrame) -> bytes:
    """Write what comes before a tip's envelope."""
    return _TIP + _TIP_FIELDS.pack(*frame)


def parse_tip_frame(data: bytes) -> TipFrame:
    """Read the first ``TIP_BYTES`` of a submission.

    Raises:
        MalformedError: They are none.
    """
    return TipFrame(*_unpack(data, _TIP, _TIP_FIELDS))


def format_follow_up_frame(frame: FollowUpFrame) -> bytes:
    """Write what comes before a follow-up's envelope."""
    return _FOLLOW_UP + _FOLLOW_UP_FIELDS.pack(*frame)


def parse_follow_up_frame(data: bytes) -> FollowUpFrame:
    """Read the first ``FOLLOW_UP_BYTES`` of a follow-up.

    Raises:
        MalformedError: They are none.
    """
    return FollowUpFrame(*_unpack(data, _FOLLOW_UP, _FOLLOW_UP_FIELDS))


def format_answer_frame(frame: AnswerFrame) -> bytes:
    """Write what comes before an answer's envelope."""
    return _ANSWER + _ANSWER_FIELDS.pack(*frame)


def parse_answer_frame(data: bytes) -> AnswerFrame:
    """Read the first ``ANSWER_BYTES`` of an answer.

    Raises:
        MalformedError: They are none.
    """
    return AnswerFrame(*_unpack(data, _ANSWER, _ANSWER_FIELDS))


def _unpack(data: bytes, magic: bytes, fields: struct.Struct) -> tuple[Any, ...]:
    if len(data) != len(magic) + fields.size or not data.startswith(magic):
        raise MalformedError(
            "This is no sealed message. What `pledge tips seal` makes ends in .pledge-tip.", code="frame"
        )
    return fields.unpack(data[len(magic) :])

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tip.frame import (
    ANSWER_BYTES,
    FOLLOW_UP_BYTES,
    TIP_BYTES,
    AnswerFrame,
    FollowUpFrame,
    TipFrame,
    format_answer_frame,
    format_follow_up_frame,
    format_tip_frame,
    parse_answer_frame,
    parse_follow_up_frame,
    parse_tip_frame,
)
from pledge.errors import MalformedError

hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**32 - 1)


@given(hashes, hashes, st.binary(min_size=8, max_size=8))
def test_a_tip_begins_with_mailbox_leaf_and_stamp(key: bytes, leaf: bytes, stamp: bytes) -> None:
    data = format_tip_frame(TipFrame(key, leaf, stamp))
    assert data == b"pledge/submission/v1\n" + key + leaf + stamp
    assert len(data) == TIP_BYTES
    assert parse_tip_frame(data) == TipFrame(key, leaf, stamp)


@given(hashes, hashes, numbers, st.binary(min_size=64, max_size=64))
def test_a_follow_up_begins_with_its_place_and_signature(
    key: bytes, leaf: bytes, number: int, signature: bytes
) -> None:
    frame = FollowUpFrame(key, leaf, number, signature)
    data = format_follow_up_frame(frame)
    assert data == b"pledge/follow-up/v1\n" + key + leaf + number.to_bytes(4, "big") + signature
    assert len(data) == FOLLOW_UP_BYTES
    assert parse_follow_up_frame(data) == frame


@given(numbers)
def test_an_answer_begins_with_its_number(number: int) -> None:
    data = format_answer_frame(AnswerFrame(number))
    assert data == b"pledge/answer/v1\n" + number.to_bytes(4, "big")
    assert len(data) == ANSWER_BYTES
    assert parse_answer_frame(data) == AnswerFrame(number)


def test_nothing_else_is_a_frame() -> None:
    tip = format_tip_frame(TipFrame(bytes(32), bytes(32), bytes(8)))
    for wrong in (b"", tip[:-1], tip + b"\0", b"P" + tip[1:], format_answer_frame(AnswerFrame(1))):
        with pytest.raises(MalformedError):
            parse_tip_frame(wrong)

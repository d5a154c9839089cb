from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.age.armor import decode_armor, encode_armor, is_armored
from pledge.errors import MalformedError

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----\n"
END: Final = b"-----END AGE ENCRYPTED FILE-----\n"
DATA: Final = bytes(range(256)) * 400  # more than two blocks


def encode(data: bytes) -> bytes:
    return b"".join(encode_armor([data]))


def decode(text: bytes) -> bytes:
    return b"".join(decode_armor([text]))


@given(st.binary(max_size=200), st.integers(1, 70))
def test_what_is_armored_is_read(data: bytes, size: int) -> None:
    text = encode(data)
    pieces = (text[start : start + size] for start in range(0, len(text), size))
    assert b"".join(decode_armor(pieces)) == data
    assert decode(text.replace(b"\n", b"\r\n")) == data
    assert is_armored(text)


@settings(deadline=None)
@given(st.integers(0, len(DATA)), st.integers(100, 70_000))
def test_long_files_in_any_pieces_are_read(length: int, size: int) -> None:
    data = DATA[:length]
    text = encode(data)
    assert b"".join(encode_armor(data[start : start + size] for start in range(0, length, size))) == text
    pieces = (text[start : start + size] for start in range(0, len(text), size))
    assert b"".join(decode_armor(pieces)) == data


def test_every_changed_bit_is_noticed_or_changes_what_is_read() -> None:
    data = DATA[:100]
    text = encode(data)
    for place in range(len(text) - 1):
        for bit in range(8):
            spoilt = bytearray(text)
            spoilt[place] ^= 1 << bit
            try:
                read = decode(bytes(spoilt))
            except MalformedError:
                continue
            assert read != data


def test_what_is_cut_off_anywhere_is_noticed() -> None:
    text = encode(DATA[:100])
    for end in range(len(text) - 1):
        with pytest.raises(MalformedError):
            decode(text[:end])


def test_white_space_around_is_read_up_to_a_kibibyte() -> None:
    text = encode(b"data")
    assert decode(b" \t\r\n" * 256 + text + b" \t\r\n" * 256) == b"data"
    for longer in (b" " + b" \t\r\n" * 256 + text, text + b" \t\r\n" * 256 + b" "):
        with pytest.raises(MalformedError):
            decode(longer)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"ZGF0YQ==\n",
        BEGIN,
        BEGIN + b"ZGF0YQ==\n",
        BEGIN + b"ZGF0YR==\n" + END,
        BEGIN + b"ZGF0YQ\n" + END,
        BEGIN + b"ZGF0YQ=\n" + END,
        BEGIN + b"ZGF0YQ==\n\n" + END,
        BEGIN + b"ZGF0\nZGF0\n" + END,
        BEGIN + b"ZGF0" * 17 + b"\n" + END,
        BEGIN + b"A\n" * 2000 + END,
        BEGIN + END + END,
        BEGIN + b"Z" * 10_000,
        b" " + BEGIN + END,
        b"age-encryption.org/v1\n",
    ],
)
def test_other_forms_are_refused(text: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        decode(text)
    assert caught.value.code == "age-armor"


def test_binary_files_are_not_taken_for_armored_ones() -> None:
    assert not is_armored(b"age-encryption.org/v1\n")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tlog.encoding import MAX_NUMBER, decode_base64, decode_decimal, encode_base64
from pledge.errors import MalformedError


@given(st.binary(max_size=100))
def test_bytes_are_read_as_they_were_written(data: bytes) -> None:
    assert decode_base64(encode_base64(data)) == data


@given(st.text(alphabet="ABCab01+/-_= \n٠", max_size=12))
def test_base64_has_one_spelling(text: str) -> None:
    try:
        data = decode_base64(text)
    except MalformedError:
        return
    assert encode_base64(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AA", "AA=", "AB==", "AAB=", "AA==A", "AA==\n", " AA==", "A-_A", "=", "AA==AA==", "é"]
)
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        decode_base64(text)


@given(st.integers(min_value=0, max_value=MAX_NUMBER))
def test_numbers_are_read_as_they_were_written(number: int) -> None:
    assert decode_decimal(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "01",
        "00",
        " 1",
        "1 ",
        "1_0",
        "٠",
        "²",
        "1.0",
        "0x1",
        "9223372036854775808",
        "1" * 20,
        "9" * 99,
    ],
)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        decode_decimal(text)

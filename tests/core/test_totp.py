import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core import totp
from pledge.errors import MalformedError

SECRET = b"12345678901234567890"
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""Appendix B, SHA-1; its codes have eight digits, ours the last six of them."""


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // totp.STEP_SECONDS) == code[-6:]


def test_a_code_is_taken_once_and_for_a_minute_and_a_half() -> None:
    step = 1000
    code = totp.code_at(SECRET, step)
    for shift in (-1, 0, 1):
        seconds = (step + shift) * totp.STEP_SECONDS
        assert totp.match_code(SECRET, code, seconds=seconds, after=0) == step
        assert totp.match_code(SECRET, code, seconds=seconds, after=step) is None
    for shift in (-2, 2):
        assert totp.match_code(SECRET, code, seconds=(step + shift) * totp.STEP_SECONDS, after=0) is None
    spaced = f" {code[:3]} {code[3:]} "
    assert totp.match_code(SECRET, spaced, seconds=step * totp.STEP_SECONDS, after=0) == step


@given(st.text(max_size=12))
def test_nothing_else_is_a_code(text: str) -> None:
    codes = {totp.code_at(SECRET, step) for step in (0, 1)}
    if text.replace(" ", "") not in codes:
        assert totp.match_code(SECRET, text, seconds=0, after=-1) is None


@given(st.binary(min_size=totp.SECRET_BYTES, max_size=totp.SECRET_BYTES))
def test_secrets_are_written_and_read_back(secret: bytes) -> None:
    assert totp.parse_secret(totp.format_secret(secret)) == secret


@pytest.mark.parametrize("text", ["", "A" * 31, "A" * 33, "a" * 32, "1" * 32, "A" * 31 + "="])
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        totp.parse_secret(text)


@pytest.mark.parametrize("size", [0, 19, 21])
def test_a_secret_of_another_length_gives_no_code(size: int) -> None:
    with pytest.raises(MalformedError):
        totp.code_at(bytes(size), 0)


def test_the_picture_names_who_and_where() -> None:
    uri = totp.provisioning_uri(SECRET, name="Ada & Co", issuer="a.example")
    assert uri == (
        "otpauth://totp/a.example:Ada%20%26%20Co?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a.example"
    )

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.age.bech32 import MAX_TEXT, decode_bech32, encode_bech32
from pledge.errors import MalformedError

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=83).map(str.lower)
# BIP173, "Test vectors": those that hold whole bytes.
VALID = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "?1ezyfcl",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
]
INVALID = {
    "no name": "1qzzfhee",
    "no separator": "pzry9x0s0muk",
    "another character": "x1b4n0q5v",
    "checksum too short": "li1dgmt3",
    "character above 126 in the checksum": "de1lg7wt\xff",
    "checksum of the upper case": "A1G7SGD8",
    "name with a space": "\x201nwldj5",
    "name with a control character": "\x7f1axkwrx",
    "name that is not ASCII": "\x801eym55h",
    "mixed case": "a12UEL5L",
    "mixed case across": "A12uel5l",
    "one character changed": "a12uel5q",
    "nothing": "",
}


@pytest.mark.parametrize("text", VALID)
def test_what_bip173_calls_valid_is_read_and_written_the_same(text: str) -> None:
    assert encode_bech32(*decode_bech32(text)) == text.lower()


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_what_bip173_calls_invalid_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        decode_bech32(text)


@pytest.mark.parametrize("text", ["a1qpamnt9j", "a1q3g6mn3", "a1qqqd87cpp"])
def test_bits_that_are_no_padding_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="too many"):
        decode_bech32(text)


@given(NAMES, st.binary(max_size=200))
def test_what_is_written_is_read_in_both_cases(name: str, data: bytes) -> None:
    text = encode_bech32(name, data)
    assert decode_bech32(text) == (name, data)
    assert decode_bech32(text.upper()) == (name, data)


@given(st.binary(max_size=40), st.data())
def test_up_to_four_changed_characters_are_noticed(data: bytes, draw: st.DataObject) -> None:
    text = list(encode_bech32("age", data))
    places = draw.draw(st.sets(st.integers(4, len(text) - 1), min_size=1, max_size=4))
    for place in places:
        others = "qpzry9x8gf2tvdw0s3jn54khce6mua7l".replace(text[place], "")
        text[place] = draw.draw(st.sampled_from(others))
    with pytest.raises(MalformedError):
        decode_bech32("".join(text))


def test_no_text_is_longer_than_4096_characters() -> None:
    longest = encode_bech32("a", bytes(2555))
    assert len(longest) == MAX_TEXT
    assert decode_bech32(longest) == ("a", bytes(2555))
    with pytest.raises(MalformedError):
        decode_bech32(encode_bech32("ab", bytes(2555)))


@pytest.mark.parametrize(
    "text", ["WHISPER", "WHISPER1", "WHISPER1qqqqqqq", "WHISPER1BBBBBBBB", "WHISPER1QQQQQQQ"]
)
def test_no_error_repeats_a_secret(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        decode_bech32(text)
    assert "whisper" not in str(caught.value).lower()

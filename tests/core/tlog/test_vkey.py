import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import SigningKey
from pledge.core.tlog.note import COSIGNATURE_ED25519, ED25519, VerifierKey, format_vkey, parse_vkey
from pledge.core.tlog.vkey import check_name
from pledge.errors import MalformedError, NotUnderstoodError

CASES: Final = json.loads((Path(__file__).parents[2] / "vectors" / "note-vkeys.json").read_text())["cases"]
PETER: Final = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLIC: Final = SigningKey.from_seed(bytes(32)).public


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_keys_are_read_as_in_signed_note(case: dict[str, Any]) -> None:
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_vkey(case["vkey"])
    elif "not_understood" in case:
        with pytest.raises(NotUnderstoodError):
            parse_vkey(case["vkey"])
    else:
        vkey = parse_vkey(case["vkey"])
        assert vkey == VerifierKey(case["name"], case["kind"], bytes.fromhex(case["public"]))
        assert vkey.key_id.hex() == case["key_id"]
        assert format_vkey(vkey) == case["vkey"]


def test_no_part_of_a_key_is_a_key() -> None:
    for start in range(len(PETER) + 1):
        for end in range(start, len(PETER) + 1):
            if (start, end) != (0, len(PETER)):
                with pytest.raises((MalformedError, NotUnderstoodError)):
                    parse_vkey(PETER[start:end])


def test_every_character_of_a_key_counts() -> None:
    for place, char in enumerate(PETER):
        with pytest.raises((MalformedError, NotUnderstoodError)):
            parse_vkey(PETER[:place] + chr(ord(char) + 1) + PETER[place + 1 :])


names = st.text(st.characters(exclude_characters="+", exclude_categories=["C", "Z"]), min_size=1, max_size=60)


@given(names, st.sampled_from([ED25519, COSIGNATURE_ED25519]), st.binary(min_size=32, max_size=32))
def test_every_key_is_read_as_it_was_written(name: str, kind: int, seed: bytes) -> None:
    vkey = VerifierKey(name, kind, SigningKey.from_seed(seed).public)
    assert parse_vkey(format_vkey(vkey)) == vkey


@given(st.text(max_size=30))
def test_what_is_read_is_written_the_same(text: str) -> None:
    for candidate in (text, PETER + text, text + PETER, PETER.replace("PeterNeumann", text)):
        try:
            vkey = parse_vkey(candidate)
        except (MalformedError, NotUnderstoodError):
            continue
        assert format_vkey(vkey) == candidate


def test_unicode_spaces_are_those_of_the_white_space_property() -> None:
    for number in range(0x11_0000):
        char = chr(number)
        refused = char.isspace() or char < " " or char == "+"
        if refused or number in {0x180E, 0x200B, 0xFEFF, 0x7F, 0x41}:
            try:
                check_name(char)
            except MalformedError:
                assert refused
            else:
                assert not refused


@pytest.mark.parametrize("name", ["", "a b", "a\u2003b", "x" * 256, "é" * 128, "\ud800"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        VerifierKey(name, ED25519, PUBLIC)


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 7, 255, 256, -1])
def test_other_kinds_are_not_understood(kind: int) -> None:
    with pytest.raises(NotUnderstoodError):
        VerifierKey("name", kind, PUBLIC)


def test_the_longest_name_and_no_longer_text() -> None:
    vkey = VerifierKey("x" * 255, ED25519, PUBLIC)
    assert parse_vkey(format_vkey(vkey)) == vkey
    with pytest.raises(MalformedError):
        parse_vkey("x" * 5000)

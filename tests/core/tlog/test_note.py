import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import SigningKey
from pledge.core.tlog import note as note_module
from pledge.core.tlog.note import (
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
    parse_note,
    parse_vkey,
    verify_note,
)
from pledge.errors import MalformedError, VerificationError

CASES: Final = json.loads((Path(__file__).parents[2] / "vectors" / "note.json").read_text())["cases"]
KEY: Final = SigningKey.from_seed(bytes(32))
NAME: Final = "example.com/log"
VKEY: Final = VerifierKey(NAME, ED25519, KEY.public)
LINE: Final = NoteSignature("name", bytes(4), b"s")


def sign(text: str) -> Note:
    return Note(text, (NoteSignature(NAME, VKEY.key_id, KEY.sign(text.encode())),))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_notes_are_read_and_verified_as_in_signed_note(case: dict[str, Any]) -> None:
    data = case["note"].encode()
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_note(data)
        return
    note = parse_note(data)
    assert format_note(note) == data
    keys = [parse_vkey(key) for key in case["keys"]]
    if case["verified"] is None:
        with pytest.raises(VerificationError):
            verify_note(note, keys)
    else:
        verified = verify_note(note, keys)
        assert [key.name for key, _ in verified] == case["verified"]
        assert all(line in note.signatures for _, line in verified)


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=80).map(
    lambda text: text + "\n"
)
names = st.text(st.characters(exclude_characters="+", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
lines = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@given(texts, st.lists(lines, min_size=1, max_size=4))
def test_every_note_is_read_as_it_was_written(text: str, signatures: list[NoteSignature]) -> None:
    note = Note(text, tuple(signatures))
    assert parse_note(format_note(note)) == note


@given(st.binary(max_size=12), st.integers(min_value=0, max_value=40))
def test_a_note_that_is_read_is_written_the_same(inserted: bytes, place: int) -> None:
    data = format_note(Note("text\n", (LINE,)))
    data = data[:place] + inserted + data[place:]
    try:
        note = parse_note(data)
    except MalformedError:
        return
    assert format_note(note) == data


@given(texts)
def test_what_a_key_signed_verifies_and_nothing_else(text: str) -> None:
    note = sign(text)
    assert verify_note(parse_note(format_note(note)), [VKEY]) == ((VKEY, note.signatures[0]),)
    with pytest.raises(VerificationError):
        verify_note(note._replace(text="x" + text), [VKEY])


def test_every_byte_of_a_note_counts() -> None:
    data = format_note(sign("first line\n\nlast line, è\n"))
    for place in range(len(data)):
        for bit in range(8):
            spoilt = bytearray(data)
            spoilt[place] ^= 1 << bit
            with pytest.raises((MalformedError, VerificationError)):
                verify_note(parse_note(bytes(spoilt)), [VKEY])


def test_a_note_cut_anywhere_does_not_verify() -> None:
    data = format_note(sign("first line\n\nlast line\n"))
    for end in range(len(data)):
        with pytest.raises((MalformedError, VerificationError)):
            verify_note(parse_note(data[:end]), [VKEY])


@pytest.mark.parametrize(
    "note",
    [
        Note("no newline", (LINE,)),
        Note("", (LINE,)),
        Note("tab\t\n", (LINE,)),
        Note("half\ud800\n", (LINE,)),
        Note("text\n", ()),
        Note("text\n", (LINE,) * 65),
        Note("text\n", (LINE._replace(name="two words"),)),
        Note("text\n", (LINE._replace(name=""),)),
        Note("text\n", (LINE._replace(key_id=bytes(3)),)),
        Note("text\n", (LINE._replace(key_id=bytes(5)),)),
        Note("text\n", (LINE._replace(signature=b""),)),
    ],
    ids=str,
)
def test_what_could_not_be_read_is_not_written(note: Note) -> None:
    with pytest.raises(MalformedError):
        format_note(note)


def test_a_note_has_a_largest_size() -> None:
    text = "x" * (note_module.MAX_NOTE_BYTES - len(format_note(Note("\n", (LINE,))))) + "\n"
    data = format_note(Note(text, (LINE,)))
    assert len(data) == note_module.MAX_NOTE_BYTES
    assert parse_note(data).text == text
    with pytest.raises(MalformedError, match="at most"):
        parse_note(b"x" + data)


@pytest.mark.parametrize(
    "data", [b"\xff\n\n", b"text\xc3\n\n\xe2\x80\x94 name AAAAAAA=\n", b"\xed\xa0\x80\n\n"]
)
def test_a_note_is_utf_8(data: bytes) -> None:
    with pytest.raises(MalformedError, match="UTF-8"):
        parse_note(data)


def find_colliding_keys() -> tuple[VerifierKey, VerifierKey]:
    """Two keys of one name and key ID: 32 bits make a birthday after some 80,000 keys."""
    seen: dict[bytes, bytes] = {}
    for number in range(400_000):
        public = b"\2" + number.to_bytes(31, "big")
        key_id = hashlib.sha256(f"{NAME}\n\1".encode() + public).digest()[:4]
        other = seen.setdefault(key_id, public)
        if other != public:
            return VerifierKey(NAME, ED25519, other), VerifierKey(NAME, ED25519, public)
    raise AssertionError("no two key IDs collide")


def test_two_known_keys_that_cannot_be_told_apart_are_refused() -> None:
    first, second = find_colliding_keys()
    with pytest.raises(VerificationError, match="share"):
        verify_note(sign("text\n"), [VKEY, first, second])
    assert verify_note(sign("text\n"), [VKEY, first, VKEY])[0][0] == VKEY

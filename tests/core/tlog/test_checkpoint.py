import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.tlog.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint, sign_checkpoint
from pledge.core.tlog.cosignature import cosignature_seconds, verify_cosignature
from pledge.core.tlog.note import COSIGNATURE_ML_DSA44, ED25519, VerifierKey, parse_note, verify_note
from pledge.core.tlog.tree import EMPTY_ROOT, Hash, leaf_hash
from pledge.errors import MalformedError, VerificationError

CASES: Final = json.loads((Path(__file__).parents[2] / "vectors" / "tlog-checkpoint.json").read_text())[
    "cases"
]
ED: Final = SigningKey.from_seed(bytes(32))
PQ: Final = MlDsa44Key.from_seed(bytes(32))
ORIGIN: Final = "example.com/log"
ED_KEY: Final = VerifierKey(ORIGIN, ED25519, ED.public)
PQ_KEY: Final = VerifierKey(ORIGIN, COSIGNATURE_ML_DSA44, PQ.public)
CHECKPOINT: Final = Checkpoint(ORIGIN, 1, leaf_hash(b"entry"))
SECONDS: Final = 1_700_000_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("name", case["text"][:20]))
def test_texts_are_read_as_in_tlog_checkpoint(case: dict[str, Any]) -> None:
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_checkpoint(case["text"])
        return
    checkpoint = parse_checkpoint(case["text"])
    assert checkpoint == Checkpoint(case["origin"], int(case["size"]), Hash(bytes.fromhex(case["root"])))
    assert format_checkpoint(checkpoint) == case["text"]


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60),
    st.integers(min_value=1, max_value=2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_is_read_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, Hash(root))
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.text(alphabet="a1=\n+/ ", max_size=8), st.integers(min_value=0, max_value=62))
def test_a_text_that_is_read_is_written_the_same(inserted: str, place: int) -> None:
    text = format_checkpoint(CHECKPOINT)
    text = text[:place] + inserted + text[place:]
    try:
        checkpoint = parse_checkpoint(text)
    except MalformedError:
        return
    assert format_checkpoint(checkpoint) == text


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, EMPTY_ROOT),
        ("a\n", 1, EMPTY_ROOT),
        ("\ud800", 1, EMPTY_ROOT),
        ("a", -1, EMPTY_ROOT),
        ("a", 2**63, EMPTY_ROOT),
        ("a", 1, Hash(bytes(31))),
        ("a", 0, Hash(bytes(32))),
    ],
)
def test_other_values_make_no_checkpoint(origin: str, size: int, root: Hash) -> None:
    with pytest.raises(MalformedError):
        Checkpoint(origin, size, root)


def test_the_log_signs_twice_under_its_origin() -> None:
    note = parse_note(sign_checkpoint(CHECKPOINT, ed25519=ED, ml_dsa=PQ, seconds=SECONDS))
    assert parse_checkpoint(note.text) == CHECKPOINT
    assert [line.name for line in note.signatures] == [ORIGIN, ORIGIN]
    assert [key for key, _ in verify_note(note, [PQ_KEY, ED_KEY])] == [ED_KEY, PQ_KEY]
    assert [key for key, _ in verify_note(note, [ED_KEY])] == [ED_KEY]
    assert [key for key, _ in verify_note(note, [PQ_KEY])] == [PQ_KEY]
    assert cosignature_seconds(note.signatures[1].signature) == SECONDS
    assert verify_cosignature(PQ_KEY, note.text, note.signatures[1].signature) == SECONDS


def test_a_time_of_zero_says_nothing_and_still_verifies() -> None:
    note = parse_note(sign_checkpoint(CHECKPOINT, ed25519=ED, ml_dsa=PQ, seconds=0))
    assert len(verify_note(note, [ED_KEY, PQ_KEY])) == 2
    assert cosignature_seconds(note.signatures[1].signature) == 0


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_there_are_no_other_times(seconds: int) -> None:
    with pytest.raises(MalformedError):
        sign_checkpoint(CHECKPOINT, ed25519=ED, ml_dsa=PQ, seconds=seconds)


def test_an_origin_that_is_no_name_is_not_signed() -> None:
    with pytest.raises(MalformedError):
        sign_checkpoint(Checkpoint("two words", 1, leaf_hash(b"")), ed25519=ED, ml_dsa=PQ, seconds=0)


def test_every_byte_of_a_signed_checkpoint_counts() -> None:
    data = sign_checkpoint(CHECKPOINT, ed25519=ED, ml_dsa=PQ, seconds=SECONDS)
    whole = verify_note(parse_note(data), [ED_KEY, PQ_KEY])
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        try:
            # A line that names no known key any more is skipped; the other one alone is less than both.
            verified = verify_note(parse_note(bytes(spoilt)), [ED_KEY, PQ_KEY])
        except (MalformedError, VerificationError):
            continue
        assert len(verified) < len(whole)
        assert spoilt.split(b"\n\n")[0] == data.split(b"\n\n")[0]

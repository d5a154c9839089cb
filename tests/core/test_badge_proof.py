"""Proofs inside badges: what is put in comes out, what was changed is refused, and nothing unpacks without end."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pledge.core.badge_proof import embed_proof, extract_proof, verify_badge_proof
from pledge.core.policy import parse_policy
from pledge.errors import MalformedError, PledgeError, VerificationError

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "badge-proof.json").read_text())["cases"]
WHOLE: Final = VECTORS[0]
PICTURE, PROOF = extract_proof(WHOLE["badge"].encode())


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_badges(case: dict[str, Any]) -> None:
    badge, policy = case["badge"].encode(), parse_policy(case["policy"])
    if case["verdict"] == "malformed":
        with pytest.raises(MalformedError):
            extract_proof(badge)
        return
    picture, proof = extract_proof(badge)
    assert embed_proof(picture, proof) == badge
    if case["verdict"] == "refused":
        with pytest.raises(VerificationError):
            verify_badge_proof(proof, policy)
    else:
        assert verify_badge_proof(proof, policy).grade == case["verdict"]


@given(place=some.integers(0, len(WHOLE["badge"]) - 1), by=some.integers(1, 255))
def test_a_changed_byte_changes_the_picture_or_is_refused(place: int, by: int) -> None:
    badge = bytearray(WHOLE["badge"].encode())
    badge[place] ^= by
    try:
        picture, proof = extract_proof(bytes(badge))
        verify_badge_proof(proof, parse_policy(WHOLE["policy"]))
    except PledgeError:
        return
    assert proof == PROOF
    assert picture != PICTURE


def test_only_a_picture_that_ends_as_svg_does_takes_a_proof() -> None:
    for picture in (b"", b"<svg></svg>\n", b"<svg/>"):
        with pytest.raises(MalformedError):
            embed_proof(picture, PROOF)


def test_what_is_no_text_is_not_put_in() -> None:
    with pytest.raises(MalformedError):
        embed_proof(PICTURE, replace(PROOF, leaf=b"\xff"))


def test_a_badge_may_not_be_of_any_size() -> None:
    with pytest.raises(MalformedError):
        extract_proof(b" " * 2**18 + WHOLE["badge"].encode())

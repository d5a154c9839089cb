import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tip.digest import (
    Leaf,
    build_digest,
    digest_root,
    dummy_leaf,
    format_leaves,
    parse_leaves,
    tip_leaf,
)
from pledge.errors import MalformedError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tip.json").read_text(encoding="utf-8"))


def counting() -> "list[int]":
    return [0]


def make_random(size: int, state: list[int]) -> bytes:
    state[0] += 1
    return hashlib.sha256(state[0].to_bytes(8, "big")).digest()[:size]


@given(st.integers(0, 130))
def test_a_day_tells_no_more_than_how_many_times_64(tips: int) -> None:
    state = counting()
    leaves = [tip_leaf(make_random(32, state), bytes(32)) for _ in range(tips)]
    digest = build_digest(leaves, random_bytes=lambda size: make_random(size, state))
    assert len(digest.leaves) == max(64, -(-tips // 64) * 64)
    assert set(digest.leaves) == {*leaves, *map(dummy_leaf, digest.dummies)}
    assert parse_leaves(format_leaves(digest.leaves)) == digest.leaves


def test_leaves_and_roots_are_what_the_vectors_say() -> None:
    for vector in VECTORS["digests"]:
        tips = [tip_leaf(bytes.fromhex(nonce), bytes.fromhex(sha256)) for nonce, sha256 in vector["tips"]]
        dummies = iter(vector["dummies"])
        digest = build_digest(tips, random_bytes=lambda _, dummies=dummies: bytes.fromhex(next(dummies)))  # type: ignore[misc]  # bound now
        assert digest_root(digest.leaves).hex() == vector["root"]
        assert hashlib.sha256(format_leaves(digest.leaves)).hexdigest() == vector["file_sha256"]


def test_one_envelope_is_no_two_leaves() -> None:
    leaf = tip_leaf(bytes(32), bytes(32))
    with pytest.raises(MalformedError):
        build_digest([leaf, leaf], random_bytes=lambda size: bytes(range(size)))


def test_other_files_are_no_digest() -> None:
    leaves = [Leaf(bytes([n]) * 32) for n in range(64)]
    parse_leaves(format_leaves(leaves))
    for wrong in ([], leaves[:-1], [*leaves, *leaves], leaves[::-1], [*leaves[:-1], leaves[0]]):
        with pytest.raises(MalformedError):
            parse_leaves(format_leaves(wrong))
    with pytest.raises(MalformedError):
        parse_leaves(format_leaves(leaves)[:-1])

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tlog.tree import EMPTY_ROOT, Hash, hash_pairs, leaf_hash, node_hash, root_hash
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "tlog-tree.json").read_text())


def naive_root(leaf_hashes: list[Hash]) -> Hash:
    """RFC 9162, section 2.1.1, word for word."""
    if len(leaf_hashes) < 2:
        return leaf_hashes[0] if leaf_hashes else Hash(hashlib.sha256(b"").digest())
    split = max(2**power for power in range(64) if 2**power < len(leaf_hashes))
    return node_hash(naive_root(leaf_hashes[:split]), naive_root(leaf_hashes[split:]))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["size"]))
def test_roots_are_those_of_certificate_transparency(case: dict[str, Any]) -> None:
    entries = [bytes.fromhex(entry) for entry in VECTORS["entries"][: case["size"]]]
    assert root_hash([leaf_hash(entry) for entry in entries]).hex() == case["root"]


def test_roots_follow_the_definition_at_every_size() -> None:
    leaf_hashes = [leaf_hash(bytes([number])) for number in range(70)]
    for size in range(71):
        assert root_hash(leaf_hashes[:size]) == naive_root(leaf_hashes[:size])


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_hash([]) == EMPTY_ROOT == hashlib.sha256().digest()


def test_a_leaf_never_passes_for_a_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert leaf_hash(left + right) == hashlib.sha256(b"\x00" + left + right).digest()
    assert node_hash(left, right) != node_hash(right, left)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=9))
def test_pairs_are_hashed_and_an_odd_one_left_out(hashes: list[bytes]) -> None:
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    assert hash_pairs(b"".join(hashes)) == b"".join(
        node_hash(Hash(left), Hash(right)) for left, right in pairs
    )


@pytest.mark.parametrize("lengths", [[31], [33], [0], [31, 33], [32, 64]])
def test_a_hash_has_32_bytes(lengths: list[int]) -> None:
    with pytest.raises(MalformedError):
        root_hash([Hash(bytes(length)) for length in lengths])

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.keys import MlDsa44Key, SigningKey
from pledge.core.tlog.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from pledge.core.tlog.note import ED25519, VerifierKey, parse_note, verify_note
from pledge.core.tlog.proof import (
    MAX_EXTRA_BYTES,
    MAX_PROOF_BYTES,
    TlogProof,
    format_tlog_proof,
    parse_tlog_proof,
    verify_consistency,
    verify_inclusion,
)
from pledge.core.tlog.tile import append, consistency_proof, inclusion_proof
from pledge.core.tlog.tree import EMPTY_ROOT, Hash, leaf_hash, root_hash
from pledge.errors import MalformedError, VerificationError

VECTORS: Final = Path(__file__).parents[2] / "vectors"
ORIGIN: Final = "example.com/log"
ED: Final = SigningKey.from_seed(bytes(32))
PQ: Final = MlDsa44Key.from_seed(bytes(32))
KEY: Final = VerifierKey(ORIGIN, ED25519, ED.public)
LEAVES: Final = [leaf_hash(bytes([number])) for number in range(20)]
OTHER: Final = leaf_hash(b"something else")


def read_cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    return cases


def hashes(values: list[str]) -> list[Hash]:
    return [Hash(bytes.fromhex(value)) for value in values]


def read_tile(level: int, index: int, width: int) -> bytes:
    tiles = append(0, LEAVES, lambda *_: b"").tiles
    return tiles[level, index][: 32 * width]


def spoil(proof: list[Hash]) -> Iterator[list[Hash]]:
    """Every proof that differs from a good one by a byte, a hash too many, too few, or out of order."""
    for place, value in enumerate(proof):
        for byte in range(32):
            spoilt = bytearray(value)
            spoilt[byte] ^= 1
            yield [*proof[:place], Hash(bytes(spoilt)), *proof[place + 1 :]]
        yield [*proof[:place], *proof[place + 1 :]]
        yield [*proof[:place], Hash(value[:-1]), *proof[place + 1 :]]
        yield [*proof[:place], OTHER, *proof[place:]]
        yield [*proof[:place], value, *proof[place:]]
    if len(proof) > 1:
        yield proof[::-1]
    yield [*proof, OTHER]
    yield [*proof, Hash(b"")]


@pytest.mark.parametrize("case", read_cases("proof-inclusion"), ids=lambda case: case["name"])
def test_inclusion_proofs_of_others_verify_and_spoilt_ones_do_not(case: dict[str, Any]) -> None:
    leaf, root = hashes([case["leaf_hash"], case["root"]])
    index, size, proof = case["index"], case["size"], hashes(case["proof"])
    verify_inclusion(leaf, index, size, proof, root)
    for spoilt in spoil(proof):
        with pytest.raises(VerificationError):
            verify_inclusion(leaf, index, size, spoilt, root)
    for bad_leaf, bad_index, bad_size, bad_root in (
        (OTHER, index, size, root),
        (leaf, index, size, OTHER),
        (leaf, index - 1, size, root),
        (leaf, index + 1, size, root),
        (leaf, index ^ 2, size, root),
        (leaf, index, size * 2, root),
        (leaf, index, size // 2, root),
        (leaf, size, size, root),
        (leaf, index, 2**63, root),
        (Hash(b""), index, size, root),
        (leaf, index, size, Hash(b"")),
    ):
        with pytest.raises(VerificationError):
            verify_inclusion(bad_leaf, bad_index, bad_size, proof, bad_root)


@pytest.mark.parametrize("case", read_cases("proof-consistency"), ids=lambda case: case["name"])
def test_consistency_proofs_of_others_verify_and_spoilt_ones_do_not(case: dict[str, Any]) -> None:
    old_root, new_root = hashes([case["old_root"], case["new_root"]])
    old, new, proof = case["old_size"], case["new_size"], hashes(case["proof"])
    verify_consistency(old, old_root, new, new_root, proof)
    for spoilt in spoil(proof):
        with pytest.raises(VerificationError):
            verify_consistency(old, old_root, new, new_root, spoilt)
    for bad_old, bad_old_root, bad_new, bad_new_root in (
        (old, OTHER, new, new_root),
        (old, old_root, new, OTHER),
        (old - 1, old_root, new, new_root),
        (old + 1, old_root, new, new_root),
        (old ^ 2, old_root, new, new_root),
        (old, old_root, 2**63, new_root),
        (old, Hash(b""), new, new_root),
        (old, old_root, new, Hash(b"")),
        (new, new_root, old - 1, old_root),
    ):
        with pytest.raises(VerificationError):
            verify_consistency(bad_old, bad_old_root, bad_new, bad_new_root, proof)


def test_everything_is_consistent_with_nothing() -> None:
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(0, EMPTY_ROOT, 5, OTHER, [])
    verify_consistency(5, OTHER, 5, OTHER, [])


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (0, OTHER, 0, OTHER, []),
        (0, EMPTY_ROOT, 0, OTHER, []),
        (0, OTHER, 0, EMPTY_ROOT, []),
        (0, OTHER, 5, OTHER, []),
        (0, EMPTY_ROOT, 5, OTHER, [OTHER]),
        (5, OTHER, 5, EMPTY_ROOT, []),
        (5, OTHER, 5, OTHER, [OTHER]),
        (1, OTHER, 2, OTHER, []),
        (3, OTHER, 5, OTHER, []),
        (2, OTHER, 1, OTHER, []),
        (-1, OTHER, 1, OTHER, []),
    ],
)
def test_other_empty_proofs_prove_nothing(
    old: int, old_root: Hash, new: int, new_root: Hash, proof: list[Hash]
) -> None:
    with pytest.raises(VerificationError):
        verify_consistency(old, old_root, new, new_root, proof)


def test_every_small_proof_holds_for_its_own_place_and_sizes_alone() -> None:
    roots = [root_hash(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for size in range(1, 13):
        for index in range(size):
            proof = inclusion_proof(index, size, read_tile)
            for other in range(size):
                if other != index:
                    with pytest.raises(VerificationError):
                        verify_inclusion(LEAVES[index], other, size, proof, roots[size])
        for old in range(1, size):
            proof = consistency_proof(old, size, read_tile)
            for other in range(1, size):
                if other != old:
                    with pytest.raises(VerificationError):
                        verify_consistency(old, roots[other], size, roots[size], proof)


@given(
    st.integers(1, 2**63 - 1),
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=70),
)
def test_made_up_proofs_prove_nothing(size: int, index: int, proof: list[bytes]) -> None:
    made_up = [Hash(value) for value in proof]
    with pytest.raises(VerificationError):
        verify_inclusion(LEAVES[0], index, size, made_up, OTHER)
    if index not in {0, size}:
        with pytest.raises(VerificationError):
            verify_consistency(index, LEAVES[0], size, OTHER, made_up)


def sign(size: int, root: Hash) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, root), ed25519=ED, ml_dsa=PQ, seconds=0)


SIGNED: Final = sign(20, root_hash(LEAVES))
ONE_LINE: Final = b"\n".join(SIGNED.split(b"\n")[:5]) + b"\n"


@pytest.mark.parametrize("case", read_cases("proof-file"), ids=lambda case: case["name"])
def test_files_are_read_as_in_tlog_proof(case: dict[str, Any]) -> None:
    data = case["file"].encode()
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_tlog_proof(data)
        return
    proof = parse_tlog_proof(data)
    extra = None if case["extra"] is None else bytes.fromhex(case["extra"])
    assert proof == TlogProof(case["index"], tuple(hashes(case["path"])), case["checkpoint"].encode(), extra)
    assert format_tlog_proof(proof) == data
    checkpoint = parse_checkpoint(parse_note(proof.checkpoint).text)
    verify_inclusion(
        hashes([case["leaf_hash"]])[0], proof.index, checkpoint.size, proof.path, checkpoint.root
    )


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(min_size=1, max_size=100),
)
def test_every_proof_is_read_as_it_was_written(index: int, path: list[bytes], extra: bytes | None) -> None:
    proof = TlogProof(index, tuple(Hash(value) for value in path), ONE_LINE, extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


@given(st.binary(max_size=8) | st.sampled_from([b"\n", b"extra AA==\n", b"0"]), st.integers(0, 400))
def test_a_file_that_is_read_is_written_the_same(inserted: bytes, place: int) -> None:
    data = format_tlog_proof(TlogProof(1, tuple(LEAVES[:3]), ONE_LINE))
    data = data[:place] + inserted + data[place:]
    try:
        proof = parse_tlog_proof(data)
    except MalformedError:
        return
    assert format_tlog_proof(proof) == data


def verify_file(data: bytes, leaf: Hash) -> None:
    proof = parse_tlog_proof(data)
    note = parse_note(proof.checkpoint)
    verify_note(note, [KEY])
    checkpoint = parse_checkpoint(note.text)
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)


def test_every_byte_of_a_file_counts() -> None:
    data = format_tlog_proof(TlogProof(7, tuple(inclusion_proof(7, 20, read_tile)), ONE_LINE))
    verify_file(data, LEAVES[7])
    for place in range(len(data)):
        for bit in range(8):
            spoilt = bytearray(data)
            spoilt[place] ^= 1 << bit
            with pytest.raises((MalformedError, VerificationError)):
                verify_file(bytes(spoilt), LEAVES[7])
        with pytest.raises((MalformedError, VerificationError)):
            verify_file(data[:place], LEAVES[7])


def test_a_file_holds_the_longest_values_and_no_longer_ones() -> None:
    proof = TlogProof(2**63 - 1, (OTHER,) * 63, SIGNED, bytes(MAX_EXTRA_BYTES))
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof
    with pytest.raises(MalformedError, match="at most"):
        parse_tlog_proof(bytes(MAX_PROOF_BYTES + 1))


@pytest.mark.parametrize(
    ("index", "path", "checkpoint", "extra"),
    [
        (-1, (), ONE_LINE, None),
        (2**63, (), ONE_LINE, None),
        (0, (OTHER,) * 64, ONE_LINE, None),
        (0, (Hash(b""),), ONE_LINE, None),
        (0, (), b"", None),
        (0, (), ONE_LINE[:-1], None),
        (0, (), ONE_LINE, b""),
        (0, (), ONE_LINE, bytes(MAX_EXTRA_BYTES + 1)),
    ],
)
def test_other_values_make_no_proof(
    index: int, path: tuple[Hash, ...], checkpoint: bytes, extra: bytes | None
) -> None:
    with pytest.raises(MalformedError):
        TlogProof(index, path, checkpoint, extra)

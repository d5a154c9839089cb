"""Merkle proofs, verified (RFC 9162, section 2.1), and the file an inclusion proof travels in (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
extra <base64>                                    optional, authenticated by nothing
index 73894                                       of the entry, from 0
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=      the audit path, from the leaf's sibling up,
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=      0 to 63 lines

<the checkpoint, as the log and its witnesses signed it>
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pledge.core.tlog.checkpoint_text import parse_checkpoint
from pledge.core.tlog.encoding import MAX_NUMBER, decode_base64, decode_decimal, encode_base64
from pledge.core.tlog.note import MAX_NOTE_BYTES, parse_note
from pledge.core.tlog.tree import EMPTY_ROOT, HASH_BYTES, Hash, node_hash
from pledge.errors import MalformedError, VerificationError

MAX_PATH: Final = 63
MAX_EXTRA_BYTES: Final = 65_535
MAX_PROOF_BYTES: Final = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = "index "


def verify_inclusion(leaf_hash: Hash, index: int, size: int, proof: Sequence[Hash], root: Hash) -> None:
    """Verify that an entry is in a tree (RFC 9162, section 2.1.3.2).

    Args:
        leaf_hash: Hash of the entry.
        index: Its place, 0 to size - 1.
        size: Number of entries in the tree, 1 to 2^63 - 1.
        proof: The audit path, from the leaf's sibling up; cost: one node hash for each of its hashes.
        root: Root of the tree.

    Raises:
        VerificationError: Sizes out of range, a proof too short or too long, a value that is not 32 bytes, or
            another root.
    """
    if not 0 <= index < size <= MAX_NUMBER:
        raise VerificationError("An inclusion proof needs 0 ≤ index < size < 2^63.")
    _check_hashes([leaf_hash, root, *proof])
    computed, node, last = leaf_hash, index, size - 1
    for sibling in proof:
        if last == 0:
            raise VerificationError("An inclusion proof is too long.")
        if node % 2 or node == last:
            computed = node_hash(sibling, computed)
            while node % 2 == 0 and node:  # A last node without a sibling is carried up as it is.
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError("An inclusion proof is too short.")
    if computed != root:
        raise VerificationError("An inclusion proof leads to another root.")


def verify_consistency(
    old_size: int, old_root: Hash, new_size: int, new_root: Hash, proof: Sequence[Hash]
) -> None:
    """Verify that a tree only grew from one size to another (RFC 9162, section 2.1.4.2).

    Args:
        old_size: Number of entries before, 0 to ``new_size``.
        old_root: Root before; for size 0 it must be ``EMPTY_ROOT``.
        new_size: Number of entries after, at most 2^63 - 1.
        new_root: Root after; the old one for the same size.
        proof: Empty for the old size 0 and for equal sizes; cost: two node hashes for each of its hashes.

    Raises:
        VerificationError: Sizes out of range, a proof too short or too long, a value that is not 32 bytes, or
            other roots.
    """
    if not 0 <= old_size <= new_size <= MAX_NUMBER:
        raise VerificationError("A consistency proof needs 0 ≤ old size ≤ new size < 2^63.")
    _check_hashes([old_root, new_root, *proof])
    if old_size in {0, new_size}:
        expected = new_root if old_size else EMPTY_ROOT
        if proof or old_root != expected or (new_size == 0 and new_root != EMPTY_ROOT):
            raise VerificationError("These sizes take an empty proof, and roots that fit them.")
        return
    # Step 2: an old tree that is one complete subtree is itself the first node of the path.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else proof
    if not path:
        raise VerificationError("A consistency proof is too short.")
    computed_old, computed_new = _climb(old_size, new_size, path)
    if computed_old != old_root:
        raise VerificationError("A consistency proof does not begin from the old root.")
    if computed_new != new_root:
        raise VerificationError("A consistency proof leads to another new root.")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An inclusion proof with the checkpoint it leads to, not verified.

    Attributes:
        index: Of the entry, 0 to 2^63 - 1.
        path: 0 to 63 hashes, from the leaf's sibling up.
        checkpoint: The signed note, byte for byte.
        extra: 1 to 65,535 bytes that nothing authenticates, or None.

    Raises:
        MalformedError: A value outside these ranges, or bytes that are not a note with a checkpoint's text.
    """

    index: int
    path: tuple[Hash, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_NUMBER:
            raise MalformedError("An index is 0 to 2^63 - 1.")
        if len(self.path) > MAX_PATH or any(len(value) != HASH_BYTES for value in self.path):
            raise MalformedError("An audit path has at most 63 hashes of 32 bytes.")
        if self.extra is not None and not 1 <= len(self.extra) <= MAX_EXTRA_BYTES:
            raise MalformedError("Extra data has 1 to 65,535 bytes, or is left out.")
        _check_checkpoint(self.checkpoint)


@lru_cache(maxsize=16)  # a log's newest checkpoint stands in one proof after another
def _check_checkpoint(checkpoint: bytes) -> None:
    parse_checkpoint(parse_note(checkpoint).text)


def format_tlog_proof(proof: TlogProof) -> bytes:
    """Write a proof, with the checkpoint verbatim (C2SP tlog-proof, "Format")."""
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(_EXTRA + encode_base64(proof.extra))
    lines.append(f"{_INDEX}{proof.index}")
    lines += [encode_base64(value) for value in proof.path]
    return "\n".join([*lines, "", ""]).encode() + proof.checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read what ``format_tlog_proof`` writes.

    Raises:
        MalformedError: More than 384 KiB, lines of another form, or as ``TlogProof``.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedError(f"A proof has at most {MAX_PROOF_BYTES} bytes.")
    head, gap, checkpoint = data.partition(b"\n\n")
    if not gap or not head.isascii():
        raise MalformedError("A proof is lines of ASCII, an empty line, and a checkpoint.")
    lines = head.decode().split("\n")
    if lines.pop(0) != _HEADER:
        raise MalformedError(f"A proof begins with {_HEADER}.")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = decode_base64(lines.pop(0).removeprefix(_EXTRA))
    if not lines or not lines[0].startswith(_INDEX):
        raise MalformedError("A proof has a line with the index.")
    index = decode_decimal(lines.pop(0).removeprefix(_INDEX))
    return TlogProof(index, tuple(Hash(decode_base64(line)) for line in lines), checkpoint, extra)


def _climb(old_size: int, new_size: int, path: Sequence[Hash]) -> tuple[Hash, Hash]:
    """Compute both roots from a consistency path (RFC 9162, section 2.1.4.2, steps 3 to 6)."""
    node, last = old_size - 1, new_size - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("A consistency proof is too long.")
        if node % 2 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError("A consistency proof is too short.")
    return old, new


def _check_hashes(values: Sequence[bytes]) -> None:
    """Raise VerificationError unless each value may be a hash."""
    if any(len(value) != HASH_BYTES for value in values):
        raise VerificationError("A hash has 32 bytes.")

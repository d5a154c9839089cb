"""Merkle tree hashing (RFC 9162, section 2.1.1; the same as RFC 6962, section 2.1), with SHA-256.

A tree of n entries is split at the largest power of two below n, down to single entries. Leaves and nodes are
hashed under different prefixes, so that neither can pass for the other:

    leaf    SHA-256(0x00 ‖ entry)
    node    SHA-256(0x01 ‖ left[32] ‖ right[32])
    empty   SHA-256("")

Built from the bottom, the same tree results from joining neighbours level by level and carrying a last odd
node up unchanged; that is how it is computed here.
"""

import struct
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NewType

from pledge.errors import MalformedError

Hash = NewType("Hash", bytes)
"""A SHA-256 value of 32 bytes: of an entry, of a node or of a whole tree."""

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = Hash(sha256().digest())

_LEAF_PREFIX: Final = b"\x00"
_NODE_PREFIX: Final = b"\x01"
_PAIR: Final = struct.Struct("64s")


def leaf_hash(entry: bytes) -> Hash:
    """Hash one entry (RFC 9162, section 2.1.1, the MTH of a list with one element)."""
    return Hash(sha256(_LEAF_PREFIX + entry).digest())


def node_hash(left: Hash, right: Hash) -> Hash:
    """Hash the parent of two neighbouring subtrees (RFC 9162, section 2.1.1)."""
    return Hash(sha256(_NODE_PREFIX + left + right).digest())


def hash_pairs(packed: bytes) -> bytes:
    """Hash each pair of neighbours in a row of hashes; leave out a last odd one.

    Args:
        packed: n hashes of 32 bytes, one after the other.

    Returns:
        ⌊n / 2⌋ hashes, packed likewise. Cost: ⌊n / 2⌋ calls of SHA-256, the only inner loop of this package.
    """
    pairs = _PAIR.iter_unpack(packed[: len(packed) - len(packed) % _PAIR.size])
    return b"".join([sha256(_NODE_PREFIX + pair).digest() for (pair,) in pairs])


def pack_hashes(hashes: Sequence[Hash]) -> bytes:
    """Join hashes to one row.

    Raises:
        MalformedError: One of them has not 32 bytes.
    """
    if not {HASH_BYTES}.issuperset(map(len, hashes)):
        raise MalformedError("A hash has 32 bytes.")
    return b"".join(hashes)


def root_hash(leaf_hashes: Sequence[Hash]) -> Hash:
    """Compute the root of the tree over leaf hashes (RFC 9162, section 2.1.1).

    Args:
        leaf_hashes: Any number, each of 32 bytes, as ``leaf_hash`` gives them.

    Returns:
        The root; ``EMPTY_ROOT`` for none. Cost: n - 1 node hashes, memory 64 n bytes.

    Raises:
        MalformedError: A leaf hash has not 32 bytes.
    """
    row = pack_hashes(leaf_hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > HASH_BYTES:
        odd = row[-HASH_BYTES:] if len(row) % _PAIR.size else b""
        row = hash_pairs(row) + odd
    return Hash(row)

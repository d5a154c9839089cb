r"""The day's digest: a commitment to every envelope that came, so that none can be dropped quietly.

::

    leaf  = SHA-256("pledge/tip/v1\n" ‖ nonce[32] ‖ SHA-256(envelope)[32])
    dummy = SHA-256("pledge/tip-dummy/v1\n" ‖ r[32])

A day has 64 leaves or the next multiple, filled up with dummies, so that it does not tell how many tips came. They
are sorted and stand in one public file, one after the other; the root of the tree over them (RFC 9162, each leaf an
entry of 32 bytes) is in the log. Nonces are inside the envelopes: nobody but who sent and who opens one can find its
leaf. Each r is told to the stewards, who can so account for every leaf.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, NewType

from pledge.core.tlog.tree import Hash, leaf_hash, root_hash
from pledge.errors import MalformedError

Leaf = NewType("Leaf", bytes)
"""32 bytes."""

STEP: Final = 64
LEAF_BYTES: Final = 32
MAX_LEAVES: Final = 1 << 20


class Digest(NamedTuple):
    """A day's leaves, sorted, and the r of each dummy among them, 32 bytes, in no order."""

    leaves: tuple[Leaf, ...]
    dummies: tuple[bytes, ...]


def tip_leaf(nonce: bytes, envelope_sha256: bytes) -> Leaf:
    """Give the leaf of an envelope: both arguments have 32 bytes."""
    return Leaf(hashlib.sha256(b"pledge/tip/v1\n" + nonce + envelope_sha256).digest())


def dummy_leaf(r: bytes) -> Leaf:
    """Give the leaf of a dummy; ``r`` has 32 bytes."""
    return Leaf(hashlib.sha256(b"pledge/tip-dummy/v1\n" + r).digest())


def build_digest(tips: Sequence[Leaf], *, random_bytes: Callable[[int], bytes]) -> Digest:
    """Fill a day's leaves up with dummies, and sort them.

    Raises:
        MalformedError: A leaf stands twice, or there are more than 2^20.
    """
    missing = STEP if not tips else -len(tips) % STEP
    dummies = tuple(random_bytes(32) for _ in range(missing))
    leaves = tuple(sorted([*tips, *map(dummy_leaf, dummies)]))
    parse_leaves(format_leaves(leaves))
    return Digest(leaves, dummies)


def digest_root(leaves: Sequence[Leaf]) -> Hash:
    """Compute the root that stands in the log."""
    return root_hash([leaf_hash(leaf) for leaf in leaves])


def format_leaves(leaves: Sequence[Leaf]) -> bytes:
    """Write the day's public file: the leaves, one after the other."""
    return b"".join(leaves)


def parse_leaves(data: bytes) -> tuple[Leaf, ...]:
    """Read what ``format_leaves`` writes.

    Raises:
        MalformedError: Not a multiple of 64 leaves of 32 bytes, none, more than 2^20, not sorted, or one twice.
    """
    count, rest = divmod(len(data), LEAF_BYTES)
    leaves = tuple(Leaf(data[start : start + LEAF_BYTES]) for start in range(0, len(data), LEAF_BYTES))
    if rest or count % STEP or not 0 < count <= MAX_LEAVES:
        raise MalformedError("A digest has 64 leaves of 32 bytes, or a multiple.")
    if any(one >= other for one, other in pairwise(leaves)):
        raise MalformedError("The leaves of a digest are sorted, and none stands twice.")
    return leaves

"""Finding the log's entry for a day's digest, and the proof that it is there, without reading the whole log.

Days never decrease along a log, anonymous signings apart, so the day is looked for by halving.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from pledge.audit.published import Published
from pledge.core.ledger import read_entry
from pledge.core.policy import Policy, verify_checkpoint
from pledge.core.rules import is_dated
from pledge.core.statement import Statement, TipDigest, parse_envelope
from pledge.core.tlog.bundle import parse_bundle
from pledge.core.tlog.proof import TlogProof, format_tlog_proof
from pledge.core.tlog.tile import TileCache, inclusion_proof
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, WIDTH, tile_width
from pledge.errors import MalformedError

_MAX_KEPT_BUNDLES = 64
"""Some hundred kilobytes each."""


class DigestEntry(NamedTuple):
    """The entry of a day's digest, and its tlog-proof."""

    day: date
    leaf: bytes
    proof: bytes


def find_entries(published: Published, policy: Policy, days: Iterable[date]) -> Iterator[DigestEntry]:
    """Find the entries of some days' digests; a day that has none is left out.

    Args:
        published: The log.
        policy: Whom to believe about its checkpoint. That the proofs lead there is checked by who reads them.
        days: Any.

    Raises:
        VerificationError: The checkpoint is not by a log of the policy.
        MalformedError, NotFoundError, UnavailableError: The log cannot be read.
    """
    note = published.checkpoint()
    size = verify_checkpoint(policy, note).checkpoint.size
    log, cache = _Log(published, size), TileCache()
    for day in days:
        for index, leaf in log.digests_of(day):
            path = inclusion_proof(index, size, published.tile, cache)
            yield DigestEntry(day, leaf, format_tlog_proof(TlogProof(index, tuple(path), note)))


class _Log:
    def __init__(self, published: Published, size: int) -> None:
        self._published = published
        self._size = size
        self._bundles = -(-size // WIDTH)
        self._read: dict[int, list[tuple[bytes, Statement | None]]] = {}

    def digests_of(self, day: date) -> Iterator[tuple[int, bytes]]:
        """Give index and bytes of each digest entry of a day; a log that is well has one at most."""
        low, high = 0, self._bundles
        while low < high:
            middle = (low + high) // 2
            first = self._first_day(middle)
            if first is not None and first < day:
                low = middle + 1
            else:
                high = middle
        for bundle in range(max(low - 1, 0), self._bundles):
            for place, (leaf, statement) in enumerate(self._entries(bundle)):
                if isinstance(statement, TipDigest) and statement.day == day:
                    yield bundle * WIDTH + place, leaf
                elif statement is not None and is_dated(statement) and statement.day > day:
                    return

    def _first_day(self, bundle: int) -> date | None:
        """Give the day of the first dated entry from a bundle on."""
        for index in range(bundle, self._bundles):
            for _, statement in self._entries(index):
                if statement is not None and is_dated(statement):
                    return statement.day
        return None

    def _entries(self, bundle: int) -> list[tuple[bytes, Statement | None]]:
        if bundle not in self._read:
            if len(self._read) > _MAX_KEPT_BUNDLES:
                self._read.clear()
            width = tile_width(ENTRIES_LEVEL, bundle, self._size)
            leaves = parse_bundle(self._published.bundle(bundle, width))
            self._read[bundle] = [(leaf, _statement(leaf)) for leaf in leaves]
        return self._read[bundle]


def _statement(leaf: bytes) -> Statement | None:
    try:
        return read_entry(parse_envelope(leaf)).statement
    except MalformedError:
        return None

"""The files that a log and its site publish, read by what they are. Nothing here is verified yet."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from itertools import islice
from typing import Final, TypeVar

from pledge.audit.source import Source
from pledge.core.tlog.bundle import MAX_ENTRY_BYTES, format_bundle, parse_bundle
from pledge.core.tlog.note import MAX_NOTE_BYTES
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, WIDTH, Tile, format_tile_path
from pledge.core.tlog.tree import HASH_BYTES
from pledge.errors import MalformedError, NotFoundError

T = TypeVar("T")
K = TypeVar("K")

MAX_CLAIMS_BYTES: Final = 2**24
MAX_REMOVALS_BYTES: Final = 2**26
MAX_POLICY_BYTES: Final = 2**21
MAX_TEXT_BYTES: Final = 2**20
_MAX_DOCUMENT_BYTES: Final = 2**24
_MAX_BUNDLE_BYTES: Final = WIDTH * (2 + MAX_ENTRY_BYTES)
_READERS: Final = 4


class Published:
    """The files of one log."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def checkpoint(self) -> bytes:
        """Read the newest checkpoint."""
        return self.source.read("log/checkpoint", max_bytes=MAX_NOTE_BYTES)

    def claims(self) -> bytes:
        """Read the counts that the site claims."""
        return self.source.read("tallies.json", max_bytes=MAX_CLAIMS_BYTES)

    def removals(self, before: int | None) -> bytes:
        """Read the newest stretch of the ledger of removals, or the one before a number."""
        query = "" if before is None else f"?before={before}"
        return self.source.read(f"removals.json{query}", max_bytes=MAX_REMOVALS_BYTES)

    def policy(self) -> bytes:
        """Read the trust policy that the site claims for itself."""
        return self.source.read("log/policy", max_bytes=MAX_POLICY_BYTES)

    def digest(self, day: date, *, max_bytes: int) -> bytes:
        """Read the leaves of a day's digest of tips."""
        return self.source.read(f"tips/digests/{day.isoformat()}", max_bytes=max_bytes)

    def document(self, path: str) -> bytes:
        """Read a pledge text, a policy document, a script or a style."""
        return self.source.read(path, max_bytes=_MAX_DOCUMENT_BYTES)

    def bundle(self, index: int, width: int) -> bytes:
        """Read the bundle of ``width`` entries, or as many of the full one that has grown out of it.

        What stands at the bundle's own path is given as it is: there may be anything.
        """
        return self._read(Tile(ENTRIES_LEVEL, index, width), _MAX_BUNDLE_BYTES, _first_entries)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """Read a tile of ``width`` hashes, or as many of the full one; as ``bundle``."""
        return self._read(Tile(level, index, width), WIDTH * HASH_BYTES, _first_hashes)

    def _read(self, tile: Tile, max_bytes: int, cut: Callable[[bytes, int], bytes]) -> bytes:
        try:
            return self.source.read(f"log/{format_tile_path(tile)}", max_bytes=max_bytes)
        except NotFoundError:
            if tile.width == WIDTH:
                raise
        # A log may drop partial tiles once the full one is there (C2SP tlog-tiles, "Partial Tiles").
        full = format_tile_path(tile._replace(width=WIDTH))
        return cut(self.source.read(f"log/{full}", max_bytes=max_bytes), tile.width)


def _first_entries(bundle: bytes, width: int) -> bytes:
    entries = parse_bundle(bundle)
    if len(entries) != WIDTH:
        raise MalformedError("A full bundle has 256 entries.")
    return format_bundle(entries[:width])


def _first_hashes(tile: bytes, width: int) -> bytes:
    if len(tile) != WIDTH * HASH_BYTES:
        raise MalformedError("A full tile has 256 hashes.")
    return tile[: width * HASH_BYTES]


def read_ahead(keys: Iterable[K], read: Callable[[K], T]) -> Generator[T]:
    """Read in order, a few at once, and never far ahead of whoever takes what was read."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as pool:
        rest = iter(keys)
        waiting: list[Future[T]] = [pool.submit(read, key) for key in islice(rest, 2 * _READERS)]
        try:
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(read, key) for key in islice(rest, 1)]
        finally:
            for future in waiting:
                future.cancel()

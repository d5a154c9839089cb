"""The tree over the entries as they are served, compared with the tiles and with the checkpoint.

The entries decide: from them every tile and the root are computed afresh. Where the root is another, the served tiles
help to name the entry that was changed, as far as they themselves lead to the checkpoint.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple, Never

from pledge.audit.published import Published
from pledge.audit.report import Problem
from pledge.core.tlog.bundle import parse_bundle
from pledge.core.tlog.checkpoint import Checkpoint
from pledge.core.tlog.proof import verify_inclusion
from pledge.core.tlog.tile import Tile, TileCache, append, format_tile_path, inclusion_proof
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, HEIGHT, WIDTH, tile_width
from pledge.core.tlog.tree import HASH_BYTES, Hash, leaf_hash
from pledge.errors import MalformedError, NotFoundError, VerificationError

_NAMED: Final = 8
_NO_ENTRY: Final = Hash(bytes(HASH_BYTES))


class Earlier(NamedTuple):
    """A checkpoint that the log has to continue, and what it means where it does not."""

    checkpoint: Checkpoint
    otherwise: str


class Tree:
    """Collects leaf hashes bundle by bundle, and what the served tiles of level 0 say otherwise."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._leaf_hashes: list[Hash] = []
        self._served: dict[int, Hash] = {}
        self.problems: list[Problem] = []

    def take(self, index: int, bundle: bytes | None, tile: bytes | None) -> list[bytes] | None:
        """Take a bundle and the tile over it.

        Returns:
            The entries; None when the bundle is missing, cannot be taken apart or lacks some. Then nothing more can be
            taken.
        """
        width = tile_width(ENTRIES_LEVEL, index, self._checkpoint.size)
        if bundle is None:
            path = format_tile_path(Tile(ENTRIES_LEVEL, index, width))
            self.problems.append(Problem("bundle", f"{path} is missing or too long"))
            return None
        entries = self._split(index, bundle, width)
        hashes = [_NO_ENTRY if entry is None else leaf_hash(entry) for entry in entries]
        self._compare(index, hashes, tile)
        self._leaf_hashes += hashes
        whole = [entry for entry in entries if entry is not None]
        return whole if len(whole) == width else None

    def finish(self, published: Published, earlier: Iterable[Earlier]) -> None:
        """Compare tiles above level 0, the root, and the roots of earlier checkpoints of no more entries.

        Where not all was taken, there is no root to compare: then only the entries that were changed are named.
        """
        size = self._checkpoint.size
        if not self.is_whole:
            self.problems += self._blame(published)
            return
        computed = append(0, self._leaf_hashes, _no_tile)
        for (level, index), tile in sorted(computed.tiles.items()):
            if level > 0:
                served = read_tile(published, Tile(level, index, tile_width(level, index, size)))
                self._compare_tile(Tile(level, index, len(tile) // HASH_BYTES), tile, served)
        if computed.root != self._checkpoint.root:
            self.problems.append(Problem("root", "the entries do not lead to the root that the log signed"))
            self.problems += self._blame(published)
        else:
            self.problems += self._damaged()
        for old, otherwise in earlier:
            hashes = self._leaf_hashes[: old.size]
            root = computed.root if old.size == size else append(0, hashes, _no_tile).root
            if root != old.root:
                self.problems.append(Problem("consistency", otherwise))

    @property
    def is_whole(self) -> bool:
        """Whether all entries were taken."""
        return len(self._leaf_hashes) == self._checkpoint.size

    def _split(self, index: int, bundle: bytes, width: int) -> list[bytes | None]:
        """Take a bundle apart, as far as that goes; entries that are missing are None."""
        path = format_tile_path(Tile(ENTRIES_LEVEL, index, width))
        try:
            entries = parse_bundle(bundle)
        except MalformedError:
            self.problems.append(Problem("bundle", f"{path} is not a bundle of entries"))
            return list(_pieces(bundle, width))
        if len(entries) != width:
            self.problems.append(Problem("bundle", f"{path} has {len(entries)} entries, not {width}"))
        return [*entries[:width], *[None] * (width - len(entries))]

    def _compare(self, index: int, hashes: list[Hash], tile: bytes | None) -> None:
        computed = b"".join(hashes)
        if tile is None or len(tile) != len(computed):
            path = format_tile_path(Tile(0, index, len(hashes)))
            what = "is missing" if tile is None else f"has {len(tile)} bytes, not {len(computed)}"
            self.problems.append(Problem("tile", f"{path} {what}"))
        elif tile != computed:
            for place, entry_hash in enumerate(hashes):
                served = Hash(tile[place * HASH_BYTES : (place + 1) * HASH_BYTES])
                if served != entry_hash:
                    self._served[index * WIDTH + place] = served

    def _compare_tile(self, tile: Tile, computed: bytes, served: bytes | None) -> None:
        if served == computed:
            return
        if served is None or len(served) != len(computed):
            what = "is missing" if served is None else f"has {len(served)} bytes, not {len(computed)}"
            self.problems.append(Problem("tile", f"{format_tile_path(tile)} {what}"))
            return
        place = next(n for n in range(len(computed)) if served[n] != computed[n]) // HASH_BYTES
        first = (tile.index * WIDTH + place) << HEIGHT * tile.level
        last = first + (1 << HEIGHT * tile.level) - 1
        message = f"{format_tile_path(tile)} does not fit the entries {first} to {last}"
        self.problems.append(Problem("tile", message))

    def _blame(self, published: Published) -> Iterator[Problem]:
        """Name the entries that are not what the checkpoint covers."""
        cache = TileCache()
        for index, served in islice(self._served.items(), _NAMED):
            is_covered = {
                candidate: self._leads(published, index, candidate, cache)
                for candidate in (served, self._leaf_hashes[index])
            }
            if is_covered[self._leaf_hashes[index]]:
                yield Problem("tile", "the tile has another hash for this entry than its own", index)
            elif is_covered[served]:
                yield Problem("entry-changed", "this is not the entry that the log signed", index)
            else:
                yield Problem("entry-changed", "this entry is not the one that the tile stands for", index)
        if len(self._served) > _NAMED:
            yield Problem(
                "entry-changed", f"and {len(self._served) - _NAMED} more entries, up to {max(self._served)}"
            )

    def _damaged(self) -> Iterator[Problem]:
        """Name wrong hashes in tiles of level 0, where the entries are right."""
        for index in islice(self._served, _NAMED):
            tile = Tile(0, index // WIDTH, tile_width(0, index // WIDTH, self._checkpoint.size))
            yield Problem(
                "tile", f"{format_tile_path(tile)} has another hash for this entry than its own", index
            )

    def _leads(self, published: Published, index: int, candidate: Hash, cache: TileCache) -> bool:
        checkpoint = self._checkpoint
        try:
            path = inclusion_proof(index, checkpoint.size, published.tile, cache)
            verify_inclusion(candidate, index, checkpoint.size, path, checkpoint.root)
        except (MalformedError, NotFoundError, VerificationError):
            return False
        return True


def read_tile(published: Published, tile: Tile) -> bytes | None:
    """Read a tile or a bundle; None when there is none or it is too long."""
    level, index, width = tile
    try:
        return (
            published.bundle(index, width) if level == ENTRIES_LEVEL else published.tile(level, index, width)
        )
    except (MalformedError, NotFoundError):
        return None


def _pieces(bundle: bytes, width: int) -> Iterator[bytes | None]:
    start = 0
    for _ in range(width):
        end = start + 2 + int.from_bytes(bundle[start : start + 2], "big")
        yield bundle[start + 2 : end] if end <= len(bundle) and start + 2 <= end else None
        start = end


def _no_tile(_level: int, _index: int, _width: int) -> Never:
    raise AssertionError  # a tree that begins with nothing reads nothing

"""A log as tiles: how they are named, filled and read (C2SP tlog-tiles).

A tile is a row of up to 256 hashes at one tree height. Level 0 holds leaf hashes; each hash at level L + 1 is
the root of a full tile at level L. Only the last tile of a level is narrower than 256:

    level 1    [ root of tile 0 | root of tile 1 | …                 one hash a full tile below
                  ╱         ╲
    level 0    [ 256 leaf hashes ] [ 256 leaf hashes ] [ 112 leaf hashes, partial ]

    tile bytes      hash[32] × width                             8,192 bytes when full

The seven heights between two levels are not stored but hashed again when needed; a ``TileCache`` remembers
them. All tiles enter through one function, ``ReadTile``. Nothing here trusts them: a root is worth what the
checkpoint that states it is worth, and a proof made from wrong tiles does not verify.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pledge.core.tlog.bundle import MAX_ENTRY_BYTES, format_bundle, parse_bundle
from pledge.core.tlog.encoding import MAX_NUMBER
from pledge.core.tlog.tile_path import (
    ENTRIES_LEVEL,
    HEIGHT,
    WIDTH,
    Tile,
    format_tile_path,
    parse_tile_path,
    tile_width,
)
from pledge.core.tlog.tree import EMPTY_ROOT, HASH_BYTES, Hash, hash_pairs, node_hash, pack_hashes
from pledge.errors import MalformedError

__all__ = [
    "ENTRIES_LEVEL",
    "MAX_ENTRY_BYTES",
    "WIDTH",
    "Appended",
    "ReadTile",
    "Tile",
    "TileCache",
    "append",
    "consistency_proof",
    "format_bundle",
    "format_tile_path",
    "inclusion_proof",
    "parse_bundle",
    "parse_tile_path",
    "tile_width",
    "tree_root",
]

ReadTile = Callable[[int, int, int], bytes]
"""(level, index, width) → the first width × 32 bytes of that tile. The width is the one the tile has in the
tree asked about, so a store of final tiles returns a prefix, and a client fetches exactly this path."""


class Appended(NamedTuple):
    """A tree after entries were added to it.

    Attributes:
        size: Number of entries now.
        root: Root hash of the tree of that size.
        tiles: Every tile that is new or wider than before, whole, by (level, index).
    """

    size: int
    root: Hash
    tiles: dict[tuple[int, int], bytes]


class TileCache:
    """Remembers the inner nodes of tiles of one log, up to ``limit`` tiles of at most 16 KiB each.

    The caller owns it and hands it to the functions below. Tiles of a given width never change, so nothing in
    it goes stale. When it is full it forgets everything: the few tiles that most proofs share are back after
    one miss each, and no order of use need be kept, so threads may share one.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._heights: dict[Tile, tuple[bytes, ...]] = {}

    def __len__(self) -> int:
        return len(self._heights)

    def heights(self, tile: Tile, read_tile: ReadTile) -> tuple[bytes, ...]:
        """Return the rows of complete nodes of a tile: the tile itself, then each height above it.

        Raises:
            MalformedError: What was read has not the length asked for.
        """
        heights = self._heights.get(tile)
        if heights is None:
            heights = _hash_tile(_read(tile, read_tile))
            if len(self._heights) >= self._limit:
                self._heights = {}
            self._heights[tile] = heights
        return heights


def append(size: int, leaf_hashes: Sequence[Hash], read_tile: ReadTile) -> Appended:
    """Add entries to a tree.

    Args:
        size: Number of entries before, 0 to 2^63 - 1.
        leaf_hashes: The hashes of the new entries, in order; may be empty.
        read_tile: Reads the last, partial tiles of the tree as it was: at most two reads a level.

    Returns:
        The tree after. Cost: n node hashes for n entries and at most 255 more a level; memory 100 n bytes.

    Raises:
        MalformedError: A size out of range, a leaf hash that has not 32 bytes, or a tile of a wrong length.
    """
    new_size = size + len(leaf_hashes)
    if not 0 <= size <= new_size <= MAX_NUMBER:
        raise MalformedError("A tree has 0 to 2^63 - 1 entries.")
    tiles: dict[tuple[int, int], bytes] = {}
    row, level = pack_hashes(leaf_hashes), 0
    while row:
        index, width = divmod(size >> HEIGHT * level, WIDTH)
        if width:
            row = _read(Tile(level, index, width), read_tile) + row
        roots = []
        for start in range(0, len(row), WIDTH * HASH_BYTES):
            tiles[level, index] = tile = row[start : start + WIDTH * HASH_BYTES]
            index += 1
            if len(tile) == WIDTH * HASH_BYTES:
                roots.append(_hash_tile(tile)[HEIGHT])
        row = b"".join(roots)
        level += 1

    def read_new(level: int, index: int, width: int) -> bytes:
        return tiles.get((level, index)) or read_tile(level, index, width)

    return Appended(new_size, tree_root(new_size, read_new), tiles)


def tree_root(size: int, read_tile: ReadTile, cache: TileCache | None = None) -> Hash:
    """Compute the root of the tree of the first ``size`` entries (RFC 9162, section 2.1.1).

    Cost: reads one tile a level, and hashes at most 255 nodes in each.

    Raises:
        MalformedError: A size outside 0 to 2^63 - 1, or a tile of a wrong length.
    """
    if not 0 <= size <= MAX_NUMBER:
        raise MalformedError("A tree has 0 to 2^63 - 1 entries.")
    return _Tree(size, read_tile, cache).subtree(0, size) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read_tile: ReadTile, cache: TileCache | None = None) -> list[Hash]:
    """Prove that an entry is in a tree: PATH(index, D[size]) (RFC 9162, section 2.1.3.1).

    Args:
        index: 0 to size - 1.
        size: 1 to 2^63 - 1.
        read_tile: Reads tiles as they are in the tree of ``size``: at most two a level.
        cache: Remembers inner nodes from call to call; without it they are hashed anew, at most 255 a tile.

    Returns:
        At most 63 hashes, from the leaf's sibling up.

    Raises:
        MalformedError: Index or size out of range, or a tile of a wrong length.
    """
    if not 0 <= index < size <= MAX_NUMBER:
        raise MalformedError("An inclusion proof needs 0 ≤ index < size < 2^63.")
    tree = _Tree(size, read_tile, cache)
    path = []
    start, end = 0, size
    while end - start > 1:
        split = _split(start, end)
        if index < split:
            path.append(tree.subtree(split, end))
            end = split
        else:
            path.append(tree.subtree(start, split))
            start = split
    return path[::-1]


def consistency_proof(old: int, new: int, read_tile: ReadTile, cache: TileCache | None = None) -> list[Hash]:
    """Prove that a tree only grew: PROOF(old, D[new]) (RFC 9162, section 2.1.4.1).

    Args:
        old: The earlier size, 0 to ``new``. From 0, or to the same size, the proof is empty.
        new: The later size, at most 2^63 - 1.
        read_tile: As for ``inclusion_proof``, of the tree of ``new``.
        cache: As for ``inclusion_proof``.

    Returns:
        At most 63 hashes, in the order of the RFC.

    Raises:
        MalformedError: Sizes out of range, or a tile of a wrong length.
    """
    if not 0 <= old <= new <= MAX_NUMBER:
        raise MalformedError("A consistency proof needs 0 ≤ old ≤ new < 2^63.")
    if old == 0:
        return []
    tree = _Tree(new, read_tile, cache)
    proof = []
    start, end = 0, new
    while old != end:
        split = _split(start, end)
        if old <= split:
            proof.append(tree.subtree(split, end))
            end = split
        else:
            proof.append(tree.subtree(start, split))
            start = split
    if start:  # The old tree's own last subtree, unless it is the whole old tree, which the verifier knows.
        proof.append(tree.subtree(start, end))
    return proof[::-1]


class _Tree:
    """The subtrees of one tree, read from its tiles."""

    def __init__(self, size: int, read_tile: ReadTile, cache: TileCache | None) -> None:
        self._size = size
        self._read_tile = read_tile
        self._cache = TileCache() if cache is None else cache

    def subtree(self, start: int, end: int) -> Hash:
        """Return MTH(D[start:end]), for a start that is a multiple of a power of two not below end - start.

        It is made of complete subtrees, each a power of two smaller than the one to its left.
        """
        nodes = []
        while start < end:
            height = (end - start).bit_length() - 1
            nodes.append(self._node(height, start >> height))
            start += 1 << height
        root = nodes.pop()
        while nodes:
            root = node_hash(nodes.pop(), root)
        return root

    def _node(self, height: int, index: int) -> Hash:
        """Return the root of the complete subtree over the entries from index × 2^height on."""
        level, inner = divmod(height, HEIGHT)
        tile_index, position = divmod(index, WIDTH >> inner)
        tile = Tile(level, tile_index, tile_width(level, tile_index, self._size))
        row = self._cache.heights(tile, self._read_tile)[inner]
        return Hash(row[position * HASH_BYTES : (position + 1) * HASH_BYTES])


def _split(start: int, end: int) -> int:
    """Return where a tree of end - start ≥ 2 entries is split: at the largest power of two below their number."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _read(tile: Tile, read_tile: ReadTile) -> bytes:
    """Read a tile and check its length."""
    data = read_tile(*tile)
    if len(data) != tile.width * HASH_BYTES:
        raise MalformedError(
            f"A tile of width {tile.width} has {tile.width * HASH_BYTES} bytes, not {len(data)}."
        )
    return data


def _hash_tile(row: bytes) -> tuple[bytes, ...]:
    """Return the rows of complete nodes over a tile, from the tile itself up."""
    heights = [row]
    while len(row) > HASH_BYTES:
        row = hash_pairs(row)
        heights.append(row)
    return tuple(heights)

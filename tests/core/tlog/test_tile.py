"""Tiles, roots and proofs against RFC 9162 written out naively, over every small tree and at the borders of tiles."""

from functools import cache
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core.tlog.proof import verify_consistency, verify_inclusion
from pledge.core.tlog.tile import (
    Appended,
    ReadTile,
    TileCache,
    append,
    consistency_proof,
    inclusion_proof,
    tile_width,
    tree_root,
)
from pledge.core.tlog.tree import EMPTY_ROOT, Hash, leaf_hash, node_hash, root_hash
from pledge.errors import MalformedError

SMALL: Final = 300
LARGE: Final = 66_000
MAX: Final = 2**63 - 1
LEAVES: Final = [leaf_hash(number.to_bytes(4, "big")) for number in range(LARGE)]
BORDERS: Final = [
    1,
    2,
    255,
    256,
    257,
    511,
    512,
    513,
    65_279,
    65_280,
    65_535,
    65_536,
    65_537,
    65_792,
    65_793,
    LARGE,
]


def split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


@cache
def naive_root(start: int, end: int) -> Hash:
    """MTH(D[start:end]) (RFC 9162, section 2.1.1)."""
    if end - start == 1:
        return LEAVES[start]
    middle = start + split(end - start)
    return node_hash(naive_root(start, middle), naive_root(middle, end))


def naive_path(index: int, start: int, end: int) -> list[Hash]:
    """PATH(index, D[start:end]) (RFC 9162, section 2.1.3.1)."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*naive_path(index, start, middle), naive_root(middle, end)]
    return [*naive_path(index, middle, end), naive_root(start, middle)]


def naive_consistency(old: int, start: int, end: int, *, known: bool = True) -> list[Hash]:
    """SUBPROOF(old, D[start:end], known) (RFC 9162, section 2.1.4.1)."""
    if old == end:
        return [] if known else [naive_root(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*naive_consistency(old, start, middle, known=known), naive_root(middle, end)]
    return [*naive_consistency(old, middle, end, known=False), naive_root(start, middle)]


def no_tile(level: int, index: int, width: int) -> bytes:
    raise AssertionError(f"nothing is to be read: {level}, {index}, {width}")


def reader(tiles: dict[tuple[int, int], bytes]) -> ReadTile:
    def read_tile(level: int, index: int, width: int) -> bytes:
        return tiles[level, index][: 32 * width]

    return read_tile


@pytest.fixture(scope="module")
def log() -> Appended:
    return append(0, LEAVES, no_tile)


def test_all_tiles_of_a_log_are_those_that_tlog_tiles_defines(log: Appended) -> None:
    assert log.size == LARGE
    assert log.root == naive_root(0, LARGE)
    for (level, index), data in log.tiles.items():
        assert len(data) == 32 * tile_width(level, index, LARGE)
        span = 256**level
        starts = range(256 * index * span, 256 * index * span + len(data) // 32 * span, span)
        assert data == b"".join(naive_root(start, start + span) for start in starts)
    assert sorted(log.tiles) == [(0, index) for index in range(258)] + [(1, 0), (1, 1), (2, 0)]


@pytest.mark.parametrize("size", BORDERS)
def test_roots_of_earlier_trees_come_from_the_same_tiles(log: Appended, size: int) -> None:
    assert tree_root(size, reader(log.tiles)) == naive_root(0, size)


def test_every_inclusion_proof_in_small_trees_is_the_naive_one_and_verifies(log: Appended) -> None:
    read_tile, tile_cache = reader(log.tiles), TileCache()
    for size in range(1, SMALL + 1):
        root = naive_root(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, read_tile, tile_cache)
            assert proof == naive_path(index, 0, size)
            verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_consistency_proof_between_small_trees_is_the_naive_one_and_verifies(log: Appended) -> None:
    read_tile, tile_cache = reader(log.tiles), TileCache()
    for new in range(1, SMALL + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, read_tile, tile_cache)
            assert proof == naive_consistency(old, 0, new)
            verify_consistency(old, naive_root(0, old), new, naive_root(0, new), proof)


def test_proofs_at_the_borders_of_tiles_are_the_naive_ones_and_verify(log: Appended) -> None:
    read_tile, tile_cache = reader(log.tiles), TileCache(4)
    for position, size in enumerate(BORDERS):
        root = naive_root(0, size)
        for border in BORDERS[: position + 1]:
            index = border - 1
            proof = inclusion_proof(index, size, read_tile, tile_cache)
            assert proof == naive_path(index, 0, size)
            verify_inclusion(LEAVES[index], index, size, proof, root)
            proof = consistency_proof(border, size, read_tile, tile_cache)
            assert proof == naive_consistency(border, 0, size)
            verify_consistency(border, naive_root(0, border), size, root, proof)


def test_proofs_do_not_depend_on_the_cache(log: Appended) -> None:
    read_tile = reader(log.tiles)
    for index in (0, 255, 256, LARGE - 1):
        expected = naive_path(index, 0, LARGE)
        assert inclusion_proof(index, LARGE, read_tile) == expected
        assert inclusion_proof(index, LARGE, read_tile, TileCache(1)) == expected


def test_a_log_that_grows_in_steps_has_the_tiles_of_one_that_grows_at_once(log: Appended) -> None:
    steps = [0, 1, 2, 2, 255, 256, 257, 600, 1_024, 1_279, 1_280, 65_535, 65_536, 65_537, LARGE]
    tiles: dict[tuple[int, int], bytes] = {}
    for size, new_size in pairwise(steps):
        grown = append(size, LEAVES[size:new_size], reader(tiles))
        assert grown.size == new_size
        assert grown.root == (naive_root(0, new_size) if new_size else EMPTY_ROOT)
        for place, data in grown.tiles.items():
            assert data.startswith(tiles.get(place, b""))
            assert len(data) > len(tiles.get(place, b""))
        tiles.update(grown.tiles)
    assert tiles == log.tiles


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=700), max_size=6))
def test_a_log_may_grow_by_any_steps(counts: list[int]) -> None:
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for count in counts:
        grown = append(size, LEAVES[size : size + count], reader(tiles))
        tiles.update(grown.tiles)
        size = grown.size
        assert grown.root == root_hash(LEAVES[:size])
    assert size == sum(counts)


def test_growing_by_nothing_changes_nothing(log: Appended) -> None:
    assert append(0, [], no_tile) == (0, EMPTY_ROOT, {})
    assert append(LARGE, [], reader(log.tiles)) == (LARGE, log.root, {})


def test_at_most_the_last_tile_of_each_level_is_read_to_grow(log: Appended) -> None:
    wanted = []

    def read_tile(level: int, index: int, width: int) -> bytes:
        wanted.append((level, index, width))
        return log.tiles[level, index][: 32 * width]

    append(65_537, LEAVES[65_537:65_540], read_tile)
    assert set(wanted) == {(0, 256, 1), (2, 0, 1)}


# Trees too large to build: all entries are the same, so a complete subtree has one hash for each height.
FULL: Final = [leaf_hash(b"same")]
for _height in range(63):
    FULL.append(node_hash(FULL[-1], FULL[-1]))


def read_same(level: int, index: int, width: int) -> bytes:
    assert index >= 0
    return FULL[8 * level] * width


def same_root(size: int) -> Hash:
    """The root of a tree of ``size`` times the same entry."""
    if size & (size - 1) == 0:
        return FULL[size.bit_length() - 1]
    return node_hash(same_root(split(size)), same_root(size - split(size)))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_proofs_in_the_largest_trees_verify(data: st.DataObject) -> None:
    size = data.draw(st.integers(min_value=1, max_value=MAX))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    root = same_root(size)
    assert tree_root(size, read_same) == root
    proof = inclusion_proof(index, size, read_same)
    assert len(proof) <= 63
    verify_inclusion(FULL[0], index, size, proof, root)
    old = index + 1
    verify_consistency(old, same_root(old), size, root, consistency_proof(old, size, read_same))


@pytest.mark.parametrize("size", [-1, MAX + 1])
def test_there_are_no_trees_of_other_sizes(size: int) -> None:
    for call in (
        lambda: tree_root(size, no_tile),
        lambda: append(size, [], no_tile),
        lambda: append(MAX, [LEAVES[0]], no_tile),
        lambda: consistency_proof(0, size, no_tile),
    ):
        with pytest.raises(MalformedError):
            call()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (0, MAX + 1), (5, 4)])
def test_there_are_no_inclusion_proofs_for_other_places(index: int, size: int) -> None:
    with pytest.raises(MalformedError):
        inclusion_proof(index, size, no_tile)


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (1, MAX + 1)])
def test_there_are_no_consistency_proofs_between_other_sizes(old: int, new: int) -> None:
    with pytest.raises(MalformedError):
        consistency_proof(old, new, no_tile)


def test_from_nothing_and_to_the_same_size_proofs_are_empty() -> None:
    assert consistency_proof(0, 0, no_tile) == []
    assert consistency_proof(0, LARGE, no_tile) == []
    assert consistency_proof(LARGE, LARGE, no_tile) == []


def test_a_tile_of_another_length_is_refused(log: Appended) -> None:
    def read_short(level: int, index: int, width: int) -> bytes:
        return log.tiles[level, index][: 32 * width - 1]

    def read_long(level: int, index: int, width: int) -> bytes:
        return log.tiles[level, index][: 32 * width] + bytes(32)

    for read_tile in (read_short, read_long):
        for call in (
            lambda read=read_tile: tree_root(300, read),
            lambda read=read_tile: inclusion_proof(0, 300, read),
            lambda read=read_tile: append(300, LEAVES[300:301], read),
        ):
            with pytest.raises(MalformedError, match="bytes"):
                call()


def test_a_leaf_hash_of_another_length_is_refused() -> None:
    with pytest.raises(MalformedError):
        append(0, [Hash(bytes(31))], no_tile)


def test_a_cache_stays_within_its_limit_and_saves_reads(log: Appended) -> None:
    reads = []

    def read_tile(level: int, index: int, width: int) -> bytes:
        reads.append((level, index))
        return log.tiles[level, index][: 32 * width]

    tile_cache = TileCache(3)
    for _ in range(2):
        inclusion_proof(0, LARGE, read_tile, tile_cache)
    for index in range(0, LARGE, 1_000):
        inclusion_proof(index, LARGE, read_tile, tile_cache)
        assert len(tile_cache) <= 3
    reads.clear()
    large_cache = TileCache()
    for _ in range(3):
        inclusion_proof(0, LARGE, read_tile, large_cache)
    assert len(reads) == len(set(reads)) == len(large_cache)

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.age.blocks import split_blocks, take

PIECES = st.lists(st.binary(max_size=9), max_size=12)


@given(PIECES, st.integers(1, 20))
def test_blocks_are_whole_but_the_last(pieces: list[bytes], size: int) -> None:
    whole = b"".join(pieces)
    blocks = [(bytes(block), is_last) for block, is_last in split_blocks(pieces, size)]
    assert b"".join(block for block, _ in blocks) == whole
    assert [is_last for _, is_last in blocks] == [False] * (len(blocks) - 1) + [True]
    assert all(len(block) == size for block, _ in blocks[:-1])
    last = blocks[-1][0]
    assert 1 <= len(last) <= size or (last == whole == b"")


@given(PIECES, st.integers(1, 20))
def test_taking_parts_a_stream_in_two(pieces: list[bytes], count: int) -> None:
    whole = b"".join(pieces)
    taken, rest = take(pieces, count)
    assert taken == whole[:count]
    assert b"".join(rest) == whole[count:]


def test_blocks_that_come_whole_are_not_copied() -> None:
    pieces = [bytes(64), bytes(64), bytes(128)]
    blocks = [block for block, _ in split_blocks(pieces, 64)]
    assert [block.obj for block in blocks if isinstance(block, memoryview)] == [*pieces, pieces[2]]


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 1000])
def test_no_more_is_read_than_a_block_needs(piece_bytes: int) -> None:
    read = 0

    def source() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += piece_bytes
            yield bytes(piece_bytes)

    blocks = split_blocks(source(), 64)
    for number in range(1, 100):
        next(blocks)
        assert read <= 64 * number + piece_bytes

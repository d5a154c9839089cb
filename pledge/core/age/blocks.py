"""Streams of bytes cut anew, whatever pieces they come in, without copying more than has to be joined.

A stream is an iterable of pieces of any size, empty ones too. Pieces must not change after they are handed over.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

Piece = bytes | bytearray | memoryview
"""Bytes of a stream: given, joined from several pieces, or cut out of one."""


def split_blocks(source: Iterable[Piece], size: int) -> Iterator[tuple[Piece, bool]]:
    """Cut a stream into blocks of ``size`` bytes.

    Holds one block, and one piece of the source, at a time.

    Yields:
        Each block, and whether it is the last. The last has 1 to ``size`` bytes, or none if the stream has none.
    """
    held: Piece = b""
    for piece in source:
        view = memoryview(piece)
        while len(held) + len(view) > size:
            block, view = _join(held, view, size)
            held = b""
            yield block, False
        held, _ = _join(held, view, size)
    yield held, True


def take(source: Iterable[Piece], count: int) -> tuple[bytes, Iterator[Piece]]:
    """Read the first ``count`` bytes of a stream.

    Returns:
        These, fewer if the stream has fewer, and the rest of the stream.
    """
    pieces = iter(source)
    held: Piece = b""
    for piece in pieces:
        held, rest = _join(held, memoryview(piece), count)
        if len(held) == count:
            return bytes(held), chain([rest], pieces)
    return bytes(held), iter(())


def _join(held: Piece, view: memoryview, size: int) -> tuple[Piece, memoryview]:
    """Fill ``held`` up to ``size`` bytes from the front of ``view``; return it and what is left of the view."""
    count = size - len(held)
    if count == 0:
        return held, view
    if not held:
        return view[:size], view[size:]
    joined = held if isinstance(held, bytearray) else bytearray(held)
    joined += view[:count]
    return joined, view[count:]

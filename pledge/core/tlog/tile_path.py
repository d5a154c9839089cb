"""The names of tiles and entry bundles (C2SP tlog-tiles, "Merkle Tree" and "Log entries")."""

import re
from typing import Final, NamedTuple

from pledge.core.tlog.encoding import MAX_NUMBER, decode_decimal
from pledge.errors import MalformedError

HEIGHT: Final = 8
WIDTH: Final = 2**HEIGHT
ENTRIES_LEVEL: Final = -1

_MAX_LEVEL: Final = 63
_MAX_PATH_CHARS: Final = 64
_PATH: Final = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class Tile(NamedTuple):
    """The name of a tile, or of an entry bundle when ``level`` is ``ENTRIES_LEVEL`` (-1)."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs of a tile
    width: int


def format_tile_path(tile: Tile) -> str:
    """Write the path of a tile or bundle under the log's prefix (C2SP tlog-tiles, "Merkle Tree").

    ``tile/<L>/<N>[.p/<W>]`` or ``tile/entries/<N>[.p/<W>]``: N in groups of three digits, all but the last with
    an x before them; W only for partial ones. Tile(0, 1234067, 8) is ``tile/0/x001/x234/067.p/8``.

    Raises:
        MalformedError: A level outside 0–63 (or -1), a width outside 1–256, or an index outside 0 to 2^63 - 1.
    """
    level, index, width = tile
    if not (ENTRIES_LEVEL <= level <= _MAX_LEVEL and 0 <= index <= MAX_NUMBER and 1 <= width <= WIDTH):
        raise MalformedError("There is no tile of this level, index and width.")
    groups = f"{index % 1000:03d}"
    while index := index // 1000:
        groups = f"x{index % 1000:03d}/{groups}"
    kind = "entries" if level == ENTRIES_LEVEL else str(level)
    return f"tile/{kind}/{groups}" + ("" if width == WIDTH else f".p/{width}")


def parse_tile_path(path: str) -> Tile:
    """Read what ``format_tile_path`` writes.

    Raises:
        MalformedError: Anything else, a second spelling of a known tile included.
    """
    match = _PATH.fullmatch(path) if len(path) <= _MAX_PATH_CHARS else None
    if match is None:
        raise MalformedError("This is not the path of a tile.")
    kind, groups, width = match.groups()
    level = ENTRIES_LEVEL if kind == "entries" else decode_decimal(kind)
    index = int(groups.replace("/", "").replace("x", ""))
    tile = Tile(level, index, WIDTH if width is None else decode_decimal(width))
    if format_tile_path(tile) != path:
        raise MalformedError("This is not the canonical path of a tile.")
    return tile


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of ``size`` entries: 0 (there is none) to 256.

    For the last tile of a level it is ⌊size / 256^level⌋ mod 256 (C2SP tlog-tiles, "Partial Tiles"). Bundles
    have the widths of level 0.
    """
    return min(max((size >> HEIGHT * max(level, 0)) - WIDTH * index, 0), WIDTH)

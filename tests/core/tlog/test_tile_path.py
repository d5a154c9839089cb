import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.tlog.tile import ENTRIES_LEVEL, Tile, format_tile_path, parse_tile_path, tile_width
from pledge.errors import MalformedError

CASES: Final = json.loads((Path(__file__).parents[2] / "vectors" / "tlog-paths.json").read_text())["cases"]
MAX: Final = 2**63 - 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["path"]))
def test_paths_name_tiles_as_in_tlog_tiles(case: dict[str, Any]) -> None:
    if "malformed" in case:
        with pytest.raises(MalformedError):
            parse_tile_path(case["path"])
        return
    tile = Tile(case["level"], case["index"], case["width"])
    assert parse_tile_path(case["path"]) == tile
    assert format_tile_path(tile) == case["path"]


@given(
    st.builds(
        Tile,
        st.integers(min_value=ENTRIES_LEVEL, max_value=63),
        st.integers(min_value=0, max_value=MAX),
        st.integers(min_value=1, max_value=256),
    )
)
def test_every_tile_is_named_once(tile: Tile) -> None:
    assert parse_tile_path(format_tile_path(tile)) == tile


@given(st.from_regex(r"tile/(entries|[0-9]{1,2})/(x?[0-9]{2,4}/?){1,4}(\.p/[0-9]{1,3})?", fullmatch=True))
def test_a_path_that_is_read_is_written_the_same(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except MalformedError:
        return
    assert format_tile_path(tile) == path


@pytest.mark.parametrize(
    "tile",
    [Tile(-2, 0, 1), Tile(64, 0, 1), Tile(0, -1, 1), Tile(0, MAX + 1, 1), Tile(0, 0, 0), Tile(0, 0, 257)],
)
def test_there_are_no_other_tiles(tile: Tile) -> None:
    with pytest.raises(MalformedError):
        format_tile_path(tile)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    widths = {(level, index): tile_width(level, index, 70_000) for level in range(4) for index in range(300)}
    assert [widths[0, index] for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [widths[1, index] for index in (0, 1, 2)] == [256, 17, 0]
    assert [widths[2, index] for index in (0, 1)] == [1, 0]
    assert widths[3, 0] == 0
    assert tile_width(ENTRIES_LEVEL, 273, 70_000) == 112


@given(st.integers(min_value=0, max_value=MAX), st.integers(min_value=0, max_value=8))
def test_the_last_tile_of_a_level_has_the_width_of_the_formula(size: int, level: int) -> None:
    full, partial = divmod(size // 256**level, 256)
    assert tile_width(level, full, size) == partial
    assert tile_width(level, full + 1, size) == 0
    if full:
        assert tile_width(level, full - 1, size) == 256

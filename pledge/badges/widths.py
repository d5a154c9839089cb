"""How wide a text is in fonts that nobody knows: each letter as wide as in the widest of those that are likely."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

_SLACK: Final = 1.04
_BOLD: Final = 1.13
_FULL: Final = 1000
_OTHER: Final = 800


def text_width(text: str, size: float, *, bold: bool = False, spacing: float = 0) -> int:
    """Give the width of a text in whole pixels, with slack: a reader's font is hardly ever wider.

    Args:
        text: One line.
        size: Of the font, in pixels.
        bold: Whether letters are bold.
        spacing: Between letters, in pixels.
    """
    thousandths = sum(map(_table().__getitem__, text))
    return round(thousandths * size / 1000 * _SLACK * (_BOLD if bold else 1) + spacing * len(text) + 0.5)


class _Widths(dict[str, int]):
    """By letter, in thousandths of the font's size."""

    def __missing__(self, character: str) -> int:
        """Give the width of a letter that was not measured: what stacks or is not seen has none."""
        if unicodedata.category(character) in {"Mn", "Cf"}:
            return 0
        return _FULL if unicodedata.east_asian_width(character) in {"W", "F"} else _OTHER


@cache
def _table() -> _Widths:
    """Read the measured widths: runs of letters by the first one's number in hex."""
    runs = json.loads(Path(__file__).with_name("widths.json").read_bytes())
    return _Widths(
        (chr(int(start, 16) + place), width)
        for start, widths in runs.items()
        for place, width in enumerate(widths)
    )

"""Draws our own SVG as PNG: the same bytes on every machine, since no font is used but those in ``fonts/``.

``browser/fonts.py`` cuts them. What they have no letters for is never drawn: ask ``can_draw`` before.
"""

import json
import re
import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from pathlib import Path
from typing import Final

import resvg_py

from pledge.errors import UnavailableError

_FOLDER: Final = Path(__file__).with_name("fonts")
# What may stand in one text. Ideographs need no shaping, so the renderer may take them letter by letter from another
# font than the first; alphabets whose letters stack are drawn by one that has all.
_SETS: Final = (("sans", "sc", "jp", "kr"), ("devanagari",), ("bengali",))
_TEXT: Final = re.compile(r"(<text[^>]*>)([^<]*)(?=</text>)")
_STACKED: Final = re.compile("[\u0900-\u09ff][\u0900-\u09ff\u200c\u200d ]*")
# A badge has 10 kB and a card 40: what is kept of both stays under 20 MB in a process.
_MAX_KEPT: Final = 512
_MAX_WAITING: Final = 8
_WAITING: Final = threading.BoundedSemaphore(_MAX_WAITING)
_DRAWING: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Font:
    path: str
    family: str
    weight: int
    letters: frozenset[str]
    widths: dict[str, int]


@cache
def _fonts() -> tuple[_Font, ...]:
    """Read which fonts there are; where a letter is in several, the first one draws it."""
    fonts = []
    for font in json.loads((_FOLDER / "fonts.json").read_bytes()):
        letters = [chr(code) for first, last in font["letters"] for code in range(first, last + 1)]
        widths = dict(zip(letters, font["widths"], strict=False))  # of serif only
        fonts.append(
            _Font(str(_FOLDER / font["file"]), font["family"], font["weight"], frozenset(letters), widths)
        )
    return tuple(fonts)


def can_draw(text: str) -> bool:
    """Tell whether there is a letter for every character: nothing else may be drawn, lest it be an empty box."""
    return _families(text) is not None


def draw_badge(svg: str, *, is_right_to_left: bool) -> bytes:
    """Draw a badge at twice its size.

    Args:
        svg: Of ``badges.render``, with texts that can be drawn.
        is_right_to_left: Whether its words run so.

    Raises:
        UnavailableError: Too much is being drawn.
    """
    first, *others = _needed(svg)
    svg = _TEXT.sub(lambda text: text[1] + _directed(text[2], is_right_to_left=is_right_to_left), svg)
    weights = [400, 700] if 'font-weight="bold"' in svg else [700] if "font-weight" in svg else [400]
    # Where several weights are offered, a letter that the first lacks may come from any: offer one, the boldest.
    fonts = [_font(first, weight).path for weight in weights] + [
        _font(other, weights[-1]).path for other in others
    ]
    return _draw(svg, tuple(fonts), first, zoom=2)


def serif_width(text: str, size: int, *, weight: int) -> float:
    """Give how wide a card draws a text, in pixels; letters of other fonts than ours in serif count as square."""
    widths = _font("serif", weight).widths
    return sum(widths.get(letter, 1000) for letter in text) * size / 1000


def draw_card(svg: str) -> bytes:
    """Draw a card at its size, in serif.

    Raises:
        UnavailableError: Too much is being drawn.
    """
    fonts = [_font("serif", weight).path for weight in (400, 600)] + [
        _font(other, 400).path for other in _needed(svg)
    ]
    return _draw(svg, tuple(fonts), "serif", zoom=1)


def _directed(text: str, *, is_right_to_left: bool) -> str:
    """Put marks into a text where the renderer needs them (Unicode Standard Annex 9): it knows no ``direction``.

    It takes what runs in one direction for one script, the first letter's, and stacks no letters in a Latin one; so
    each stretch of letters that stack gets a run of its own.
    """
    if is_right_to_left:
        return f"\u202b{text}\u202c"
    return _STACKED.sub("\u202a\\g<0>\u202c", text)


def _needed(svg: str) -> tuple[str, ...]:
    """Choose whose letters draw what a picture says.

    Raises:
        ValueError: A letter is missing; ``can_draw`` tells before.
    """
    families = _families(unescape("".join(text for _, text in _TEXT.findall(svg))))
    if families is None:
        raise ValueError("no font has these letters")
    return families


def _families(text: str) -> tuple[str, ...] | None:
    """Choose whose letters draw a text, the first family's where it has them; None where some letter is missing."""
    wanted = set(text)
    for families in _SETS:
        letters = [_letters(family) for family in families]
        if wanted <= letters[0].union(*letters):
            needed = [
                family
                for family, has in zip(families[1:], letters[1:], strict=True)
                if (wanted - letters[0]) & has
            ]
            return (families[0], *needed)
    return None


def _letters(family: str) -> frozenset[str]:
    return next(font.letters for font in _fonts() if font.family == family)


def _font(family: str, weight: int) -> _Font:
    return next(font for font in _fonts() if (font.family, font.weight) == (family, weight))


@lru_cache(maxsize=_MAX_KEPT)
def _draw(svg: str, fonts: tuple[str, ...], family: str, *, zoom: int) -> bytes:
    """Draw, one picture at a time: what is asked for at once waits its turn, and no more than a few wait."""
    if not _WAITING.acquire(blocking=False):
        raise UnavailableError("Too many pictures are being drawn. Try again in a moment.", code="drawing")
    try:
        with _DRAWING:
            return resvg_py.svg_to_bytes(
                svg_string=svg,
                skip_system_fonts=True,
                font_files=list(fonts),
                sans_serif_family=f"Pledge {family.capitalize()}",
                serif_family=f"Pledge {family.capitalize()}",
                zoom=zoom,
            )
    finally:
        _WAITING.release()

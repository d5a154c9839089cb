"""Draws a badge as SVG: the seal, a label, a message. Pure; the same arguments give the same bytes.

::

    ┌────┬───────────────────┬───────────┐
    │ ◎  │ label             │  message  │   28 px high, and four styles as shields.io has them, 18 to 28
    └────┴───────────────────┴───────────┘

Widths come from tables with slack, because the reader's browser chooses the font. Texts stand in the middle of theirs,
so that what the slack leaves is even, and in either direction of writing.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from markupsafe import escape

from pledge.badges.look import Look
from pledge.badges.widths import text_width
from pledge.badges.words import JOINED, RIGHT_TO_LEFT, upper

State = Literal["good", "plain", "unknown"]

# What no XML document may hold (XML 1.0, section 2.2): one in a name would break the image.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VERDANA: Final = "Verdana,Geneva,'DejaVu Sans',sans-serif"
_HELVETICA: Final = "'Helvetica Neue',Helvetica,Arial,sans-serif"
_COLORS: Final = {
    "good": ("#0f5c4a", "#5cc3a4"),
    "plain": ("#5d5a52", "#a5a196"),
    "unknown": ("#5d5a52", "#a5a196"),
}
_LABEL_COLOR: Final = "#555555"
_BRIGHT: Final = 0.69
_WHITE: Final = 255_000


class Badge(NamedTuple):
    """What a badge says.

    Attributes:
        label: Left side, a few words.
        message: Right side, a word or a number.
        title: What it is about, in words that stay true when the message moves.
        state: Decides the colour, which says nothing alone.
        rings: How many rings of the seal are closed, 0 to 3: signed, logged, witnessed.
    """

    label: str
    message: str
    title: str
    state: State
    rings: int

    @property
    def description(self) -> str:
        """The whole in one sentence, for who cannot see it."""
        return f"{self.title}: {self.message}"


@dataclass(frozen=True, slots=True)
class _Form:
    """What the styles of shields.io differ in: height, corner, how the ground shines, shadows of letters."""

    height: int
    corner: int
    stops: str
    has_shadow: bool


_FORMS: Final = {
    "flat": _Form(
        20,
        3,
        '<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>',
        has_shadow=True,
    ),
    "flat-square": _Form(20, 0, "", has_shadow=False),
    "plastic": _Form(
        18,
        4,
        '<stop offset="0" stop-color="#fff" stop-opacity=".7"/>'
        '<stop offset=".1" stop-color="#aaa" stop-opacity=".1"/>'
        '<stop offset=".9" stop-opacity=".3"/><stop offset="1" stop-opacity=".5"/>',
        has_shadow=True,
    ),
    "for-the-badge": _Form(28, 0, "", has_shadow=False),
}


class _Plate(NamedTuple):
    """A badge but for its message, which is all that moves when the log does.

    Attributes:
        pieces: Of the SVG; each second one is a blank, which depends on the message.
        pick: Chooses from the values of all blanks those that these are.
        left: Where the side of the message begins, in pixels.
        padding: On either side of the message.
        size: Of its letters, in pixels, as ``spacing``.
        is_bold: Whether they are bold.
        is_upper: Whether they are capitals.
        spacing: Between letters.
    """

    pieces: list[str]
    pick: Callable[[Sequence[str]], tuple[str, ...]]
    left: float
    padding: int
    size: int
    is_bold: bool
    is_upper: bool
    spacing: float


# Blanks: how wide the right side is and the whole badge, where the message's middle is, and what it says. No text that
# is drawn has such characters: XML does not.
_RIGHT, _WHOLE, _INNER, _MIDDLE, _SHOWN, _SAID = "\0\1\2\3\4\5"
_BLANK: Final = re.compile("([\0-\5])")
_MAX_PLATES: Final = 512


def render_badge(badge: Badge, look: Look) -> bytes:
    """Draw a badge.

    Returns:
        SVG in UTF-8, under 3 KB for texts up to 90 characters of any script.
    """
    label = badge.label if look.label is None else look.label
    plate = _plate(label, badge.title, badge.state, badge.rings, look)
    said = _clean(badge.message)
    shown = upper(said, look.lang) if plate.is_upper else said
    right = text_width(shown, plate.size, bold=plate.is_bold, spacing=plate.spacing) + 2 * plate.padding
    whole = int(plate.left + right + 0.5)
    escaped = _escape(said)
    blanks = (
        str(right),
        str(whole),
        str(whole - 1),
        f"{plate.left + right / 2:g}",
        _escape(shown) if plate.is_upper else escaped,
        escaped,
    )
    pieces = plate.pieces.copy()
    pieces[1::2] = plate.pick(blanks)
    return "".join(pieces).encode()


@lru_cache(_MAX_PLATES)
def _plate(label: str, title: str, state: State, rings: int, look: Look) -> _Plate:
    """Draw all but the message."""
    badge = Badge(_clean(label), _SHOWN, _clean(title), state, rings)
    if look.style == "seal":
        return _sealed(badge, look)
    if look.style == "social":
        return _social(badge, look)
    return _shield(badge, look, _FORMS[look.style])


def _cut(
    drawn: str,
    left: float,
    padding: int,
    size: int = 11,
    *,
    is_bold: bool = False,
    is_upper: bool = False,
    spacing: float = 0,
) -> _Plate:
    """Cut what was drawn at its blanks."""
    pieces = _BLANK.split(drawn)
    pick = itemgetter(*map(ord, pieces[1::2]))
    return _Plate(pieces, pick, left, padding, size, is_bold, is_upper, spacing)


def _clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _NOT_XML.sub("\ufffd", text)


def _escape(text: str) -> str:
    return str(escape(text))


def _sealed(badge: Badge, look: Look) -> _Plate:
    """Draw our own style, which follows the reader's scheme or the one asked for."""
    height, padding = 28, 9
    seal = 26 if look.has_logo else 0
    label_width = text_width(badge.label, 11)
    left = seal + label_width + 2 * padding - (4 if seal else 0) if badge.label else seal + 6 * bool(seal)
    light, dark = (look.color, look.color) if look.color else _COLORS[badge.state]
    on_light, on_dark = (_on(look.color),) * 2 if look.color else ("#fff", "#161613")
    schemes = {
        "light": _scheme("#fbfaf6", "#1c1b19", "#d9d5ca", light, on_light),
        "dark": _scheme("#161613", "#ece9e0", "#35342f", dark, on_dark),
    }
    style = (
        schemes["light"] + f"@media(prefers-color-scheme:dark){{{schemes['dark']}}}"
        if look.theme == "auto"
        else schemes[look.theme]
    )
    drawn = (
        f"<style>.e,.o,.s{{fill:none}}{style}</style>"
        f'<clipPath id="c"><rect width="{_WHOLE}" height="{height}" rx="4"/></clipPath><g clip-path="url(#c)">'
        f'<rect class="p" width="{_WHOLE}" height="{height}"/>'
        f'<rect class="m" x="{left}" width="{_RIGHT}" height="{height}"/></g>'
        f'<rect class="e" x=".5" y=".5" width="{_INNER}" height="{height - 1}" rx="3.5"/>'
    )
    if look.has_logo:
        drawn += rings(badge.rings, 'class="s"', 16, 14)
    texts = [
        _text(_escape(badge.label), seal + padding - (4 if seal else 0) + label_width / 2, 18, 'class="i"'),
        _text(_SHOWN, _MIDDLE, 18, 'class="w"'),
    ]
    return _cut(_svg(badge, look, height, drawn + _group(look, texts, _VERDANA, 11)), left, padding)


def _scheme(paper: str, ink: str, edge: str, accent: str, on_accent: str) -> str:
    return (
        f".p{{fill:{paper}}}.i{{fill:{ink}}}.e{{stroke:{edge}}}"
        f".s{{stroke:{accent}}}.m{{fill:{accent}}}.w{{fill:{on_accent}}}"
    )


def _shield(badge: Badge, look: Look, form: _Form) -> _Plate:
    """Draw one of the four styles of shields.io that have two fields of colour side by side."""
    is_big = look.style == "for-the-badge"
    size, padding, spacing = (10, 9, 0 if look.lang in JOINED else 1.25) if is_big else (11, 5, 0)
    label = upper(badge.label, look.lang) if is_big else badge.label
    logo = (17 if label else 14) if look.has_logo else 0
    label_width = text_width(label, size, spacing=spacing) if label else 0
    left = (label_width + 2 * padding if label else 2 * padding if logo else 0) + logo
    ground = look.label_color or _LABEL_COLOR
    color = look.color or _COLORS[badge.state][0]
    height = form.height
    boxes = (
        f'<rect width="{left}" height="{height}" fill="{ground}"/>'
        f'<rect x="{left}" width="{_RIGHT}" height="{height}" fill="{color}"/>'
    )
    drawn = boxes
    if form.stops:
        drawn = (
            f'<linearGradient id="s" x2="0" y2="100%">{form.stops}</linearGradient>'
            f'<clipPath id="r"><rect width="{_WHOLE}" height="{height}" rx="{form.corner}"/></clipPath>'
            f'<g clip-path="url(#r)">{boxes}<rect width="{_WHOLE}" height="{height}" fill="url(#s)"/></g>'
        )
    if look.has_logo:
        drawn += rings(
            badge.rings, f'fill="none" stroke="{_on(ground)}"', padding + 7, height / 2, scale=0.78
        )
    base = height / 2 + size * 0.35
    bold = ' font-weight="bold"' if is_big else ""
    spaced = f' letter-spacing="{spacing}"' if spacing else ""
    texts = []
    places: list[tuple[str, float | str, str, str]] = [
        (_escape(label), padding + logo + label_width / 2, ground, ""),
        (_SHOWN, _MIDDLE, color, bold),
    ]
    for text, middle, behind, weight in places:
        if form.has_shadow:
            shade = f'fill="{"#010101" if _on(behind) == "#fff" else "#ccc"}" fill-opacity=".3" aria-hidden="true"'
            texts.append(_text(text, middle, base + 1, shade))
        texts.append(_text(text, middle, base, f'fill="{_on(behind)}"{weight}'))
    svg = _svg(badge, look, height, drawn + _group(look, texts, _VERDANA, size, spaced))
    return _cut(svg, left, padding, size, is_bold=is_big, is_upper=is_big, spacing=spacing)


def _social(badge: Badge, look: Look) -> _Plate:
    """Draw the style of a button with a bubble beside it."""
    label = badge.label[:1].upper() + badge.label[1:]
    logo = 17 if look.has_logo else 0
    label_width = text_width(label, 11, bold=True)
    left = label_width + logo + 10
    bubble = left + 6
    drawn = (
        '<linearGradient id="a" x2="0" y2="100%"><stop offset="0" stop-color="#fcfcfc"/>'
        '<stop offset="1" stop-color="#eee"/></linearGradient><g stroke="#d5d5d5">'
        f'<rect x=".5" y=".5" width="{left}" height="19" rx="2" fill="url(#a)"/>'
        f'<rect x="{bubble}.5" y=".5" width="{_RIGHT}" height="19" rx="2" fill="#fafafa"/></g>'
        f'<path d="M{bubble + 1} 6.5l-4 3.5 4 3.5" stroke="#d5d5d5" fill="#fafafa"/>'
    )
    if look.has_logo:
        drawn += rings(
            badge.rings,
            f'fill="none" stroke="{look.color or _COLORS[badge.state][0]}"',
            12,
            10,
            scale=0.78,
        )
    texts = [
        _text(_escape(label), 5 + logo + label_width / 2, 14, 'fill="#333"'),
        _text(_SHOWN, _MIDDLE, 14, 'fill="#333"'),
    ]
    group = _group(look, texts, _HELVETICA, 11, ' font-weight="700"')
    return _cut(_svg(badge, look, 20, drawn + group), bubble + 0.5, 4, is_bold=True)


def _svg(badge: Badge, look: Look, height: int, drawn: str) -> str:
    description = f"{_escape(badge.title)}: {_SAID}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WHOLE}" height="{height}" '
        f'viewBox="0 0 {_WHOLE} {height}" role="img" xml:lang="{look.lang}" '
        f'aria-label="{description}"><title>{description}</title>{drawn}</svg>'
    )


def _group(look: Look, texts: list[str], font: str, size: int, more: str = "") -> str:
    direction = ' direction="rtl"' if look.lang in RIGHT_TO_LEFT else ""
    return (
        f'<g font-family="{font}" font-size="{size}" text-anchor="middle"'
        f' text-rendering="geometricPrecision"{direction}{more}>{"".join(texts)}</g>'
    )


def _text(text: str, middle: float | str, base: float, attributes: str) -> str:
    """Place a text, which is escaped, around its middle, a number or a blank."""
    place = middle if isinstance(middle, str) else f"{middle:g}"
    return f'<text x="{place}" y="{base:g}" {attributes}>{text}</text>' if text else ""


def rings(closed: int, attributes: str, x: float, y: float, *, scale: float = 1) -> str:
    """Draw the rings of the seal, 9 px in radius, the innermost the signatory's key; a missing one stays open."""
    drawn = ""
    for number, (radius, width, turn) in enumerate(((2.6, 1.8, -60), (5.4, 1.4, 20), (8, 1.1, -110))):
        whole = 2 * math.pi * radius * scale  # pathLength is not known to everything that draws SVG
        gap = "" if number < closed else f'stroke-dasharray="{0.76 * whole:.4g} {0.24 * whole:.4g}" '
        drawn += (
            f'<circle {attributes} cx="{x:g}" cy="{y:g}" r="{radius * scale:.3g}" '
            f'stroke-width="{width * scale:.3g}" {gap}transform="rotate({turn} {x:g} {y:g})"/>'
        )
    return drawn


def _on(ground: str) -> str:
    """Give a colour of letters that can be read on a ground, ``#rrggbb``, as shields.io chooses."""
    red, green, blue = (int(ground[place : place + 2], 16) for place in (1, 3, 5))
    return "#fff" if (red * 299 + green * 587 + blue * 114) / _WHITE <= _BRIGHT else "#333"

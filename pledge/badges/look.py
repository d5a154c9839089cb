"""How a badge shall look, as its address asks. What makes no sense is left out: an image must not break a page.

=========== ==========================================================================
style       seal (ours, if not said), flat, flat-square, plastic, for-the-badge, social
label       other words on the left, at most 60 characters; empty for none
color       of the right side: three or six hex digits, or a name as shields.io has them
labelColor  of the left side
logo        none, to leave the seal out
lang        one of ``words.LANGUAGES``
theme       light or dark, for a page that asks for the one it needs; else the reader's
proof       1, for a signatory's badge that carries the proof of the signing inside
=========== ==========================================================================
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args
from urllib.parse import parse_qsl, urlencode

from pledge.badges.words import LANGUAGES

Style = Literal["seal", "flat", "flat-square", "plastic", "for-the-badge", "social"]
Theme = Literal["auto", "light", "dark"]

STYLES: Final[tuple[Style, ...]] = get_args(Style)
MAX_QUERY: Final = 1000
_MAX_LABEL: Final = 60
_MAX_FIELDS: Final = 16
_HEX: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")
# shields.io's names, so that an address can be carried over.
_NAMED: Final = {
    "brightgreen": "#44cc11",
    "green": "#97ca00",
    "yellowgreen": "#a4a61d",
    "yellow": "#dfb317",
    "orange": "#fe7d37",
    "red": "#e05d44",
    "blue": "#007ec6",
    "lightgrey": "#9f9f9f",
    "grey": "#555555",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked for; None is the badge's own."""

    style: Style = "seal"
    label: str | None = None
    color: str | None = None
    label_color: str | None = None
    has_logo: bool = True
    lang: str = "en"
    theme: Theme = "auto"
    has_proof: bool = False


def parse_look(query: str) -> Look:
    """Read a query string. Of a field that comes twice, the last counts."""
    try:
        asked = dict(parse_qsl(query[:MAX_QUERY], keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return Look()
    style, theme, lang = asked.get("style", ""), asked.get("theme", ""), asked.get("lang", "")
    label = asked.get("label")
    return Look(
        style=style if style in STYLES else "seal",
        label=None if label is None else label[:_MAX_LABEL],
        color=_color(asked.get("color", "")),
        label_color=_color(asked.get("labelColor", "")),
        has_logo=asked.get("logo") != "none",
        lang=lang if lang in LANGUAGES else "en",
        theme=cast("Theme", theme) if theme in {"light", "dark"} else "auto",
        has_proof=asked.get("proof") == "1",
    )


def format_look(look: Look) -> str:
    """Write a look as the query that asks for it, in ASCII, without what goes without saying."""
    asked = {
        "style": look.style if look.style != "seal" else None,
        "label": look.label,
        "color": look.color,
        "labelColor": look.label_color,
        "logo": None if look.has_logo else "none",
        "lang": look.lang if look.lang != "en" else None,
        "theme": look.theme if look.theme != "auto" else None,
        "proof": "1" if look.has_proof else None,
    }
    return urlencode({name: text for name, text in asked.items() if text is not None})


def _color(text: str) -> str | None:
    match = _HEX.fullmatch(text.lower())
    if match is None:
        return _NAMED.get(text.lower())
    digits = match[1]
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))  # noqa: PLR2004  # hex digits

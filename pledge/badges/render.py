"""Draws a badge as SVG: the seal, a label, a message. Pure; the same arguments give the same bytes.

::

    ┌────┬───────────────────┬───────────┐
    │ ◎  │ label             │  message  │   28 px high
    └────┴───────────────────┴───────────┘

Widths come from the metrics of DejaVu Sans (which those of Verdana match) at 11 px, with slack, because the reader's
browser chooses the font. Light and dark follow the reader's scheme.
"""

import re
from typing import Literal

from markupsafe import escape

State = Literal["good", "plain", "unknown"]

# What no XML document may hold (XML 1.0, section 2.2): one in a name would break the image.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEIGHT = 28
_PADDING = 9
_SEAL = 26
_SLACK = 1.04
_SIZE_TENTHS = 110
# Advance widths of the printable ASCII characters from space on, in tenths of a pixel at 11 px.
_ASCII = (
    *(35, 44, 51, 92, 70, 105, 86, 30, 43, 43, 55, 92, 35, 40, 35, 37),
    *(70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 37, 37, 92, 92, 92, 58),
    *(110, 75, 75, 77, 85, 70, 63, 85, 83, 32, 32, 72, 61, 95, 82, 87),
    *(66, 87, 76, 70, 67, 81, 75, 109, 75, 67, 75, 43, 37, 43, 92, 55),
    *(55, 67, 70, 60, 70, 68, 39, 70, 70, 31, 31, 64, 31, 107, 70, 67),
    *(70, 70, 45, 57, 43, 70, 65, 90, 65, 65, 58, 70, 37, 70, 92),
)
_COLOURS = {
    "good": ("#0f5c4a", "#5cc3a4"),
    "plain": ("#5d5a52", "#a5a196"),
    "unknown": ("#5d5a52", "#a5a196"),
}


def render_badge(label: str, message: str, *, description: str, state: State, rings: int) -> bytes:
    """Draw a badge.

    Args:
        label: Left side, a few words.
        message: Right side, a word or a number.
        description: The whole in one sentence, for who cannot see it.
        state: Decides the colour, which says nothing alone.
        rings: How many rings of the seal are closed, 0 to 3: signed, logged, witnessed.

    Returns:
        SVG in UTF-8, under 3 KB for texts up to 100 characters.
    """
    label, message, description = (_NOT_XML.sub("\ufffd", text) for text in (label, message, description))
    left = _SEAL + _width(label) + 2 * _PADDING - 4
    right = _width(message) + 2 * _PADDING
    width = left + right
    light, dark = _COLOURS[state]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{escape(description)}">'
        f"<title>{escape(description)}</title>"
        "<style>.p{fill:#fbfaf6}.i{fill:#1c1b19}.e,.o{fill:none;stroke:#d9d5ca}.s{fill:none;stroke:"
        f"{light}}}.m{{fill:{light}}}.w{{fill:#fff}}"
        "text{font:11px Verdana,'DejaVu Sans',sans-serif}"
        "@media(prefers-color-scheme:dark){.p{fill:#161613}.i{fill:#ece9e0}.e{stroke:#35342f}.s{stroke:"
        f"{dark}}}.m{{fill:{dark}}}.w{{fill:#161613}}}}</style>"
        f'<clipPath id="c"><rect width="{width}" height="{_HEIGHT}" rx="4"/></clipPath><g clip-path="url(#c)">'
        f'<rect class="p" width="{width}" height="{_HEIGHT}"/>'
        f'<rect class="m" x="{left}" width="{right}" height="{_HEIGHT}"/></g>'
        f'<rect class="e" x=".5" y=".5" width="{width - 1}" height="{_HEIGHT - 1}" rx="3.5"/>'
        f"{_seal(rings)}"
        f'<text class="i" x="{_SEAL + _PADDING - 4}" y="18">{escape(label)}</text>'
        f'<text class="w" x="{left + _PADDING}" y="18">{escape(message)}</text></svg>'
    ).encode()


def _seal(closed: int) -> str:
    """Draw the rings, the innermost the signatory's key; a missing one stays open."""
    rings = ((2.6, 1.8, -60), (5.4, 1.4, 20), (8, 1.1, -110))
    return "".join(
        f'<circle class="s" cx="16" cy="14" r="{radius}" stroke-width="{width}" pathLength="100" '
        f'stroke-dasharray="{"100 0" if number < closed else "76 24"}" transform="rotate({turn} 16 14)"/>'
        for number, (radius, width, turn) in enumerate(rings)
    )


def _width(text: str) -> int:
    """Give the width in whole pixels; what is not ASCII counts as a wide letter."""
    tenths = sum(
        _ASCII[ord(char) - 32] if " " <= char <= "~" else _SIZE_TENTHS if ord(char) > 0x2E7F else 80  # noqa: PLR2004  # from there on, scripts of full width
        for char in text
    )
    return round(tenths / 10 * _SLACK + 0.5)

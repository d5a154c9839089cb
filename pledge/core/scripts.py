"""Scripts: which one a letter belongs to, and which are written together.

The standard library does not know Unicode's Script property, but names of letters begin with their script, and names
never change. The scripts taken are the recommended ones of UAX 31 (table 5) and those in limited use (table 7)
that people write their names in. Not taken: Lisu, Cherokee, Osage and Canadian syllabics, since whole Latin names
can be spelled in their letters, and scripts that nobody writes any more.
"""

import unicodedata
from collections.abc import Collection
from typing import Final

COMMON: Final = "Common"
"""Marks that go with every script (Unicode: Inherited)."""

# The first words of letters' names. UAX 31, table 5:
_RECOMMENDED: Final = (
    "ARABIC ARMENIAN BENGALI BOPOMOFO CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI HANGUL HEBREW "
    "HIRAGANA KANNADA KATAKANA KHMER LAO LATIN MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU THAANA THAI TIBETAN"
)
# UAX 31, table 7, without those that pass for Latin:
_LIMITED: Final = (
    "ADLAM BALINESE BAMUM BATAK CHAKMA CHAM HANIFI JAVANESE KAYAH LEPCHA LIMBU MANDAIC MEETEI MIAO MONGOLIAN NEW NEWA "
    "NKO NYIAKENG OL SAURASHTRA SUNDANESE SYLOTI SYRIAC TAI TIFINAGH VAI WANCHO YI"
)
_BY_PREFIX: Final = {prefix: prefix.capitalize() for prefix in f"{_RECOMMENDED} {_LIMITED}".split()} | {
    "CJK": "Han",
    "IDEOGRAPHIC": "Han",
    "KATAKANA-HIRAGANA": "Katakana",
    "FEMININE": "Latin",
    "MASCULINE": "Latin",
    "COMBINING": COMMON,
}

# UTS 39, section 5.2, "highly restrictive".
_TOGETHER: Final = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)

# Decompositions that make a letter an ornament of another: 𝐀, Ａ, Ⓐ, ᵃ, and Arabic letters in one fixed shape.
_ORNAMENTS: Final = frozenset(
    {"<font>", "<wide>", "<narrow>", "<circle>", "<square>", "<super>", "<sub>", "<vertical>"}
    | {"<isolated>", "<initial>", "<medial>", "<final>"}
)
_ORDINALS: Final = frozenset("ªº")

DEFAULT_IGNORABLE: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Code points that show nothing although they are letters or marks (Default_Ignorable_Code_Point in
DerivedCoreProperties.txt, without the format characters): fillers, variation selectors, the grapheme joiner."""


def script_of(character: str) -> str | None:
    """Name the script of a letter or mark, ``Common`` for marks of all scripts, None for scripts not taken."""
    prefix = unicodedata.name(character, "").split(" ", 1)[0]
    return _BY_PREFIX.get(prefix)


def is_readable_together(scripts: Collection[str]) -> bool:
    """Tell whether scripts are commonly written together: at most one, or a combination of UTS 39."""
    distinct = set(scripts) - {COMMON}
    return len(distinct) <= 1 or any(distinct <= together for together in _TOGETHER)


def is_ornamental(character: str) -> bool:
    """Tell whether a character is another one in ornamental or fixed shape; the Spanish ordinals ª º are not."""
    return unicodedata.decomposition(character).split(" ", 1)[0] in _ORNAMENTS and character not in _ORDINALS

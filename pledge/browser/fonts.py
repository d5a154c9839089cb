"""``python fonts.py``: cut the fonts that pictures are drawn with out of the locked npm packages, into ../badges/fonts.

Pictures must look the same on every machine, so they are drawn with fonts of ours and with no others. Of each only the
letters stay that badges and cards can need: whole alphabets, and of Chinese, Japanese and Korean the letters of our own
words, because theirs are many megabytes. The same packages give the same bytes. Fonts that were cut bear a new name, as
their licences ask; each licence lies beside them.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from pledge.badges.words import LANGUAGES

_HERE: Final = Path(__file__).parent
_PACKAGES: Final = _HERE / "node_modules"
OUT: Final = _HERE.parent / "badges" / "fonts"
_LATIN: Final = ((0x20, 0x7E), (0xA0, 0x24F), (0x1E00, 0x1EFF))
_GREEK_CYRILLIC: Final = ((0x370, 0x52F),)
_SIGNS: Final = ((0x2010, 0x2044), (0x20A0, 0x20C0), (0x2116, 0x2122), (0x2190, 0x2199), (0x2212, 0x2212))
_BLANKS: Final = ((0x2000, 0x200F), (0x202A, 0x202F))
_JOINED: Final = ((0x2B0, 0x36F), (0x590, 0x6FF), *_BLANKS)
_SYMBOLS: Final = ((0x2200, 0x22FF), (0x25A0, 0x27BF))
_INDIC: Final = {"devanagari": ((0x900, 0x97F), (0x1CD0, 0x1CFF)), "bengali": ((0x980, 0x9FF),)}
_IDEOGRAPHIC: Final = {"zh": "sc", "ja": "jp", "ko": "kr"}
_WEIGHTS: Final = (400, 700)
_SHAPING: Final = ("GSUB", "GPOS", "GDEF", "BASE", "VVAR", "vhea", "vmtx")

Ranges = Iterable[tuple[int, int]]


def main() -> None:
    """Write the fonts, their licences, and which letters each has."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    fonts = list(_cut())
    (OUT / "fonts.json").write_text(json.dumps(fonts, separators=(",", ":")) + "\n")


def _cut() -> Iterator[dict[str, object]]:
    """Cut each font; where a letter is in several, the first one draws it."""
    for weight, name in ((400, "Regular"), (600, "SemiBold")):
        package = _PACKAGES / "@expo-google-fonts/source-serif-4"
        font = TTFont(package / f"{weight}{name}/SourceSerif4_{weight}{name}.ttf", recalcTimestamp=False)
        _subset(font, _codes((*_LATIN, *_GREEK_CYRILLIC, *_SIGNS)))
        yield _write(font, "serif", weight)
    shutil.copy(package / "LICENSE_FONT", OUT / "serif.LICENSE.txt")
    for weight in _WEIGHTS:
        font = _read("dejavu-sans", f"dejavu-sans-latin-{weight}-normal")
        _subset(font, _codes((*_LATIN, *_GREEK_CYRILLIC, *_SIGNS, *_JOINED, *_SYMBOLS)))
        yield _write(font, "sans", weight)
    _copy_licence("@fontsource/dejavu-sans", "sans")
    for script, ranges in _INDIC.items():
        for weight in _WEIGHTS:
            yield _write(_indic(f"noto-sans-{script}", script, _codes(ranges), weight), script, weight)
        _copy_licence(f"@fontsource/noto-sans-{script}", script)
    for lang, script in _IDEOGRAPHIC.items():
        for weight in _WEIGHTS:
            yield _write(_words(lang, f"noto-sans-{script}", weight), script, weight)
        _copy_licence(f"@fontsource-variable/noto-sans-{script}", script)


def _read(package: str, name: str) -> TTFont:
    font = TTFont(_PACKAGES / "@fontsource" / package / f"files/{name}.woff", recalcTimestamp=False)
    font.flavor = None
    return font


def _codes(ranges: Ranges) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}


def _indic(package: str, script: str, codes: set[int], weight: int) -> TTFont:
    """Put an alphabet and its Latin letters together: words are shaped whole only by a font that has all of them."""
    latin = _read(package, f"{package}-latin-{weight}-normal")
    _subset(latin, _codes((*_LATIN, *_SIGNS, *_BLANKS)), drop=_SHAPING)
    own = _read(package, f"{package}-{script}-{weight}-normal")
    _subset(own, codes | {0x200C, 0x200D})
    font = _merge([own, latin])
    for table in font["cmap"].tables:
        table.cmap.setdefault(0x202F, table.cmap[0x20])  # what parts thousands, and Noto has not
        table.cmap |= dict.fromkeys((0x202A, 0x202B, 0x202C), table.cmap[0x200C])  # marks, of no width
    return font


def _words(lang: str, package: str, weight: int) -> TTFont:
    """Put the letters of a language's words together; its font comes in a hundred slices."""
    wanted = {ord(letter) for letter in "".join(LANGUAGES[lang]) if ord(letter) > 0x7F}  # noqa: PLR2004  # ASCII
    slices: list[TTFont] = []
    for path in sorted((_PACKAGES / "@fontsource-variable" / package / "files").glob("*-normal.woff2")):
        font = TTFont(path, recalcTimestamp=False)
        found = wanted & set(font.getBestCmap())
        if found:
            wanted -= found
            font.flavor = None
            _subset(font, found, drop=_SHAPING)
            slices.append(instantiateVariableFont(font, {"wght": weight}))
    if wanted:
        message = f"{package} lacks {[chr(code) for code in sorted(wanted)]}"
        raise SystemExit(message)
    return _merge(slices)


def _merge(fonts: list[TTFont]) -> TTFont:
    with TemporaryDirectory() as directory:
        paths = [f"{directory}/{number}.ttf" for number, font in enumerate(fonts)]
        for path, font in zip(paths, fonts, strict=True):
            font.save(path)
        merged = Merger().merge(paths)
    merged.recalcTimestamp = False
    merged["head"].modified = merged["head"].created = 0  # merging says when it was done
    return merged


def _subset(font: TTFont, codes: set[int], *, drop: Iterable[str] = ()) -> None:
    options = Options()
    options.hinting = False
    options.name_IDs = [0, 1, 2, 13]
    options.notdef_outline = True
    options.drop_tables += ["FFTM", *drop]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)


def _write(font: TTFont, family: str, weight: int) -> dict[str, object]:
    """Name a font and write it; gives its file, family, weight, letters as ranges, and of serif how wide those are."""
    said = f"Pledge {family.capitalize()}"
    names = {1: said, 2: "Regular", 6: f"{said.replace(' ', '')}-{weight}", 16: said, 17: str(weight)}
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font.save(OUT / f"{family}-{weight}.ttf")
    ranges: list[list[int]] = []
    letters = sorted(font.getBestCmap().items())
    for code, _ in letters:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    em, wide = font["head"].unitsPerEm, font["hmtx"]
    widths = [round(wide[glyph][0] * 1000 / em) for _, glyph in letters] if family == "serif" else []
    return {
        "file": f"{family}-{weight}.ttf",
        "family": family,
        "weight": weight,
        "letters": ranges,
        "widths": widths,
    }


def _copy_licence(package: str, family: str) -> None:
    shutil.copy(_PACKAGES / package / "LICENSE", OUT / f"{family}.LICENSE.txt")


if __name__ == "__main__":
    main()

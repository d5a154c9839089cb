"""``python -m tests.widths``: measure how wide letters are, for badges, in a real browser with real fonts.

A badge names fonts that its reader may not have, so each letter counts as wide as in the widest of DejaVu Sans, whose
metrics are those of Verdana, and Noto. Letters that join or stack are measured alone, which is never narrower by much;
badges add slack. Needs Chromium with the fonts DejaVu and Noto.
"""

import json
import sys
import unicodedata
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import ARGUMENTS, find_chromium

FILE = Path(__file__).parents[1] / "pledge/badges/widths.json"
_BLOCKS = (
    *((0x20, 0x7F), (0xA0, 0x250), (0x370, 0x400), (0x400, 0x530), (0x590, 0x600), (0x600, 0x700)),
    *((0x900, 0x980), (0x980, 0xA00), (0xE00, 0xE80), (0x1E00, 0x1F00), (0x2010, 0x2060), (0x20A0, 0x20C0)),
)
_MEASURE = """
(characters) => {
  const context = document.createElement("canvas").getContext("2d");
  const widths = new Array(characters.length).fill(0);
  for (const font of ["DejaVu Sans", "Noto Sans"]) {
    const others = ["Arabic", "Hebrew", "Devanagari", "Bengali", "Thai"].map((script) => `"Noto Sans ${script}"`);
    context.font = `1000px "${font}", ${others.join(", ")}`;
    characters.forEach((character, index) => {
      widths[index] = Math.max(widths[index], Math.ceil(context.measureText(character).width));
    });
  }
  return widths;
}
"""


def main() -> int:
    """Measure, and write the table."""
    characters = [chr(code) for start, end in _BLOCKS for code in range(start, end)]
    characters = [
        one for one in characters if unicodedata.category(one) not in {"Cc", "Cf", "Cn", "Cs", "Co"}
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        widths = browser.new_page().evaluate(_MEASURE, characters)
        browser.close()
    runs: dict[str, list[int]] = {}
    last = start = -1
    for character, width in zip(characters, widths, strict=True):
        code = ord(character)
        if code != last + 1:
            start = code
        runs.setdefault(f"{start:x}", []).append(0 if unicodedata.category(character) == "Mn" else width)
        last = code
    FILE.write_text(json.dumps(runs, separators=(",", ":")) + "\n")
    sys.stdout.write(f"{FILE}: {len(characters)} letters, {FILE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

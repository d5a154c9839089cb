"""Pictures that were gone through in a real browser: it shows the same pixels before and after."""

import json
import subprocess
from pathlib import Path

from playwright.sync_api import Browser

from tests.node import find_node

_BROWSER = Path(__file__).parents[2] / "pledge" / "browser"
_STRIP = """
import { stripJpeg } from "./src/strip/jpeg.js";
import { stripPng } from "./src/strip/png.js";
import { photo, screenshot } from "./testing/pictures.js";
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const turned = [1, 2, 3, 4, 5, 6, 7, 8];
const photos = turned.map((orientation) => photo(orientation));
const screenshots = turned.map((orientation) => screenshot(orientation));
const pairs = [
  ...photos.map((file) => ["image/jpeg", base64(file), base64(stripJpeg(file))]),
  ...screenshots.map((file) => ["image/png", base64(file), base64(stripPng(file))]),
];
console.log(JSON.stringify(pairs));
"""
_PIXELS = """
async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [canvas.width, canvas.height, ...context.getImageData(0, 0, canvas.width, canvas.height).data];
}
"""


def test_the_same_pixels_are_shown(browser: Browser) -> None:
    command = [find_node(), "--input-type=module", "--eval", _STRIP]
    out = subprocess.run(command, cwd=_BROWSER, check=True, capture_output=True, text=True).stdout
    page = browser.new_page()
    turned = []
    for media_type, before, after in json.loads(out):
        pixels = [page.evaluate(_PIXELS, f"data:{media_type};base64,{data}") for data in (before, after)]
        assert pixels[0] == pixels[1]
        turned.append(pixels[1][:2] == [12, 20])
    page.close()
    assert turned == 2 * ([False] * 4 + [True] * 4)

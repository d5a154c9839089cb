"""The README's pictures: ``python -m tests.pictures`` takes them of the demo, on which everybody is invented."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pledge.demo.fill import fill
from pledge.demo.world import FULL
from pledge.instance import utc_now
from tests.e2e.conftest import ARGUMENTS, find_chromium
from tests.e2e.record import Record
from tests.e2e.walk import Visitor
from tests.running_site import Site, serve_locally
from tests.site_kit import make_config

PICTURES = Path(__file__).parents[1] / "docs/pictures"
_WIDTH = 1280
_MAX_BYTES = 250_000


def take(browser: Browser, site: Site) -> None:
    """Take all pictures."""
    page = browser.new_page(
        viewport={"width": _WIDTH, "height": 900}, reduced_motion="reduce", locale="en-GB"
    )
    visitor = Visitor(page, site, Record([site]))
    visitor.sign(name="Cora Wrenfield", address="cora@quellwater.example", role="research engineer")
    page.locator("#by-browser").wait_for()
    _save(page, "receipt", until="#by-browser + section")
    visitor.go("/")
    _save(page, "home-light", until="article details")
    page.emulate_media(color_scheme="dark")
    _save(page, "home-dark", until="article details")
    page.emulate_media(color_scheme="light")
    visitor.go("/labs")
    _save(page, "labs", until="#shares")
    visitor.go("/labs/tallowgate")
    _save(page, "lab", until="#growth")


def _save(page: Page, name: str, *, until: str) -> None:
    """Save the page from its top to the lower edge of an element."""
    box = page.locator(until).first.bounding_box()
    assert box is not None
    file = PICTURES / f"{name}.png"
    height = box["y"] + box["height"] + 24
    page.screenshot(path=file, full_page=True, clip={"x": 0, "y": 0, "width": _WIDTH, "height": height})
    size = file.stat().st_size
    assert size < _MAX_BYTES, f"{file} has {size} bytes"
    print(f"{file.relative_to(PICTURES.parents[1])}: {size // 1000} kB")  # noqa: T201  # a command's answer


def main() -> None:
    """Fill a demo, serve it, take the pictures, and throw the site away."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("There is no Chromium here. Install one, or name it in PLEDGE_CHROMIUM.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        home = Path(directory) / "home"
        config = make_config(home)
        fill(config, count=FULL, seed="demo", now=utc_now(), report=lambda _: None)
        with serve_locally(home) as site:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            take(browser, site)
            browser.close()


if __name__ == "__main__":
    main()

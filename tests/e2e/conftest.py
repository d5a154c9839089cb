"""Fixtures of the tests in a real browser: Chromium, sites that really run, and a record of what is sent."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.e2e.record import Record
from tests.e2e.walk import Visitor
from tests.full_site import fill
from tests.running_site import Site, serve_locally

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_WAIT_MS = 15_000
ARGUMENTS = (
    "--no-sandbox",  # as root in a container there is none to be had
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing else can be reached
)
expect.set_options(timeout=_WAIT_MS)
NewContext = Callable[..., BrowserContext]


def find_chromium() -> str | None:
    """Find a browser: PLEDGE_CHROMIUM, or what the system has."""
    named = os.environ.get("PLEDGE_CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = find_chromium()
    if path is None:
        if os.environ.get("PLEDGE_REQUIRE_BROWSER") == "1":
            pytest.fail("PLEDGE_REQUIRE_BROWSER=1, and there is no Chromium")
        pytest.skip("no Chromium")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A trial as anybody starts it, empty at first."""
    with serve_locally(tmp_path_factory.mktemp("site") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def full_site(
    chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """A site with something on every page, and the public ids of its people."""
    home = tmp_path_factory.mktemp("full") / "home"
    ids = fill(home)
    with serve_locally(home) as running:
        yield running, ids


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Iterator[Record]:
    """What this test sends; afterwards nothing of it may be foreign, secret or complained about."""
    found = [request.getfixturevalue(name) for name in ("site", "full_site") if name in request.fixturenames]
    kept = Record([value if isinstance(value, Site) else value[0] for value in found])
    yield kept
    kept.judge()


@pytest.fixture
def new_context(browser: Browser, record: Record) -> Iterator[NewContext]:
    """Makes browser contexts, each like a new browser of somebody else."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", "locale": "en-GB"}
        context = browser.new_context(**(settings | options))
        context.set_default_timeout(_WAIT_MS)
        record.watch(context)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def visitor(new_context: NewContext, site: Site, record: Record) -> Visitor:
    """Somebody at the empty site."""
    return Visitor(new_context().new_page(), site, record)

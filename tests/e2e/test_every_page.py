"""Every address that shows a page, and every answer of a form that needs no script: it fits, and axe is content.

The application answers the browser inside this process, so that no address can be forgotten: routes are asked for them.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route

from tests.e2e.test_pages import judge
from tests.route_kit import Site, page_at, pages_of, prepare
from tests.steward_kit import Steward, found_stewards, join
from tests.tips.http_kit import Source

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.sqlite_only]

_ADDRESS = "http://127.0.0.1:9"  # nothing is asked there: every request is answered below
_SCRIPTS = re.compile(r"<script\b.*?</script>|</?noscript>", re.DOTALL)


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    return prepare(shared_app)


@pytest.fixture(scope="module")
def stewards(site: Site) -> list[Steward]:
    return found_stewards(site.instance, 3)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(bypass_csp=True, reduced_motion="reduce", locale="en-GB")
    yield opened
    opened.close()


def look_at(page: Page, client: FlaskClient, path: str, html: str) -> None:
    """Show a page as if it had come from an address, and judge it."""

    def answer(route: Route) -> None:
        request, url = route.request, urlsplit(route.request.url)
        if request.is_navigation_request() and request.frame == page.main_frame:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
            return
        with client.open(
            f"{url.path}?{url.query}", method=request.method, data=request.post_data_buffer
        ) as given:
            route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.get_data())

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(f"{_ADDRESS}{path}", wait_until="networkidle")
    try:
        judge(page)
    except AssertionError as error:
        error.add_note(path)
        raise


def without_scripts(html: str) -> str:
    """What somebody sees who runs none; the browser itself has to, for axe."""
    return _SCRIPTS.sub("", html)


def test_every_page_fits_and_is_accessible(site: Site, page: Page) -> None:
    client = site.app.test_client()
    for rule, html in pages_of(site, client):
        look_at(page, client, rule, html)


def test_stewards_pages_fit_and_are_accessible(site: Site, stewards: list[Steward], page: Page) -> None:
    """For one who has keys and sees others wait, and for one who waits."""
    waiting = join(site.instance, "Steward 4")
    waiting.send(waiting.offer(is_founder=False))
    for steward in (stewards[0], waiting):
        client = steward.sign_in(site.app)
        for rule, html in pages_of(site, client):
            if rule.startswith("/stewards"):
                look_at(page, client, rule, html)


def test_the_tip_line_without_scripts_fits_and_is_accessible(
    site: Site, stewards: list[Steward], page: Page
) -> None:
    """From an empty form to a mailbox that is gone."""
    client = site.app.test_client()

    def post(path: str, **fields: str) -> str:
        html = client.post(path, data=fields, content_type="multipart/form-data").text
        look_at(page, client, path, without_scripts(html))
        return html

    for path in ("/tips/new", "/mailbox"):
        look_at(page, client, path, without_scripts(page_at(client, path)))
    post("/tips/new", text=" ")
    sent = post("/tips/new", lab="mistral", text="6 × 9 = 42")
    words = " ".join(re.findall(r"<li>([a-z]+)</li>", sent))
    assert len(words.split()) == 12
    Source(site.app).tip()
    for wrong in ("x", "zoo " * 12):
        post("/mailbox", words=wrong)
    post("/mailbox", words=words)
    post("/mailbox/reply", words=words, text=" ")
    post("/mailbox/reply", words=words, text="42")
    post("/mailbox/burn-by-words", words=words)
    post("/mailbox/burn-by-words", words=words, sure="yes")


CARDS = (
    *("/embed/lab/mistral", "/embed/lab/mistral?theme=dark", "/embed/lab/mistral?lang=ar"),
    *("/embed/pledge/against-reckless-scaling", "/embed/labs/all", "/embed/lab/nobody"),
)


@pytest.mark.parametrize("path", CARDS)
def test_a_card_is_accessible(site: Site, page: Page, path: str) -> None:
    client = site.app.test_client()
    html = page_at(client, path)
    assert html
    look_at(page, client, path, html)

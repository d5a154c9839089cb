"""Badges in a real browser: what they say fits into what they reserve for it, in every language and style."""

from collections.abc import Iterator
from threading import Thread
from typing import Literal, get_args

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from pledge.badges.look import Look, Style
from pledge.badges.render import Badge, render_badge
from pledge.badges.words import LANGUAGES, counted
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.running_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_MEASURE = """
() => Array.from(document.querySelectorAll("svg"), (svg) => {
  const shown = [...svg.querySelectorAll("text:not([aria-hidden])")].map((text) => text.getBBox());
  const boxes = [...svg.querySelectorAll("rect[x], rect[width]")].map((rect) => rect.getBBox());
  return { shown: shown.map(({ x, width }) => [x, x + width]), width: svg.width.baseVal.value,
    edges: boxes.map(({ x }) => x) };
})
"""
# Fonts for these are not on every machine that tests, and all their letters are one em wide.
_UNMEASURED = {"ja", "ko", "zh"}


@pytest.mark.parametrize("style", get_args(Style))
def test_words_fit(browser: Browser, style: Style) -> None:
    drawn = []
    for lang, words in LANGUAGES.items():
        if lang in _UNMEASURED:
            continue
        look = Look(style=style, lang=lang)
        for label, message in (
            (words.pledge, f"{words.signed} · {words.lab_address}"),
            (words.against, counted(words.from_labs, 1_234_567, lang)),
            (f"Mistral AI: {words.against}", words.former),
            (words.against, words.unknown),
        ):
            drawn.append(render_badge(Badge(label, message, "x", "good", rings=2), look).decode())
    page = browser.new_page()
    page.set_content("\n".join(drawn))
    measured = page.evaluate(_MEASURE)
    page.close()
    assert len(measured) == len(drawn)
    for svg, found in zip(drawn, measured, strict=True):
        (label_start, label_end), (message_start, message_end) = found["shown"]
        border = next(edge for edge in sorted(found["edges"]) if edge > 30)
        assert label_start >= 15, svg
        assert label_end <= border - 3, svg
        assert message_start >= border + 3, svg
        assert message_end <= found["width"] - 3, svg


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ru", "ar", "hi"])
def test_a_card_fits_its_frame(
    site: Site, new_context: NewContext, lang: str, scheme: Literal["light", "dark"]
) -> None:
    for width, height in ((260, 150), (360, 150), (480, 160)):
        page = new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
        page.goto(f"{site.url}/embed/pledge/against-reckless-scaling?lang={lang}")
        width_drawn, height_drawn = page.evaluate(
            "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert (width_drawn, height_drawn) == (width, height), (lang, width)
        page.close()


@pytest.fixture
def blog(site: Site) -> Iterator[str]:
    """Another site, whose page frames a card and, if it could, a page."""
    frames = (
        f'<iframe name="card" src="{site.url}/embed/lab/mistral" width="480" height="160"></iframe>'
        f'<iframe name="page" src="{site.url}/labs/mistral"></iframe>'
    )
    server = make_server("127.0.0.1", 0, Response(frames, content_type="text/html"))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    thread.join()


def test_another_site_may_frame_cards_and_nothing_else(
    blog: str, new_context: NewContext, record: Record
) -> None:
    """Its readers can go to the page that proves it, in a page of its own."""
    context = new_context()
    page = context.new_page()
    page.goto(blog)
    card = page.frame_locator("[name=card]")
    expect(card.get_by_text("0 signed")).to_be_visible()
    assert page.frame_locator("[name=page]").get_by_role("heading", name="Mistral AI").count() == 0
    with context.expect_page() as opened:
        card.get_by_role("link").click()
    expect(opened.value.get_by_role("heading", name="Mistral AI", exact=True)).to_be_visible()
    assert context.cookies() == []
    record.complaints = [said for said in record.complaints if "frame" not in said]
    record.urls = [url for url in record.urls if not url.startswith(blog)]

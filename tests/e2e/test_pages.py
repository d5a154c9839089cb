"""Pages with much to show, and each state of theirs: nothing runs over its edge, and axe finds nothing to complain of.

Narrow and wide, light and dark. That no page at all is forgotten is seen to by ``test_every_page``.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.walk import Visitor
from tests.running_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).parents[2] / "pledge/browser/node_modules/axe-core/axe.min.js"
# What axe looks at depends on the width or on the colours, never on both: two of the six show it all.
LOOKS = (
    *((320, "light", True), (1440, "dark", True), (768, "light", False)),
    *((1440, "light", False), (320, "dark", False), (768, "dark", False)),
)
# WCAG 2.2 AA, with all versions up to it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PAGES = {
    "home": "/",
    "mail": "/mail",
    "signatories": "/signatories",
    "a search": "/signatories?q=emma",
    "a search without a hit": "/signatories?q=zaphod",
    "labs": "/labs",
    "badges": "/badges/lab/mistral?style=flat&lang=he",
    "a lab": "/labs/mistral",
    "a lab without a domain": "/labs/openai",
    "an old text": "/pledges/against-reckless-scaling/1",
    "a difference": "/pledges/against-reckless-scaling/2/diff",
    "removals": "/removals",
    "nothing here": "/nothing",
}
PEOPLE = {
    "current": "Emma Woodhouse",
    "with a reason": "Jean Valjean",
    "former": "Edmond Dantès",
    "withdrawn": "Captain Ahab",
    "lapsed": "Miss Havisham",
    "erased": "Robert Walton",
    "hidden": "Henry Jekyll",
    "waiting": "Mary Shelley",
    "removed": "Ishmael",
}


@pytest.fixture
def visitor(new_context: NewContext, full_site: tuple[Site, dict[str, str]], record: Record) -> Visitor:
    """A reader of the full site; the policy for scripts is off, so that axe can be put into pages."""
    return Visitor(new_context(bypass_csp=True).new_page(), full_site[0], record)


def judge(page: Page) -> None:
    """Look at the page that is open in each size and colour."""
    page.add_script_tag(path=AXE)
    for width, scheme, is_asked in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two words
        page.set_viewport_size({"width": width, "height": 900})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{over} px too wide at {width}"
        if not is_asked:
            continue
        found = page.evaluate("tags => axe.run({runOnly: tags, resultTypes: ['violations']})", TAGS)
        assert _complaints(found) == [], f"at {width}, {scheme}"


def _complaints(found: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_page_fits_and_is_accessible(visitor: Visitor, path: str) -> None:
    """At 320, 768 and 1440 px, light and dark."""
    visitor.go(path)
    judge(visitor.page)


def test_buttons_that_copy_are_told_apart(visitor: Visitor) -> None:
    """By name, for those who hear them one after the other."""
    visitor.go("/labs/mistral")
    for name in ("Copy HTML", "Copy Markdown"):
        expect(visitor.page.get_by_role("button", name=name, exact=True)).to_have_text("Copy")


@pytest.mark.parametrize("name", PEOPLE.values(), ids=PEOPLE.keys())
def test_a_signatory_fits_and_is_accessible(
    visitor: Visitor, full_site: tuple[Site, dict[str, str]], name: str
) -> None:
    """Whatever became of the signing, and with the form for reports open."""
    visitor.go(f"/signatories/{full_site[1][name]}")
    visitor.page.get_by_text(re.compile("^Tell ")).click()
    judge(visitor.page)


def test_the_way_to_a_receipt_fits_and_is_accessible(visitor: Visitor, tmp_path: Path) -> None:
    """Each state of the form, the statement, the receipt, the check and the change."""
    page = visitor.page
    visitor.go("/sign")
    page.locator("form#sign").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    expect(page.get_by_role("alert")).to_be_visible()
    judge(page)
    page.goto(visitor.ask(name="Elizabeth Bennet", address="elizabeth@mistral.ai", role="research engineer"))
    page.locator("#by-ssh summary").click()
    judge(page)
    link = page.url
    page.goto(f"{link}/statement?key=none")
    expect(page.locator("#ssh-key")).to_be_visible()
    judge(page)
    page.goto(link)
    words = visitor.draw_words()
    judge(page)
    visitor.type_two_words(words[1:] + words[:1])
    judge(page)
    visitor.type_two_words(words)
    judge(page)
    page.locator("#keep").check()
    page.locator("#sign").click()
    page.wait_for_url("**/receipts/*")
    expect(page.locator("#by-browser")).to_be_visible()
    page.get_by_text("Each check, step by step").click()
    judge(page)
    receipt = visitor.save_receipt(tmp_path / "my.pledge-receipt.json")
    visitor.go(f"/signatories/{visitor.public_id()}/change")
    judge(page)
    page.get_by_label("Renew. ").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#step-confirm")).to_be_visible()
    judge(page)
    page.locator("#sign").click()
    expect(page.locator("h1")).to_have_text("Renewed")
    judge(page)
    visitor.go("/verify")
    visitor.check_receipt(receipt)
    expect(page.locator("#verdict")).to_be_visible()
    judge(page)
    forged = tmp_path / "forged.json"
    forged.write_bytes(receipt.read_bytes().replace(b"Elizabeth", b"Elisabeth"))
    visitor.check_receipt(forged)
    expect(page.locator("li[data-step=openings]")).to_have_attribute("data-state", "failed")
    judge(page)


def test_what_was_erased_fits_and_is_accessible(
    visitor: Visitor, full_site: tuple[Site, dict[str, str]]
) -> None:
    """The page that says so, and the one on which less is left to change."""
    for rest in ("erased", "change"):
        visitor.go(f"/signatories/{full_site[1][PEOPLE['erased']]}/{rest}")
        judge(visitor.page)


def test_the_way_by_mail_fits_and_is_accessible(visitor: Visitor) -> None:
    """The page behind the mailed link to change a signing."""
    visitor.go("/change")
    visitor.page.get_by_label("The mail address you signed with").fill("woodhouse@mistral.ai")
    visitor.page.get_by_role("button", name="Send me the link").click()
    visitor.page.goto(visitor.site.link_for("woodhouse@mistral.ai"))
    judge(visitor.page)

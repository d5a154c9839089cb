"""What scripts say on a page comes from the catalogue, state after state, in a real browser: in a made-up language."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from pledge.founding import DOCUMENTS
from pledge.pledges.texts import parse_text
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.test_inbox import NO_PICKER
from tests.e2e.test_tip_thread import FILE
from tests.e2e.tip_people import PASSPHRASE, Founder, Source, found_with_stewards
from tests.e2e.walk import Visitor
from tests.pseudo import accent
from tests.running_site import Site, serve_locally
from tests.web.test_every_string import NO_WORDS, unmarked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DATA = (
    *("Emma Woodhouse", "research engineer", "Because it matters.", "6 × 9 = 42", "Who asked?", "emma"),
    *("Ada", "Bea", "Pledge", "A Test", "my", "forged", "against-reckless-scaling", "no-reckless-runs"),
)
"""What people wrote, and names."""
_TEXT = parse_text((DOCUMENTS / "against-reckless-scaling.v1.md").read_text(encoding="utf-8"))
PLEDGE = (_TEXT.title, *(clause.prose for clause in _TEXT.clauses))
KINDS = ("draft.docx", "film.mov", "plan.pdf", "voice.mp3", "all.zip", "saved.eml", "scan.tiff", "notes.txt")
SLOW_MS = 90_000
_KEYS = re.compile(r"(ed25519:|age1pq1|\b([0-9a-f]{4} )+)[\w-]+")


@pytest.fixture(scope="module")
def founders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Founder]]:
    home = tmp_path_factory.mktemp("pseudo") / "home"
    return home, found_with_stewards(home)


@pytest.fixture(scope="module")
def site(founders: tuple[Path, list[Founder]], chromium: str) -> Iterator[Site]:
    """A site that speaks the made-up language."""
    with serve_locally(founders[0], (sys.executable, "-m", "tests.pseudo")) as running:
        yield running


def judge(page: Page, *data: str) -> None:
    """Find a word that nobody could translate, in what the page shows now."""
    slugs = page.evaluate("[...document.querySelectorAll('option, #lab')].map(({value}) => value)")
    labs = page.evaluate("[...document.querySelectorAll('#lab option')].map((each) => each.textContent)")
    words = page.evaluate("[...document.querySelectorAll('#words li')].map((each) => each.textContent)")
    known = [
        *(text.strip() for text in page.locator(".snippet").all_text_contents()),
        *page.locator("[download]").evaluate_all("found => found.map(({download}) => download)"),
        *NO_WORDS,
        *DATA,
        *PLEDGE,
        *data,
        *slugs,
        *labs,
        *words,
        "local-trial.invalid",
        "Mistral AI",
        "mistral",
    ]
    content = _KEYS.sub("", page.content())
    assert unmarked(content, [each for each in known if each]) == []


def files(*names: str) -> list[FilePayload]:
    return [{"name": name, "mimeType": "", "buffer": b"\0"} for name in names]


def test_signing_and_checking(site: Site, new_context: NewContext, record: Record, tmp_path: Path) -> None:
    """From the form to the receipt, a check of it and of a forgery, and to the end of the signing."""
    page = new_context().new_page()
    visitor = Visitor(page, site, record)
    page.goto(f"{site.url}/sign")
    for field, given in (("name", DATA[0]), ("role", DATA[1]), ("address", "emma@mistral.ai")):
        page.locator(f"[name={field}]").fill(given)
    page.locator("[name=reason]").fill(DATA[2])
    expect(page.locator("#employer")).to_be_visible()
    judge(page)
    page.locator("#sign button[type=submit]").last.click()
    page.wait_for_url("**/sign/sent")
    page.goto(site.link_for("emma@mistral.ai"))
    page.locator("#draw").click()
    words = visitor.keep_drawn_words()
    judge(page)
    page.locator("#kept").click()
    for letter, wrong in (("a", 1), ("b", 2)):
        page.locator(f"#word-{letter}").fill(words[visitor.place(letter) - wrong])
    page.locator("#check button").first.click()
    expect(page.locator("#wrong")).to_be_visible()
    judge(page, *words)
    for letter in "ab":
        page.locator(f"#word-{letter}").fill(words[visitor.place(letter)])
    page.locator("#check button").first.click()
    expect(page.locator("#step-confirm")).to_be_visible()
    judge(page)
    page.locator("#keep").check()
    page.locator("#sign").click()
    page.wait_for_url("**/receipts/*")
    expect(page.locator("#by-browser")).to_be_visible()
    judge(page)
    receipt = tmp_path / "my.pledge-receipt.json"
    with page.expect_download() as download:
        page.locator("a[download]").first.click()
    download.value.save_as(receipt)
    public = page.locator("main a[href^='/signatories/']").first.get_attribute("href")
    _check(page, site, receipt, tmp_path / "forged.json")
    _withdraw(page, f"{site.url}{public}/change", words)


def _check(page: Page, site: Site, receipt: Path, forged: Path) -> None:
    page.goto(f"{site.url}/verify")
    whole = receipt.read_bytes()
    for changed in (whole, whole.replace(b"Emma", b"Erna"), whole[:-9], b"<svg xmlns='x'></svg>"):
        forged.write_bytes(changed)
        page.locator("#receipt-file").set_input_files(forged)
        expect(page.locator("#verdict, #wrong").locator("visible=true").first).to_be_visible()
        page.wait_for_timeout(100)
        judge(page, "Erna Woodhouse", "Erna")
    page.locator("#badge-address").fill("https://example.org/badge.svg")
    page.locator("#address-form button").click()
    expect(page.locator("#wrong")).to_be_visible()
    judge(page)


def _withdraw(page: Page, address: str, words: list[str]) -> None:
    page.goto(address)
    expect(page.locator("#kept")).to_be_visible()
    judge(page)
    page.locator("#forget").click()
    page.locator("[name=wish]").first.check()
    page.locator("#words").fill("abandon " * 12)
    page.locator("#go-on").click()
    expect(page.locator("#wrong")).to_be_visible()
    judge(page)
    page.locator("#words").fill(" ".join(words))
    page.locator("#go-on").click()
    expect(page.locator("#step-confirm")).to_be_visible()
    judge(page)


def test_a_source(site: Site, new_context: NewContext, record: Record) -> None:
    """Writes with files of every kind, reads what came, adds to it, and deletes all."""
    page = new_context().new_page()
    page.goto(f"{site.url}/tips/new")
    expect(page.locator("#stewards")).to_contain_text(accent("stewards").strip("⟦⟧"))
    page.locator("#next").click()
    expect(page.locator("#wrong")).to_be_visible()
    judge(page)
    page.locator("#text").fill("6 × 9 = 42")
    page.locator("#files").set_input_files(files(*KINDS))
    expect(page.locator("#attached li")).to_have_count(len(KINDS))
    judge(page, *KINDS)
    page.locator("#next").click()
    expect(page.locator("#step-words")).to_be_visible()
    words = [text.strip() for text in page.locator("#words li").all_text_contents()]
    record.secrets.append(" ".join(words))
    judge(page, *KINDS, *words)
    page.locator("#send").click()
    expect(page.locator("#step-done")).to_be_visible(timeout=SLOW_MS)
    judge(page)
    page.goto(f"{site.url}/mailbox")
    for wrong in ("x", "zoo " * 12):
        page.locator("#words").fill(wrong)
        page.locator("#open button").first.click()
        expect(page.locator("#wrong")).to_be_visible()
        judge(page)
    page.locator("#words").fill(" ".join(words))
    page.locator("#open button").first.click()
    expect(page.locator("#thread")).to_be_visible()
    judge(page)
    page.locator("#text").fill("6 × 9 = 42")
    page.locator("#reply").click()
    expect(page.locator("#sent")).to_be_visible(timeout=SLOW_MS)
    judge(page)
    page.locator("#delete-form button").click()
    expect(page.locator("#wrong")).to_be_visible()
    judge(page)
    page.locator("#sure").check()
    page.locator("#delete-form button").click()
    expect(page.locator("#burned")).to_be_visible()
    judge(page)


def test_a_steward(
    founders: tuple[Path, list[Founder]], site: Site, new_context: NewContext, record: Record
) -> None:
    """Unlocks the inbox, reads, answers, accounts for what came, and locks it; makes the next keys."""
    Source(site).report("6 × 9 = 42", ("plan.pdf", FILE[:64]), lab="mistral", clauses=("no-reckless-runs",))
    context = new_context()
    context.add_init_script(NO_PICKER)
    founders[1][0].sign_in(context, site)
    page = context.new_page()
    page.goto(f"{site.url}/stewards/inbox")
    unlock = page.locator("#unlock button[type=submit], #unlock button:not([type])").first
    page.locator("#passphrase").fill("not the words at all")
    unlock.click()
    expect(page.locator("#wrong")).to_be_visible(timeout=SLOW_MS)
    judge(page)
    page.locator("#passphrase").fill(PASSPHRASE)
    unlock.click()
    expect(page.locator("#unlocked")).to_be_visible(timeout=SLOW_MS)
    thread = page.locator("#threads .thread").first
    judge(page, *_names(page))
    thread.locator("[data-part=open]").click()
    expect(thread.locator(".message-text")).to_be_visible()
    judge(page, "plan.pdf", *_names(page))
    thread.locator("[data-part=answer] button").click()
    expect(thread.locator("[data-part=wrong]").first).to_be_visible()
    judge(page, "plan.pdf", *_names(page))
    thread.locator("[data-part=answer-text]").fill("Who asked?")
    thread.locator("[data-part=answer] button").click()
    expect(thread.locator(".message")).to_have_count(2)
    expect(thread.locator("[data-part=doing]").first).to_be_visible()
    judge(page, "plan.pdf", *_names(page))
    page.locator("#account").click()
    expect(page.locator("#accounting [data-part=verdict]")).to_be_visible()
    judge(page, "plan.pdf", *_names(page))
    page.locator("#reload").click()
    expect(page.locator("#said")).to_be_visible()
    judge(page, "plan.pdf", *_names(page))
    page.locator("#lock").click()
    expect(page.locator("#said")).to_be_visible()
    judge(page)
    page.goto(f"{site.url}/stewards/keys")
    page.locator("#draw").click(force=True) if page.locator("#draw").is_visible() else None
    page.locator("#passphrase").fill(PASSPHRASE)
    page.locator("#make button").last.click()
    expect(page.locator("#step-confirm")).to_be_visible(timeout=SLOW_MS)
    judge(page)


def _names(page: Page) -> list[str]:
    """Short names of threads, envelopes and stewards' keys, which are hex."""
    shown = page.locator("#threads").inner_text()
    return sorted(set(re.findall(r"\b[0-9a-f]{8}\b|steward:[0-9a-f]{8}", shown)), key=len)

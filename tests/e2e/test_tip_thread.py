"""A thread from end to end at a site that really runs: a source at a command line, two stewards in their browsers."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.test_inbox import KEPT_ELSEWHERE, NO_PICKER, open_first, unlock
from tests.e2e.tip_people import PASSPHRASE, Founder, Source, found_with_stewards
from tests.running_site import Site, serve_locally

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TEXT = "他们没有评估计划。训练下周开始。"
ANSWER = "Who signed off on the plan? ἔτι ζητῶ"
FOLLOW_UP = "Nobody did. Ничего не подписано."
NOTES = b"notes-of-the-meeting " * 100
FILE = bytes(n * 7919 & 255 for n in range(1 << 16)) * 320
"""20 MiB."""


@pytest.fixture
def founders(tmp_path: Path) -> list[Founder]:
    return found_with_stewards(tmp_path / "home")


@pytest.fixture
def site(founders: list[Founder], tmp_path: Path, chromium: str) -> Iterator[Site]:
    with serve_locally(tmp_path / "home") as running:
        yield running


def visit(new_context: NewContext, founder: Founder, site: Site) -> Page:
    """Open the inbox in a steward's own browser, unlocked: Ada by the copy that the site keeps, Bea by her file."""
    context = new_context()
    context.add_init_script(NO_PICKER)
    founder.sign_in(context, site)
    page = context.new_page()
    page.goto(f"{site.url}/stewards/inbox")
    if founder.steward.name != "Ada":
        page.get_by_text("Use your key file").click()
        page.get_by_label("Key file").set_input_files(
            {"name": "pledge-steward.age", "mimeType": "application/octet-stream", "buffer": founder.wrapped}
        )
    unlock(page, PASSPHRASE)
    return page


def markers() -> list[bytes]:
    """What may be nowhere but in a browser's memory."""
    texts = [*(text.encode() for text in (TEXT, ANSWER, FOLLOW_UP, "会议记录", PASSPHRASE)), NOTES[:40]]
    return [*texts, FILE[:64]]


def test_a_tip_goes_in_is_answered_and_answered_back(
    site: Site, founders: list[Founder], new_context: NewContext, record: Record, tmp_path: Path
) -> None:
    """In Chinese, with 20 MiB; no word of it is in any request, nor in any file of the server."""
    source = Source(site)
    source.report(TEXT, ("会议记录.pdf", FILE), lab="mistral", clauses=("no-reckless-runs",))
    page = visit(new_context, founders[0], site)
    thread = open_first(page)
    expect(thread.locator(".message-text")).to_have_text(TEXT)
    with page.expect_download() as download:
        thread.get_by_role("button", name="Save 会议记录.pdf").click()
    saved = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(saved).digest() == hashlib.sha256(FILE).digest()
    thread.get_by_label("Your words").fill(ANSWER)
    thread.get_by_label("Files").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": NOTES}
    )
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_text("It stands above as the server holds it")).to_be_visible()
    (manifest,) = source.read()
    assert (manifest.message.text, manifest.message.files[0].size_bytes) == (ANSWER, len(NOTES))
    assert manifest.key in {key.signing for key in source.stewards().keys}
    source.add(FOLLOW_UP)
    page.get_by_role("button", name="Look for new").click()
    expect(thread.locator(".message-text").last).to_have_text(FOLLOW_UP)
    other = open_first(visit(new_context, founders[1], site))
    expect(other.locator(".message-text")).to_have_text([TEXT, ANSWER, FOLLOW_UP])
    thread.get_by_text("Assign, label").click()
    thread.get_by_label("With").select_option("me")
    thread.get_by_label("Label").select_option("verified")
    thread.get_by_role("button", name="Keep").click()
    expect(thread.locator(".thread-facts")).to_contain_text("with Ada")
    expect(thread.locator(".thread-facts")).to_contain_text("verified")
    kept = page.evaluate(KEPT_ELSEWHERE).encode()
    files = {path: path.read_bytes() for path in _files(tmp_path)}
    assert any(path.suffix == ".sqlite3" for path in files)
    for marker in markers():
        assert marker not in record.sent
        assert marker not in kept
        assert [path for path, data in files.items() if marker in data] == []


def test_two_stewards_who_answer_at_once_read_each_other(
    site: Site, founders: list[Founder], new_context: NewContext, record: Record
) -> None:
    """The second keeps what was written, and sends it behind the first."""
    Source(site).report(TEXT)
    first, second = (open_first(visit(new_context, founder, site)) for founder in founders)
    first.get_by_label("Your words").fill("First.")
    second.get_by_label("Your words").fill("Second.")
    first.get_by_role("button", name="Seal and send").click()
    expect(first.locator(".message")).to_have_count(2)
    second.get_by_role("button", name="Seal and send").click()
    expect(second.get_by_text("Another message came into this thread")).to_be_visible()
    expect(second.locator(".message-text").last).to_have_text("First.")
    second.get_by_role("button", name="Seal and send").click()
    expect(second.locator(".message-text").last).to_have_text("Second.")
    assert all("409" in complaint for complaint in record.complaints)
    record.complaints.clear()


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())

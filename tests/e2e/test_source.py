"""A source and a steward, each in a browser of their own, at a site that really runs; with scripts and without."""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.test_inbox import open_first
from tests.e2e.test_pages import judge
from tests.e2e.test_tip_thread import ANSWER, FILE, FOLLOW_UP, NOTES, TEXT, markers, visit
from tests.e2e.tip_people import Founder, found_with_stewards
from tests.node import find_node
from tests.running_site import Site, serve_locally

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SLOW_MS = 90_000
WHOLE: FilePayload = {"name": "会议记录.pdf", "mimeType": "application/pdf", "buffer": FILE}
_BROWSER = Path(__file__).parents[2] / "pledge/browser"
_PHOTO = """
import { photo, SECRET } from "./testing/pictures.js";
console.log(JSON.stringify([Buffer.from(photo()).toString("hex"), SECRET]));
"""
SMALL: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": NOTES}


@pytest.fixture
def founders(tmp_path: Path) -> list[Founder]:
    return found_with_stewards(tmp_path / "home")


@pytest.fixture
def site(founders: list[Founder], tmp_path: Path, chromium: str) -> Iterator[Site]:
    with serve_locally(tmp_path / "home") as running:
        yield running


def write(page: Page, site: Site) -> None:
    """Fill in the form: Chinese, and 20 MiB."""
    page.goto(f"{site.url}/tips/new")
    page.get_by_label("Which lab is it about?").select_option("mistral")
    page.get_by_text("Which clauses of the pledge is it about?").click()
    page.get_by_label("I will protect those who report a reckless run").check()
    page.get_by_label("What happened?").fill(TEXT)
    page.get_by_label("Files").set_input_files(WHOLE)


def answer(page: Page) -> None:
    """A steward reads all of it, saves the file, and answers with another."""
    thread = open_first(page)
    expect(thread.locator(".message-text")).to_have_text(TEXT)
    expect(thread.locator("[data-part=clauses]")).to_have_text("protect-reporters")
    with page.expect_download() as download:
        thread.get_by_role("button", name="Save 会议记录.pdf").click()
    saved = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(saved).digest() == hashlib.sha256(FILE).digest()
    thread.get_by_label("Your words").fill(ANSWER)
    thread.get_by_label("Files").set_input_files(SMALL)
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_text("It stands above as the server holds it")).to_be_visible()


def open_mailbox(page: Page, site: Site, words: str) -> None:
    """Type the words in."""
    page.goto(f"{site.url}/mailbox")
    page.get_by_label("Your twelve words").fill(words)
    page.get_by_role("button", name="Open").click()


def files_with(marker: bytes, directory: Path) -> list[Path]:
    """The files of a directory that hold some bytes."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return [path for path in files if marker in path.read_bytes()]


def test_with_scripts_nothing_but_envelopes_leaves_the_browser(
    site: Site, founders: list[Founder], new_context: NewContext, record: Record, tmp_path: Path
) -> None:
    """The words neither, and no cookie; and no word of it is in any file of the server."""
    context = new_context()
    context.add_init_script("delete window.showSaveFilePicker")
    page = context.new_page()
    write(page, site)
    expect(page.get_by_text("sealed in this browser to 2 stewards")).to_be_visible()
    mark = site.relay.mark()
    page.get_by_role("button", name="Next: twelve words to keep").click()
    words = page.locator("#words li").all_text_contents()
    assert len(words) == 12
    expect(page.get_by_text("is padded to 32 MiB before it goes")).to_be_visible()
    record.secrets.append(" ".join(words))
    page.get_by_role("button", name="I have written them down: seal and send").click()
    expect(page.get_by_role("heading", name="Your message is sealed and here")).to_be_visible(timeout=SLOW_MS)
    sent = site.relay.sent_since(mark)
    assert b"\r\nCookie:" not in sent
    assert context.cookies() == []
    page.get_by_text("The server’s word that it came, signed").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Keep it as a file").click()
    kept = json.loads(Path(download.value.path()).read_bytes())
    assert kept["payloadType"] == "application/vnd.pledge.tip-acknowledgement+json"

    answer(visit(new_context, founders[0], site))

    open_mailbox(page, site, "  ".join(words).upper())
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text("It came on")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save notes.txt").click()
    assert Path(download.value.path()).read_bytes() == NOTES
    page.get_by_label("Your message").fill(FOLLOW_UP)
    page.get_by_role("button", name="Seal and send").click()
    expect(page.get_by_text("Your message is sealed and here. Look for an answer")).to_be_visible(
        timeout=SLOW_MS
    )
    expect(page.get_by_role("heading", name="You wrote")).to_have_count(2)

    second = open_first(visit(new_context, founders[1], site))
    expect(second.locator(".message-text")).to_have_text([TEXT, ANSWER, FOLLOW_UP])
    for marker in markers():
        assert marker not in record.sent
        assert files_with(marker, tmp_path) == []

    page.get_by_label("Delete all of it").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing is left here")).to_be_visible()
    open_mailbox(page, site, " ".join(words))
    expect(page.get_by_text("There is nothing here.")).to_be_visible()
    unknown = new_context().new_page()
    open_mailbox(
        unknown,
        site,
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    )
    expect(unknown.get_by_text("There is nothing here.")).to_be_visible()
    assert unknown.locator("#thread").inner_text() == page.locator("#thread").inner_text()


def test_without_scripts_the_server_keeps_nothing_of_it_open(
    site: Site, founders: list[Founder], new_context: NewContext, tmp_path: Path
) -> None:
    context = new_context(java_script_enabled=False, viewport={"width": 1000, "height": 1000})
    page = context.new_page()
    write(page, site)
    expect(page.get_by_text("the server seals your message")).to_be_visible()
    page.get_by_role("button", name="Seal and send").click()
    expect(page.get_by_role("heading", name="Your message is sealed and here")).to_be_visible(timeout=SLOW_MS)
    words = [re.sub(r"\s", "", text) for text in page.locator(".words li").all_text_contents()]
    assert len(words) == 12
    assert all(word not in page.url for word in words)

    answer(visit(new_context, founders[0], site))

    page.goto(f"{site.url}/mailbox")
    page.get_by_label("Your twelve words").fill(" ".join(words))
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save notes.txt").click()
    assert Path(download.value.path()).read_bytes() == NOTES
    page.get_by_label("Your message").fill(FOLLOW_UP)
    page.get_by_role("button", name="Seal and send").click()
    expect(page.get_by_text("Your message is sealed and here.")).to_be_visible(timeout=SLOW_MS)
    second = open_first(visit(new_context, founders[1], site))
    expect(second.locator(".message-text")).to_have_text([TEXT, ANSWER, FOLLOW_UP])
    assert context.cookies() == []
    for marker in [*markers(), " ".join(words).encode()]:
        assert files_with(marker, tmp_path) == []


def test_pictures_go_without_what_they_say_of_their_making(
    site: Site, founders: list[Founder], new_context: NewContext
) -> None:
    """By default; and as they are where their owner wishes."""
    made = subprocess.run(
        [find_node(), "--input-type=module", "--eval", _PHOTO],
        cwd=_BROWSER,
        capture_output=True,
        text=True,
        check=True,
    )
    photo, secret = json.loads(made.stdout)
    picture = bytes.fromhex(photo)
    assert secret.encode() in picture
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{site.url}/tips/new")
    expect(page.get_by_text("sealed in this browser to 2 stewards")).to_be_visible()
    for name in ("clean.jpg", "whole.jpg", "gone.jpg"):
        page.get_by_label("Files").set_input_files(
            {"name": name, "mimeType": "image/jpeg", "buffer": picture}
        )
    page.get_by_label("Files").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"x" * 100}
    )
    items = page.locator("#attached li")
    expect(items).to_have_count(4)
    items.nth(1).get_by_role("checkbox").uncheck()
    items.nth(2).get_by_role("button", name="Leave out gone.jpg").click()
    expect(items.last.locator(".warning")).to_be_visible()
    expect(page.get_by_text("Together 4 KiB of 500 MiB.")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Next: twelve words to keep").click()
    page.get_by_role("button", name="I have written them down: seal and send").click()
    expect(page.get_by_role("heading", name="Your message is sealed and here")).to_be_visible()
    thread = open_first(visit(new_context, founders[0], site))
    expect(thread.get_by_role("button", name="Save gone.jpg")).to_have_count(0)
    saved = {}
    for name in ("clean.jpg", "whole.jpg"):
        with thread.page.expect_download() as download:
            thread.get_by_role("button", name=f"Save {name}").click()
        saved[name] = Path(download.value.path()).read_bytes()
    assert saved["whole.jpg"] == picture
    assert secret.encode() not in saved["clean.jpg"]

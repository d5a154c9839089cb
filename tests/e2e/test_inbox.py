"""The stewards' inbox in a real browser: reading, saving, answering; and a server that lies to it."""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from pledge.core.age.file import decrypt
from tests.core.tip.recipients_log import identity_of
from tests.e2e.conftest import NewContext
from tests.e2e.lying_site import (
    ADA,
    BEA,
    PASSPHRASE,
    SOURCE_READS,
    STRANGER,
    LyingSite,
    frame,
    seal_message,
    serve_lies,
    wrap_keys,
)
from tests.e2e.record import Record
from tests.e2e.test_pages import judge
from tests.e2e.walk import press_tab_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TODAY = date(2026, 11, 26)
"""A day on which the keys of the log in the test vectors hold."""
TEXT = "他们没有评估计划。训练下周开始。"
MARKERS = (TEXT, "会议记录", "Who signed off", "meeting-notes")
FILE = bytes(n * 7919 & 255 for n in range(1 << 16)) * 320
"""20 MiB."""
NO_PICKER = "delete window.showSaveFilePicker"
PICKER = """window.showSaveFilePicker = async ({suggestedName}) =>
  (await navigator.storage.getDirectory()).getFileHandle(suggestedName, {create: true})"""
"""The dialog cannot be driven, so a place in the browser's own storage is chosen; it is written as a file is."""
SAVED = """async (name) => {
  const file = await (await (await navigator.storage.getDirectory()).getFileHandle(name)).getFile();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}"""
KEPT_ELSEWHERE = """async () => JSON.stringify([
  {...localStorage}, {...sessionStorage}, history.state, location.href, document.cookie,
  await indexedDB.databases(), await caches.keys(),
])"""
Open = Callable[..., Page]


@pytest.fixture
def lying(tmp_path: Path, record: Record) -> Iterator[LyingSite]:
    with serve_lies(tmp_path / "home", TODAY) as site:
        record.add(site.site)
        yield site


@pytest.fixture
def visit(new_context: NewContext, lying: LyingSite) -> Open:
    """Opens the inbox in a new browser, unlocked unless that is not wished."""

    def go(*, script: str = NO_PICKER, is_unlocked: bool = True, **options: Any) -> Page:
        context = new_context(**options)
        context.add_init_script(script)
        context.clock.install(time=f"{TODAY}T12:00:00Z")
        page = context.new_page()
        page.goto(f"{lying.site.url}/stewards/inbox")
        if is_unlocked:
            unlock(page)
        return page

    return go


def unlock(page: Page, passphrase: str = PASSPHRASE) -> None:
    page.get_by_label("Your passphrase").fill(passphrase)
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#unlocked")).to_be_visible()


def open_first(page: Page) -> Any:
    thread = page.locator(".thread").first
    thread.get_by_role("button", name="Open thread").click()
    expect(thread.get_by_role("button", name="Fold thread")).to_be_visible()
    return thread


def test_a_tip_is_read_its_file_saved_and_an_answer_sealed(lying: LyingSite, visit: Open) -> None:
    """In Chinese, with 20 MiB; the answer opens for the source and for every steward, and nobody else."""
    mailbox = lying.add_tip(
        TEXT, files=[("会议记录.pdf", FILE)], lab="mistral", clauses=("no-reckless-runs",)
    )
    page = visit()
    thread = open_first(page)
    expect(thread.locator(".message-text")).to_have_text(TEXT)
    expect(thread).to_contain_text("Mistral AI")
    expect(thread).to_contain_text("no credential shown")
    expect(thread).to_contain_text("Sealed in the source’s browser")
    expect(thread).to_contain_text("Checks out: signed with the mailbox’s own key, the first of its thread")
    with page.expect_download() as download:
        thread.get_by_role("button", name="Save 会议记录.pdf").click()
    assert Path(download.value.path()).read_bytes() == FILE
    thread.get_by_label("Your words").fill("Who signed off?")
    thread.get_by_label("Files").set_input_files(
        {"name": "meeting-notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    )
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_text("It stands above as the server holds it")).to_be_visible()
    expect(thread.locator(".message").last).to_contain_text("signed with your key, number 2")
    expect(thread.get_by_label("Your words")).to_have_value("")
    envelope = lying.envelopes[mailbox.messages[1]["id"]]
    for identity in (SOURCE_READS, identity_of(ADA), identity_of(BEA)):
        assert b"Who signed off?" in b"".join(decrypt([identity], [envelope]))


def test_a_file_is_written_as_it_comes(lying: LyingSite, visit: Open) -> None:
    """Where the browser can, straight to the place that was chosen; every byte as it was sent."""
    lying.add_tip(files=[("a.bin", FILE)])
    page = visit(script=PICKER)
    thread = open_first(page)
    thread.get_by_role("button", name="Save a.bin").click()
    expect(thread.get_by_text("Every byte is as it was sent")).to_be_visible()
    assert page.evaluate(SAVED, "a.bin") == hashlib.sha256(FILE).hexdigest()


def test_nothing_that_was_opened_goes_anywhere(lying: LyingSite, visit: Open, record: Record) -> None:
    """Not into a request, nor into what a browser keeps; and none of it is there once the page was left."""
    lying.add_tip(TEXT, files=[("会议记录.pdf", b"x")])
    page = visit()
    thread = open_first(page)
    expect(thread.locator(".message-text")).to_have_text(TEXT)
    thread.get_by_label("Your words").fill("Who signed off?")
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.locator(".message")).to_have_count(2)
    thread.get_by_text("Assign, label").click()
    thread.get_by_label("Label").select_option("verified")
    thread.get_by_role("button", name="Keep").click()
    expect(thread.locator("[data-part=label]")).to_have_text("verified")
    kept = page.evaluate(KEPT_ELSEWHERE)
    sent = record.sent
    assert b"/stewards/threads/" in sent
    for marker in (*MARKERS, PASSPHRASE):
        assert marker.encode() not in sent
        assert marker not in kept
    page.goto(f"{lying.site.url}/limits")
    page.go_back()
    expect(page.get_by_label("Your passphrase")).to_be_visible()
    assert not any(marker in page.content() for marker in MARKERS)


def test_keys_are_forgotten_after_half_an_hour(lying: LyingSite, visit: Open) -> None:
    """What was open is gone, and the page asks again; a key pressed meanwhile puts it off."""
    lying.add_tip(TEXT)
    page = visit()
    open_first(page)
    page.clock.run_for("29:00")
    page.keyboard.press("Shift")
    page.clock.run_for("29:00")
    expect(page.locator(".message-text")).to_be_visible()
    page.clock.run_for("02:00")
    expect(page.get_by_text("nobody touched this page for half an hour")).to_be_visible()
    expect(page.get_by_label("Your passphrase")).to_be_focused()
    assert TEXT not in page.content()


def test_locking_takes_everything_away(lying: LyingSite, visit: Open) -> None:
    """Also what was being written."""
    lying.add_tip(TEXT)
    page = visit()
    open_first(page).get_by_label("Your words").fill("Who signed off?")
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_text("Locked.", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Open thread")).to_have_count(0)
    assert TEXT not in page.content()
    unlock(page)
    expect(open_first(page).get_by_label("Your words")).to_have_value("")


def test_a_wrong_passphrase_opens_nothing(lying: LyingSite, visit: Open) -> None:
    """And the right one still does."""
    page = visit(is_unlocked=False)
    page.get_by_label("Your passphrase").fill("six other words")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("passphrase does not open"))
    unlock(page)


def test_keys_come_from_a_file_where_the_site_keeps_none(
    lying: LyingSite, visit: Open, tmp_path: Path
) -> None:
    """The file does not leave the browser."""
    lying.has_bundle = False
    lying.add_tip(TEXT)
    page = visit(is_unlocked=False)
    page.get_by_label("Your passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("Choose your key file"))
    file = tmp_path / "pledge-steward.age"
    file.write_bytes(lying.bundle)
    page.get_by_label("Key file").set_input_files(file)
    unlock(page)
    expect(open_first(page).locator(".message-text")).to_have_text(TEXT)
    assert lying.bundle not in lying.site.relay.sent_since(0)


def test_a_tip_sealed_before_the_key_is_told_as_such(lying: LyingSite, visit: Open) -> None:
    """It is no failure, and a colleague can answer."""
    lying.add_tip(readers=[SOURCE_READS.recipient], listed={"day": "2026-11-20"})
    thread = open_first(visit())
    expect(thread.locator(".message")).to_contain_text("Sealed before your key")
    expect(thread).to_contain_text("A colleague whose key it is sealed to can answer")
    expect(thread.get_by_label("Your words")).to_be_hidden()


def test_a_key_that_is_not_in_the_log_reads_and_does_not_answer(lying: LyingSite, visit: Open) -> None:
    """Nobody would believe it."""
    lying.bundle = wrap_keys(ADA, STRANGER, since=TODAY)
    lying.add_tip(TEXT)
    page = visit()
    expect(page.locator("#mute")).to_contain_text("None of your keys is current in the log")
    thread = open_first(page)
    expect(thread.locator(".message-text")).to_have_text(TEXT)
    expect(thread.get_by_label("Your words")).to_be_hidden()


def test_a_colleague_who_was_first_is_shown_and_the_words_are_kept(
    lying: LyingSite, visit: Open, record: Record
) -> None:
    """Two stewards answer at once; the second reads the first, and sends the same words behind."""
    mailbox = lying.add_tip(TEXT)
    page = visit()
    thread = open_first(page)
    thread.get_by_label("Your words").fill("Mine.")
    lying.add(mailbox, "Theirs.", kind="answer/v1", key=BEA.key)
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_role("alert")).to_have_text(re.compile("Another message came into this thread"))
    expect(thread.locator(".message").last).to_contain_text("Theirs.")
    expect(thread.get_by_label("Your words")).to_have_value("Mine.")
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.locator(".message").last).to_contain_text("Mine.")
    take_complaints(record, "409")


def test_a_network_that_fails_loses_nothing(lying: LyingSite, visit: Open, record: Record) -> None:
    """What was written stays, and goes when the network is back."""
    lying.add_tip(TEXT)
    page = visit()
    thread = open_first(page)
    thread.get_by_label("Your words").fill("Mine.")
    page.route("**/stewards/threads/**", lambda route: route.abort())
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_role("alert")).to_have_text(re.compile("could not be reached"))
    expect(thread.get_by_label("Your words")).to_have_value("Mine.")
    page.unroute("**/stewards/threads/**")
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.locator(".message").last).to_contain_text("Mine.")
    take_complaints(record, "ERR_FAILED")


def take_complaints(record: Record, about: str) -> None:
    """Take what the browser complained of, all of which a test meant to cause."""
    assert record.complaints
    assert all(about in complaint for complaint in record.complaints), record.complaints
    record.complaints.clear()


Lie = Callable[[LyingSite], object]


def _other_bytes(lying: LyingSite) -> None:
    message = lying.mailboxes[0].messages[1]
    envelope = bytearray(lying.envelopes[message["id"]])
    envelope[-1] ^= 1
    lying.envelopes[message["id"]] = bytes(envelope)


def _other_bytes_with_their_hash(lying: LyingSite) -> None:
    _other_bytes(lying)
    message = lying.mailboxes[0].messages[1]
    message["sha256"] = hashlib.sha256(lying.envelopes[message["id"]]).hexdigest()


def _forged(lying: LyingSite) -> None:
    lying.add(lying.mailboxes[0], "Forged.", key=BEA.key)


def _replayed(lying: LyingSite) -> None:
    first = lying.mailboxes[0].messages[0]
    lying.put(lying.mailboxes[0], lying.envelopes[first["id"]], {"from": "source"})


def _from_another_thread(lying: LyingSite) -> None:
    other = lying.add_tip("Elsewhere.")
    lying.add(other, "Forged.")
    lying.mailboxes.remove(other)
    lying.put(lying.mailboxes[0], lying.envelopes[other.messages[1]["id"]], {"from": "source"})


def _dropped(lying: LyingSite) -> None:
    lying.add(lying.mailboxes[0], "Forged.")
    messages = lying.mailboxes[0].messages
    del messages[1]
    messages[1]["number"] = 2


def _another_way(lying: LyingSite) -> None:
    lying.add(lying.mailboxes[0], "Forged.", listed={"way": "by-server"})


LIES: dict[str, tuple[Lie, str]] = {
    "other bytes and their hash": (_other_bytes_with_their_hash, "damaged or cut off"),
    "a message of nobody's": (_forged, "not by the source"),
    "one replayed": (_replayed, "does not follow"),
    "one of another thread": (_from_another_thread, "belongs to another thread"),
    "one dropped": (_dropped, "does not follow"),
    "another way": (_another_way, "came another way"),
}


@pytest.mark.parametrize(("lie", "why"), LIES.values(), ids=LIES.keys())
def test_a_message_that_does_not_check_out_is_not_shown(
    lying: LyingSite, visit: Open, lie: Lie, why: str
) -> None:
    """The page says why, shows the others, and lets nobody answer onto it."""
    mailbox = lying.add_tip(TEXT)
    lying.add(mailbox, "Second.")
    lie(lying)
    thread = open_first(visit())
    expect(thread.locator(".message-text").first).to_have_text(TEXT)
    wrong = thread.locator(".message", has_text="does not check out")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text(why)
    expect(wrong.locator(".message-text")).to_be_hidden()
    assert "Forged." not in thread.inner_text()
    expect(thread).to_contain_text("so nothing can be answered")
    expect(thread.get_by_label("Your words")).to_be_hidden()


def test_bytes_that_are_not_those_listed_are_refused(lying: LyingSite, visit: Open) -> None:
    """Before anything is decrypted."""
    lying.add(lying.add_tip(TEXT), "Second.")
    _other_bytes(lying)
    thread = visit().locator(".thread").first
    thread.get_by_role("button", name="Open thread").click()
    expect(thread.get_by_role("alert")).to_have_text(re.compile("another envelope than the one it lists"))


def test_a_message_taken_back_is_noticed(lying: LyingSite, visit: Open) -> None:
    """By whoever had it open."""
    mailbox = lying.add_tip(TEXT)
    lying.add(mailbox, "Second.")
    page = visit()
    thread = open_first(page)
    del mailbox.messages[1]
    page.get_by_role("button", name="Look for new").click()
    expect(thread.get_by_role("alert")).to_have_text(re.compile("is gone, or is another now"))


def test_an_answer_sealed_offline_is_checked_and_sent_as_it_is(
    lying: LyingSite, visit: Open, tmp_path: Path
) -> None:
    """One for another place in the thread, or by somebody else, is not sent."""
    mailbox = lying.add_tip(TEXT)
    thread = open_first(visit())
    thread.get_by_text("Bring an answer").click()
    file = tmp_path / "answer"

    def bring(number: int, **changes: Any) -> None:
        key = changes.pop("key", ADA.key)
        message = lying._message(mailbox, "From afar.", "answer/v1")
        sealed = seal_message(message, [], key, [SOURCE_READS.recipient, identity_of(ADA).recipient])
        file.write_bytes(frame(number, sealed))
        thread.get_by_label("The sealed answer").set_input_files(file)
        thread.get_by_role("button", name="Check and send").click()

    bring(3)
    expect(thread.get_by_role("alert")).to_have_text(re.compile("This file is message 3"))
    bring(2, key=mailbox.key)
    expect(thread.get_by_role("alert")).to_have_text(re.compile("not by a steward"))
    assert len(mailbox.messages) == 1
    bring(2)
    expect(thread.locator(".message").last).to_contain_text("From afar.")
    assert frame(2, lying.envelopes[mailbox.messages[1]["id"]]) == file.read_bytes()


def test_every_leaf_is_accounted_for(lying: LyingSite, visit: Open) -> None:
    """And one that is kept back is found, and a message that the log has no trace of."""
    first, second = lying.add_tip(TEXT), lying.add_tip("Second.", listed={"day": "2026-11-24"})
    lying.close_day("2026-11-25", first, second)
    page = visit()
    page.get_by_role("button", name="Account for every message").click()
    verdict = page.locator("[data-part=verdict]")
    expect(verdict).to_have_text("Every leaf is a message here or a dummy.")
    expect(page.locator("[data-part=days]")).to_contain_text("2 messages here, 62 dummies")
    lying.mailboxes.remove(first)
    page.get_by_role("button", name="Look for new").click()
    page.get_by_role("button", name="Account for every message").click()
    expect(verdict).to_have_text("1 leaf is neither a message here nor a dummy.")
    lying.close_day("2026-11-25")
    page.get_by_role("button", name="Account for every message").click()
    expect(verdict).to_contain_text("1 message here stands in no digest.")
    logged = lying.logged["2026-11-25"]
    lying.close_day("2026-11-25", second)
    lying.logged["2026-11-25"] = logged
    page.get_by_role("button", name="Account for every message").click()
    expect(verdict).to_contain_text("1 digest is not what the log has")
    expect(page.locator("[data-part=days]")).to_contain_text(
        "These are not the leaves whose root the log has."
    )


def test_threads_are_assigned_labelled_and_closed_in_place(lying: LyingSite, visit: Open) -> None:
    """Without leaving the page and its keys."""
    lying.add_tip(TEXT)
    page = visit()
    thread = open_first(page)
    thread.get_by_text("Assign, label").click()
    thread.get_by_label("With").select_option("me")
    thread.get_by_label("Label").select_option("working")
    thread.get_by_label("State").select_option("closed")
    thread.get_by_role("button", name="Keep").click()
    expect(thread.locator(".thread-facts")).to_contain_text("with Ada")
    expect(thread.locator(".thread-facts")).to_contain_text("being worked on")
    expect(thread.locator("[data-part=closed]")).to_be_visible()
    expect(thread.locator(".message-text")).to_have_text(TEXT)


def test_a_text_is_text(lying: LyingSite, visit: Open) -> None:
    """Markup is not, right-to-left is read from the right, and what is long is folded."""
    lying.add_tip("<b>bold</b> <img src=x onerror=alert(1)>")
    lying.add_tip("לא ראיתי גרסה כתובה")
    lying.add_tip("A long account.\n" * 1000)
    page = visit()
    for number in range(3):
        page.locator(".thread").nth(number).get_by_role("button", name="Open thread").click()
    markup, turned, long = (page.locator(".thread").nth(n).locator(".message-text") for n in range(3))
    expect(markup).to_have_text("<b>bold</b> <img src=x onerror=alert(1)>")
    assert markup.locator("*").count() == 0
    assert turned.evaluate("part => getComputedStyle(part).direction") == "rtl"
    assert long.evaluate("part => part.clientHeight") < 500
    page.get_by_role("button", name="Show all 16,000 characters").click()
    assert long.evaluate("part => part.clientHeight") > 10_000


def test_without_scripts_the_list_is_there(lying: LyingSite, visit: Open) -> None:
    """Each message can be downloaded, threads assigned and closed; and the page says what cannot be done."""
    lying.add_tip(TEXT)
    page = visit(is_unlocked=False, java_script_enabled=False)
    expect(page.locator("noscript p")).to_contain_text("Your browser runs no scripts")
    page.get_by_text("Assign, label").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"-1\.age")).click()
    assert Path(download.value.path()).read_bytes() == next(iter(lying.envelopes.values()))


def test_an_empty_inbox_and_closed_tips_say_so(lying: LyingSite, visit: Open) -> None:
    """Plainly."""
    lying.is_open = False
    page = visit()
    expect(page.get_by_text("Nothing is here.")).to_be_visible()
    expect(page.get_by_text("Tips are closed: fewer than 2 stewards")).to_be_visible()
    judge_without_axe(page)


def judge_without_axe(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_all_of_it_works_by_keyboard(lying: LyingSite, visit: Open) -> None:
    """Unlock, open, answer; the focus shows at every stop."""
    mailbox = lying.add_tip(TEXT)
    page = visit(is_unlocked=False)
    press_tab_to(page, "#passphrase")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator("#unlocked")).to_be_visible()
    press_tab_to(page, "[data-part=open]")
    page.keyboard.press("Enter")
    expect(page.locator(".message-text")).to_have_text(TEXT)
    press_tab_to(page, "[data-part=answer-text]")
    page.keyboard.type("By keyboard.")
    press_tab_to(page, "[data-part=answer] button")
    page.keyboard.press("Enter")
    expect(page.locator(".message").last).to_contain_text("By keyboard.")
    assert len(mailbox.messages) == 2


def test_the_page_fits_and_is_accessible(lying: LyingSite, visit: Open) -> None:
    """Locked, and with everything open, at 320 and 1440 px, light and dark."""
    mailbox = lying.add_tip(TEXT, files=[("会议记录-" + "x" * 150 + ".pdf", b"x")])
    lying.add(mailbox, "Thank you.", kind="answer/v1")
    lying.add_tip("Forged.", key=BEA.key)
    lying.close_day("2026-11-25", mailbox)
    page = visit(bypass_csp=True, is_unlocked=False)
    judge(page)
    unlock(page)
    for thread in page.locator(".thread").all():
        thread.get_by_role("button", name="Open thread").click()
        expect(thread.get_by_role("button", name="Fold thread")).to_be_visible()
        thread.get_by_text("Assign, label").click()
    page.get_by_text("Bring an answer").first.click()
    page.get_by_role("button", name="Account for every message").click()
    expect(page.locator("[data-part=verdict]")).to_be_visible()
    judge(page)


def test_a_session_that_ended_is_told_as_such(lying: LyingSite, visit: Open, record: Record) -> None:
    """What was typed stays."""
    lying.add_tip(TEXT)
    page = visit()
    thread = open_first(page)
    thread.get_by_label("Your words").fill("Mine.")

    def refuse(route: Route) -> None:
        route.fulfill(status=403)

    page.route("**/answers", refuse)
    thread.get_by_role("button", name="Seal and send").click()
    expect(thread.get_by_role("alert")).to_have_text(re.compile("You are signed out"))
    expect(thread.get_by_label("Your words")).to_have_value("Mine.")
    take_complaints(record, "403")

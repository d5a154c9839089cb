"""Trouble on a source's pages: an answer that is lost, and a server that lies."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from pledge.core.age.keytext import format_recipient
from pledge.core.keys import SigningKey
from pledge.core.tip.message import Message
from pledge.core.tip.sealing import seal_message
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.tree import Hash
from pledge.core.words import words_from_entropy
from pledge.keystore import LOCAL_ORIGIN, load_keys
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.test_pages import judge
from tests.e2e.tip_people import Founder, Source, found_with_stewards
from tests.running_site import Site, serve_locally

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ANSWER = "Which run was it?"
STRANGER = SigningKey.from_seed(bytes([9]) * 32)
LIES: dict[str, dict[str, Any]] = {
    "by nobody of the log": {"key": STRANGER},
    "after another message": {"previous": "0" * 64},
    "of another place": {"number": 3},
    "for another mailbox": {"mailbox": "0" * 32},
    "for another site": {"origin": "other.example"},
    "not what is listed": {"listed": {"sha256": "0" * 64}},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trouble") / "home"


@pytest.fixture(scope="module")
def founders(home: Path) -> list[Founder]:
    return found_with_stewards(home)


@pytest.fixture(scope="module")
def site(founders: list[Founder], home: Path, chromium: str) -> Iterator[Site]:
    with serve_locally(home) as running:
        yield running


def open_mailbox(page: Page, source: Source) -> None:
    page.goto(f"{source.site.url}/mailbox")
    page.get_by_label("Your twelve words").fill(words_from_entropy(source.entropy))
    page.get_by_role("button", name="Open").click()


def answer_by(steward: Founder, source: Source, **lies: Any) -> bytes:
    """The envelope of a steward's answer to a tip, or of one that lies."""
    key = lies.pop("key", steward.steward.key)
    members: dict[str, Any] = {
        "type_": "answer/v1",
        "origin": LOCAL_ORIGIN,
        "mailbox": source.codename.mailbox,
        "number": 2,
        "previous": source.previous,
        "day": source.today,
        "lab": None,
        "clauses": (),
        "text": ANSWER,
        "recipient": None,
        "nonce": os.urandom(32),
        "way": "sealed-in-browser",
        "credential": None,
    }
    sealed = seal_message(
        [],
        lambda files: Message(files=files, **(members | lies)),
        key=key,
        recipients=[format_recipient(source.codename.identity.recipient)],
        random_bytes=os.urandom,
    )
    return b"".join(sealed)


def serve(page: Page, envelope: bytes, source: Source, **listed: Any) -> None:
    """Let the site list and give an answer that it does not have."""
    row = {
        "acknowledgement": None,
        "day": source.today.isoformat(),
        "digest": None,
        "from": "steward",
        "number": 2,
        "sha256": hashlib.sha256(envelope).hexdigest(),
        "size_bytes": len(envelope),
    }

    def listing(route: Route) -> None:
        messages = route.fetch().json()["messages"]
        route.fulfill(json={"messages": [*messages, row | listed], "padding": ""})

    page.route("**/mailbox/thread", listing)
    page.route("**/mailbox/envelope", lambda route: route.fulfill(body=envelope))


def test_an_answer_that_checks_out_is_shown(
    site: Site, founders: list[Founder], new_context: NewContext
) -> None:
    source, page = Source(site), new_context(bypass_csp=True).new_page()
    source.report("它没有评估计划。")
    serve(page, answer_by(founders[0], source), source)
    open_mailbox(page, source)
    expect(page.get_by_text(ANSWER)).to_be_visible()
    judge(page)


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies_shows_nothing(
    site: Site, founders: list[Founder], new_context: NewContext, lie: str
) -> None:
    source, page = Source(site), new_context().new_page()
    source.report("它没有评估计划。")
    lies = dict(LIES[lie])
    listed = lies.pop("listed", {})
    serve(page, answer_by(founders[0], source, **lies), source, **listed)
    open_mailbox(page, source)
    expect(page.get_by_text("This answer may not be from a steward")).to_be_visible()
    assert page.get_by_text(ANSWER).count() == 0


def test_a_list_that_leaves_a_message_out_is_found_out(
    site: Site, founders: list[Founder], new_context: NewContext
) -> None:
    source, page = Source(site), new_context().new_page()
    source.report("它没有评估计划。")
    serve(page, answer_by(founders[0], source), source, number=3)
    open_mailbox(page, source)
    expect(page.get_by_text("does not list this mailbox in its order")).to_be_visible()
    assert page.get_by_text(ANSWER).count() == 0


def test_a_lost_answer_costs_nothing_and_sends_the_same_again(
    site: Site, new_context: NewContext, record: Record
) -> None:
    page = new_context(bypass_csp=True).new_page()
    sent: list[bytes] = []

    def lose(route: Route) -> None:
        sent.append(route.request.post_data_buffer or b"")
        assert route.fetch().status == 201
        route.abort()

    page.route("**/tips", lose, times=1)
    page.goto(f"{site.url}/tips/new")
    judge(page)
    page.get_by_label("What happened?").fill("它没有评估计划。")
    page.get_by_role("button", name="Next: twelve words to keep").click()
    judge(page)
    expect(page.get_by_text("These are new words.")).to_be_hidden()
    send = page.get_by_role("button", name="I have written them down: seal and send")
    send.click()
    expect(page.get_by_text("The site could not be reached.")).to_be_visible()
    send.click()
    expect(page.get_by_role("heading", name="Your message is sealed and here")).to_be_visible()
    judge(page)
    assert len(sent) == 1
    record.complaints = [said for said in record.complaints if "ERR_FAILED" not in said]


def other_checkpoint(home: Path, size: int) -> str:
    """What the log's own key signed for somebody else: a log that begins like none here."""
    keys = load_keys(home / "keys")
    checkpoint = Checkpoint(LOCAL_ORIGIN, size, Hash(bytes(32)))
    return sign_checkpoint(checkpoint, ed25519=keys.log, ml_dsa=keys.log_ml_dsa, seconds=1).decode()


def test_a_log_that_is_not_the_one_seen_before_gets_nothing(
    site: Site, home: Path, new_context: NewContext
) -> None:
    """The operator shows this browser a log of its own; what shows it can be kept, and nothing is sealed or sent."""
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{site.url}/tips/new")
    expect(page.get_by_text("sealed in this browser to 2 stewards")).to_be_visible()
    (name,) = page.evaluate("Object.keys(localStorage)")
    seen = page.evaluate("([name]) => localStorage.getItem(name)", [name])
    assert seen.startswith(f"{LOCAL_ORIGIN}\n")
    page.reload()
    expect(page.get_by_text("sealed in this browser to 2 stewards")).to_be_visible()

    other = other_checkpoint(home, 2)
    page.evaluate("([name, note]) => localStorage.setItem(name, note)", [name, other])
    page.reload()
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("This site shows another public log than it showed this browser before")
    judge(page)
    with page.expect_download() as download:
        warning.get_by_role("link", name="Keep the proof").click()
    assert Path(download.value.path()).read_text().startswith(other + "\n" + LOCAL_ORIGIN)
    mark = site.relay.mark()
    page.get_by_label("What happened?").fill("它没有评估计划。")
    with page.expect_response("**/stewards/keys.json"):
        page.get_by_role("button", name="Next: twelve words to keep").click()
    expect(warning).to_contain_text("This site shows another public log than it showed this browser before")
    expect(page.get_by_role("heading", name="Twelve words, shown once")).to_be_hidden()
    assert b"POST" not in site.relay.sent_since(mark)


@pytest.mark.parametrize("path", ["/tips/new", "/mailbox"])
def test_the_library_comes_whether_anything_is_typed_or_not(
    path: str, site: Site, founders: list[Founder], new_context: NewContext
) -> None:
    """So that the network cannot tell who writes from who reads."""
    page = new_context().new_page()
    with page.expect_response("**/static/age-*.js") as response:
        page.goto(f"{site.url}{path}")
    assert response.value.ok
    assert "max-age=31536000" in response.value.headers["cache-control"]


def test_a_library_that_does_not_come_is_told_before_anything_is_written(
    site: Site, founders: list[Founder], new_context: NewContext, record: Record
) -> None:
    page = new_context().new_page()
    page.route("**/static/age-*.js", lambda route: route.abort())
    page.goto(f"{site.url}/tips/new")
    expect(page.locator("#wrong")).to_contain_text("A part of this page did not come")
    record.complaints = [said for said in record.complaints if "ERR_FAILED" not in said]

"""Stewards in a real browser: two are founded, a third is admitted by them, and one signs in with a passkey."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pledge.core import totp
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.running_site import Site, serve_locally

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSWORD = "a long sentence nobody knows"  # noqa: S105  # of nobody real
PASSPHRASE = "seven words that nobody else has ever seen"  # noqa: S105  # as above
SLOW_MS = 60_000  # wrapping keys takes seconds, and is meant to


@pytest.fixture
def fresh(tmp_path: Path, chromium: str, record: Record) -> Iterator[Site]:
    """A trial of its own: founders are there only once."""
    with serve_locally(tmp_path / "home") as running:
        record.add(running)
        yield running
        assert PASSPHRASE.split(maxsplit=1)[0].encode() + b"+" not in running.relay.sent_since(0)
        assert PASSPHRASE.encode() not in running.relay.sent_since(0)


def code(page: Page, secret: str) -> str:
    """What an app shows at the page's time."""
    step = int(page.evaluate("Date.now()")) // 1000 // totp.STEP_SECONDS
    return totp.code_at(totp.parse_secret(secret), step)


def join(page: Page, link: str) -> None:
    """Make an account with a password and a code app."""
    page.goto(link)
    secret = page.locator("code.letters").inner_text()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code from the app").fill(code(page, secret))
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def make_keys(page: Page, button: str) -> str:
    """Make keys; gives their fingerprint."""
    page.goto(re.sub(r"(?<=\d)/.*", "/stewards/keys", page.url))
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("The same once more").fill(PASSPHRASE)
    page.get_by_role("button", name="Make my keys").click()
    expect(page.get_by_role("heading", name="Keep a copy, then send")).to_be_visible(timeout=SLOW_MS)
    fingerprint = page.locator("#facts dd").first.inner_text()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Decisions")).to_be_visible()
    return fingerprint


def found(site: Site, new_context: NewContext, name: str) -> tuple[BrowserContext, Page]:
    """Invite a founder, who joins and makes keys."""
    link = site.run("steward", "invite", "--founder", name).split()[0]
    context = new_context()
    page = context.new_page()
    join(page, link)
    make_keys(page, "Enter them into the log")
    return context, page


def test_two_found_and_a_third_is_admitted(fresh: Site, new_context: NewContext) -> None:
    public = new_context().new_page()
    public.goto(f"{fresh.url}/stewards")
    expect(public.get_by_text("Messages are not taken now.")).to_be_visible()
    desks = [found(fresh, new_context, name)[1] for name in ("Ada", "Bea")]
    public.reload()
    expect(public.get_by_text("Messages are taken")).to_be_visible()

    ada = desks[0]
    ada.goto(f"{fresh.url}/stewards/account")
    ada.get_by_label("Their name").fill("Cem")
    ada.get_by_role("button", name="Make an invitation").click()
    link = ada.locator("code.letters").inner_text()
    cem = new_context().new_page()
    join(cem, link)
    fingerprint = make_keys(cem, "Ask the stewards")

    for count, page in enumerate(desks, start=1):
        page.goto(f"{fresh.url}/stewards/approvals")
        expect(page.get_by_text("Cem asks to become a steward")).to_be_visible()
        expect(page.locator("dl[id^=says-]").get_by_text(fingerprint)).to_be_visible()
        page.get_by_label("Passphrase").fill(PASSPHRASE)
        page.get_by_role("button", name="Open my keys").click()
        page.get_by_role("button", name="Sign for it").click(timeout=SLOW_MS)
        if count == 1:
            expect(page.get_by_text("You have signed, for the next seven days.")).to_be_visible()
        else:
            expect(page.get_by_text("Nothing waits.")).to_be_visible()
    public.reload()
    expect(public.get_by_text(fingerprint)).to_be_visible()
    assert "3 current; tips are open" in fresh.run("steward", "list")
    assert "founders" in run_to_fail(fresh, "steward", "invite", "--founder", "Mallory")


def run_to_fail(site: Site, *arguments: str) -> str:
    """Run a command that must not work; gives what it says."""
    with pytest.raises(AssertionError) as caught:
        site.run(*arguments)
    return str(caught.value)


def test_a_passkey_is_enough_by_itself(tmp_path: Path, record: Record, new_context: NewContext) -> None:
    # Passkeys are for names, and no numbers.
    with serve_locally(tmp_path / "home", host="localhost") as site:
        record.add(site)
        make_and_use_passkey(site, new_context())


def make_and_use_passkey(site: Site, context: BrowserContext) -> None:
    """Join with a passkey, sign out, and in again."""
    link = site.run("steward", "invite", "--founder", "Ada").split()[0]
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(link)
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()

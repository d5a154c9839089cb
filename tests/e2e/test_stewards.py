"""Stewards in a real browser: two found themselves, one with a passkey, and admit a third; then one rotates."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pledge.core import totp
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.test_pages import judge
from tests.running_site import Site, serve_locally

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSPHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # noqa: S105  # of a test
PASSWORD = "a password of a browser's test"  # noqa: S105  # of a test
WRAPPING_MS = 60_000


@pytest.fixture
def own_site(chromium: str, tmp_path: Path, record: Record) -> Iterator[Site]:
    with serve_locally(tmp_path / "home") as running:
        record.add(running)
        record.add(replace(running, url=named(running.url)))
        record.secrets.append(PASSPHRASE)
        yield running


def add_authenticator(context: BrowserContext, page: Page) -> None:
    """Give a browser a device that holds passkeys and knows its user."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def code_of(page: Page) -> str:
    """The code that an app would show, having read the letters on the page."""
    secret = totp.parse_secret(page.locator(".code-letters").inner_text().replace(" ", ""))
    return totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS)


def join_with_password(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Code from the app").fill(code_of(page))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()


def make_keys(page: Page) -> None:
    """Make keys under the passphrase, whether first or next ones."""
    page.get_by_role("link", name="Keys", exact=True).click()
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    again = page.get_by_label("The same once more")
    if again.is_visible():
        again.fill(PASSPHRASE)
    page.get_by_role("button", name="Make the keys").click()
    page.locator("#send").click(timeout=WRAPPING_MS)
    page.wait_for_url("**/stewards/approvals")


def approve_all(page: Page) -> None:
    """Approve what waits, one after the other."""
    page.get_by_role("link", name="Approvals").click()
    page.get_by_label("Your passphrase").fill(PASSPHRASE)
    with page.expect_navigation(timeout=WRAPPING_MS):
        page.get_by_role("button", name="Approve", exact=True).first.click()


def end_key(page: Page, name: str) -> None:
    """Ask the stewards to end a colleague's key, who has left."""
    page.get_by_role("link", name="Approvals").click()
    key = page.locator("article", has=page.get_by_role("heading", name=name, exact=True)).last
    key.get_by_text("End this key").click()
    key.get_by_label("Why").select_option("left")
    key.get_by_role("button", name="Ask the stewards to end it").click()


def test_two_found_themselves_and_admit_a_third(
    own_site: Site, new_context: NewContext, record: Record
) -> None:
    """One with a passkey; no passphrase, no password of keys and no secret key leaves a browser."""
    ada = new_context().new_page()
    add_authenticator(ada.context, ada)
    ada.goto(named(own_site.run("steward", "invite", "--founder", "Ada")))
    ada.get_by_role("button", name="Make a passkey").click()
    ada.wait_for_url("**/stewards/account")
    make_keys(ada)

    bea = new_context().new_page()
    join_with_password(bea, own_site.run("steward", "invite", "--founder", "Bea").strip())
    make_keys(bea)
    bea.goto(f"{own_site.url}/stewards")
    expect(bea.locator("main")).to_contain_text("Tips are open")

    bea.goto(f"{own_site.url}/stewards/account")
    bea.get_by_label("Their name").fill("Cleo")
    bea.get_by_role("button", name="Make the link").click()
    link = bea.locator(".shown-once code").inner_text()
    cleo = new_context().new_page()
    join_with_password(cleo, link)
    make_keys(cleo)
    shown = cleo.locator(".proposal dd").first.inner_text()

    approve_all(bea)
    ada.get_by_role("link", name="Account").click()
    ada.get_by_role("button", name="Sign out").click()
    ada.get_by_role("button", name="Sign in with a passkey").click()
    ada.wait_for_url("**/stewards/account")
    approve_all(ada)
    expect(ada.locator("main")).to_contain_text("Nothing waits.")
    expect(ada.locator(".proposal", has_text="Cleo").locator("code")).to_have_text(shown)
    assert "3 current; tips are open." in own_site.run("steward", "list")
    assert b"AGE-SECRET-KEY" not in own_site.relay.sent_since(0)

    looking = new_context(bypass_csp=True, storage_state=cleo.context.storage_state()).new_page()
    make_keys(cleo)  # the next ones, so that something waits
    for path in ("", "/account", "/account/password", "/keys", "/approvals", "/inbox"):
        looking.goto(f"{own_site.url}/stewards{path}")
        judge(looking)
    next_one = cleo.locator("[data-proposal] dd").first.inner_text()
    approve_all(bea)
    approve_all(ada)
    expect(ada.locator("main")).to_contain_text("Nothing waits.")
    expect(ada.locator(".proposal", has_text="Cleo").locator("code")).to_have_text(next_one)
    assert next_one != shown

    end_key(ada, "Cleo")
    approve_all(ada)
    approve_all(bea)
    assert "2 current; tips are open." in own_site.run("steward", "list")
    cleo.goto(f"{own_site.url}/stewards/inbox")
    expect(cleo.get_by_role("heading", name="Inbox")).to_have_count(0)
    cleo.goto(f"{own_site.url}/stewards")
    expect(cleo.locator("main")).to_contain_text("no longer a steward")


def test_pages_of_strangers_fit_and_are_accessible(own_site: Site, new_context: NewContext) -> None:
    looking = new_context(bypass_csp=True).new_page()
    for link in (f"{own_site.url}/stewards/sign-in", own_site.run("steward", "invite", "--founder", "Ada")):
        looking.goto(link.strip())
        judge(looking)


def named(link: str) -> str:
    """The same link under the name that devices keep passkeys for."""
    return link.strip().replace("127.0.0.1", "localhost")

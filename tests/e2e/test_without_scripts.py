"""The whole path with scripts off, and a signature by the ssh-keygen that everybody has."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.walk import Visitor
from tests.running_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def visitor(new_context: NewContext, site: Site, record: Record) -> Visitor:
    """Somebody who runs no scripts."""
    return Visitor(new_context(java_script_enabled=False).new_page(), site, record)


def _sign_with_ssh(visitor: Visitor, key: Path) -> Path:
    """Download the statement that the page offers, and sign it; gives the signature's file."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Download statement.txt").click()
    statement = key.parent / "statement.txt"
    download.value.save_as(statement)
    signature = statement.with_name("statement.txt.sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", "pledge", str(statement)]
    subprocess.run(command, check=True, capture_output=True)
    return signature


def test_ssh_keygen_signs_and_withdraws_without_scripts(visitor: Visitor, tmp_path: Path) -> None:
    """Form, mail, statement, signature file, receipt; then a withdrawal on the same way."""
    page, key = visitor.page, tmp_path / "pledge-key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    page.goto(visitor.ask(name="Hari Seldon", address="hari@example.org"))
    expect(page.locator("noscript p")).to_contain_text("Your browser runs no scripts")
    expect(page.get_by_role("button", name="Draw my words")).to_be_hidden()
    page.get_by_label("Public key").fill(key.with_suffix(".pub").read_text())
    page.get_by_label("The file statement.txt.sig").set_input_files(_sign_with_ssh(visitor, key))
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/receipts/*")
    expect(page.locator("h1")).to_have_text("You have signed")
    expect(page.locator("li[data-ring=log]")).to_contain_text("Logged: entry")
    expect(page.locator("li[data-ring=signature]")).to_contain_text(
        "your own key, and co-signed by the notary"
    )
    receipt = visitor.save_receipt(tmp_path / "my.pledge-receipt.json")
    assert b"Hari Seldon" in receipt.read_bytes()
    public_id = visitor.public_id()
    visitor.go(f"/signatories/{public_id}/change")
    page.get_by_label("I have changed my mind").check()
    signature = _sign_with_ssh(visitor, key)
    page.get_by_label("Or its text").fill(signature.read_text())
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"**/signatories/{public_id}/changes/*")
    expect(page.locator("h1")).to_have_text("Withdrawn")
    page.get_by_role("link", name="See the public page").click()
    expect(page.locator(".status")).to_have_text("withdrawn")


def test_the_verify_page_says_what_to_do_without_scripts(visitor: Visitor) -> None:
    """It cannot check there, and says so; the command is on the page."""
    visitor.go("/verify")
    expect(visitor.page.locator("noscript p")).to_contain_text("Your browser runs no scripts")
    expect(visitor.page.locator("#receipt-file")).to_be_hidden()
    expect(visitor.page.locator("#offline")).to_contain_text("pledge verify")

"""Renewing, withdrawing and erasing in a real browser: with the words, a kept key, or a mail."""

import pytest
from playwright.sync_api import expect

from pledge.core.words import entropy_from_words
from pledge.errors import MalformedError
from tests.e2e.walk import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ERASE = "Erase my name. "
RENEW = "Renew. "
LEFT = "Withdraw: I have left the lab. "
MIND = "Withdraw: I have changed my mind. "
DONE = {ERASE: "Erased", RENEW: "Renewed", LEFT: "Withdrawn", MIND: "Withdrawn"}


def change(visitor: Visitor, public_id: str, wish: str) -> None:
    """Choose a change on a signing's change page, and type the words where they are asked for."""
    page = visitor.page
    visitor.go(f"/signatories/{public_id}/change")
    page.get_by_label(wish).check()
    if page.locator("#words").is_visible():
        page.locator("#words").fill(" ".join(visitor.words))
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#step-confirm")).to_be_visible()
    expect(page.locator("#readable")).to_contain_text(wish.strip(". "))
    page.locator("#sign").click()
    expect(page.locator("h1")).to_have_text(DONE[wish])
    page.get_by_role("link", name="See the public page").click()
    page.wait_for_url(f"**/signatories/{public_id}")


def test_the_words_renew_erase_and_withdraw(visitor: Visitor) -> None:
    """The twelve words renew a signing, erase its name, and withdraw it as former; the count falls."""
    page = visitor.page
    public_id = visitor.sign(name="Frederick Wentworth", address="wentworth@mistral.ai")
    before = visitor.count()
    change(visitor, public_id, RENEW)
    expect(page.locator("main")).to_contain_text("It binds until")
    change(visitor, public_id, ERASE)
    expect(page.locator("h1")).to_have_text("Name erased")
    assert visitor.count() == before
    change(visitor, public_id, LEFT)
    expect(page.locator(".status")).to_have_text("former")
    assert visitor.count() == before - 1
    badge = page.request.get(f"{visitor.site.url}/badge/signatory/{public_id}.svg").text()
    assert "signed, then left the lab" in badge
    visitor.go(f"/signatories/{public_id}/change")
    expect(page.locator("main")).to_contain_text("Nothing is left to change")


def test_typos_in_the_words_are_said_without_repeating_them(visitor: Visitor) -> None:
    """Too few words, one that is not on the list, a wrong order and somebody else's: each is told apart."""
    page = visitor.page
    public_id = visitor.sign(name="Jane Fairfax", address="jane@example.org")
    words = visitor.words
    swapped = _swap_two(words)
    visitor.go(f"/signatories/{public_id}/change")
    page.get_by_label(MIND).check()
    for typed, said in (
        (words[:11], "There have to be twelve words."),
        ([*words[:4], "knightleyy", *words[5:]], "Word 5 is not on the list. Check its spelling."),
        (swapped, "do not belong together"),
        (["abandon"] * 11 + ["about"], "they are not the words of this signing"),
    ):
        page.locator("#words").fill(" ".join(typed))
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#wrong")).to_contain_text(said)
        expect(page.locator("#wrong")).to_be_in_viewport()
        assert "knightleyy" not in page.locator("#wrong").inner_text()
        expect(page.locator("#step-confirm")).to_be_hidden()
    page.locator("#words").fill(f"  {'   '.join(words).upper()}\n")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#step-confirm")).to_be_visible()
    expect(page.locator("#words")).to_have_value("")


def _swap_two(words: list[str]) -> list[str]:
    """Exchange two words so that the checksum does not hold, as it does once in sixteen times."""
    for first in range(11):
        swapped = words.copy()
        swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
        try:
            entropy_from_words(" ".join(swapped))
        except MalformedError:
            return swapped
    raise AssertionError("every exchange of neighbours gives twelve words that belong together")


def test_a_key_kept_in_the_browser_signs_and_cannot_be_read(visitor: Visitor) -> None:
    """Who ticks the box needs no words here any more, even after a reload; no script can read the key out."""
    page = visitor.page
    page.goto(visitor.ask(name="Eleanor Tilney", address="eleanor@mistral.ai"))
    visitor.type_two_words(visitor.draw_words())
    page.locator("#keep").check()
    page.locator("#sign").click()
    page.wait_for_url("**/receipts/*")
    public_id = visitor.public_id()
    visitor.go(f"/signatories/{public_id}/change")
    page.reload()
    expect(page.locator("#kept")).to_be_visible()
    expect(page.locator("#words")).to_be_hidden()
    assert page.evaluate(_READ_KEPT_KEY, public_id) == {
        "extractable": False,
        "exported": "InvalidAccessError",
    }
    change(visitor, public_id, ERASE)
    expect(page.locator("h1")).to_have_text("Name erased")
    visitor.go(f"/signatories/{public_id}/change")
    page.get_by_role("button", name="Forget the key here").click()
    expect(page.locator("#words")).to_be_visible()
    page.reload()
    expect(page.locator("#words")).to_be_visible()


_READ_KEPT_KEY = """id => new Promise((resolve) => {
  const opening = indexedDB.open("pledge", 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("keys").objectStore("keys").get(id);
    asked.onsuccess = async () => {
      const { privateKey } = asked.result;
      const failed = (error) => error.name;
      const exported = await crypto.subtle.exportKey("pkcs8", privateKey).then(() => "read", failed);
      resolve({ extractable: privateKey.extractable, exported });
    };
  };
})"""


def test_a_mail_renews_erases_and_withdraws(visitor: Visitor) -> None:
    """Without words, a mail to the address does each of the three, once for each mail."""
    page = visitor.page
    address = "crusoe@mistral.ai"
    public_id = visitor.sign(name="Robinson Crusoe", address=address)
    before = visitor.count()
    for label, said in (
        ("Renew", "It binds until"),
        ("Erase", "Name erased"),
        ("Withdraw", "withdrawn"),
    ):
        visitor.go("/change")
        page.get_by_label("The mail address you signed with").fill(address)
        page.get_by_role("button", name="Send me the link").click()
        page.wait_for_url("**/change/sent")
        page.goto(visitor.site.link_for(address))
        page.get_by_label(label).first.check()
        page.get_by_role("button", name="Do this").click()
        page.get_by_role("link", name="See the public page").click()
        page.wait_for_url(f"**/signatories/{public_id}")
        expect(page.locator("main")).to_contain_text(said)
    assert visitor.count() == before - 1


def test_asking_by_mail_tells_nobody_who_has_signed(visitor: Visitor) -> None:
    """The page after asking is the same for an address that never signed; only the mail says so."""
    page = visitor.page
    visitor.go("/change")
    page.get_by_label("The mail address you signed with").fill("nobody@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.locator("h1")).to_have_text("Look in your mail")
    page.get_by_role("link", name="Open the mail on this machine").click()
    expect(page.locator("main section").first).to_contain_text("Nothing there belongs to this address")

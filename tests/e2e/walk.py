"""What a person does at a browser, step by step."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.record import Record
from tests.running_site import Site


@dataclass
class Visitor:
    """Somebody with a page open on a site; ``words`` are those that were drawn last."""

    page: Page
    site: Site
    record: Record
    words: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(f"{self.site.url}{path}")

    def fill_form(self, *, name: str, address: str, role: str = "", reason: str = "") -> None:
        """Fill in the form to sign; the lab follows from the address."""
        self.go("/sign")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Your role").fill(role)
        self.page.get_by_label("Your mail address").fill(address)
        self.page.get_by_label("Why you sign").fill(reason)

    def ask(self, *, name: str, address: str, role: str = "", reason: str = "") -> str:
        """Ask for the link to sign, and give it as the mail has it."""
        self.fill_form(name=name, address=address, role=role, reason=reason)
        self.page.get_by_role("button", name="Send me the link").click()
        self.page.wait_for_url("**/sign/sent")
        return self.site.link_for(address)

    def draw_words(self) -> list[str]:
        """Draw the twelve words, and keep them."""
        self.page.get_by_role("button", name="Draw my words").click()
        return self.keep_drawn_words()

    def shown_words(self) -> list[str]:
        """The words that stand on the page."""
        return [text.strip() for text in self.page.locator("#words li").all_text_contents()]

    def keep_drawn_words(self) -> list[str]:
        """Keep the words on the page, as a secret that no request may hold."""
        self.words = self.shown_words()
        self.record.secrets.append(" ".join(self.words))
        return self.words

    def place(self, letter: str) -> int:
        """Which word is asked for in field a or b, from 0."""
        found = re.search(r"\d+", self.page.locator(f"#word-{letter}-place").inner_text())
        assert found
        return int(found[0]) - 1

    def type_two_words(self, words: list[str]) -> None:
        """Go on to the two places that are asked for, and type what stands there in ``words``."""
        if self.page.get_by_role("button", name="I have kept them").is_visible():
            self.page.get_by_role("button", name="I have kept them").click()
        for letter in "ab":
            self.page.locator(f"#word-{letter}").fill(words[self.place(letter)])
        self.page.get_by_role("button", name="Check").click()

    def sign_link(self, link: str) -> None:
        """Go from the link in the mail to the receipt."""
        self.page.goto(link)
        self.type_two_words(self.draw_words())
        self.page.locator("#sign").click()
        self.page.wait_for_url("**/receipts/*")

    def sign(self, *, name: str, address: str, role: str = "", reason: str = "") -> str:
        """Do it all; gives the public id of the signing."""
        self.sign_link(self.ask(name=name, address=address, role=role, reason=reason))
        return self.public_id()

    def count(self) -> int:
        """The number on the front page."""
        self.go("/")
        return int(self.page.locator(".figure").inner_text())

    def public_id(self) -> str:
        """The public id that a receipt page leads to."""
        link = self.page.get_by_role("link", name="Your public page").get_attribute("href")
        assert link
        return link.removeprefix("/signatories/")

    def save_receipt(self, path: Path) -> Path:
        """Download the receipt from the page that is open."""
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name="Download the receipt").click()
        download.value.save_as(path)
        return path

    def check_receipt(self, path: Path) -> None:
        """Let the verify page, which is open, check a file."""
        self.page.locator("#receipt-file").set_input_files(path)

    def expect_verdict(self, words: str) -> None:
        """See what the verify page makes of it."""
        expect(self.page.locator("#verdict")).to_have_text(words)


NO_ED25519 = """
for (const name of window.isSecureContext ? ["importKey", "generateKey"] : []) {
  const original = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = function (...given) {
    const isOurs = given.some((part) => part === "Ed25519" || part?.name === "Ed25519");
    return isOurs
      ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"))
      : original.apply(this, given);
  };
}
"""
"""A script that makes a browser one that does not know Ed25519."""

_FOCUS_SHOWS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
_MAX_STOPS = 60


def press_tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus; the focus has to show at every stop."""
    for _ in range(_MAX_STOPS):
        page.keyboard.press("Tab")
        assert page.evaluate(_FOCUS_SHOWS), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")

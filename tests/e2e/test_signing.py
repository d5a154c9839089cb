"""Signing in a real browser, from the form to the receipt, and what may go wrong on the way."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from pledge.core.calendar import months_later
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.walk import NO_ED25519, Visitor, press_tab_to
from tests.running_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_address_at_a_lab_signs_and_is_counted(visitor: Visitor) -> None:
    """From the form over mail, words and statement to a receipt; then home, lab and badge count one more."""
    page = visitor.page
    before = visitor.count()
    visitor.fill_form(name="Emma Woodhouse", address="emma@mistral.ai", role="research engineer")
    expect(page.locator("#lab")).to_have_value("mistral")
    expect(page.locator("#employer")).to_contain_text("an employer may be able to read it")
    expect(page.locator("#preview-facts")).to_contain_text("Emma Woodhouse")
    expect(page.locator("#preview-facts")).to_contain_text("read mail at an address of Mistral AI")
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("link", name="Open the mail on this machine").click()
    page.locator("main a[href*='/sign/']").first.click()
    page.wait_for_url("**/sign/*")
    visitor.type_two_words(visitor.draw_words())
    statement = page.locator("#step-confirm")
    for said in ("Emma Woodhouse", "research engineer", "Mistral AI", "I will not order, lead or carry out"):
        expect(statement).to_contain_text(said)
    exact = page.locator("#exact").text_content() or ""
    key = page.locator("#readable dd").last.inner_text()
    assert exact.startswith("DSSEv1 ")
    assert key in exact
    page.locator("#sign").click()
    page.wait_for_url("**/receipts/*")
    expect(page.locator("#by-browser")).to_be_visible()
    assert visitor.count() == before + 1
    visitor.go("/")
    expect(page.get_by_role("link", name="Emma Woodhouse")).to_be_visible()
    visitor.go("/labs/mistral")
    expect(page.locator("tbody tr").first).to_contain_text(str(before + 1))
    badge = page.request.get(f"{visitor.site.url}/badge/lab/mistral.svg").text()
    assert f">{before + 1} signed</text>" in badge


def test_the_lab_that_somebody_chooses_stays(visitor: Visitor) -> None:
    """The address proposes a lab; a choice stands against it at once, by mouse or keyboard, and is what is signed."""
    page = visitor.page
    lab, address = page.locator("#lab"), page.get_by_label("Your mail address")
    for typed, found in (("kate@mistral.ai", "mistral"), ("kate@gmail.com", "")):
        visitor.fill_form(name="Kate Nickleby", address=typed)
        expect(lab).to_have_value(found)
        lab.select_option("cohere")
        expect(lab).to_have_value("cohere")
        expect(page.locator("#preview-facts")).to_contain_text("Cohere. The notary says")
        page.get_by_label("Your role").fill("evaluations")
        address.fill("kate@deepmind.com")
        expect(lab).to_have_value("cohere")
    for typed in ("smike@mistral.ai", "smike@gmail.com"):
        visitor.fill_form(name="Smike", address=typed)
        before = lab.input_value()
        lab.focus()
        page.keyboard.press("ArrowDown")
        chosen = lab.input_value()
        assert chosen not in {before, ""}
        page.get_by_label("Your role").fill("evaluations")
        expect(lab).to_have_value(chosen)
    visitor.fill_form(name="Smike", address="smike@mistral.ai")
    lab.select_option("")
    page.get_by_role("button", name="Send me the link").click()
    page.wait_for_url("**/sign/sent")
    page.goto(visitor.site.link_for("smike@mistral.ai"))
    expect(page.locator("#overview")).to_contain_text("None.")


def test_a_form_that_comes_back_keeps_the_choice_of_no_lab(visitor: Visitor) -> None:
    """Nothing is proposed over an answer that was given before the form was refused."""
    page = visitor.page
    visitor.fill_form(name="https://example.org", address="smike@mistral.ai")
    page.locator("#lab").select_option("")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
    page.get_by_label("Your name").fill("Smike")
    page.get_by_label("Your mail address").fill("smike2@mistral.ai")
    expect(page.locator("#lab")).to_have_value("")


def test_requests_hold_the_statement_and_no_words(visitor: Visitor, record: Record) -> None:
    """The record sees what is sent, the signature among it; it finds words and seeds that are, and none are."""
    visitor.sign(name="Fanny Price", address="fanny@example.org")
    assert b"signature=" in record.sent
    assert b"POST /sign/" in record.sent
    assert record.leaks() == []
    words = " ".join(visitor.words)
    for leak in (words, words.title().replace(" ", ",  "), words.split(" ", 4)[4]):
        visitor.page.evaluate("words => fetch('/robots.txt?' + new URLSearchParams({words}))", leak)
        assert "recovery words" in record.leaks()
        record.forget()
    visitor.page.evaluate("words => fetch('/robots.txt', {headers: {note: btoa(words)}})", words)
    assert "recovery words" in record.leaks()
    record.forget()


def test_wrong_words_are_refused(visitor: Visitor) -> None:
    """Whoever did not keep the words cannot go on, and is not told which was wrong."""
    page = visitor.page
    page.goto(visitor.ask(name="Lydia Bennet", address="lydia@example.org"))
    words = visitor.draw_words()
    visitor.type_two_words(words[1:] + words[:1])
    expect(page.locator("#wrong")).to_have_text(
        "One of the two is not the word in that place. Look at what you kept, or show the words again."
    )
    expect(page.locator("#step-confirm")).to_be_hidden()
    page.get_by_role("button", name="Show the words again").click()
    assert visitor.shown_words() == words
    visitor.type_two_words(words)
    expect(page.locator("#step-confirm")).to_be_visible()
    expect(page.locator("#wrong")).to_be_hidden()
    assert visitor.shown_words() == []


def test_a_link_works_once(visitor: Visitor) -> None:
    """Of two tabs with one link, the second to sign is told that the link is over, and what to do."""
    link = visitor.ask(name="George Knightley", address="george@example.org")
    second = Visitor(visitor.page.context.new_page(), visitor.site, visitor.record)
    second.page.goto(link)
    visitor.page.bring_to_front()
    visitor.sign_link(link)
    second.page.bring_to_front()
    second.type_two_words(second.draw_words())
    with second.page.expect_response(link) as answer:
        second.page.locator("#sign").click()
    assert answer.value.status == 409
    expect(second.page.locator("h1")).to_have_text("This link is over")
    expect(second.page.get_by_role("link", name="to sign", exact=True)).to_be_visible()
    second.page.goto(link)
    expect(second.page.locator("h1")).to_have_text("This link is over")


def test_a_page_from_yesterday_cannot_sign(visitor: Visitor) -> None:
    """A statement that was loaded before midnight is refused after it, and the page says why."""
    page = visitor.page
    link = visitor.ask(name="Anne Elliot", address="anne@example.org")
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)

    def age(text: str) -> str:
        for day, before in ((today, yesterday), (_end(today), _end(yesterday))):
            text = text.replace(day.isoformat(), before.isoformat())
        return text

    page.route(link, lambda route: route.fulfill(response=(got := route.fetch()), body=age(got.text())))
    page.goto(link)
    page.unroute(link)
    visitor.type_two_words(visitor.draw_words())
    with page.expect_response(link) as answer:
        page.locator("#sign").click()
    assert answer.value.status == 409
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was signed")
    expect(page.get_by_role("alert").first).to_contain_text("is not what this page shows now")
    visitor.sign_link(link)


def _end(day: date) -> date:
    return months_later(day, 12)


def test_a_browser_without_ed25519_says_so(new_context: NewContext, site: Site, record: Record) -> None:
    """Where the browser cannot sign, the page says it, and opens the way with an SSH key."""
    context = new_context()
    context.add_init_script(NO_ED25519)
    visitor = Visitor(context.new_page(), site, record)
    visitor.page.goto(visitor.ask(name="Harriet Smith", address="harriet@example.org"))
    expect(visitor.page.locator("#unsupported")).to_contain_text("cannot make Ed25519 signatures")
    expect(visitor.page.locator("#unsupported")).to_be_in_viewport()
    expect(visitor.page.get_by_role("button", name="Draw my words")).to_be_hidden()
    expect(visitor.page.get_by_label("Public key")).to_be_visible()
    visitor.go("/verify")
    expect(visitor.page.locator("#unsupported")).to_contain_text("cannot check Ed25519 signatures")


def test_the_keyboard_alone_signs(visitor: Visitor) -> None:
    """From the form to the receipt with Tab, Enter and Space; focus shows, and goes along with the steps."""
    page, keyboard = visitor.page, visitor.page.keyboard
    visitor.go("/sign")
    keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for place, text in (("#name", "Catherine Morland"), ("#address", "catherine@example.org")):
        press_tab_to(page, place)
        keyboard.type(text)
    press_tab_to(page, "form#sign button")
    keyboard.press("Enter")
    page.wait_for_url("**/sign/sent")
    page.goto(visitor.site.link_for("catherine@example.org"))
    press_tab_to(page, "#draw")
    keyboard.press("Enter")
    expect(page.locator("#words")).to_be_focused()
    words = visitor.keep_drawn_words()
    press_tab_to(page, "#kept")
    keyboard.press("Space")
    expect(page.locator("#word-a")).to_be_focused()
    keyboard.type(words[visitor.place("a")])
    press_tab_to(page, "#word-b")
    keyboard.type(words[visitor.place("b")])
    keyboard.press("Enter")
    expect(page.locator("#step-confirm h3").first).to_be_focused()
    press_tab_to(page, "#keep")
    keyboard.press("Space")
    expect(page.locator("#keep")).to_be_checked()
    press_tab_to(page, "#sign")
    keyboard.press("Enter")
    page.wait_for_url("**/receipts/*")
    press_tab_to(page, "a[download]")


def test_errors_stand_beside_their_fields(visitor: Visitor) -> None:
    """A form that is not right keeps what was typed, and says beside each field what is wrong."""
    page = visitor.page
    visitor.fill_form(name="https://example.org", address="nobody@nowhere")
    page.locator("form#sign").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: Sign"))
    for place in ("#name", "#address"):
        field = page.locator(place)
        expect(field).to_have_attribute("aria-invalid", "true")
        described = field.get_attribute("aria-describedby") or ""
        expect(page.locator(f"#{described.split()[-1]}")).to_be_visible()
    expect(page.locator("#name")).to_have_value("https://example.org")

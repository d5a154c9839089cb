"""Pages: every one shows in every state of a signing, links within itself lead somewhere, robots are told."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.founding import DOCUMENTS
from pledge.log.models import Cosigned, Entry, Head
from pledge.log.notary import log_statement
from pledge.pledges import review, texts
from pledge.pledges.models import Signing
from pledge.tick import tick
from tests.site_kit import START, Clock, Person, random_bytes

pytestmark = pytest.mark.sqlite_only


def crawl(person: Person, *begin: str) -> Iterator[tuple[str, int]]:
    """Follow every link of the site's own from some pages on."""
    seen: set[str] = set()
    waiting = list(begin)
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/sign?"):
            continue
        seen.add(path)
        with person.client.get(path) as response:
            yield path, response.status_code
            if response.mimetype == "text/html":
                found = re.findall(r'(?:href|src|action)="(/[^"#]*)', response.get_data(as_text=True))
                waiting += [
                    link.replace("&amp;", "&")
                    for link in found
                    if not link.endswith(("/report", "/statement"))
                ]


def test_every_link_leads_somewhere(ada: Person, app: Flask) -> None:
    ada.sign(role="Engineer", reason="Because.")
    Person(app, address="b@example.org", lab="").sign(name="李小龙")
    bob = Person(app, address="bob@mistral.ai")
    bob.sign(name="Bob")
    bob.change_by_mail("erase")
    found = dict(
        crawl(
            ada,
            "/",
            ada.ask(address="eve@mistral.ai"),
            ada.ask(),
            "/removals",
            "/privacy",
            "/limits",
            "/terms",
        )
    )
    assert {path: status for path, status in found.items() if status != 200} == {}
    assert len(found) > 40


@pytest.mark.parametrize("state", ["current", "lapsed", "former", "withdrawn", "erased"])
def test_every_page_shows_every_state_of_a_signing(ada: Person, clock: Clock, state: str) -> None:
    path = ada.sign_publicly(role="Engineer", reason="Because.")
    if state == "lapsed":
        clock.pass_days(400)
        tick(ada.instance)
    elif state in {"former", "withdrawn"}:
        ada.change_by_mail("withdraw", "left-lab" if state == "former" else "own")
    elif state == "erased":
        ada.change_by_mail("erase")
    for page in (
        path,
        f"{path}/change",
        f"{path}/receipt",
        "/",
        "/labs",
        "/labs/mistral",
        "/signatories",
        "/signatories?q=ada",
    ):
        assert ada.client.get(page).status_code == 200, page
    shown = ada.client.get(path).text
    assert {
        "lapsed": "was not renewed",
        "former": "has since left the lab",
        "withdrawn": "has withdrawn",
    }.get(state, "It binds until") in " ".join(shown.split())
    assert ("Ada Lovelace" in shown) == (state != "erased")


def test_pages_of_people_are_not_for_search_engines(ada: Person) -> None:
    private = ada.sign()
    path = "/signatories/" + ada.client.get(private).text.partition("/badge/signatory/")[2][:32]
    for page in (path, f"{path}/change", "/signatories", private, ada.ask(), "/nothing"):
        assert '<meta name="robots" content="noindex">' in ada.client.get(page).text, page
    for page in ("/", "/labs", "/privacy", "/pledges/against-reckless-scaling"):
        assert '<meta name="robots" content="index">' in ada.client.get(page).text, page
    robots = ada.client.get("/robots.txt").text
    assert {"Disallow: /sign/", "Disallow: /receipts/", "Disallow: /change"} <= set(robots.splitlines())


def test_a_signing_has_no_other_addresses_than_its_hash_and_the_beginning_of_it(ada: Person) -> None:
    path = ada.sign_publicly()
    with ada.instance.database.reading() as session:
        sha256 = session.scalars(select(Signing.sha256)).one().hex()
    assert ada.client.get(f"/signatories/{sha256}").status_code == 200
    assert path == f"/signatories/{sha256[:32]}"
    for other in (path[:-1], f"{path}x", f"{path}{sha256[32:41]}", f"/signatories/{sha256}0", path.upper()):
        for rest in ("", "/change", "/receipt", "/change/statement?action=renew"):
            assert ada.client.get(other + rest).status_code == 404, other + rest


def test_private_pages_are_never_stored_and_send_no_address_on(ada: Person) -> None:
    private = ada.sign()
    for page in (private, f"{private}/file", f"{private}/renew.ics", ada.ask(), "/sign", "/change"):
        headers = ada.client.get(page).headers
        assert headers["Cache-Control"] == "no-store", page
        assert headers["Referrer-Policy"] == "same-origin", page


def test_a_receipt_page_is_kept_for_thirty_days(ada: Person, clock: Clock) -> None:
    private = ada.sign()
    clock.pass_days(30)
    assert ada.client.get(private).status_code == 200
    clock.pass_days(1)
    for rest in ("", "/file", "/renew.ics"):
        assert ada.client.get(private + rest).status_code == 409, rest


def test_nonsense_is_no_receipt_and_an_old_link_is_told_apart(ada: Person) -> None:
    for nonsense in ("nonsense", "0" * 63, "0" * 65, "A" * 64):
        for rest in ("", "/file", "/renew.ics"):
            assert ada.client.get(f"/receipts/{nonsense}{rest}").status_code == 404, nonsense
    assert ada.client.get(f"/receipts/{'0' * 64}").status_code == 409


def test_a_used_link_leads_on_who_has_signed(ada: Person) -> None:
    page = " ".join(ada.client.get(f"/sign/{'0' * 64}").text.split())
    assert 'your page is among <a href="/signatories">the signatories</a>, and your receipt on it' in page
    assert '<a href="/change">ask for a link to change it</a>' in page


@pytest.mark.parametrize("path", ["/sign", "/change"])
def test_a_form_without_its_cookie_leads_back_to_itself(ada: Person, path: str) -> None:
    response = ada.client.post(path, data={"address": "ada@example.org"})
    assert response.status_code == 403
    assert '<a href="?">Open the form again</a>' in response.text


def test_the_number_says_which_versions_it_counts(ada: Person) -> None:
    ada.sign()
    assert "earlier version" not in ada.client.get("/").text
    body = (DOCUMENTS / f"{texts.DEFAULT_SLUG}.v1.md").read_text(encoding="utf-8")

    def work(session: Session) -> None:
        text = texts.publish(
            session,
            slug=texts.DEFAULT_SLUG,
            body=f"{body}\nMore.\n",
            notary=ada.instance.notary,
            day=START.date(),
        )
        log_statement(session, text, notary=ada.instance.notary, random_bytes=random_bytes)

    ada.instance.log.run(work)
    assert "person has signed this or an earlier version, from an address" in " ".join(
        ada.client.get("/").text.split()
    )


def test_without_witnesses_the_front_page_promises_no_more_than_receipts_show(ada: Person) -> None:
    page = ada.client.get("/").text
    assert "Not witnessed" in page
    assert "without trace" not in page
    assert "whoever keeps a receipt or a copy can show it" in page


def test_the_front_page_is_witnessed_up_to_its_last_entry(ada: Person) -> None:
    with ada.instance.database.reading() as session:
        size, checkpoint = session.execute(select(Head.size, Head.checkpoint)).one()
    for cosigned in (size - 1, size):
        row = Cosigned(id=1, size=cosigned, checkpoint=checkpoint)
        ada.instance.log.run(partial(Session.merge, instance=row))
        is_whole = cosigned == size
        assert ("<strong>Witnessed</strong>" in ada.client.get("/").text) == is_whole


def test_a_receipt_page_knows_of_witnesses_without_scripts(ada: Person) -> None:
    private = ada.sign()
    assert "<strong>Not witnessed</strong>" in ada.client.get(private).text
    with ada.instance.database.reading() as session:
        size, checkpoint = session.execute(select(Head.size, Head.checkpoint)).one()
    row = Cosigned(id=1, size=size, checkpoint=checkpoint)
    ada.instance.log.run(partial(Session.merge, instance=row))
    assert "<strong>Witnessed</strong>" in ada.client.get(private).text


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("mistral", ("More than 100 in all", "November 2024", "The source says “more than 100”")),
        ("minimax", ("385 in all", "30 September 2025", "74 % of staff in research")),
        ("deepseek", ("140–200 in the unit", "January 2025")),
        ("thinking-machines", ("100 in all", ">2026<", "A blog, of little weight.")),
    ],
)
def test_headcounts_read_as_prose(ada: Person, lab: str, said: tuple[str, ...]) -> None:
    page = " ".join(ada.client.get(f"/labs/{lab}").text.split())
    for words in said:
        assert words in page
    assert "10,000,000" not in page


def test_the_removals_give_reasons_in_words(ada: Person) -> None:
    path = ada.sign_publicly()

    def work(session: Session) -> None:
        review.hide(
            session, path.rpartition("/")[2], "name", reason_class="not-this-person", day=START.date()
        )

    ada.instance.log.run(work)
    page = ada.client.get("/removals").text
    assert "Name hidden: not this person" in page
    assert "not-this-person" not in page


def test_every_class_of_reason_has_words(app: Flask) -> None:
    macro = app.jinja_env.get_template("macros/facts.html").module.reason_class  # type: ignore[attr-defined]  # a macro
    for slug in (*review.REASON_CLASSES, "restored-on-review"):
        assert "-" not in macro(slug)


def test_labs_stand_in_one_order(ada: Person) -> None:
    orders = [
        [slug for slug in re.findall(pattern, ada.client.get(path).text) if slug]
        for path, pattern in (
            ("/labs", r'<a href="/labs/([a-z-]+)">'),
            ("/sign", r'<option (?:selected )?value="([a-z-]+)"'),
            ("/signatories", r'<option value="([a-z-]+)"\s*>'),
        )
    ]
    orders[2] = [slug for slug in orders[2] if slug in orders[0]]
    assert orders[0] == orders[1] == orders[2]


def test_the_calendar_reminds_two_weeks_before_the_end(ada: Person) -> None:
    private = ada.sign()
    response = ada.client.get(f"{private}/renew.ics")
    lines = response.text.split("\r\n")
    assert response.content_type == "text/calendar; charset=utf-8"
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = response.text.replace("\r\n ", "").split("\r\n")
    assert {"DTSTART;VALUE=DATE:20271109", "DTEND;VALUE=DATE:20271110", "DTSTAMP:20261123T120000Z"} <= set(
        unfolded
    )
    assert (unfolded[0], unfolded[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    assert "Ada" not in response.text


def test_security_txt_is_fresh_and_names_the_contact(ada: Person) -> None:
    lines = dict(
        line.split(": ", 1) for line in ada.client.get("/.well-known/security.txt").text.splitlines()
    )
    assert lines["Contact"] == "mailto:test@example.org"
    expires = datetime.fromisoformat(lines["Expires"])
    assert START < expires < START + timedelta(days=366)


def test_the_rules_are_the_bytes_that_the_log_names(ada: Person) -> None:
    served = hashlib.sha256(ada.client.get("/policy/1.json").data).hexdigest()
    with ada.instance.database.reading() as session:
        leaf = session.scalars(select(Entry.leaf).where(Entry.kind == "policy")).one()
    statement = st.parse_statement(st.parse_envelope(leaf))
    assert isinstance(statement, st.PolicyText)
    assert statement.sha256 == served


def test_a_trial_says_so_on_every_page(ada: Person) -> None:
    for page in ("/", "/sign", "/nothing", "/labs"):
        assert "Local copy." in ada.client.get(page).text, page


def test_search_words_are_shown_as_text(ada: Person) -> None:
    page = ada.client.get("/signatories", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_former_signatories_are_listed_by_lab_and_by_standing(ada: Person) -> None:
    ada.sign_publicly()
    ada.change_by_mail("withdraw", "left-lab")
    assert "Former signatories" in ada.client.get("/labs/mistral").text
    assert "Ada Lovelace" in ada.client.get("/labs/mistral").text
    assert "Ada Lovelace" in ada.client.get("/signatories?lab=mistral&status=former").text
    for other in ("/signatories", "/signatories?status=withdrawn", "/signatories?lab=cohere&status=former"):
        assert "Ada Lovelace" not in ada.client.get(other).text, other


@pytest.mark.parametrize("unknown", ["lab=nobody", "assurance=word", "status=dead"])
def test_a_filter_that_is_not_there_is_not_taken_for_none(ada: Person, unknown: str) -> None:
    ada.sign()
    assert ada.client.get(f"/signatories?{unknown}").status_code == 404


def test_reading_sets_no_cookie(ada: Person) -> None:
    path = ada.sign_publicly()
    reader = Person(ada.app).client
    for page in ("/", "/signatories", path, "/labs/mistral", "/verify", "/removals", "/privacy"):
        assert "Set-Cookie" not in reader.get(page).headers, page
    assert reader.get(f"{path}/receipt").headers["X-Robots-Tag"] == "noindex"

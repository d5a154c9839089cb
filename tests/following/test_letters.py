"""Letters: begun by a link only, sent once, ended with one click, and no use for annoying a stranger."""

import re
import threading
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pledge.app import open_site
from pledge.following import letters
from pledge.following.models import Follower
from pledge.instance import Instance
from pledge.labs.service import list_labs
from pledge.tick import tick, tick_if_due
from tests.following.test_feeds import log_lab, read
from tests.mail_server import serve_mail
from tests.pseudo import speak_pseudo
from tests.site_kit import Clock, Person, csrf_token, make_app, make_config, newest_mail
from tests.steward_kit import found_stewards
from tests.web.test_every_string import NO_WORDS, unmarked

_URL = "http://127.0.0.1:8000"


def ask(client: FlaskClient, address: str = "zoe@example.org", topic: str = "all") -> str:
    """Fill in the form; gives the page that answers."""
    token = csrf_token(client.get("/follow").text)
    answer = client.post("/follow", data={"csrf_token": token, "address": address, "topic": topic})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/follow/sent")
    return client.get("/follow/sent").text


def link_of(mail: dict[str, str]) -> str:
    match = re.search(rf"{re.escape(_URL)}(/follow/(?:confirm|stop)/[0-9a-f/]+)\n", mail["text"])
    assert match, mail["text"]
    return match[1]


def confirm(client: FlaskClient, link: str) -> None:
    token = csrf_token(client.get(link).text)
    assert client.post(link, data={"csrf_token": token}).status_code == 200


def follow(
    client: FlaskClient, instance: Instance, address: str = "zoe@example.org", topic: str = "all"
) -> None:
    ask(client, address, topic)
    confirm(client, link_of(newest_mail(instance)))


def go_to(instance: Instance, clock: Clock, day: date) -> list[str]:
    """Let days pass one by one, as they do."""
    said: list[str] = []
    while clock.now.date() < day:
        clock.pass_days(1)
        said += tick_if_due(instance)
    return said


def mails(instance: Instance) -> int:
    return len(list(instance.outbox.directory.glob("*.eml")))


def raw(instance: Instance) -> EmailMessage:
    newest = max(instance.outbox.directory.glob("*.eml"))
    return message_from_bytes(newest.read_bytes(), policy=policy.default)


def number(instance: Instance) -> int:
    with instance.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Follower)) or 0


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_letter_tells_what_happened_and_ends_with_one_click(
    instance: Instance, client: FlaskClient, ada: Person, clock: Clock
) -> None:
    follow(client, instance)
    ada.sign()
    clock.pass_days(1)
    tick(instance)
    log_lab(instance)
    said = go_to(instance, clock, date(2026, 12, 1))
    assert said[-1] == "2026-12-01: 0 lapsed, 0 reminded, 1 letters"
    mail = newest_mail(instance)
    assert (mail["to"], mail["subject"]) == ("zoe@example.org", "What happened in November 2026")
    assert f"Nemo was added\n  No mail domain is confirmed yet.\n  {_URL}/labs/nemo\n" in mail["text"]
    assert "Changes in counts\n  Mistral AI: +1\n  Counted are" in mail["text"]
    assert "Ada" not in mail["text"]
    stop = link_of(mail)
    message = raw(instance)
    assert message["List-Unsubscribe"] == f"<{_URL}{stop}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = make_app(instance).test_client()  # no cookie of ours
    assert "End these letters" in program.get(stop).text
    assert number(instance) == 1
    answer = program.post(stop, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
    assert number(instance) == 0
    assert (
        program.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    )  # again, it does no harm


def test_nothing_comes_before_the_link_is_used(instance: Instance, client: FlaskClient, clock: Clock) -> None:
    ask(client)
    link = link_of(newest_mail(instance))
    assert "Begin" in client.get(link).text
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 403  # without the page
    log_lab(instance)
    before = mails(instance)
    clock.pass_days(8)
    tick(instance)
    assert mails(instance) < before  # files of a trial are forgotten, and none was added
    assert number(instance) == 0
    assert client.get(link).status_code == 409


def test_a_link_works_once_and_for_a_day(instance: Instance, client: FlaskClient, clock: Clock) -> None:
    ask(client)
    first = link_of(newest_mail(instance))
    ask(client)
    second = link_of(newest_mail(instance))
    assert client.get(first).status_code == 409  # the newer one takes its place
    token = csrf_token(client.get(second).text)
    clock.pass_days(1)
    clock.now += timedelta(seconds=1)
    assert client.post(second, data={"csrf_token": token}).status_code == 409
    assert number(instance) == 1
    tick_if_due(instance)
    assert number(instance) == 0
    follow(client, instance)
    assert client.get(link_of(newest_mail(instance))).status_code == 409


def test_what_one_asked_for_is_all_one_gets(instance: Instance, client: FlaskClient, clock: Clock) -> None:
    follow(client, instance, topic="labs/mistral")
    log_lab(instance)
    go_to(instance, clock, date(2026, 12, 1))
    text = newest_mail(instance)["text"]
    assert "Mistral AI was added" in text  # this month, by the founding
    assert "Nemo" not in text
    assert "policy" not in text.lower()


def test_a_month_in_which_nothing_happened_has_no_letter(
    instance: Instance, client: FlaskClient, clock: Clock
) -> None:
    follow(client, instance)
    go_to(instance, clock, date(2026, 12, 1))
    assert newest_mail(instance)["subject"] == "What happened in November 2026"
    assert [line for line in go_to(instance, clock, date(2027, 1, 2)) if "letter" in line] == []
    log_lab(instance)
    assert go_to(instance, clock, date(2027, 2, 1))[-1].endswith("1 letters")
    assert newest_mail(instance)["subject"] == "What happened in January 2027"


def test_no_letter_goes_out_twice(instance: Instance, client: FlaskClient, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        follow(client, instance, f"{name}@example.org")
    go_to(instance, clock, date(2026, 11, 30))
    clock.pass_days(1)
    sent: list[int] = []
    others = [threading.Thread(target=lambda: sent.append(letters.send_due(instance)[0])) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert sum(sent) == 3
    assert sorted(mail["to"] for mail in instance.outbox.written()) == [
        f"{name}@example.org" for name in "abc"
    ]
    for _ in range(3):
        said = [*tick(instance), *tick_if_due(instance)]
        assert not [line for line in said if "letter" in line]


def test_months_that_were_missed_come_in_one_letter(
    instance: Instance, client: FlaskClient, clock: Clock
) -> None:
    follow(client, instance)
    clock.pass_days(20)
    log_lab(instance)
    clock.pass_days(60)
    assert tick(instance) == ["2027-02-11: 0 lapsed, 0 reminded, 1 letters"]
    mail = newest_mail(instance)
    assert mail["subject"] == "What happened from November 2026 to January 2027"
    assert "Nemo was added" in mail["text"]


@pytest.mark.sqlite_only
def test_the_hours_budget_holds_and_the_rest_follows(
    instance: Instance, clock: Clock, config: object
) -> None:
    few = open_site(
        make_config(
            instance.config.home, PLEDGE_DATABASE_URL=instance.config.database_url, PLEDGE_MAILS_PER_HOUR="3"
        ),
        clock=clock,
    )
    client = make_app(few).test_client()
    for name in "abcde":
        follow(client, few, f"{name}@example.org")
        clock.now += timedelta(hours=1)
    go_to(few, clock, date(2026, 12, 1))
    assert mails(few) == 3
    tick_if_due(few)
    assert mails(few) == 3
    clock.now += timedelta(hours=1)
    tick_if_due(few)
    assert sorted(mail["to"][0] for mail in few.outbox.written()) == list("abcde")
    few.database.close()


@pytest.mark.sqlite_only
def test_a_mail_server_that_fails_loses_no_letter(
    instance: Instance, client: FlaskClient, clock: Clock
) -> None:
    follow(client, instance)
    go_to(instance, clock, date(2026, 11, 30))
    clock.pass_days(1)
    with serve_mail() as server:
        server.refuses = "DATA"
        config = make_config(
            instance.config.home, PLEDGE_DATABASE_URL=instance.config.database_url, PLEDGE_MAIL_URL=server.url
        )
        posting = open_site(config, clock=clock)
        assert tick(posting) == ["2026-12-01: 0 lapsed, 0 reminded, 1 not reached"]
        server.refuses = ""
        assert tick(posting) == ["2026-12-01: 0 lapsed, 0 reminded"]
        clock.pass_days(1)
        assert tick_if_due(posting) == ["2026-12-02: 0 lapsed, 0 reminded, 1 letters"]
        assert [each.recipients for each in server.deliveries] == [["zoe@example.org"]]
        posting.database.close()


def test_the_page_says_the_same_whatever_an_address_has_asked_for(
    instance: Instance, client: FlaskClient
) -> None:
    follow(client, instance)
    known = ask(client)
    assert "It gets that letter already" in newest_mail(instance)["text"]
    assert ask(client, "unknown@example.org") == known
    stop = link_of(
        {"text": next(mail["text"] for mail in instance.outbox.written() if "already" in mail["text"])}
    )
    assert client.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert number(instance) == 1  # unknown, who has not confirmed


def test_a_stranger_gets_two_mails_a_day_at_most(
    instance: Instance, client: FlaskClient, clock: Clock
) -> None:
    answers = {
        ask(client, address, topic)
        for address in ("victim@example.org", "VICTIM+tag@Example.org")
        for topic in ("all", "labs/mistral", "labs/xai")
    }
    assert len(answers) == 1
    assert mails(instance) == 2
    clock.pass_days(1)
    ask(client, "victim@example.org")
    assert mails(instance) == 3


def test_an_address_lies_encrypted_and_only_while_it_is_followed(
    instance: Instance, client: FlaskClient
) -> None:
    follow(client, instance, "zaphod.b@example.org")
    with instance.database.reading() as session:
        row = session.scalars(select(Follower)).one()
        kept = b"".join(each for each in vars(row).values() if isinstance(each, bytes))
        assert b"zaphod" not in kept
        assert row.topic == "all"


@pytest.mark.parametrize(
    "change",
    [
        lambda stop: stop[:-1] + ("0" if stop[-1] != "0" else "1"),
        lambda stop: stop[:-64] + stop[-64:].upper(),
        lambda _: "/follow/stop/00/00",
        lambda _: f"/follow/stop/{'0' * 32}/{'0' * 64}",
    ],
)
def test_nobody_else_ends_a_letter(
    instance: Instance, client: FlaskClient, clock: Clock, change: object
) -> None:
    follow(client, instance)
    go_to(instance, clock, date(2026, 12, 1))
    forged = change(link_of(newest_mail(instance)))  # type: ignore[operator]
    assert client.get(forged).status_code == 404
    assert client.post(forged, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert number(instance) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "fields", [{"address": "no address"}, {"topic": "labs/nowhere"}, {"topic": ""}, {"address": ""}]
)
def test_a_form_that_is_wrong_says_so_beside_the_field(
    client: FlaskClient, instance: Instance, fields: dict[str, str]
) -> None:
    filled = {
        "csrf_token": csrf_token(client.get("/follow").text),
        "address": "zoe@example.org",
        "topic": "all",
    }
    answer = client.post("/follow", data=filled | fields)
    assert answer.status_code == 400
    assert "Error: " in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert mails(instance) == 0
    assert client.post("/follow", data=filled | {"csrf_token": "x"}).status_code == 403


def test_letters_and_feeds_speak_through_the_catalogue(
    app: Flask, instance: Instance, client: FlaskClient, ada: Person, clock: Clock
) -> None:
    """In a made-up language, no word of what happened is left in English."""
    follow(client, instance)
    speak_pseudo(app)
    found_stewards(instance)
    counted = {"population": "total", "as_of": "2026", "source": "x", "accepted": True}
    domains = [{"domain": f"{scope}.invalid", "scope": scope} for scope in ("lab", "group")]
    log_lab(instance, headcount=[counted | {"low": 10, "high": 10}])
    log_lab(instance, headcount=[counted | {"low": 10, "high": 12}], domains=domains)
    log_lab(instance, name="Captain", headcount=[counted | {"low": 10, "high": 10_000_000}], domains=domains)
    log_lab(instance, name="Captain")
    ada.sign()
    with app.app_context():
        go_to(instance, clock, date(2026, 12, 1))
    mail = newest_mail(instance)
    feeds = [read(client), *(read(client, f"/feeds/labs/{slug}.atom") for slug in ("mistral", "nemo"))]
    entries = [entry for feed in feeds for entry in feed.entries]
    assert len(entries) > 20
    said = [mail["subject"], *mail["text"].splitlines(), *(feed.feed.title for feed in feeds)]
    said += [text for entry in entries for text in (entry.title, entry.content[0].value)]
    with instance.database.reading() as session:
        labs = list_labs(session)
        names = [name for lab in labs for name in (lab.name, *(each.domain for each in lab.domains))]
    known = [*NO_WORDS, *names, "Nemo", "Captain", "Pledge against reckless scaling", "local-trial.invalid"]
    shown = [escape(text).replace("⟧ and ⟦", "⟧⟦") for text in said]  # "and" is Babel's
    assert [text for text in shown if unmarked(f"<p>{text}</p>", known)] == []

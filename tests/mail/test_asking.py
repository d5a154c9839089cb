"""Asking for a link: who has signed is told to nobody, and neither a person nor the site is flooded with mail."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from pledge.app import open_site
from pledge.config import Config
from pledge.instance import Instance
from pledge.mail.models import MailBudget
from pledge.pledges.models import MailLink
from pledge.tick import tick
from tests.mail_server import MailServer, serve_mail
from tests.site_kit import Clock, Person, csrf_token, link_in, make_app, make_config, newest_mail

pytestmark = pytest.mark.sqlite_only


def test_the_first_link_in_a_mail_is_the_one_to_use(ada: Person) -> None:
    ada.ask()
    first = [newest_mail(ada.instance)["text"]]
    ada.sign()
    ada.ask()
    first.append(newest_mail(ada.instance)["text"])
    for address in (ada.address, "nobody@example.org"):
        token = csrf_token(ada.client.get("/change").text)
        ada.client.post("/change", data={"csrf_token": token, "address": address})
        first.append(newest_mail(ada.instance)["text"])
    links = [re.findall(r"https?://[^\s]+", text)[0] for text in first]
    assert re.search(r"/sign/[0-9a-f]{64}$", links[0])
    assert re.search(r"/change/[0-9a-f]{64}$", links[1])
    assert re.search(r"/change/[0-9a-f]{64}$", links[2])
    assert links[3].endswith("/change")


def ask_to_change(person: Person, address: str) -> TestResponse:
    token = csrf_token(person.client.get("/change").text)
    return person.client.post("/change", data={"csrf_token": token, "address": address})


def ask_to_sign(person: Person, address: str) -> TestResponse:
    return person.client.post("/sign", data=person.form(address=address))


def mails(instance: Instance) -> int:
    return len(list(instance.outbox.directory.glob("*.eml")))


def told(response: TestResponse) -> tuple[object, ...]:
    headers = sorted((name, value) for name, value in response.headers if name != "Date")
    return response.status_code, headers, response.data


@pytest.mark.parametrize("asking", [ask_to_sign, ask_to_change])
def test_known_and_unknown_addresses_get_the_same_answer_and_one_mail(
    ada: Person, app: Flask, asking: Callable[[Person, str], TestResponse]
) -> None:
    ada.sign()
    stranger = Person(app)
    answers = []
    for address in ("ada@mistral.ai", "grace@mistral.ai", "nobody@example.org", "ADA+x@mistral.ai"):
        before = mails(ada.instance)
        answers.append(told(asking(stranger, address)))
        assert mails(ada.instance) == before + 1
    assert answers[0][0] == 303
    assert all(answer == answers[0] for answer in answers)


def test_the_page_after_asking_says_nothing_of_the_address(ada: Person) -> None:
    for asking, page in ((ask_to_sign, "/sign/sent"), (ask_to_change, "/change/sent")):
        location = asking(ada, "ada@mistral.ai").headers["Location"]
        assert location == page
        assert "mistral" not in ada.client.get(location).text


def test_the_mail_goes_to_the_mailbox_that_the_seat_is_of(ada: Person) -> None:
    ask_to_sign(ada, "A.Da+list@GoogleMail.com")
    assert newest_mail(ada.instance)["to"] == "ada@gmail.com"


def test_subject_and_first_lines_tell_a_colleague_nothing(ada: Person) -> None:
    ada.sign()
    texts = []
    for asking, address in (
        (ask_to_sign, "b@example.org"),
        (ask_to_sign, "ada@mistral.ai"),
        (ask_to_change, "ada@mistral.ai"),
    ):
        asking(ada, address)
        mail = newest_mail(ada.instance)
        texts.append(mail["subject"] + mail["text"].partition("\n\n")[0])
    ask_to_change(ada, "c@example.org")
    assert "Nothing there belongs to this address" in newest_mail(ada.instance)["text"]
    for word in ("pledge against", "sign", "signatory", "Ada"):
        assert all(word not in text.replace(ada.instance.config.url, "") for text in texts), word


def test_an_address_gets_six_mails_a_day_for_each_purpose_and_no_page_tells(
    ada: Person, clock: Clock
) -> None:
    spellings = (
        "adal@gmail.com",
        "a.dal@gmail.com",
        "ADAL@gmail.com",
        "adal+a@gmail.com",
        "adal@googlemail.com",
    )
    for asking in (ask_to_sign, ask_to_change):
        for address in (*spellings, "a.d.a.l@GMAIL.com"):
            assert asking(ada, address).status_code == 303
        before = mails(ada.instance)
        usual, spent = asking(ada, "new@example.org"), asking(ada, "ada.l+more@gmail.com")
        assert (spent.status_code, spent.headers["Location"]) == (303, usual.headers["Location"])
        assert mails(ada.instance) == before + 1
    assert ask_to_sign(ada, "other@gmail.com").status_code == 303
    clock.pass_days(1)
    assert ask_to_sign(ada, "adal@gmail.com").status_code == 303


@pytest.fixture
def few(instance: Instance) -> Flask:
    """A site that sends three mails an hour."""
    return make_app(replace(instance, config=replace(instance.config, mails_per_hour=3)))


def test_the_site_sends_so_many_mails_an_hour(few: Flask, clock: Clock) -> None:
    person = Person(few)
    for number in range(3):
        assert ask_to_sign(person, f"p{number}@example.org").status_code == 303
    assert ask_to_sign(person, "p4@example.org").status_code == 429
    # Whoever uses up the mails to sign keeps nobody from withdrawing.
    assert ask_to_change(person, "p5@example.org").status_code == 303
    clock.now += timedelta(hours=1)
    assert ask_to_sign(person, "p4@example.org").status_code == 303


def test_what_is_refused_spends_nothing_and_leaves_no_link(few: Flask, clock: Clock) -> None:
    person = Person(few)
    for number in range(3):
        ask_to_sign(person, f"p{number}@example.org")
    with person.instance.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(MailLink))
    for _ in range(10):
        assert ask_to_sign(person, "late@example.org").status_code == 429
    with person.instance.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MailLink)) == before
    clock.now += timedelta(hours=1)
    assert ask_to_sign(person, "late@example.org").status_code == 303


def test_budgets_of_days_that_are_over_are_dropped(ada: Person, clock: Clock) -> None:
    ask_to_sign(ada, "p@example.org")
    clock.pass_days(1)
    ask_to_sign(ada, "q@example.org")
    tick(ada.instance)
    with ada.instance.database.reading() as session:
        windows = set(session.scalars(select(MailBudget.window)))
    assert windows == {"2026-11-24", "2026-11-24T12"}


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "@mistral.ai", "ada@", "a@b@mistral.ai", "ada@mistral", "ada@1.2.3.4", "a b@mistral.ai"),
        *(
            "ada@mistral.ai,b@x.org",
            "ada@mistral.ai\r\nBcc: b@x.org",
            '"a"@mistral.ai',
            "ada@mis\u200btral.ai",
        ),
        *("=?utf-8?q?ada?=@mistral.ai", "a" * 300 + "@x.org"),
    ],
)
def test_what_is_no_address_gets_the_form_again(ada: Person, address: str) -> None:
    before = mails(ada.instance)
    for asking in (ask_to_sign, ask_to_change):
        response = asking(ada, address)
        assert response.status_code == 400
        assert 'name="address"' in response.text
    assert mails(ada.instance) == before


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with serve_mail() as server:
        yield server


@pytest.fixture
def posted(config: Config, instance: Instance, clock: Clock, smtp: MailServer) -> Iterator[Person]:
    """Somebody at a site that sends by SMTP."""
    home = make_config(config.home, PLEDGE_DATABASE_URL=config.database_url, PLEDGE_MAIL_URL=smtp.url)
    opened = open_site(home, clock=clock)
    assert instance.keys.origin == opened.keys.origin
    yield Person(make_app(opened))
    opened.database.close()


def test_a_link_that_arrived_by_smtp_works(posted: Person, smtp: MailServer) -> None:
    ask_to_sign(posted, posted.address)
    assert smtp.deliveries[0].recipients == [posted.address]
    link = link_in({"text": smtp.deliveries[0].data.decode()})
    assert posted.client.post(link, data=posted.signed_fields(link)).status_code == 303


def test_mail_that_fails_is_503_and_can_be_tried_again(
    posted: Person, smtp: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    smtp.refuses = "RCPT"
    for asking in (ask_to_sign, ask_to_change):
        response = asking(posted, posted.address)
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert "<main" in response.text
        assert posted.address not in response.text
    assert caplog.records == []
    smtp.refuses = ""
    assert ask_to_sign(posted, posted.address).status_code == 303
    assert len(smtp.deliveries) == 1


def test_a_real_site_shows_no_mail_in_a_page(posted: Person) -> None:
    assert posted.client.get("/mail").status_code == 404

"""The day's work: done again it changes nothing, missed it is caught up, and what nobody needs is forgotten."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from pledge import tick as tick_module
from pledge.app import open_site
from pledge.config import Config
from pledge.core import atrest
from pledge.instance import Instance
from pledge.log.service import tree_size
from pledge.mail.models import MailBudget
from pledge.pledges.models import Contact, MailLink, ReceiptLink, Signing
from pledge.tallies import service as tallies
from pledge.tallies.models import TalliedDay
from pledge.tick import tick, tick_if_due
from tests.mail_server import MailServer, serve_mail
from tests.site_kit import START, Clock, Person, csrf_token, make_app, make_config, newest_mail

TERM_ENDS = date(2027, 11, 23)
REMINDER_DUE = TERM_ENDS - timedelta(days=14)


def go_to(clock: Clock, day: date) -> None:
    clock.pass_days((day - clock.now.date()).days)


def status(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return list(session.scalars(select(Signing.status).order_by(Signing.index)))


def counts(instance: Instance) -> dict[tuple[str, str], int]:
    with instance.database.reading() as session:
        return {
            cell: count
            for cell, count in tallies.of_lab(session, "against-reckless-scaling", "mistral").items()
            if count
        }


def number_of(instance: Instance, table: type) -> int:
    with instance.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def mails(instance: Instance) -> int:
    return len(list(instance.outbox.directory.glob("*.eml")))


def test_a_signing_is_current_through_its_last_day_and_lapses_after_it(ada: Person, clock: Clock) -> None:
    ada.sign()
    go_to(clock, TERM_ENDS)
    assert tick(ada.instance) == [f"{TERM_ENDS}: 0 lapsed, 0 reminded"]
    assert status(ada.instance) == ["current"]
    clock.pass_days(1)
    assert tick(ada.instance) == [f"{TERM_ENDS + timedelta(days=1)}: 1 lapsed, 0 reminded"]
    assert status(ada.instance) == ["lapsed"]
    assert counts(ada.instance) == {("lab-email", "lapsed"): 1}


def test_again_on_the_same_day_changes_nothing(ada: Person, clock: Clock) -> None:
    ada.sign(reminder="y")
    go_to(clock, TERM_ENDS + timedelta(days=1))
    tick(ada.instance)
    before = status(ada.instance), counts(ada.instance), mails(ada.instance), number_of(ada.instance, Contact)
    for _ in range(3):
        assert tick(ada.instance) == [f"{TERM_ENDS + timedelta(days=1)}: 0 lapsed, 0 reminded"]
        assert tick_if_due(ada.instance) == []
    after = status(ada.instance), counts(ada.instance), mails(ada.instance), number_of(ada.instance, Contact)
    assert after == before


def test_days_that_were_missed_are_caught_up_in_one(ada: Person, app: Flask, clock: Clock) -> None:
    ada.sign()
    clock.pass_days(5)
    Person(app, address="grace@mistral.ai").sign()
    go_to(clock, TERM_ENDS + timedelta(days=400))
    assert tick(ada.instance) == [f"{clock.now.date()}: 2 lapsed, 0 reminded"]
    assert counts(ada.instance) == {("lab-email", "lapsed"): 2}
    with ada.instance.database.reading() as session:
        assert session.scalars(select(TalliedDay.day)).one() == clock.now.date()


def test_a_clock_that_runs_ahead_does_no_lasting_harm(ada: Person, app: Flask, clock: Clock) -> None:
    ada.sign()
    grace = Person(app, address="grace@mistral.ai")
    clock.pass_days(400)
    link = grace.ask()
    assert grace.client.post(link, data=grace.signed_fields(link)).status_code == 503
    assert tick_if_due(ada.instance) == []
    assert counts(ada.instance) == {("lab-email", "current"): 1}
    tick(ada.instance)  # the operator was wrong too
    assert counts(ada.instance) == {("lab-email", "lapsed"): 1}
    clock.pass_days(-400)
    assert len(tick_if_due(ada.instance)) == 1
    assert counts(ada.instance) == {("lab-email", "current"): 1}
    assert grace.sign()


def test_it_is_due_once_a_day(ada: Person, clock: Clock) -> None:
    assert tick_if_due(ada.instance) == []  # founding counts as this day's
    clock.pass_days(1)
    assert tick_if_due(ada.instance) == ["2026-11-24: 0 lapsed, 0 reminded"]
    assert tick_if_due(ada.instance) == []


def test_it_writes_nothing_into_the_log(ada: Person, clock: Clock) -> None:
    ada.sign()
    with ada.instance.database.reading() as session:
        before = tree_size(session)
    go_to(clock, TERM_ENDS + timedelta(days=1))
    tick(ada.instance)
    with ada.instance.database.reading() as session:
        assert tree_size(session) == before


@pytest.mark.sqlite_only
def test_more_lapses_than_one_go_holds(ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledge.pledges.projection._MAX_LAPSES", 2)
    for number in range(5):
        Person(ada.app, address=f"p{number}@mistral.ai").sign()
    go_to(clock, TERM_ENDS + timedelta(days=1))
    assert tick(ada.instance) == [f"{clock.now.date()}: 5 lapsed, 0 reminded"]


@pytest.mark.sqlite_only
def test_links_budgets_and_receipts_are_forgotten_when_they_are_over(ada: Person, clock: Clock) -> None:
    ada.sign()
    ada.ask(address="grace@mistral.ai")
    assert [number_of(ada.instance, table) for table in (MailLink, MailBudget, ReceiptLink)] == [1, 3, 1]
    clock.now += timedelta(hours=24)
    tick(ada.instance)
    assert number_of(ada.instance, MailLink) == 1  # not yet: a link works for exactly 24 hours
    assert number_of(ada.instance, MailBudget) == 0
    clock.now += timedelta(seconds=1)
    tick(ada.instance)
    assert number_of(ada.instance, MailLink) == 0
    go_to(clock, START.date() + timedelta(days=30))
    tick(ada.instance)
    assert number_of(ada.instance, ReceiptLink) == 1
    clock.pass_days(1)
    tick(ada.instance)
    assert number_of(ada.instance, ReceiptLink) == 0


def contacts(instance: Instance) -> dict[str, str]:
    with instance.database.reading() as session:
        rows = session.execute(select(Contact.purpose, Contact.address)).all()
    return {
        purpose: atrest.decrypt(instance.keys.contacts, bytes(address), context=f"contact/{purpose}").decode()
        for purpose, address in rows
    }


@pytest.mark.parametrize("wanted", [{}, {"reminder": "y"}, {"news": "y"}, {"reminder": "y", "news": "y"}])
def test_an_address_is_kept_for_who_asked_only_and_encrypted(ada: Person, wanted: dict[str, str]) -> None:
    ada.sign(**wanted)
    assert contacts(ada.instance) == dict.fromkeys(wanted, "ada@mistral.ai")
    with ada.instance.database.reading() as session:
        for address in session.scalars(select(Contact.address)):
            assert b"mistral" not in bytes(address)


def test_the_reminder_is_sent_once_and_the_address_erased(ada: Person, clock: Clock) -> None:
    ada.sign(reminder="y", news="y")
    go_to(clock, REMINDER_DUE - timedelta(days=1))
    tick(ada.instance)
    assert mails(ada.instance) == 0  # the one with the link is forgotten by now
    clock.pass_days(1)
    assert tick(ada.instance) == [f"{REMINDER_DUE}: 0 lapsed, 1 reminded"]
    mail = newest_mail(ada.instance)
    assert mail["to"] == "ada@mistral.ai"
    assert "2027-11-23" in mail["text"]
    path = mail["text"].partition(ada.instance.config.url + "/signatories/")[2].split()[0]
    assert ada.client.get(f"/signatories/{path}").status_code == 200
    assert contacts(ada.instance) == {"news": "ada@mistral.ai"}
    clock.pass_days(1)
    assert tick(ada.instance)[0].endswith("0 reminded")


def change(person: Person, action: str, reason: str = "own") -> None:
    link = person.ask()
    page = person.client.get(link).text
    data = {"csrf_token": csrf_token(page), "action": action, "reason": reason}
    assert person.client.post(link, data=data).status_code == 303


@pytest.mark.sqlite_only
def test_a_renewal_puts_the_reminder_off(ada: Person, clock: Clock) -> None:
    ada.sign(reminder="y")
    clock.pass_days(100)
    tick(ada.instance)
    change(ada, "renew")
    go_to(clock, REMINDER_DUE)
    assert tick(ada.instance)[0].endswith("0 reminded")
    assert contacts(ada.instance) == {"reminder": "ada@mistral.ai"}
    go_to(clock, date(2028, 2, 18))
    assert tick(ada.instance)[0].endswith("1 reminded")
    assert contacts(ada.instance) == {}


def test_who_lapses_leaves_no_address(ada: Person, clock: Clock) -> None:
    ada.sign(news="y")
    clock.pass_days(366)
    assert "1 lapsed" in tick(ada.instance)[0]
    assert contacts(ada.instance) == {}


def test_mails_of_a_trial_are_forgotten_with_their_links(local: Instance) -> None:
    Person(make_app(local)).ask()
    local.outbox.forget(local.clock() - timedelta(hours=1))
    assert mails(local) == 1
    local.outbox.forget(local.clock() + timedelta(seconds=1))
    assert mails(local) == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("action", "reason"), [("withdraw", "own"), ("withdraw", "left-lab"), ("erase", "own")]
)
def test_who_leaves_or_erases_leaves_no_address(ada: Person, action: str, reason: str) -> None:
    ada.sign(reminder="y", news="y")
    change(ada, action, reason)
    assert contacts(ada.instance) == {}


def wait_for_reminders(instance: Instance, clock: Clock) -> None:
    """Go to the day before they are due, and let its work be done."""
    go_to(clock, REMINDER_DUE - timedelta(days=1))
    tick(instance)


def reminders(instance: Instance) -> int:
    return sum(mail["subject"] == "A reminder you asked for" for mail in instance.outbox.written())


def kill(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["tallies.set_day", "_remind_all", "_remind", "tidy"])
def test_a_day_that_was_cut_off_is_done_by_whoever_looks_next(
    ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for name in ("grace", "alan"):
        Person(ada.app, address=f"{name}@mistral.ai").sign(reminder="y")
    wait_for_reminders(ada.instance, clock)
    ada.ask(address="lin@mistral.ai")
    clock.now += timedelta(days=1, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(f"pledge.tick.{step}", kill)
        with pytest.raises(KeyboardInterrupt):
            tick_if_due(ada.instance)
    tick_if_due(ada.instance)
    kept = 1 if step == "_remind" else 0  # the one that was being sent; whether it was, nobody knows
    assert reminders(ada.instance) == 2 - kept
    assert number_of(ada.instance, Contact) == kept
    assert [number_of(ada.instance, table) for table in (MailLink, MailBudget, ReceiptLink)] == [0, 0, 0]
    assert tick_if_due(ada.instance) == []
    clock.pass_days(1)
    tick_if_due(ada.instance)
    assert reminders(ada.instance) == kept  # those of the day before are gone from the disk
    assert number_of(ada.instance, Contact) == 0


@pytest.mark.sqlite_only
def test_two_that_work_at_once_remind_nobody_twice(
    ada: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("grace", "alan", "lin"):
        Person(ada.app, address=f"{name}@mistral.ai").sign(reminder="y")
    wait_for_reminders(ada.instance, clock)
    clock.pass_days(1)
    remind = tick_module._remind

    def remind_beside_another(instance: Instance, signing: Signing, address: bytes) -> None:
        tick_if_due(instance)
        remind(instance, signing, address)

    monkeypatch.setattr(tick_module, "_remind", remind_beside_another)
    tick_if_due(ada.instance)
    assert reminders(ada.instance) == 3
    assert number_of(ada.instance, Contact) == 0


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with serve_mail() as server:
        yield server


@pytest.fixture
def mailing(config: Config, instance: Instance, clock: Clock, smtp: MailServer) -> Iterator[Instance]:
    """The instance, sending by SMTP; three people there have asked for a reminder."""
    for name in ("ada", "bob", "eve"):
        Person(make_app(instance), address=f"{name}@mistral.ai").sign(reminder="y")
    home = make_config(config.home, PLEDGE_DATABASE_URL=config.database_url, PLEDGE_MAIL_URL=smtp.url)
    opened = open_site(home, clock=clock)
    go_to(clock, REMINDER_DUE)
    yield opened
    opened.database.close()


@pytest.mark.sqlite_only
def test_reminders_wait_for_a_mail_server_that_is_down(
    mailing: Instance, clock: Clock, smtp: MailServer
) -> None:
    smtp.refuses = "MAIL"
    assert tick(mailing) == [f"{REMINDER_DUE}: 0 lapsed, 0 reminded, 3 not reached"]
    assert number_of(mailing, Contact) == 3
    smtp.refuses = ""
    clock.pass_days(1)
    assert tick_if_due(mailing)[0].endswith("0 lapsed, 3 reminded")
    assert {recipient for delivery in smtp.deliveries for recipient in delivery.recipients} == {
        "ada@mistral.ai",
        "bob@mistral.ai",
        "eve@mistral.ai",
    }
    assert number_of(mailing, Contact) == 0


@pytest.mark.sqlite_only
def test_a_mail_server_that_takes_nothing_is_left_alone_until_the_next_day(
    mailing: Instance, clock: Clock, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick_module, "_MAX_IN_A_ROW", 2)
    smtp.refuses = "MAIL"
    assert tick(mailing) == [f"{REMINDER_DUE}: 0 lapsed, 0 reminded, 2 not reached"]
    assert tick_if_due(mailing) == []
    smtp.refuses = ""
    clock.pass_days(1)
    assert tick_if_due(mailing)[0].endswith("0 lapsed, 3 reminded")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("gone", ["ada@mistral.ai", "bob@mistral.ai", "eve@mistral.ai"])
def test_one_mailbox_that_is_gone_keeps_no_one_else_waiting(
    mailing: Instance, clock: Clock, smtp: MailServer, gone: str
) -> None:
    smtp.unknown = gone
    assert tick(mailing) == [f"{REMINDER_DUE}: 0 lapsed, 2 reminded, 1 not reached"]
    assert contacts(mailing) == {"reminder": gone}
    go_to(clock, TERM_ENDS + timedelta(days=1))
    assert tick(mailing) == [f"{clock.now.date()}: 3 lapsed, 0 reminded"]
    assert contacts(mailing) == {}


@pytest.mark.sqlite_only
def test_an_address_that_does_not_decrypt_stops_nothing(mailing: Instance) -> None:
    mailing.log.run(lambda session: session.execute(update(Contact).values(address=b"\x01" + bytes(60))))
    assert tick(mailing) == [f"{REMINDER_DUE}: 0 lapsed, 0 reminded, 3 not reached"]

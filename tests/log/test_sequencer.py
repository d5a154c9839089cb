"""Entries get their places: in the order of days, at random within a day, never twice, never before they may."""

import secrets
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.calendar import epoch_start, months_later
from pledge.errors import ConflictError, MalformedError
from pledge.instance import Instance
from pledge.log.models import Entry, Head
from pledge.log.sequencer import MAX_ENTRY_BYTES, add_pending, release_held
from pledge.log.service import is_pending, prove
from pledge.tick import tick
from tests.core.sample_log import ANONYMOUS, signatory, signed
from tests.site_kit import START, Clock, Person

TODAY = START.date()


def leaf(instance: Instance, slug: str, day: date = TODAY) -> bytes:
    statement = st.Lab(origin=instance.notary.origin, day=day, slug=slug, name=slug, domains=(), headcount=())
    return st.format_envelope(instance.notary.sign(st.seal(statement)))


def add(
    session: Session, instance: Instance, slug: str, *, day: date = TODAY, hold: str | None = None
) -> bytes:
    return add_pending(
        session, leaf=leaf(instance, slug, day), day=day, pending_id=secrets.token_bytes(16), hold=hold
    )


def logged_slugs(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        leaves = session.scalars(select(Entry.leaf).where(Entry.kind == "lab").order_by(Entry.index))
        found = [st.parse_statement(st.parse_envelope(leaf)) for leaf in leaves]
    return [s.slug for s in found if isinstance(s, st.Lab) and s.slug.startswith("t-")]


def test_indexes_have_no_gaps_even_after_a_failure(instance: Instance) -> None:
    def fail(session: Session) -> None:
        add(session, instance, "t-lost")
        raise ConflictError("no")

    instance.log.run(lambda session: add(session, instance, "t-first"))
    with pytest.raises(ConflictError):
        instance.log.run(fail)
    instance.log.run(lambda session: add(session, instance, "t-second"))
    assert logged_slugs(instance) == ["t-first", "t-second"]
    with instance.database.reading() as session:
        indexes = list(session.scalars(select(Entry.index).order_by(Entry.index)))
    assert indexes == list(range(len(indexes)))


def test_the_same_payload_enters_once(instance: Instance) -> None:
    instance.log.run(lambda session: add(session, instance, "t-twice"))
    with pytest.raises(ConflictError):
        instance.log.run(lambda session: add(session, instance, "t-twice"))


def test_the_same_payload_twice_in_one_transaction_enters_once(instance: Instance) -> None:
    def twice(session: Session) -> None:
        add(session, instance, "t-twice")
        add(session, instance, "t-twice")

    with pytest.raises(ConflictError):
        instance.log.run(twice)
    assert logged_slugs(instance) == []


def test_days_never_decrease(instance: Instance, clock: Clock) -> None:
    tomorrow = TODAY + timedelta(days=1)
    clock.pass_days(1)
    instance.log.run(lambda session: add(session, instance, "t-tomorrow", day=tomorrow))
    with pytest.raises(ConflictError) as refused:
        instance.log.run(lambda session: add(session, instance, "t-today"))
    assert refused.value.code == "day"


def test_a_clock_that_was_ahead_is_named_and_nobody_is_sent_round_in_circles(
    ada: Person, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    grace = Person(ada.app, name="Grace Hopper", address="grace@mistral.ai")
    clock.pass_days(1)
    ada.sign()
    clock.pass_days(-1)
    caplog.clear()
    link = grace.ask()
    answer = grace.client.post(link, data=grace.signed_fields(link))
    assert answer.status_code == 503
    assert (
        "The log has an entry of 2026-11-24 already, and the clock of this server says 2026-11-23."
        in answer.text
    )
    assert "Load the page again" not in answer.text
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "2026-11-24" in caplog.text
    clock.pass_days(1)
    assert grace.client.post(link, data=grace.signed_fields(link)).status_code == 303


def test_entries_of_two_days_enter_in_the_order_of_days(instance: Instance) -> None:
    def both(session: Session) -> None:
        for n in range(4):
            add(session, instance, f"t-later-{n}", day=TODAY + timedelta(days=1))
        for n in range(4):
            add(session, instance, f"t-earlier-{n}")

    instance.log.run(both)
    slugs = logged_slugs(instance)
    assert [slug[:6] for slug in slugs] == ["t-earl"] * 4 + ["t-late"] * 4


def test_order_within_a_day_says_nothing_of_the_order_of_arrival(instance: Instance) -> None:
    names = [f"t-{n:02}" for n in range(40)]

    def many(session: Session) -> None:
        for name in names:
            add(session, instance, name)

    instance.log.run(many)
    slugs = logged_slugs(instance)
    assert sorted(slugs) == names
    assert slugs != names


def test_a_held_batch_waits_and_then_enters_together(instance: Instance) -> None:
    def hold(session: Session) -> list[bytes]:
        return [add(session, instance, f"t-held-{n}", hold="cohort") for n in range(5)]

    held = instance.log.run(hold)
    instance.log.run(lambda session: add(session, instance, "t-free"))
    assert logged_slugs(instance) == ["t-free"]
    with instance.database.reading() as session:
        assert all(is_pending(session, payload) for payload in held)
    assert instance.log.run(lambda session: release_held(session, "cohort")) == 5
    assert sorted(logged_slugs(instance)[1:]) == [f"t-held-{n}" for n in range(5)]
    with instance.database.reading() as session:
        assert prove(session, held[0], instance.log.tiles)


@pytest.mark.parametrize("epoch", ["2026-Q4", "2027-Q1"])
def test_an_anonymous_signing_does_not_move_the_day(instance: Instance, clock: Clock, epoch: str) -> None:
    assert ANONYMOUS.credential
    day = epoch_start(epoch)
    clock.pass_days(30)
    tick(instance)
    today = clock().date()
    instance.log.run(lambda session: add(session, instance, "t-before", day=today))
    statement = replace(
        ANONYMOUS,
        origin=instance.notary.origin,
        day=day,
        until=months_later(day, 12),
        credential=replace(ANONYMOUS.credential, epoch=epoch),
    )
    entry = st.format_envelope(signed(statement, signatory("nobody")))
    instance.log.run(
        lambda session: add_pending(
            session, leaf=entry, day=day, pending_id=secrets.token_bytes(16), hold="cohort"
        )
    )
    assert instance.log.run(lambda session: release_held(session, "cohort")) == 1
    with instance.database.reading() as session:
        assert session.scalar(select(Head.day)) == today
        assert session.scalar(select(Entry.kind).order_by(Entry.index.desc()).limit(1)) == "signing"
    instance.log.run(lambda session: add(session, instance, "t-after", day=today))
    assert logged_slugs(instance) == ["t-before", "t-after"]


def test_what_is_not_an_entry_is_refused(instance: Instance) -> None:
    for bad in (b"", b"{}", b"x" * (MAX_ENTRY_BYTES + 1), leaf(instance, "t-cut")[:-1]):
        with pytest.raises(MalformedError):
            instance.log.run(
                lambda session, bad=bad: add_pending(  # type: ignore[misc]  # bound at once
                    session, leaf=bad, day=TODAY, pending_id=secrets.token_bytes(16)
                )
            )

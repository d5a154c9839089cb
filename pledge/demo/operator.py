"""What the demo's operator does: adds labs, accepts headcounts, amends the text, reviews, hides and removes."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pledge.demo.growth import day_of
from pledge.demo.people import Person
from pledge.demo.world import AMENDMENTS, LABS, changes_on, facts
from pledge.instance import Instance
from pledge.labs.service import set_lab
from pledge.log.notary import log_statement
from pledge.pledges import changes, review
from pledge.pledges.texts import DEFAULT_SLUG, latest_text, publish

_EVERY_DAYS = 14
_LEFT_WAITING = timedelta(days=28)


def labs_on(day: date, *, last: date, scale: float) -> list[dict[str, Any]]:
    """Give the labs of which something new is known on a day."""
    return [facts(lab, day, last=last, scale=scale) for lab in LABS if day in changes_on(lab, last)]


def begin_day(instance: Instance, *, last: date, scale: float) -> None:
    """Log what is new today about labs and the text."""
    today = instance.clock().date()
    labs = labs_on(today, last=last, scale=scale)
    amendments = [(old, new) for moment, old, new in AMENDMENTS if day_of(moment, last) == today]
    if labs or amendments:
        instance.log.run(lambda session: _log(instance, session, labs, amendments))


def _log(
    instance: Instance, session: Session, labs: list[dict[str, Any]], amendments: list[tuple[str, str]]
) -> None:
    day, notary = instance.clock().date(), instance.notary
    statements = [set_lab(session, known, origin=notary.origin, day=day) for known in labs]
    texts = [
        publish(
            session,
            slug=DEFAULT_SLUG,
            body=latest_text(session).body.replace(old, new),
            notary=notary,
            day=day,
        )
        for old, new in amendments
    ]
    for statement in (*statements, *texts):
        if statement is not None:
            log_statement(session, statement, notary=notary, random_bytes=instance.random_bytes)


def review_now_and_then(instance: Instance, people: Sequence[Person], *, last: date) -> None:
    """Every two weeks, go through those who signed in them; the newest reasons are left to wait."""
    today = instance.clock().date()
    if (last - today).days % _EVERY_DAYS == 0:
        since = today - timedelta(days=_EVERY_DAYS)
        new = [person for person in people if since < person.day <= today]
        instance.log.run(lambda session: _review(instance, session, new, shows=today < last - _LEFT_WAITING))


def _review(instance: Instance, session: Session, people: Sequence[Person], *, shows: bool) -> None:
    day = instance.clock().date()
    for person in people:
        if person.reason is not None and shows and not person.has_erased(day):
            review.show(session, person.public_id, "reason", day=day)
        match person.noticed:
            case "hidden":
                review.hide(session, person.public_id, "name", reason_class="not-this-person", day=day)
            case "reported":
                review.add_report(
                    session,
                    person.public_id,
                    reason_class="wrong-lab",
                    text="I work there and have never heard of them.",
                    day=day,
                )
            case "removed":
                _remove(instance, session, person)


def _remove(instance: Instance, session: Session, person: Person) -> None:
    now = instance.clock()
    changes.remove(
        session,
        person.public_id,
        "false-statement",
        notary=instance.notary,
        now=now,
        random_bytes=instance.random_bytes,
    )
    review.add_removal(session, person.public_id, reason_class="false-statement", day=now.date())

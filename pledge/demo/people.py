"""The people of the demo: who signs when and where, and what becomes of it. Nothing here is written anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Literal

from pledge.demo.growth import DAYS, day_of, draw_days, lived_day
from pledge.demo.names import draw_name
from pledge.demo.world import FULL, LABS, NO_LAB, NO_LAB_WAVES, REASONS, ROLES, Invented
from pledge.pledges.changes import Change

_HOME_DOMAINS = ("post.example", "brief.example", "kotob.example")
_TERM = 365
Notice = Literal["hidden", "removed", "reported"]
_NOTICED: dict[int, Notice] = {100: "hidden", 180: "removed", 260: "reported"}
_NOTICED_OF = 800
"""Of so many people, those at the places of ``_NOTICED`` are noticed."""
_NEWEST = 5
"""So many of the newest give a reason, so that there is always one to review."""
_OPTIONAL = ("not-join", "not-co-author", "not-advise", "not-share-know-how", "ask-before-paying")


@dataclass(slots=True)
class Person:
    """Somebody who signs; ``public_id`` is empty until they have.

    Attributes:
        changes: What they do with their signing later, by day; one thing a day.
        noticed: What readers or the operator do about it within two weeks.
    """

    name: str
    role: str | None
    reason: str | None
    lab: str | None
    address: str
    clauses: frozenset[str]
    wants_reminder: bool
    seed: bytes
    day: date
    changes: dict[date, Change] = field(default_factory=dict)
    noticed: Notice | None = None
    public_id: str = ""

    def has_erased(self, day: date) -> bool:
        """Whether nothing is shown of them any more."""
        return any(change.action == "erase" and when <= day for when, change in self.changes.items())


def draw_people(count: int, *, last: date, random: Random) -> list[Person]:
    """Draw everybody who signs up to a day, in the order in which they do."""
    shares = [(lab, lab.signs, lab.waves) for lab in LABS] + [(None, NO_LAB, NO_LAB_WAVES)]
    days: list[tuple[date, Invented | None]] = []
    for lab, signs, waves in shares:
        drawn = draw_days(round(signs * count / FULL), waves, last=last, random=random)
        first = day_of(0 if lab is None else lab.since, last)
        days += [(max(day, first), lab) for day in drawn]
    days.sort(key=lambda each: each[0])
    people = [_draw(n, day, lab, last=last, random=random) for n, (day, lab) in enumerate(days)]
    for person in people[-_NEWEST:]:
        person.reason = person.reason or random.choice(REASONS)
    return people


def _draw(number: int, day: date, lab: Invented | None, *, last: date, random: Random) -> Person:
    person = Person(
        name=draw_name(random),
        role=random.choice(ROLES) if random.random() < 0.55 else None,
        reason=random.choice(REASONS) if random.random() < 0.03 else None,
        lab=None if lab is None else lab.slug,
        address=f"person-{number}@{_draw_domain(lab, random)}",
        clauses=frozenset(clause for clause in _OPTIONAL if random.random() < 0.2),
        wants_reminder=random.random() < 0.004,
        seed=random.randbytes(32),
        day=day,
    )
    person.noticed = _NOTICED.get(number % _NOTICED_OF)
    if person.noticed is None:
        life = _life(day, lab, random)
        person.changes = {lived_day(when, last): change for when, change in life if day < when <= last}
    return person


def _draw_domain(lab: Invented | None, random: Random) -> str:
    if lab is None or lab.domain is None or random.random() < 0.12:
        return random.choice(_HOME_DOMAINS)
    return lab.group if lab.group and random.random() < 0.35 else lab.domain


def _life(day: date, lab: Invented | None, random: Random) -> Iterator[tuple[date, Change]]:
    """Draw what somebody does later, one thing after another; some of it lies after the last day."""
    ends = day + timedelta(days=random.randint(20, 2 * DAYS))
    will_end = random.random() < 0.16
    for term in range(1, DAYS // _TERM + 1):
        end_of_term = day + timedelta(days=term * _TERM)
        fate = random.random()
        renews = end_of_term + timedelta(
            days=random.randint(8, 60) if fate > 0.92 else -random.randint(3, 30)
        )
        if will_end and ends < renews:
            break
        if fate < 0.27:
            return
        yield renews, Change("renew")
    if not will_end:
        return
    if random.random() < 0.2:
        yield ends, Change("erase")
    elif lab is not None and random.random() < 0.75:
        yield ends, Change("withdraw", "left-lab")
    else:
        yield ends, Change("withdraw", random.choice(("changed-mind", "own")))


def by_day(people: Sequence[Person]) -> dict[date, list[tuple[Person, Change]]]:
    """Give what is changed on each day."""
    found: dict[date, list[tuple[Person, Change]]] = {}
    for person in people:
        for day, change in person.changes.items():
            found.setdefault(day, []).append((person, change))
    return found

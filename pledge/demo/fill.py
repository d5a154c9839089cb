"""Two years in a minute or two: founding, then day after day what comes, all through the services."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from pledge.app import on_sequenced, open_site
from pledge.config import Config
from pledge.core.words import SecretWords
from pledge.demo import operator, signing, stewards, tips
from pledge.demo.growth import DAYS, day_of, lived_days
from pledge.demo.people import Person, by_day, draw_people
from pledge.demo.stewards import Steward
from pledge.demo.world import FULL
from pledge.founding import found
from pledge.instance import Instance
from pledge.keystore import DEMO_ORIGIN
from pledge.log.service import tree_size
from pledge.pledges.texts import latest_text
from pledge.tick import tick

_STEWARDS_SINCE = 58


class Progress(NamedTuple):
    """How far it is: the day that was lived through, and what was done up to it."""

    day: date
    signed: int
    changed: int
    entries: int


@dataclass
class _Clock:
    """A clock that is moved from day to day."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Filled(NamedTuple):
    """What a visitor is told: the stewards, a source's twelve words, and how much was done."""

    stewards: Sequence[Steward]
    words: SecretWords
    done: Progress


def fill(
    config: Config, *, count: int, seed: str, now: datetime, report: Callable[[Progress], object]
) -> Filled:
    """Found a demo in an empty home and let two years pass, up to now.

    People, what they do and in which order it is logged follow from the seed and the day; the site's keys are new.

    Args:
        config: Its home is empty.
        count: How many sign.
        seed: Anything.
        now: The time, in UTC, at which it ends.
        report: Called after each day.
    """
    last = now.date()
    people = draw_people(count, last=last, random=Random(f"{seed}/people"))
    clock = _Clock(now - timedelta(days=DAYS - 1))
    scale = count / FULL
    found(
        config,
        origin=DEMO_ORIGIN,
        operator="whoever started this demo",
        contact="nobody@demo-of-invented-people.invalid",
        on_sequenced=on_sequenced,
        clock=clock,
        random_bytes=os.urandom,
        labs=operator.labs_on(day_of(0, last), last=last, scale=scale),
    )
    instance = open_site(config, clock=clock, random_bytes=Random(f"{seed}/services").randbytes)
    with closing(instance.database):
        return _live(instance, clock, people, scale=scale, report=report)


def _live(
    instance: Instance,
    clock: _Clock,
    people: Sequence[Person],
    *,
    scale: float,
    report: Callable[[Progress], object],
) -> Filled:
    last = clock().date() + timedelta(days=DAYS - 1)
    signs, changes = _by_day_of_signing(people), by_day(people)
    told, readers = tips.begin(instance), list[Steward]()
    signed = changed = 0
    done = Progress(clock().date(), 0, 0, 0)
    for today in lived_days(last):
        days_ago = (last - today).days
        clock.now = clock.now.combine(today, clock.now.timetz())
        tick(instance)
        operator.begin_day(instance, last=last, scale=scale)
        if days_ago == _STEWARDS_SINCE:
            readers = stewards.found_stewards(instance)
        _sign(instance, signs.get(today, []))
        signing.change_all(instance, changes.get(today, []))
        operator.review_now_and_then(instance, people, last=last)
        tips.tell(instance, told, readers, days_ago=days_ago)
        signed, changed = signed + len(signs.get(today, [])), changed + len(changes.get(today, []))
        done = Progress(today, signed, changed, _entries(instance))
        report(done)
    return Filled(readers, told[0].words, done)


def _by_day_of_signing(people: Sequence[Person]) -> dict[date, list[Person]]:
    found: dict[date, list[Person]] = {}
    for person in people:
        found.setdefault(person.day, []).append(person)
    return found


def _sign(instance: Instance, people: Sequence[Person]) -> None:
    with instance.database.reading() as session:
        text = latest_text(session)
    signing.sign_all(instance, people, text)


def _entries(instance: Instance) -> int:
    with instance.database.reading() as session:
        return tree_size(session)

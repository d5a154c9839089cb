"""Who signs when follows from a seed, grows in waves, and touches nobody who exists."""

from collections import Counter
from datetime import date
from itertools import accumulate, pairwise
from random import Random

from pledge.demo.growth import DAYS, draw_days, lived_day, lived_days
from pledge.demo.names import all_names
from pledge.demo.people import Person, draw_people
from pledge.demo.world import FULL, LABS
from pledge.founding import DOCUMENTS

LAST = date(2026, 11, 23)


def draw(count: int, seed: str = "a") -> list[Person]:
    return draw_people(count, last=LAST, random=Random(seed))


def test_the_same_seed_gives_the_same_people() -> None:
    assert draw(400) == draw(400)
    assert draw(400) != draw(400, "b")


def test_as_many_sign_as_were_asked_for() -> None:
    people = draw(FULL)
    assert len(people) == FULL
    assert len({person.address for person in people}) == FULL


def test_everybody_acts_on_days_that_are_lived() -> None:
    lived = set(lived_days(LAST))
    for person in draw(2_000):
        assert person.day in lived
        assert set(person.changes) <= lived
        assert all(day > person.day for day in person.changes)


def test_the_last_days_are_all_lived_and_two_years_are_covered() -> None:
    days = lived_days(LAST)
    assert days[-1] == LAST
    assert (LAST - days[0]).days == DAYS - 1
    assert {(b - a).days for a, b in pairwise(days)} == {1, 2}
    assert all(lived_day(day, LAST) == day for day in days)


def test_growth_is_not_linear() -> None:
    for lab in LABS:
        drawn = Counter(draw_days(2_000, lab.waves, last=LAST, random=Random("a")))
        busiest = list(accumulate(sorted(drawn.values(), reverse=True)))
        assert busiest[len(lived_days(LAST)) // 5] > 2_000 * 0.45, lab.slug


def test_addresses_and_labs_can_never_exist() -> None:
    domains = {person.address.partition("@")[2] for person in draw(2_000)}
    domains |= {domain for lab in LABS for domain in (lab.domain, lab.group) if domain}
    assert all(domain.endswith(".example") for domain in domains)


def test_no_name_is_on_the_watch_list() -> None:
    watched = set((DOCUMENTS / "watch-list.txt").read_text(encoding="utf-8").splitlines())
    assert not watched & set(all_names())

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from pledge.core.calendar import months_later
from pledge.core.statement import Renewal, Signing, Statement, Withdrawal, format_payload_type, parse_payload
from pledge.core.tally import (
    Cell,
    Standing,
    Step,
    Tally,
    changes,
    day_after,
    lapse,
    renew,
    stand,
    steps,
    withdraw,
)
from pledge.errors import VerificationError
from tests.core.sample_log import ANONYMOUS, DAY, LAB, ORIGIN, SIGNING, SIGNING_SHA256, UNTIL, sha256

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "tally.json").read_text())

CURRENT: Final = stand(SIGNING_SHA256, SIGNING)


def entries_of(case: dict[str, Any]) -> list[tuple[str, Statement]]:
    entries = []
    for entry in case["entries"]:
        kind = json.loads(entry["payload"])["type"].partition("/")[0]
        statement = parse_payload(format_payload_type(kind), entry["payload"].encode())
        entries.append((entry["sha256"], statement))
    return entries


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_counts(case: dict[str, Any]) -> None:
    tally = Tally()
    for payload_sha256, statement in entries_of(case):
        tally.apply(payload_sha256, statement)
    expected = {
        Cell(cell["pledge"], cell["lab"], cell["assurance"], cell["status"]): cell["count"]
        for cell in case["counts"]
    }
    assert tally.counts(date.fromisoformat(case["as_of"] or "0001-01-01")) == expected


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_a_step_that_is_refused_changes_nothing(case: dict[str, Any]) -> None:
    tally = Tally()
    *before, last = entries_of(case)
    for entry in before:
        tally.apply(*entry)
    standings = dict(tally.standings)
    with pytest.raises(VerificationError):
        tally.apply(*last)
    assert tally.standings == standings


def test_a_standing_says_what_is_counted() -> None:
    expected = Standing(SIGNING_SHA256, "scaling", "example-lab", "lab-email", "named", "current", UNTIL)
    assert stand(SIGNING_SHA256, SIGNING) == expected
    bare = stand(SIGNING_SHA256, replace(SIGNING, affiliation=None))
    assert (bare.lab, bare.assurance) == (None, "email")
    assert stand(SIGNING_SHA256, ANONYMOUS).visibility == "anonymous"


def test_a_standing_lapses_after_its_last_day() -> None:
    assert lapse(CURRENT, UNTIL) == CURRENT
    lapsed = lapse(CURRENT, UNTIL + timedelta(days=1))
    assert lapsed == replace(CURRENT, status="lapsed")
    assert lapse(lapsed, date.max) == lapsed
    assert renew(lapsed, date(2028, 2, 29)) == replace(CURRENT, until=date(2029, 2, 28))


@pytest.mark.parametrize(("reason", "status"), [("left-lab", "former"), ("own", "withdrawn")])
def test_who_left_stays_gone(reason: str, status: str) -> None:
    gone = withdraw(CURRENT, reason)
    assert gone.status == status
    assert lapse(gone, date.max) == gone
    with pytest.raises(VerificationError):
        withdraw(gone, "own")
    with pytest.raises(VerificationError):
        renew(gone, DAY)


def test_changes_are_what_a_count_moves_by() -> None:
    old, new = Cell("scaling", "example-lab", "lab-email", "current"), withdraw(CURRENT, "own")
    assert changes(None, CURRENT) == [(old, 1)]
    assert changes(CURRENT, renew(CURRENT, UNTIL)) == []
    assert changes(CURRENT, new) == [(old, -1), (old._replace(status="withdrawn"), 1)]


def test_other_kinds_move_nothing() -> None:
    tally = Tally()
    tally.apply(sha256("lab"), LAB)
    assert tally.after(sha256("lab"), LAB) is None
    assert (tally.counts(DAY), tally.standings) == ({}, {})


SIGNINGS: Final = st.builds(
    lambda day, lab, slug: replace(
        SIGNING,
        day=day,
        until=day.replace(year=day.year + 1),
        affiliation=SIGNING.affiliation and replace(SIGNING.affiliation, lab=lab, day=day),
        pledge=replace(SIGNING.pledge, slug=slug),
    ),
    st.dates(date(2025, 3, 1), date(2027, 2, 1)),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y"]),
)


class TallyLaw(RuleBasedStateMachine):
    """Whatever happens, counts kept up to date as steps and days pass are what counting at the end gives."""

    known: Bundle[str] = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.tally = Tally()
        self.day = date.min
        self.model: dict[str, Standing] = {}
        self.kept: Counter[Cell] = Counter()

    def move(self, name: str, after: Standing) -> None:
        after = lapse(after, self.day)
        for cell, change in changes(self.model.get(name), after):
            self.kept[cell] += change
        self.model[name] = after

    @rule(target=known, signing=SIGNINGS)
    def sign(self, signing: Signing) -> str:
        name = sha256(str(len(self.model)))
        self.tally.apply(name, signing)
        self.move(name, stand(name, signing))
        return name

    @rule(name=known, reason=st.sampled_from(["own", "left-lab", "changed-mind"]))
    def withdraw(self, name: str, reason: str) -> None:
        step = Withdrawal(origin=ORIGIN, day=DAY, signing=name, reason=reason)
        if self.model[name].status in {"former", "withdrawn"}:
            with pytest.raises(VerificationError):
                self.tally.apply(sha256("w"), step)
        else:
            self.tally.apply(sha256("w"), step)
            self.move(name, withdraw(self.model[name], reason))

    @rule(name=known, day=st.dates(date(2025, 1, 1), date(2028, 1, 1)))
    def renew(self, name: str, day: date) -> None:
        step = Renewal(origin=ORIGIN, day=day, signing=name, reason="own")
        if self.model[name].status in {"former", "withdrawn"}:
            with pytest.raises(VerificationError):
                self.tally.apply(sha256("r"), step)
        else:
            self.tally.apply(sha256("r"), step)
            self.move(name, renew(self.model[name], day))

    @rule(day=st.dates(date(2025, 1, 1), date(2029, 1, 1)))
    def lapse(self, day: date) -> None:
        self.day = max(self.day, day)
        for name, standing in self.model.items():
            self.move(name, standing)

    @invariant()
    def kept_counts_are_a_recount(self) -> None:
        assert {name: lapse(s, self.day) for name, s in self.tally.standings.items()} == self.model
        assert self.tally.counts(self.day) == +self.kept
        assert min(self.kept.values(), default=0) >= 0


TestTallyLaw = TallyLaw.TestCase
TestTallyLaw.settings = settings(max_examples=40, stateful_step_count=25)


MOVES: Final = st.tuples(
    st.integers(1, 400), st.sampled_from(["sign", "renew", "own", "left-lab"]), st.integers(0, 3)
)


@given(st.lists(MOVES, max_size=12))
def test_days_add_up_to_the_counts_of_each(moves: list[tuple[int, str, int]]) -> None:
    """Whatever is noticed when: what all days up to one added is what was counted on its evening."""
    tally, day, counted = Tally(), DAY, {}
    for gap, move, number in moves:
        day += timedelta(days=gap)
        name, signed = sha256(str(number)), signed_on(day)
        try:
            tally.apply(*((name, signed) if move == "sign" else (sha256(f"{day}"), moved(move, name, day))))
        except VerificationError:
            continue
        counted[day] = tally.counts(day)
    daily = tally.daily(day)
    for evening, counts in counted.items():
        sums: Counter[Cell] = Counter()
        for (on, cell), change in daily.items():
            sums[cell] += change if on <= evening else 0
        assert +sums == counts
        assert min(sums.values(), default=0) >= 0


def signed_on(day: date) -> Signing:
    assert SIGNING.affiliation
    affiliation = replace(SIGNING.affiliation, day=day)
    return replace(SIGNING, day=day, until=months_later(day, 12), affiliation=affiliation)


def moved(move: str, signing: str, day: date) -> Statement:
    if move == "renew":
        return Renewal(origin=ORIGIN, day=day, signing=signing, reason="own")
    return Withdrawal(origin=ORIGIN, day=day, signing=signing, reason=move)


def test_a_lapse_falls_on_the_day_after_the_last_however_late_it_is_noticed() -> None:
    late = UNTIL + timedelta(days=40)
    old = Cell("scaling", "example-lab", "lab-email", "current")
    lapsed = [
        Step(UNTIL + timedelta(days=1), old, -1),
        Step(UNTIL + timedelta(days=1), old._replace(status="lapsed"), 1),
    ]
    assert steps(CURRENT, lapse(CURRENT, late), late) == lapsed
    back = [Step(late, old._replace(status="lapsed"), -1), Step(late, old, 1)]
    assert steps(CURRENT, renew(CURRENT, late), late) == lapsed + back
    assert day_after(replace(CURRENT, until=date.max)) == date.max


@given(st.permutations(range(6)), st.dates(date(2026, 1, 1), date(2029, 1, 1)))
def test_the_order_of_signings_does_not_matter(order: list[int], day: date) -> None:
    tallies = Tally(), Tally()
    for tally, numbers in zip(tallies, (range(6), order), strict=True):
        for number in numbers:
            tally.apply(sha256(str(number)), replace(SIGNING, affiliation=None) if number % 2 else SIGNING)
    assert tallies[0].counts(day) == tallies[1].counts(day)

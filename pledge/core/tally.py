"""The counts, as one pure fold over log entries: the server and every auditor run the same.

Each signing has a *standing*: current until its day, then lapsed unless renewed; withdrawn, or former when its
signatory left the lab, for good. A *cell* is what is counted: a pledge, a lab or none, how the affiliation was
shown, and the status. ``changes`` says which cells a step moves, so that a database can keep counts up to date as
entries arrive; ``Tally`` keeps standings in memory and counts them when asked.

The law: after any sequence of entries and days, all ``changes`` together are what ``Tally.counts`` gives. ``steps``
are the same with the day on which each falls; all of them up to a day add up to the counts of that day, however late
they were written down.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from pledge.core.calendar import months_later
from pledge.core.statement.signing import (
    TERM_MONTHS,
    Assurance,
    Renewal,
    Signing,
    Visibility,
    Withdrawal,
)
from pledge.core.statement.statement import Statement
from pledge.errors import VerificationError

Status: TypeAlias = Literal["current", "former", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a signing stands: ``signing`` is the SHA-256 of its payload, ``until`` the last day it is current."""

    signing: str
    pledge: str
    lab: str | None
    assurance: Assurance
    visibility: Visibility
    status: Status
    until: date


class Cell(NamedTuple):
    """One number of a tally."""

    pledge: str
    lab: str | None
    assurance: Assurance
    status: Status


def stand(signing_sha256: str, signing: Signing) -> Standing:
    """Return the standing of a new signing."""
    return Standing(
        signing=signing_sha256,
        pledge=signing.pledge.slug,
        lab=signing.lab,
        assurance=signing.assurance,
        visibility=signing.signatory.visibility,
        status="current",
        until=signing.until,
    )


def renew(standing: Standing, day: date) -> Standing:
    """Return the standing after a renewal on ``day``: current for twelve months from then.

    Raises:
        VerificationError: the signing was withdrawn.
    """
    _check_open(standing)
    return replace(standing, status="current", until=months_later(day, TERM_MONTHS))


def withdraw(standing: Standing, reason: str) -> Standing:
    """Return the standing after a withdrawal: former for the reason ``left-lab``, else withdrawn.

    Raises:
        VerificationError: the signing was withdrawn before.
    """
    _check_open(standing)
    return replace(standing, status="former" if reason == "left-lab" else "withdrawn")


def lapse(standing: Standing, day: date) -> Standing:
    """Return the standing on ``day``: a current signing has lapsed once ``day`` is after its last."""
    if standing.status == "current" and day > standing.until:
        return replace(standing, status="lapsed")
    return standing


def changes(before: Standing | None, after: Standing) -> list[tuple[Cell, int]]:
    """Return what a step adds to each cell: nothing, +1 for a new signing, or -1 and +1 for a move."""
    new = _cell(after)
    if before is None:
        return [(new, 1)]
    old = _cell(before)
    return [] if old == new else [(old, -1), (new, 1)]


class Step(NamedTuple):
    """What one day adds to one cell."""

    day: date
    cell: Cell
    change: int


def steps(before: Standing | None, after: Standing, day: date) -> list[Step]:
    """Return what a step on ``day`` adds to each cell, and on which day.

    A lapse falls on the day after the last, whenever it is noticed: one that a later step overtook comes before it.
    """
    found = []
    if before is not None:
        lapsed = lapse(before, day)
        found = [Step(day_after(before), *change) for change in changes(before, lapsed)]
        before = lapsed
    return found + [Step(day, *change) for change in changes(before, after)]


def day_after(standing: Standing) -> date:
    """Return the day on which a standing lapses unless it is renewed; on the last of all days, that day."""
    return standing.until + timedelta(days=1) if standing.until < date.max else date.max


class Tally:
    """All standings, for whoever has the whole log. Lapses wait until ``counts`` is asked for a day."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}
        self._daily: Counter[tuple[date, Cell]] = Counter()

    @property
    def standings(self) -> Mapping[str, Standing]:
        """Every standing by the SHA-256 of its signing's payload."""
        return MappingProxyType(self._standings)

    def counts(self, day: date) -> dict[Cell, int]:
        """Return the number of signings in each cell that has any, as they are on ``day``.

        Nothing changes. Cost: every standing once.
        """
        return dict(Counter(_cell(lapse(standing, day)) for standing in self._standings.values()))

    def daily(self, day: date) -> dict[tuple[date, Cell], int]:
        """Return what each day added to each cell, where that is not nothing, with the lapses up to ``day``.

        Nothing changes. Cost: every standing once.
        """
        daily = self._daily.copy()
        for standing in self._standings.values():
            for step in steps(standing, lapse(standing, day), day):
                daily[step.day, step.cell] += step.change
        return {key: change for key, change in daily.items() if change}

    def after(self, payload_sha256: str, statement: Statement) -> Standing | None:
        """Return the standing that a statement leads to, or None when it moves none; change nothing.

        Raises:
            VerificationError: a signing that is known already, or a step from one that is not known or has
                been withdrawn.
        """
        match statement:
            case Signing():
                if payload_sha256 in self._standings:
                    raise VerificationError(
                        "This signing stands in the log already.", code="signing-repeated"
                    )
                return stand(payload_sha256, statement)
            case Renewal():
                return renew(self._known(statement.signing), statement.day)
            case Withdrawal():
                return withdraw(self._known(statement.signing), statement.reason)
            case _:
                return None

    def apply(self, payload_sha256: str, statement: Statement) -> None:
        """Count a statement; kinds that move no standing change nothing.

        Raises:
            VerificationError: as ``after``; nothing has changed then.
        """
        after = self.after(payload_sha256, statement)
        if after is not None:
            for step in steps(self._standings.get(after.signing), after, statement.day):
                self._daily[step.day, step.cell] += step.change
            self._standings[after.signing] = after

    def _known(self, signing: str) -> Standing:
        standing = self._standings.get(signing)
        if standing is None:
            raise VerificationError("There is no such signing in the log before.", code="signing-unknown")
        return standing


def _cell(standing: Standing) -> Cell:
    return Cell(standing.pledge, standing.lab, standing.assurance, standing.status)


def _check_open(standing: Standing) -> None:
    if standing.status in {"former", "withdrawn"}:
        raise VerificationError("This signing has been withdrawn.", code="signing-withdrawn")

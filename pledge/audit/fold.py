"""The fold over all entries in order: the ledger's rules, the days that witnesses vouch for, and the counts."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

from pledge.audit.claims import Claims
from pledge.audit.digests import TipLine
from pledge.audit.removals import Removed
from pledge.audit.report import Problem
from pledge.audit.signatures import Batch
from pledge.core import rules
from pledge.core.ledger import Entry, Ledger, read_entry
from pledge.core.policy import VerifiedCheckpoint
from pledge.core.requirements import Checks
from pledge.core.statement import Statement, Withdrawal, parse_envelope
from pledge.core.tally import Cell
from pledge.errors import MalformedError, VerificationError

T = TypeVar("T")
R = TypeVar("R")


class Days(NamedTuple):
    """What is known of when entries entered the log, apart from what they say.

    Attributes:
        today: By the auditor's own clock, in UTC: nothing is dated long after it.
        seen: The day on which a quorum of witnesses last saw the log as it is, or None: nor after this.
        old_size: Size of the earlier checkpoint, 0 without one.
        old_seen: The day on which a quorum last saw that one, or None: entries after it are no older.
    """

    today: date
    seen: date | None = None
    old_size: int = 0
    old_seen: date | None = None

    def check(self, index: int, statement: Statement) -> None:
        """Check an entry's day against these; anonymous signings have none of their own.

        Raises:
            VerificationError: It lies more than two days outside.
        """
        if not rules.is_dated(statement):
            return
        is_old = index < self.old_size
        seen = min(self.today, self.seen or self.today)
        latest = min(seen, self.old_seen) if is_old and self.old_seen else seen
        if (statement.day - latest).days > rules.MAX_DAYS_APART:
            raise VerificationError(
                f"The day {statement.day} is after {latest}, when it was seen.", code="day-far"
            )
        if not is_old and self.old_seen is not None:
            rest = (self.old_seen - statement.day).days
            if rest > rules.MAX_DAYS_APART:
                raise VerificationError(
                    f"The day {statement.day} is before {self.old_seen}, when it was not there yet.",
                    code="day-far",
                )


def days_of(seen: VerifiedCheckpoint, old: VerifiedCheckpoint | None, *, today: date) -> Days:
    """Give what the cosignatures of one or two checkpoints say about days."""
    return Days(
        today=today,
        seen=_day(seen),
        old_size=old.checkpoint.size if old else 0,
        old_seen=_day(old) if old else None,
    )


def _day(seen: VerifiedCheckpoint) -> date | None:
    seconds = seen.newest_cosignature_seconds
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None  # a time beyond the calendar bounds nothing


class Fold:
    """Takes entries in order until one breaks a rule: what comes after that one cannot be judged.

    Args:
        days: What bounds the entries' days.
        claims: The site's counts, or None; counted are the entries that they cover.
    """

    counts: dict[Cell, int] | None

    def __init__(self, days: Days, claims: Claims | None) -> None:
        self.ledger = Ledger()
        self.problem: Problem | None = None
        self.counts = None
        self.last_day = date.min  # of the last entry that was counted
        self.signatures = 0
        self.removed: list[Removed] = []
        self.tips = TipLine()
        self._days = days
        self._claims = claims

    def take(self, entries: list[bytes]) -> Batch:
        """Take some entries; gives the signatures that are left to verify."""
        if self.problem is not None:
            return []
        # One step for all entries, then the next: entry by entry, the processor takes a fifth longer for the same.
        envelopes, no_envelope = _until_malformed(parse_envelope, entries)
        entries_read, no_statement = _until_malformed(read_entry, envelopes)
        batch: list[tuple[int, Checks]] = []
        for entry in entries_read:
            self._count_if_due()
            checks = self._take(self.ledger.size, entry)
            if checks is None:
                return batch
            if checks:
                batch.append((self.ledger.size - 1, checks))
                self.signatures += len(checks)
        malformed = no_statement or no_envelope
        if malformed is not None:
            self.problem = Problem(malformed.code, str(malformed), self.ledger.size)
        return batch

    def stop(self, problem: Problem) -> None:
        """Take no further entry, for a reason from outside; the first reason stands."""
        self.problem = self.problem or problem

    def finish(self) -> None:
        """Say that there are no more entries."""
        self._count_if_due()

    def _take(self, index: int, entry: Entry) -> Checks | None:
        try:
            checks = self.ledger.apply(index, entry)
            if entry.statement is not None:
                self._days.check(index, entry.statement)
            if isinstance(entry.statement, Withdrawal) and entry.statement.is_removal:
                self.removed.append(Removed(index, entry.statement))
            self.tips.take(index, entry.statement)
        except VerificationError as error:
            message = str(error).removeprefix(f"Entry {index}: ")
            self.problem = Problem(error.code, message, index)
            return None
        return checks

    def _count_if_due(self) -> None:
        claims = self._claims
        if claims is not None and self.ledger.size == claims.size and self.counts is None:
            self.counts = self.ledger.state.tally.counts(claims.day)
            self.last_day = self.ledger.state.day


def _until_malformed(parse: Callable[[T], R], items: Iterable[T]) -> tuple[list[R], MalformedError | None]:
    """Parse items up to the first that is malformed; gives why that one is."""
    parsed: list[R] = []
    try:
        parsed.extend(map(parse, items))  # keeps those before one that raises
    except MalformedError as error:
        return parsed, error
    return parsed, None

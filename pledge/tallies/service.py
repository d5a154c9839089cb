"""Counts: kept up inside the sequencing transaction by the fold of ``core.tally``, read by key."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.tally import Cell, Step
from pledge.db import Database, table_of
from pledge.errors import UnavailableError
from pledge.log.models import Head
from pledge.tallies.models import Count, DailyChange, TalliedDay
from pledge.web.prepared import Answer

_MAX_CLAIM_BYTES = 2**24
_CLAIMS_SECONDS = 2
MAX_AHEAD = timedelta(days=31)
# What a headline number counts: an address of the lab itself, or a credential that only such an address gets.
HEADLINE = ("lab-email", "credential")
SPANS = (30, 90)
_COUNT, _CHANGE = table_of(Count), table_of(DailyChange)


def apply_steps(session: Session, steps: Iterable[Step]) -> None:
    """Add each step to its cell and to its day. Cost: two rows per cell touched, whatever the number of signatories."""
    cells: Counter[Cell] = Counter()
    days: Counter[tuple[Cell, date]] = Counter()
    for day, cell, change in steps:
        cells[cell] += change
        days[cell, day] += change
    for cell in sorted(cells, key=_in_order):
        _add(session, _COUNT.c.count, _keys(cell), cells[cell])
    for cell, day in sorted(days, key=lambda key: (_in_order(key[0]), key[1])):
        _add(session, _CHANGE.c.change, _keys(cell) | {"day": day}, days[cell, day])


def _in_order(cell: Cell) -> tuple[str, ...]:
    return cell.pledge, cell.lab or "", cell.assurance, cell.status


def _keys(cell: Cell) -> dict[str, object]:
    return dict(zip(("pledge", "lab", "assurance", "status"), _in_order(cell), strict=True))


def _add(session: Session, column: Column[int], keys: dict[str, object], change: int) -> None:
    """Update a row, or make it; a negative count in a new one breaks the CHECK, and so the transaction."""
    if change == 0:
        return
    table = column.table
    found = (table.c[name] == value for name, value in keys.items())
    updated = session.execute(table.update().where(*found).values({column: column + change}))
    if updated.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        session.execute(insert(table), keys | {column.name: change})


def set_day(session: Session, day: date) -> None:
    """Say for which day lapses are counted."""
    session.merge(TalliedDay(id=1, day=day))


def check_day(session: Session, day: date) -> None:
    """Refuse to log what the clock dates far ahead of the last day's work: the log could then go on only from there.

    Raises:
        UnavailableError: The day is more than a month ahead of the counts.
    """
    counted = session.scalar(select(TalliedDay.day))
    if counted is not None and day > counted + MAX_AHEAD:
        raise UnavailableError(
            "The server's clock is far ahead of its last day's work, so nothing is signed. If the clock is right, "
            "the operator runs `pledge tick`.",
            code="clock",
        )


def claims(session: Session) -> dict[str, Any]:
    """Give what this site claims: tree size, day, and every count that is not zero, in order."""
    rows = session.scalars(
        select(Count).where(Count.count > 0).order_by(Count.pledge, Count.lab, Count.assurance, Count.status)
    )
    return {
        "type": "tallies/v1",
        "size": session.scalar(select(Head.size)) or 0,
        "day": (session.scalar(select(TalliedDay.day)) or date.min).isoformat(),
        "counts": [
            {
                "pledge": row.pledge,
                "lab": row.lab or None,
                "assurance": row.assurance,
                "status": row.status,
                "count": row.count,
            }
            for row in rows
        ],
    }


def by_lab(session: Session, pledge: str) -> dict[str, dict[tuple[str, str], int]]:
    """Give for each lab (empty for none) the counts by (assurance, status)."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    for row in session.scalars(select(Count).where(Count.pledge == pledge)):
        found.setdefault(row.lab, {})[row.assurance, row.status] = row.count
    return found


def of_lab(session: Session, pledge: str, lab: str) -> dict[tuple[str, str], int]:
    """Give a lab's counts by (assurance, status)."""
    rows = session.execute(
        select(Count.assurance, Count.status, Count.count).where(Count.pledge == pledge, Count.lab == lab)
    )
    return {(assurance, status): count for assurance, status, count in rows}


def headline(counts: dict[tuple[str, str], int], status: str = "current") -> int:
    """Give the number that stands for a lab: only assurances that prove the lab."""
    return sum(counts.get((assurance, status), 0) for assurance in HEADLINE)


def answer(database: Database, path: str) -> Answer | None:
    """Answer ``/tallies.json``: what the site claims, canonical JSON."""
    if path != "/tallies.json":
        return None
    with database.reading() as session:
        body = st.format_json(claims(session), max_bytes=_MAX_CLAIM_BYTES)
    # No longer than the checkpoint, between two of which an audit reads the counts.
    return Answer(body, "application/json", f"public, max-age={_CLAIMS_SECONDS}")


def net_changes(session: Session, pledge: str, lab: str, *, today: date) -> dict[int, int]:
    """Give by how many the headline number of a lab has changed over the last 30 and 90 days."""
    changes = _days(session, pledge, lab, since=today - timedelta(days=max(SPANS)))
    return {
        span: sum(change for day, change in changes if day > today - timedelta(days=span)) for span in SPANS
    }


def growth(session: Session, pledge: str, lab: str) -> list[tuple[date, int]]:
    """Give the headline number of a lab after each day on which it changed, from the first on."""
    total, grown = 0, []
    for day, change in _days(session, pledge, lab):
        total += change
        if change:
            grown.append((day, total))
    return grown


def _days(session: Session, pledge: str, lab: str, *, since: date = date.min) -> Sequence[tuple[date, int]]:
    """Give what each day after ``since`` added to a lab's headline number. Cost: a row for each day and assurance."""
    rows = (
        select(DailyChange.day, func.sum(DailyChange.change))
        .where(DailyChange.pledge == pledge, DailyChange.lab == lab, DailyChange.day > since)
        .where(DailyChange.assurance.in_(HEADLINE), DailyChange.status == "current")
        .group_by(DailyChange.day)
        .order_by(DailyChange.day)
    )
    return [(day, int(change)) for day, change in session.execute(rows)]


def changes_by_day(
    session: Session, pledge: str, lab: str | None = None, *, most: int
) -> Sequence[tuple[date, str, int]]:
    """Give by how many a day changed the headline number of a lab, for days whose lapses are counted, newest first.

    Args:
        session: Reads.
        pledge: Slug.
        lab: Slug, or None for all labs.
        most: Of how many days. Cost: their rows.
    """
    counted = (*_headline(pledge, lab), DailyChange.day < select(TalliedDay.day).scalar_subquery())
    days = select(DailyChange.day).where(*counted).distinct().order_by(DailyChange.day.desc()).limit(most)
    change = func.sum(DailyChange.change)
    rows = (
        select(DailyChange.day, DailyChange.lab, change)
        .where(*counted, DailyChange.day.in_(days.subquery().select()))
        .group_by(DailyChange.day, DailyChange.lab)
        .having(change != 0)
        .order_by(DailyChange.day.desc(), DailyChange.lab)
    )
    return [(day, slug, int(changed)) for day, slug, changed in session.execute(rows)]


def changes_between(
    session: Session, pledge: str, first: date, last: date, lab: str | None = None
) -> Sequence[tuple[str, int]]:
    """Give by how many the headline number of each lab, or of one, changed from one day to another, both included."""
    change = func.sum(DailyChange.change)
    rows = (
        select(DailyChange.lab, change)
        .where(*_headline(pledge, lab), DailyChange.day >= first, DailyChange.day <= last)
        .group_by(DailyChange.lab)
        .having(change != 0)
        .order_by(DailyChange.lab)
    )
    return [(slug, int(changed)) for slug, changed in session.execute(rows)]


def _headline(pledge: str, lab: str | None) -> list[ColumnElement[bool]]:
    found = [
        DailyChange.pledge == pledge,
        DailyChange.assurance.in_(HEADLINE),
        DailyChange.status == "current",
    ]
    return found if lab is None else [*found, DailyChange.lab == lab]


def history(session: Session, pledge: str, lab: str | None = None) -> Sequence[DailyChange]:
    """Give what each day added to each count, in order: of one lab, or of all. Cost: a row for each."""
    rows = select(DailyChange).where(DailyChange.pledge == pledge, DailyChange.change != 0)
    if lab is not None:
        rows = rows.where(DailyChange.lab == lab)
    keys = (DailyChange.day, DailyChange.lab, DailyChange.assurance, DailyChange.status)
    return session.scalars(rows.order_by(*keys)).all()

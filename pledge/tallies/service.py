"""Counts: kept up inside the sequencing transaction by the fold of ``core.tally``, read by key."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.tally import Cell
from pledge.db import Database
from pledge.errors import UnavailableError
from pledge.log.models import Head
from pledge.tallies.models import Count, TalliedDay
from pledge.web.prepared import Answer

_MAX_CLAIM_BYTES = 2**24
_CLAIMS_SECONDS = 2
MAX_AHEAD = timedelta(days=31)
# What a headline number counts: an address of the lab itself, or a credential that only such an address gets.
HEADLINE = ("lab-email", "credential")


def apply_changes(session: Session, changes: Iterable[tuple[Cell, int]]) -> None:
    """Add each change to its cell. Cost: one row per cell touched, whatever the number of signatories."""
    sums: dict[Cell, int] = {}
    for cell, change in changes:
        sums[cell] = sums.get(cell, 0) + change
    rows = [
        {
            "pledge": cell.pledge,
            "lab": cell.lab or "",
            "assurance": cell.assurance,
            "status": cell.status,
            "count": change,
        }
        for cell, change in sorted(
            sums.items(), key=lambda item: (item[0].pledge, item[0].lab or "", *item[0][2:])
        )
        if change
    ]
    for row in rows:
        _add(session, row)


def _add(session: Session, row: dict[str, object]) -> None:
    """Update the cell, or make it; a negative count on a new cell breaks the CHECK, and so the transaction."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    keys = ["pledge", "lab", "assurance", "status"]
    updated = session.execute(
        Count.__table__.update()  # type: ignore[attr-defined]  # a mapped class has its Table here
        .where(*(getattr(Count, key) == row[key] for key in keys))
        .values(count=Count.count + row["count"])
    )
    if updated.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE's result has a row count
        session.execute(dialect.insert(Count), row)


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

"""What the operator reviews: names on the watch list, every reason, and what readers report.

Whatever is hidden or restored stands in the public removals ledger with a class of reason.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from pledge.errors import LimitError, NotFoundError
from pledge.log.service import tree_size
from pledge.pledges.changes import get_signing
from pledge.pledges.models import Removal, Report, Shown, Signing
from pledge.pledges.projection import index_name

Field = Literal["name", "role", "reason"]
REASON_CLASSES = ("not-this-person", "abuse", "false-statement", "unlawful", "spam", "other")
MAX_OPEN_REPORTS = 20
"""Reports about one signatory that may wait at once; more say nothing new."""


def waiting(session: Session) -> Sequence[tuple[Signing, Shown]]:
    """Give what waits for review, oldest first, at most 50."""
    rows = session.execute(
        select(Signing, Shown)
        .join(Shown, Shown.sha256 == Signing.sha256)
        .where(Shown.state == "waiting")
        .order_by(Signing.index, Shown.field)
        .limit(50)
    )
    return [(signing, opening) for signing, opening in rows]


def show(session: Session, public_id: str, field: Field, *, day: date) -> None:
    """Show what waited or was hidden; what was hidden is entered as restored.

    Raises:
        NotFoundError: There is no such field, or it was erased.
    """
    _set(session, public_id, field, "shown", reason_class="restored-on-review", day=day)


def hide(session: Session, public_id: str, field: Field, *, reason_class: str, day: date) -> None:
    """Hide a field, in the open: a line of the removals ledger says so and why.

    Raises:
        NotFoundError: There is no such field, or it was erased.
    """
    _set(session, public_id, field, "hidden", reason_class=reason_class, day=day)


def add_removal(session: Session, public_id: str, *, reason_class: str, day: date) -> None:
    """Enter that the operator withdrew a signing, and hide what was shown beside it: the line speaks for all of it."""
    signing = get_signing(session, public_id)
    session.execute(update(Shown).where(Shown.sha256 == signing.sha256).values(state="hidden"))
    index_name(session, signing.index, signing.sha256)
    session.add(
        Removal(day=day, public_id=public_id, field="signing", action="withdrawn", reason_class=reason_class)
    )


def add_report(session: Session, public_id: str, *, reason_class: str, text: str, day: date) -> None:
    """Keep a reader's report.

    Raises:
        LimitError: Enough reports about this signatory wait already.
    """
    count = session.scalar(select(func.count()).select_from(Report).where(Report.public_id == public_id))
    if (count or 0) >= MAX_OPEN_REPORTS:
        raise LimitError("This page has been reported already, and is being looked at.", code="reported")
    session.add(Report(public_id=public_id, reason_class=reason_class, text=text, day=day))


def reports(session: Session) -> Sequence[tuple[str, int, Sequence[Report]]]:
    """Give the pages that were reported, longest waiting first, at most 50: public id, number, the three first reports.

    So that whoever floods one page hides no other.
    """
    pages = session.execute(
        select(Report.public_id, func.count())
        .group_by(Report.public_id)
        .order_by(func.min(Report.id))
        .limit(50)
    ).all()
    first = select(Report).order_by(Report.id).limit(3)
    return [
        (public_id, count, session.scalars(first.where(Report.public_id == public_id)).all())
        for public_id, count in pages
    ]


def close_reports(session: Session, public_id: str) -> None:
    """Drop the reports about a signatory, which have been looked at."""
    session.execute(delete(Report).where(Report.public_id == public_id))


def ledger(session: Session, *, before: int | None = None, limit: int | None = None) -> dict[str, Any]:
    """Give the removals ledger for programs, ``removals/v1``: newest first, all of it or a stretch.

    Args:
        session: Reads one snapshot, so that log and ledger tell of the same acts.
        before: Where the stretch before ended, ``next`` there; None for the newest.
        limit: At most so many lines; None for all.
    """
    statement = select(Removal).order_by(Removal.id.desc())
    if before is not None:
        statement = statement.where(Removal.id < before)
    if limit is not None:
        statement = statement.limit(limit + 1)
    rows = session.scalars(statement).all()
    is_whole = limit is None or len(rows) <= limit
    return {
        "type": "removals/v1",
        "size": tree_size(session),
        "next": None if is_whole else rows[-2].id,
        "lines": [
            {
                "day": row.day.isoformat(),
                "signatory": row.public_id,
                "field": row.field,
                "action": row.action,
                "reason": row.reason_class,
            }
            for row in (rows if is_whole else rows[:-1])
        ],
    }


def removals(session: Session, *, before: int | None = None) -> Sequence[Removal]:
    """Give the removals ledger for its page, newest first, at most 51 lines."""
    statement = select(Removal).order_by(Removal.id.desc()).limit(51)
    return session.scalars(statement if before is None else statement.where(Removal.id < before)).all()


def _set(session: Session, public_id: str, field: Field, state: str, *, reason_class: str, day: date) -> None:
    signing = get_signing(session, public_id)
    opening = session.get(Shown, (signing.sha256, field))
    if opening is None:
        raise NotFoundError("There is nothing of this kind to review; it may have been erased.")
    before = opening.state
    session.execute(
        update(Shown).where(Shown.sha256 == signing.sha256, Shown.field == field).values(state=state)
    )
    if state == "hidden" or before == "hidden":
        action = "hidden" if state == "hidden" else "restored"
        session.add(
            Removal(
                day=day, public_id=signing.public_id, field=field, action=action, reason_class=reason_class
            )
        )
    if field == "name":
        index_name(session, signing.index, signing.sha256)

"""Headcounts that readers propose: nobody else sees them before a steward accepts them, and then the log says them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.errors import LimitError, NotFoundError
from pledge.labs.models import NO_CEILING, Headcount, Lab
from pledge.labs.service import get_lab, statement_of

Decision = Literal["accept", "drop"]

MAX_WAITING: Final = 200
MAX_WAITING_OF_LAB: Final = 20


@dataclass(frozen=True, slots=True)
class Observation:
    """How many people somebody says a lab has.

    Attributes:
        low: At least so many, 1 or more.
        high: At most so many, not less than ``low``; None where nobody knows.
        population: ``total``, ``unit`` or ``research``.
        as_of: A year, month or day, such as ``2026-03``.
        source: Where anybody can look it up.
        proposed_by: What who proposes it calls themselves; may be empty.
    """

    low: int
    high: int | None
    population: str
    as_of: str
    source: str
    proposed_by: str


def propose(session: Session, slug: str, observation: Observation, *, day: date) -> None:
    """Keep a proposal until a steward decides on it.

    Raises:
        NotFoundError: There is no such lab.
        LimitError: Too many wait already.
    """
    get_lab(session, slug)
    counted = select(Headcount.lab_slug, func.count()).where(*_WAITING).group_by(Headcount.lab_slug)
    waiting = {lab: count for lab, count in session.execute(counted)}  # noqa: C416  # rows are no pairs to dict()
    if sum(waiting.values()) >= MAX_WAITING or waiting.get(slug, 0) >= MAX_WAITING_OF_LAB:
        raise LimitError(
            "Too many proposals wait for the stewards already. Nothing was kept. Try again in a few days."
        )
    session.add(
        Headcount(
            lab_slug=slug,
            low=observation.low,
            high=NO_CEILING if observation.high is None else observation.high,
            population=observation.population,
            as_of=observation.as_of,
            source=observation.source,
            proposed_on=day,
            proposed_by=observation.proposed_by,
            accepted=False,
        )
    )


def waiting(session: Session) -> Sequence[tuple[Lab, Headcount]]:
    """Give what readers proposed and nobody decided on, the oldest first."""
    found = select(Lab, Headcount).join(Headcount, Headcount.lab_slug == Lab.slug).where(*_WAITING)
    return [(lab, row) for lab, row in session.execute(found.order_by(Headcount.id))]


def accepted(session: Session) -> Sequence[tuple[Lab, Headcount]]:
    """Give what counts now, by lab and date, so that a steward can drop what was settled otherwise."""
    found = select(Lab, Headcount).join(Headcount, Headcount.lab_slug == Lab.slug).where(Headcount.accepted)
    return [
        (lab, row) for lab, row in session.execute(found.order_by(Lab.slug, Headcount.as_of, Headcount.id))
    ]


def decide(session: Session, number: int, decision: Decision, *, origin: str, day: date) -> st.Lab | None:
    """Accept an observation, or drop it whether it was accepted or not; the caller logs and commits.

    Returns:
        The statement of the lab, or None where the log says the same as before.

    Raises:
        NotFoundError: It is not there, or no longer.
    """
    row = session.get(Headcount, number)
    if row is None:
        raise NotFoundError("This headcount is no longer there.")
    lab = get_lab(session, row.lab_slug)
    before = statement_of(lab, origin, day)
    if decision == "accept":
        row.accepted = True
    else:
        lab.headcounts.remove(row)
    session.flush()
    after = statement_of(lab, origin, day)
    return None if after == before else after


_WAITING = (~Headcount.accepted, Headcount.proposed_by.is_not(None))

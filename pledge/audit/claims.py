"""``tallies.json``: what a site says it counts, compared with what its log says.

    {"type": "tallies/v1", "size": entries counted, "day": lapses counted up to here,
     "counts": [{"pledge", "lab" or null, "assurance", "status", "count": 1 or more}, …]}

A cell that counts nobody is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

from pledge.audit.published import MAX_CLAIMS_BYTES
from pledge.audit.report import Problem, name_cell
from pledge.core.rules import MAX_DAYS_APART
from pledge.core.statement import Assurance, parse_json
from pledge.core.statement.members import DAY, ID, choice, integer, member, nested, optional, record, sequence
from pledge.core.tally import Cell, Status
from pledge.errors import MalformedError, NotUnderstoodError

_MAX_NUMBER = 2**53 - 1
_MAX_CELLS = 200_000


@record
class _Count:
    pledge: str = member(ID)
    lab: str | None = member(optional(ID))
    assurance: Assurance = member(choice("lab-email", "group-email", "email", "credential"))
    status: Status = member(choice("current", "former", "withdrawn", "lapsed"))
    count: int = member(integer(1, _MAX_NUMBER))


@record
class Claims:
    """What a site claims: the counts after ``size`` entries, with the lapses up to ``day``."""

    type_: Literal["tallies/v1"] = member(choice("tallies/v1"))
    size: int = member(integer(0, _MAX_NUMBER))
    day: date = member(DAY)
    counts: tuple[_Count, ...] = member(sequence(nested(_Count), 0, _MAX_CELLS))

    def cells(self) -> dict[Cell, int]:
        """Give the counts by cell."""
        return {Cell(row.pledge, row.lab, row.assurance, row.status): row.count for row in self.counts}

    def __post_init__(self) -> None:
        if len(self.cells()) != len(self.counts):
            raise MalformedError("a cell is counted twice")


_CLAIMS = nested(Claims)


def parse_claims(data: bytes) -> Claims:
    """Read a site's claims.

    Raises:
        MalformedError: Not as this module draws it.
        NotUnderstoodError: A later version of it.
    """
    value: Any = parse_json(data, max_bytes=MAX_CLAIMS_BYTES)
    if isinstance(value, dict) and str(value.get("type")).startswith("tallies/"):
        if value["type"] != "tallies/v1":
            raise NotUnderstoodError("This version of the counts is not known.")
        return _CLAIMS.parse(value)
    raise MalformedError("These are no counts.")


def compare(claims: Claims, counted: Mapping[Cell, int]) -> Iterator[Problem]:
    """Name every cell in which a site's counts are not the log's."""
    claimed = claims.cells()
    for cell in sorted(claimed.keys() | counted.keys(), key=lambda cell: (cell.lab or "", cell)):
        says, has = claimed.get(cell, 0), counted.get(cell, 0)
        if says != has:
            yield Problem("counts", f"{name_cell(cell)}: the site says {says}, the log has {has}")


def check_day(claims: Claims, *, last_entry: date, shown: date, today: date) -> Iterator[Problem]:
    """Check the day that lapses are counted up to: not in the future, nor long before it was shown or the last entry.

    Either would let a site choose whose term has ended.

    Args:
        claims: What the site claims.
        last_entry: The day of the last entry that is counted.
        shown: When the counts were shown: by a site today, by a mirror when the witnesses saw its log.
        today: By the auditor's own clock.
    """
    if (claims.day - today).days > 1:
        yield Problem("counts-day", f"the site counts lapses up to {claims.day}, which has not come")
    if claims.size and (last_entry - claims.day).days > MAX_DAYS_APART:
        yield Problem(
            "counts-day", f"the site counts lapses up to {claims.day}, and its last entry is of {last_entry}"
        )
    elif (shown - claims.day).days > MAX_DAYS_APART:
        yield Problem("counts-day", f"the site counts lapses up to {claims.day}, and shows that on {shown}")

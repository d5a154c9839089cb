"""The days' digests of tips: whether the leaves that a site shows are those that its log commits to, day by day.

An auditor cannot tell which leaf stands for what. But the stewards and each source can, and they see the same leaves as
everybody if these lead to the root in the log. So a tip that came can be dropped only in the open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from pledge.audit.published import Published, read_ahead
from pledge.audit.report import Problem
from pledge.core.keyring import Keyring
from pledge.core.rules import MAX_DAYS_APART
from pledge.core.statement import Key, Statement, TipDigest
from pledge.core.tip.digest import LEAF_BYTES, digest_root, parse_leaves
from pledge.errors import MalformedError, NotFoundError

_NAMED: Final = 10


class Logged(NamedTuple):
    """A digest entry, and where it stands."""

    entry: int
    digest: TipDigest


@dataclass(slots=True)
class TipLine:
    """What a log says of its tip line: the digests, and on which day each steward's key was admitted."""

    digests: list[Logged] = field(default_factory=list)
    admitted: dict[str, date] = field(default_factory=dict)

    def take(self, index: int, statement: Statement | None) -> None:
        """Take in an entry that has met all rules."""
        match statement:
            case TipDigest():
                self.digests.append(Logged(index, statement))
            case Key(role="steward"):
                self.admitted[statement.keys.signing] = statement.day
            case _:
                pass


def check_digests(published: Published, digests: Sequence[Logged]) -> Iterator[Problem]:
    """Compare the leaves of every day with the root and the number in the log."""

    def read(logged: Logged) -> Problem | None:
        return _check(published, logged)

    with closing(read_ahead(digests, read)) as reading:
        yield from (problem for problem in reading if problem is not None)


def check_days(
    line: TipLine, stewards: Keyring, *, quorum: int, day: date, remarks: list[str]
) -> Iterator[Problem]:
    """Check that there is one digest a day, and that they have not stopped while there are enough stewards.

    Args:
        line: What the log says.
        stewards: All of them.
        quorum: How many of them keep the tip line open.
        day: By which it is judged: of the audit or, for a mirror, when witnesses saw it last.
        remarks: Learns of days without one, which may be days on which tips were closed.
    """
    days = sorted(logged.digest.day for logged in line.digests)
    yield from _twice(line.digests)
    missing = [*_missing(days)]
    if missing:
        some = ", ".join(map(str, missing[:_NAMED]))
        more = f" and {len(missing) - _NAMED} more days" if len(missing) > _NAMED else ""
        remarks.append(f"no digest of tips on {some}{more}: late, unless tips were closed")
    since = _open_since(line.admitted, stewards.current(day), quorum)
    newest = days[-1] if days else None
    if since is not None and (day - max(since, newest or since)).days > MAX_DAYS_APART:
        said = "there has been none" if newest is None else f"the newest is of {newest}"
        yield Problem("digest-stopped", f"tips are open, and digests have stopped: {said}")


def _check(published: Published, logged: Logged) -> Problem | None:
    entry, digest = logged
    path = f"tips/digests/{digest.day}"
    try:
        leaves = parse_leaves(published.digest(digest.day, max_bytes=digest.leaves * LEAF_BYTES))
    except (MalformedError, NotFoundError) as error:
        return Problem("digest", f"{path}: {error}", entry)
    if (digest_root(leaves).hex(), len(leaves)) != (digest.root, digest.leaves):
        return Problem("digest", f"{path} does not have the leaves that the log commits to", entry)
    return None


def _twice(digests: Iterable[Logged]) -> Iterator[Problem]:
    seen: set[date] = set()
    for entry, digest in digests:
        if digest.day in seen:
            yield Problem("digest", f"{digest.day} has a digest already", entry)
        seen.add(digest.day)


def _missing(days: Sequence[date]) -> Iterator[date]:
    for one, other in pairwise(days):
        yield from (one + timedelta(days=number) for number in range(1, (other - one).days))


def _open_since(admitted: Mapping[str, date], current: Iterable[str], quorum: int) -> date | None:
    """Give the day from which on there were as many of the current keys as it takes; None if there are not."""
    days = sorted(admitted[key] for key in current)
    return days[quorum - 1] if 0 < quorum <= len(days) else None

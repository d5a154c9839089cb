"""Shares of a lab: how many of those who work there have signed, as far as anybody knows how many work there.

Nobody knows a lab's headcount to the person. Observations differ, so a headcount is a range, and so is a share: from
the count over the most people there may be, to the count over the fewest. All in whole numbers; shares in tenths of a
per cent, rounded so that the range never promises more than is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

LINES: Final = (10, 20)
"""Shares in per cent at which lines are drawn, the same for every lab, as the policy says."""

_TENTHS: Final = 1000


class Range(NamedTuple):
    """From ``low`` to ``high``, both included; ``high`` is None where no source knows an upper end."""

    low: int
    high: int | None


def headcount(observations: Iterable[Range]) -> Range | None:
    """Give how many people there are by all observations together; None where there is none.

    Observations that differ are a dispute, and widen the range until one of them is dropped.
    """
    found = list(observations)
    if not found:
        return None
    highs = [one.high for one in found]
    return Range(
        min(one.low for one in found),
        None if None in highs else max(high for high in highs if high is not None),
    )


def together(labs: Iterable[Range]) -> Range | None:
    """Give how many people several labs have together; None for no lab."""
    found = list(labs)
    if not found:
        return None
    highs = [one.high for one in found]
    return Range(
        sum(one.low for one in found),
        None if None in highs else sum(high for high in highs if high is not None),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be said of a lab.

    Attributes:
        count: Signatories who count, 0 or more.
        people: How many work there; None where no headcount was accepted: then there is the count only.
        share: In tenths of a per cent; None with ``people``.
        missing: How many more signatories each share in per cent would take; empty with ``people``.
        is_beyond: Whether more have signed than there are people by any source: then the headcount is wrong.
    """

    count: int
    people: Range | None
    share: Range | None
    missing: Mapping[int, Range]
    is_beyond: bool


def figures(count: int, people: Range | None, percents: Iterable[int] = LINES) -> Figures:
    """Say of a lab what can be said of it. A headcount that may be nobody says nothing."""
    if people is None or people.low == 0:
        return Figures(count, None, None, {}, is_beyond=False)
    return Figures(
        count,
        people,
        share(count, people),
        {percent: missing(count, people, percent) for percent in percents},
        is_beyond=people.high is not None and count > people.high,
    )


def all_together(labs: Iterable[Figures]) -> Figures | None:
    """Say of all labs whose headcounts can be believed what can be said of them as one; None where there is no such."""
    found = [lab for lab in labs if lab.share and not lab.is_beyond]
    people = together(lab.people for lab in found if lab.people)
    return figures(sum(lab.count for lab in found), people) if people else None


def share(count: int, people: Range) -> Range:
    """Give which share so many signatories are, in tenths of a per cent: at least ``low``, at most ``high``.

    Args:
        count: 0 or more.
        people: Of the lab; ``low`` at least 1.

    Returns:
        ``low`` rounded down, 0 where no upper end of the headcount is known; ``high`` rounded up, and over 1,000 where
        more have signed than some source says there are.
    """
    low = 0 if people.high is None else count * _TENTHS // people.high
    return Range(low, -(-count * _TENTHS // people.low))


def missing(count: int, people: Range, percent: int) -> Range:
    """Give how many more signatories a share of ``percent`` would take: at least ``low``, at most ``high``."""
    return Range(
        max(0, _needed(people.low, percent) - count),
        None if people.high is None else max(0, _needed(people.high, percent) - count),
    )


def _needed(people: int, percent: int) -> int:
    return -(-people * percent // 100)

"""Where the points of charts are. What is drawn there, and its words, stand in ``templates/macros/charts.html``."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 1000, 300
_LEAST_SCALE = 250
_NICE = (1, 2, 5)


class Growth(NamedTuple):
    """A count over time, as a line of steps.

    Attributes:
        path: The line, for an SVG path in a box of ``WIDTH`` × ``HEIGHT``.
        first, last: The days at its ends.
        top: What the upper edge of the box stands for.
        now: The count at the end.
        rows: (day, count) at the end of each month, the newest first, for a table beside it.
    """

    path: str
    first: date
    last: date
    top: int
    now: int
    rows: list[tuple[date, int]]


def growth_chart(grown: Sequence[tuple[date, int]], *, today: date) -> Growth | None:
    """Lay out a count over time; None where it has not changed on two days, of which no line can be drawn.

    Args:
        grown: The count after each day on which it changed.
        today: Where the line ends.
    """
    if not grown or grown[0][0] >= today:
        return None
    first, top = grown[0][0], _nice_above(max(count for _, count in grown))
    span = (today - first).days

    def x(day: date) -> int:
        return min(WIDTH, (day - first).days * WIDTH // span)

    def y(count: int) -> int:
        return HEIGHT - count * HEIGHT // top

    line = "".join(f"H{x(day)}V{y(count)}" for day, count in grown)
    return Growth(
        f"M0 {HEIGHT}{line}H{WIDTH}", first, today, top, grown[-1][1], _month_ends(grown, today=today)
    )


def share_scale(shares: Sequence[int]) -> int:
    """Give what the right edge of bars of shares stands for, in tenths of a per cent: room for the lines at least."""
    return max(_LEAST_SCALE, min(1000, -(-max(shares, default=0) // 50) * 50))


def _nice_above(count: int) -> int:
    """Give the next round number above a count, so that a chart's edge is one that can be read."""
    power = 1
    while True:
        for step in _NICE:
            if step * power > count:
                return step * power
        power *= 10


def _month_ends(grown: Sequence[tuple[date, int]], *, today: date) -> list[tuple[date, int]]:
    rows = {}
    for day, count in grown:
        rows[_month_end(day)] = count
    filled, count, day = [], 0, _month_end(grown[0][0])
    while day < today:
        count = rows.get(day, count)
        filled.append((day, count))
        day = _month_end(day + timedelta(days=1))
    return [*filled, (today, grown[-1][1])][::-1]


def _month_end(day: date) -> date:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)

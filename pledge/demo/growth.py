"""When people sign: in waves, in bursts after something was in the news, and seldom at weekends."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from math import cosh
from random import Random
from typing import NamedTuple

DAYS = 731
_DAILY = 60
"""The last days, each of which is lived through; of those before, every second is."""
_WEEKEND = 0.25
_SATURDAY = 5


class Wave(NamedTuple):
    """A time in which many sign.

    Attributes:
        middle: When most do, as a part of the whole time, 0 to 1.
        width: How long it lasts, as a part of the whole time.
        mass: How many come with it, against the other waves.
    """

    middle: float
    width: float
    mass: float


def draw_days(count: int, waves: Sequence[Wave], *, last: date, random: Random) -> list[date]:
    """Draw so many days of the two years up to ``last``, in any order."""
    days = [last - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    weights = [
        _weight(n / DAYS, waves) * _of_weekday(day) * random.uniform(0.5, 1.5) for n, day in enumerate(days)
    ]
    drawn = random.choices(days, cum_weights=list(accumulate(weights)), k=count)
    return [lived_day(day, last) for day in drawn]


def lived_days(last: date) -> list[date]:
    """Give the days up to ``last`` on which anything happens, the earliest first."""
    days = {lived_day(last - timedelta(days=days_ago), last) for days_ago in range(DAYS)}
    return sorted(days)


def lived_day(day: date, last: date) -> date:
    """Give the first day from ``day`` on that is lived through."""
    days_ago = (last - day).days
    return day if days_ago < _DAILY else day + timedelta(days=days_ago % 2)


def day_of(moment: float, last: date) -> date:
    """Give the day of a moment, 0 for the first and 1 for the last."""
    return lived_day(last - timedelta(days=round((1 - moment) * (DAYS - 1))), last)


def _weight(moment: float, waves: Sequence[Wave]) -> float:
    """Give the sum of the waves: each is the slope of a logistic curve, as what spreads from one to the next has it."""
    return sum(wave.mass / wave.width / cosh((moment - wave.middle) / wave.width) ** 2 for wave in waves)


def _of_weekday(day: date) -> float:
    return _WEEKEND if day.weekday() >= _SATURDAY else 1.0

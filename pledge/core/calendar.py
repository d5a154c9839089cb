"""Months and quarters on the Gregorian calendar. Days only: nothing here knows a time or a zone."""

import calendar
import re
from datetime import date
from functools import lru_cache

from pledge.errors import MalformedError

_MONTHS = 12
_EPOCH = re.compile(r"([1-9][0-9]{3})-Q([1-4])", re.ASCII)


@lru_cache(maxsize=1024)  # an audit asks for the same few days again and again
def months_later(day: date, months: int) -> date:
    """Return the same day of the month, ``months`` (>= 0) later, or that month's last day.

    29 February and twelve months give 28 February, so that a term never lasts longer than it says.

    Raises:
        MalformedError: past the year 9999.
    """
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if year > date.max.year:
        raise MalformedError("This day lies past the year 9999.")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def epoch_start(epoch: str) -> date:
    """Return the first day of a calendar quarter such as ``2026-Q4``: 1 October 2026.

    Raises:
        MalformedError: not ``YYYY-Qn`` with a year from 1000 and n from 1 to 4.
    """
    match = _EPOCH.fullmatch(epoch)
    if match is None:
        raise MalformedError("An epoch is a year and a quarter, such as 2026-Q4.")
    return date(int(match[1]), 3 * int(match[2]) - 2, 1)

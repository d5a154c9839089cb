from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.calendar import epoch_start, months_later
from pledge.errors import MalformedError


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


@given(st.dates(max_value=date(9998, 12, 31)))
def test_a_year_later_is_never_more_than_a_year(day: date) -> None:
    assert timedelta(days=364) < months_later(day, 12) - day <= timedelta(days=366)


def test_there_is_no_year_10000() -> None:
    with pytest.raises(MalformedError):
        months_later(date(9999, 1, 1), 12)


def test_an_epoch_is_a_quarter() -> None:
    assert epoch_start("2026-Q1") == date(2026, 1, 1)
    assert epoch_start("2026-Q4") == date(2026, 10, 1)


@given(st.integers(1000, 9999), st.integers(1, 4))
def test_a_quarter_begins_with_its_first_month(year: int, quarter: int) -> None:
    assert epoch_start(f"{year}-Q{quarter}") == date(year, (1, 4, 7, 10)[quarter - 1], 1)


@pytest.mark.parametrize("epoch", ["2026", "2026-Q0", "2026-Q5", "2026-q1", "0999-Q1", "2026-Q1 ", "٢٠٢٦-Q1"])
def test_nothing_else_is_an_epoch(epoch: str) -> None:
    with pytest.raises(MalformedError):
        epoch_start(epoch)

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pledge.core.rules import check_day_near, check_day_order, check_step, is_dated
from pledge.errors import VerificationError
from tests.core.sample_log import ANONYMOUS, DAY, RENEWAL, SIGNING, WITHDRAWAL


@pytest.mark.parametrize("days", [-2, -1, 0, 1, 2])
def test_a_day_may_be_two_days_from_a_cosignature(days: int) -> None:
    check_day_near(SIGNING, DAY + timedelta(days=days))


@pytest.mark.parametrize("days", [-365, -3, 3, 365])
def test_a_day_further_off_is_refused(days: int) -> None:
    with pytest.raises(VerificationError) as caught:
        check_day_near(SIGNING, DAY + timedelta(days=days))
    assert caught.value.code == "day-far"


def test_the_days_of_anonymous_signings_say_nothing_about_time() -> None:
    assert is_dated(SIGNING)
    assert is_dated(RENEWAL)
    assert not is_dated(ANONYMOUS)
    check_day_near(ANONYMOUS, date(2027, 3, 31))
    check_day_order(ANONYMOUS, date(2027, 3, 31))
    with pytest.raises(VerificationError):
        check_day_order(SIGNING, DAY + timedelta(days=1))


def test_the_notary_only_removes_anonymous_signings() -> None:
    removal = replace(WITHDRAWAL, reason="removed:spam")
    check_step(removal, visibility="anonymous", is_notary=True)
    check_step(RENEWAL, visibility="anonymous", is_notary=False)
    for step in (RENEWAL, WITHDRAWAL):
        with pytest.raises(VerificationError):
            check_step(step, visibility="anonymous", is_notary=True)

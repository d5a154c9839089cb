import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.share import LINES, Range, figures, headcount, missing, share, together

PEOPLE = st.tuples(st.integers(1, 10_000), st.integers(0, 10_000)).map(lambda lows: Range(lows[0], sum(lows)))


def test_observations_that_differ_widen_the_range() -> None:
    assert headcount([]) is None
    assert headcount([Range(100, 100)]) == Range(100, 100)
    assert headcount([Range(1500, 1500), Range(4000, 5000), Range(0, 0)]) == Range(0, 5000)
    assert headcount([Range(140, 200), Range(100, None)]) == Range(100, None)


def test_labs_together_have_the_people_of_all() -> None:
    assert together([]) is None
    assert together([Range(10, 20), Range(5, 5)]) == Range(15, 25)
    assert together([Range(10, 20), Range(5, None)]) == Range(15, None)


@pytest.mark.parametrize(
    ("count", "people", "expected"),
    [
        (0, Range(100, 200), Range(0, 0)),
        (40, Range(320, 1300), Range(30, 125)),
        (1, Range(3, 3), Range(333, 334)),
        (40, Range(320, None), Range(0, 125)),
        (400, Range(320, 390), Range(1025, 1250)),
    ],
)
def test_a_share_never_promises_more_than_is_known(count: int, people: Range, expected: Range) -> None:
    assert share(count, people) == expected


@given(st.integers(0, 20_000), PEOPLE)
def test_a_share_holds_for_every_headcount_in_the_range(count: int, people: Range) -> None:
    low, high = share(count, people)
    assert people.high is not None
    assert high is not None
    assert low <= 1000 * count / people.high < low + 1
    assert high - 1 < 1000 * count / people.low <= high


@given(st.integers(0, 20_000), PEOPLE, st.integers(1, 100))
def test_what_is_missing_is_just_enough(count: int, people: Range, percent: int) -> None:
    more = missing(count, people, percent)
    assert people.high is not None
    assert more.high is not None
    for people_there, needed in ((people.low, more.low), (people.high, more.high)):
        assert 100 * (count + needed) >= percent * people_there
        assert needed == 0 or 100 * (count + needed - 1) < percent * people_there
    assert missing(count, Range(people.low, None), percent).high is None


def test_figures_say_what_can_be_said() -> None:
    bare = figures(7, None)
    assert (bare.count, bare.people, bare.share, bare.missing, bare.is_beyond) == (7, None, None, {}, False)
    assert figures(7, Range(0, 50)) == bare
    known = figures(40, Range(320, 1300))
    assert known.share == Range(30, 125)
    assert known.missing == {10: Range(0, 90), 20: Range(24, 220)}
    assert tuple(known.missing) == LINES
    assert not known.is_beyond
    assert figures(40, Range(320, 1300), [50]).missing == {50: Range(120, 610)}
    assert figures(321, Range(100, 320)).is_beyond
    assert not figures(321, Range(100, None)).is_beyond

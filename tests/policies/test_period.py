"""Periods: half-open, calendar months, an earned share that only grows."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.period import Period, add_months, years_between

DAYS = st.dates(date(1950, 1, 1), date(2150, 1, 1))
PERIODS = st.builds(lambda start, days: Period(start, start + timedelta(days)), DAYS, st.integers(1, 4000))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2027, 1, 1), 12, date(2028, 1, 1)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2027, 1, 15), -13, date(2025, 12, 15)),
        (date(2027, 6, 5), 0, date(2027, 6, 5)),
    ],
)
def test_months_are_calendar_months(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


@given(DAYS, st.integers(-600, 600))
def test_months_move_by_months_and_never_past_the_day(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day <= start.day


@given(PERIODS, DAYS, DAYS)
def test_the_earned_share_grows_from_nothing_to_all(period: Period, a: date, b: date) -> None:
    early, late = period.earned(min(a, b)), period.earned(max(a, b))
    assert 0 <= early <= late <= 1
    assert period.earned(period.start) == 0
    assert period.earned(period.end) == 1


@given(PERIODS)
def test_one_day_earns_one_day(period: Period) -> None:
    assert period.earned(period.start + timedelta(1)) == Fraction(1, period.days)


def test_a_leap_year_has_366_days() -> None:
    assert Period.of_months(date(2028, 1, 1), 12).days == 366
    assert Period.of_months(date(2027, 1, 1), 12).days == 365


@pytest.mark.parametrize("end", [date(2027, 1, 1), date(2026, 12, 31)])
def test_an_empty_period_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="must start before it ends: 2027-01-01"):
        Period(date(2027, 1, 1), end)


@given(DAYS, DAYS, DAYS)
def test_years_add_up_and_change_sign(a: date, b: date, c: date) -> None:
    assert years_between(a, b) == -years_between(b, a)
    assert years_between(a, b) + years_between(b, c) == pytest.approx(years_between(a, c), abs=1e-9)


def test_four_years_with_a_leap_day_are_four() -> None:
    assert years_between(date(2024, 1, 1), date(2028, 1, 1)) == 4.0

"""A half-open period of days, [start, end)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

DAYS_PER_YEAR = 365.25
MONTHS_PER_YEAR = 12


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or the last day of that month when it is shorter."""
    year, month0 = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def years_between(earlier: date, later: date) -> float:
    """Years from one day to another, in units of 365.25 days; negative when `later` comes first."""
    return (later - earlier).days / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` up to but not including `end`. Raises ValueError when empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period must start before it ends: {self.start} to {self.end}")

    @classmethod
    def of_months(cls, start: date, months: int) -> Period:
        """The period of so many months from `start`."""
        return cls(start, add_months(start, months))

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days

    def earned(self, at: date) -> Fraction:
        """The share of the period that has passed at the start of day `at`, in [0, 1]."""
        passed = min(max((at - self.start).days, 0), self.days)
        return Fraction(passed, self.days)

"""Run-off triangles: claims by accident and development period, and how they develop from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from actuarial.evidence import Bools
from actuarial.rounding import Floats

FEWEST_PERIODS = 2  # one period shows no development


@dataclass(frozen=True, slots=True, eq=False)
class Triangle:
    """Cumulative amounts or counts of n accident periods, oldest first, by n development periods: (n, n).

    Period i is known up to development n - 1 - i, the valuation date; later entries are NaN. A total may fall from one
    development to the next (a negative increment: a recovery, a case reserve released).
    Raises ValueError when the known entries are not such a triangle.
    """

    cumulative: Floats

    def __post_init__(self) -> None:
        shape = self.cumulative.shape
        if self.cumulative.ndim != 2 or shape[0] != shape[1] or shape[0] < FEWEST_PERIODS:  # noqa: PLR2004
            raise ValueError(f"a triangle has as many development as accident periods, at least two; not {shape}")
        ragged = np.isfinite(self.cumulative) != self.known
        if ragged.any():
            period, development = (int(at[0]) for at in np.nonzero(ragged))
            what = "is missing" if self.known[period, development] else "lies beyond the valuation date"
            raise ValueError(f"a ragged triangle: accident period {period}, development {development} {what}")

    @property
    def periods(self) -> int:
        """Number of accident periods, n."""
        return len(self.cumulative)

    @property
    def known(self) -> Bools:
        """Which entries are known at the valuation date, (n, n)."""
        period = np.arange(self.periods)
        return period[:, None] + period < self.periods

    @property
    def latest(self) -> Floats:
        """The last known total of each accident period, (n,)."""
        period = np.arange(self.periods)
        return self.cumulative[period, self.periods - 1 - period]


def triangle(cumulative: ArrayLike) -> Triangle:
    """A triangle from rows (n, n) of totals; what lies beyond the valuation date is NaN. ValueError as Triangle."""
    return Triangle(np.array(cumulative, dtype=float))


def from_claims(accident: ArrayLike, development: ArrayLike, amount: ArrayLike, periods: int) -> Triangle:
    """The triangle of movements (N,): accident period, development period after it, amount; periods count from 0.

    A claim may have several movements; an `amount` of 1 for all counts claims. Raises ValueError for a movement
    outside the `periods` or beyond the valuation date, the end of the last period.
    """
    period, delay = np.asarray(accident, dtype=np.int64), np.asarray(development, dtype=np.int64)
    if not ((period >= 0) & (delay >= 0) & (period + delay < periods)).all():
        raise ValueError(f"movements lie before the first of {periods} periods or beyond the valuation date")
    increments = np.zeros((periods, periods))
    np.add.at(increments, (period, delay), amount)
    cumulative = increments.cumsum(axis=1)
    beyond = np.add.outer(np.arange(periods), np.arange(periods)) >= periods
    return Triangle(np.where(beyond, np.nan, cumulative))


def incremental(run_off: Triangle) -> Floats:
    """What each development period added, (n, n); NaN beyond the valuation date."""
    return np.asarray(np.diff(run_off.cumulative, axis=1, prepend=0.0))


def link_ratios(run_off: Triangle) -> Floats:
    """Each total over the one a development before, (n - 1, n - 1): NaN where unknown or where that one is zero."""
    before, after = run_off.cumulative[:-1, :-1], run_off.cumulative[:-1, 1:]
    return np.asarray(np.divide(after, before, out=np.full(before.shape, np.nan), where=before != 0.0))


def volumes(run_off: Triangle) -> Floats:
    """Totals at the start of each development, summed over the periods whose next total is known, (n - 1,)."""
    developed = np.isfinite(run_off.cumulative[:, 1:])
    return np.asarray(np.where(developed, run_off.cumulative[:, :-1], 0.0).sum(axis=0))


def development_factors(run_off: Triangle) -> Floats:
    """Volume-weighted development factors, (n - 1,): link ratios weighted by the totals that they start from.

    Raises ValueError when a factor is not a positive number: nothing known to develop from, or all of it taken back.
    """
    before, after = volumes(run_off), np.nansum(run_off.cumulative[:, 1:], axis=0)
    if not ((before > 0.0) & (after > 0.0)).all():
        wrong = [int(at) for at in np.flatnonzero((before <= 0.0) | (after <= 0.0))]
        raise ValueError(f"no positive development factor after development {wrong}: totals there are not above zero")
    return np.asarray(after / before, dtype=float)


def developed_shares(factors: Floats) -> Floats:
    """Share of the ultimate that is known at each development, (n,), from n - 1 factors; 1 at the last."""
    return np.append(1.0 / np.cumprod(factors[::-1])[::-1], 1.0)

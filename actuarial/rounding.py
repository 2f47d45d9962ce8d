"""From float euros to integer cents, for whole arrays: the named rounding steps of a premium."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from policies.money import CENTS_PER_EURO

Floats = NDArray[np.float64]
Cents = NDArray[np.int64]


def to_cents(euros: Floats) -> Cents:
    """Euros to cents, half to even; any shape. Non-decreasing, so rounding keeps the order of premiums."""
    return np.rint(euros * CENTS_PER_EURO).astype(np.int64)


def share_of(cents: Cents, rate: Decimal) -> Cents:
    """An exact decimal share of non-negative cents, half to even, in integers throughout; any shape."""
    numerator, denominator = rate.as_integer_ratio()
    whole, rest = np.divmod(cents * numerator, denominator)
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (whole % 2 == 1))
    return np.asarray(whole + up, dtype=np.int64)


def significant(value: float) -> float:
    """A reported figure at 7 significant digits: beyond them processors and batch sizes may differ."""
    return float(f"{value:.6e}")

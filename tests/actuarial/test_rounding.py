"""Rounding steps: half to even, order kept, the same cents as exact decimals."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.rounding import share_of, significant, to_cents
from policies.money import Money

rates = st.decimals(0, 1, places=4)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), rates)
def test_a_share_is_the_exact_decimal_share(cents: list[int], rate: Decimal) -> None:
    found = share_of(np.array(cents, dtype=np.int64), rate)
    assert list(found) == [Money(c).times(rate).cents for c in cents]


@pytest.mark.parametrize(("cents", "half"), [(1, 0), (3, 2), (5, 2), (7, 4), (50, 25)])
def test_a_half_goes_to_the_even_cent(cents: int, half: int) -> None:
    assert share_of(np.array([cents]), Decimal("0.5"))[0] == half


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=20))
def test_rounding_keeps_the_order(euros: list[float]) -> None:
    ordered = np.sort(np.array(euros))
    assert np.all(np.diff(to_cents(ordered)) >= 0)


@pytest.mark.parametrize(("euros", "cents"), [(0.125, 12), (0.375, 38), (-0.125, -12), (2.0, 200)])
def test_euros_become_cents_half_to_even(euros: float, cents: int) -> None:
    assert to_cents(np.array([euros]))[0] == cents


def test_reported_figures_have_seven_digits() -> None:
    assert significant(0.123456789) == 0.1234568
    assert significant(123456789.0) == 123456800.0
    assert significant(0.0) == 0.0

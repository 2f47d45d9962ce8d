"""Triangles: built from claims, refused when ragged, developed by volume-weighted factors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.reserving.triangle import (
    Triangle,
    developed_shares,
    development_factors,
    from_claims,
    incremental,
    link_ratios,
    triangle,
)

NAN = np.nan


def small() -> Triangle:
    return triangle([[100, 150, 180], [200, 260, NAN], [300, NAN, NAN]])


def test_link_ratios_and_weighted_factors() -> None:
    assert link_ratios(small())[:, 0] == pytest.approx([1.5, 1.3])
    assert link_ratios(small())[0, 1] == pytest.approx(1.2)
    assert np.isnan(link_ratios(small())[1, 1])
    assert development_factors(small()) == pytest.approx([410 / 300, 1.2])
    assert developed_shares(np.array([2.0, 1.25])) == pytest.approx([0.4, 0.8, 1.0])


def test_claims_become_totals() -> None:
    found = from_claims([0, 0, 1, 0, 2, 1], [0, 2, 0, 0, 0, 1], [10, 5, 7, 3, 4, -2], 3)
    assert np.array_equal(found.cumulative, [[13, 13, 18], [7, 5, NAN], [4, NAN, NAN]], equal_nan=True)
    assert found.latest == pytest.approx([18, 5, 4])


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(
                st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(-50, 100)).filter(
                    lambda move: move[0] + move[1] < n
                ),
                min_size=1,
                max_size=40,
            ),
        )
    )
)
def test_nothing_is_lost_and_order_does_not_matter(case: tuple[int, list[tuple[int, int, int]]]) -> None:
    n, moves = case
    accident, development, amount = (np.array(column) for column in zip(*moves, strict=True))
    found = from_claims(accident, development, amount, n)
    assert found.latest == pytest.approx(np.bincount(accident, amount, n))
    assert np.nansum(incremental(found)) == pytest.approx(amount.sum())
    backwards = from_claims(accident[::-1], development[::-1], amount[::-1], n)
    assert np.array_equal(found.cumulative, backwards.cumulative, equal_nan=True)


def test_an_amount_of_one_counts() -> None:
    assert from_claims([0, 0, 1], [0, 1, 0], 1, 2).latest == pytest.approx([2, 1])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([[1, 2, 3], [1, NAN, NAN], [1, NAN, NAN]], "accident period 1, development 1 is missing"),
        ([[1, 2, 3], [1, 2, 3], [1, NAN, NAN]], "accident period 1, development 2 lies beyond"),
        ([[1, np.inf], [1, NAN]], "accident period 0, development 1 is missing"),
        ([[1, 2, 3], [1, 2, NAN]], "as many development as accident"),
        ([[1]], "at least two"),
        ([1, 2], "as many development as accident"),
    ],
)
def test_what_is_no_triangle_is_refused(rows: list[object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        triangle(rows)


@pytest.mark.parametrize(("accident", "development"), [([2], [1]), ([3], [0]), ([-1], [0]), ([0], [-1])])
def test_claims_outside_the_triangle_are_refused(accident: list[int], development: list[int]) -> None:
    with pytest.raises(ValueError, match="valuation date"):
        from_claims(accident, development, 1, 3)


@pytest.mark.parametrize(
    "rows", [[[0, 5], [1, NAN]], [[5, 0], [1, NAN]], [[5, -1], [1, NAN]], [[10, 12, 14], [-10, 2, NAN], [1, NAN, NAN]]]
)
def test_a_factor_that_is_not_positive_is_refused(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="no positive development factor after development"):
        development_factors(triangle(rows))


def test_negative_increments_are_allowed() -> None:
    assert development_factors(triangle([[100, 90], [50, NAN]])) == pytest.approx([0.9])


def test_a_period_without_claims_has_no_ratio_and_does_no_harm() -> None:
    quiet = triangle([[0, 0, 1], [10, 20, NAN], [10, NAN, NAN]])
    assert np.isnan(link_ratios(quiet)[0, 0])
    assert development_factors(triangle([[10, 20], [0, NAN]])) == pytest.approx([2.0])

"""Money: whole cents, one rounding rule, and splits that lose nothing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.money import ZERO, Money, round_half_even

CENTS = st.integers(-(10**13), 10**13)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=24).filter(any)


@given(CENTS, WEIGHTS)
def test_a_split_sums_to_the_whole_and_every_part_is_the_exact_share_rounded_up_or_down(
    cents: int, weights: list[int]
) -> None:
    parts = Money(cents).split(weights)
    assert sum(part.cents for part in parts) == cents
    for part, weight in zip(parts, weights, strict=True):
        exact = Fraction(cents * weight, sum(weights))
        assert abs(part.cents - exact) < 1


@given(CENTS, WEIGHTS)
def test_the_parts_with_the_largest_remainders_get_the_cents_left_over(cents: int, weights: list[int]) -> None:
    exact = [Fraction(cents * weight, sum(weights)) for weight in weights]
    floors = [share.numerator // share.denominator for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i], i))
    raised = set(order[: cents - sum(floors)])
    expected = [Money(floor + (i in raised)) for i, floor in enumerate(floors)]
    assert list(Money(cents).split(weights)) == expected


@given(st.integers(0, 10**12), st.lists(st.decimals(0, 1, places=4), min_size=1, max_size=8).filter(any))
def test_decimal_weights_split_exactly(cents: int, weights: list[Decimal]) -> None:
    assert sum(part.cents for part in Money(cents).split(weights)) == cents


@given(st.integers(0, 10**9), st.integers(1, 12))
def test_instalments_differ_by_a_cent_at_most_and_the_first_are_the_larger(cents: int, count: int) -> None:
    parts = [part.cents for part in Money(cents).split([1] * count)]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_a_split_known_by_hand() -> None:
    assert Money(100).split([1, 1, 1]) == (Money(34), Money(33), Money(33))
    assert Money(-100).split([1, 1, 1]) == (Money(-33), Money(-33), Money(-34))
    assert Money(10).split([0, 3, 1]) == (Money(0), Money(8), Money(2))  # 7.5 and 2.5: the earlier part gets the cent


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100).split(weights)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("-1.5", -2), ("2.4999", 2), ("2.5001", 3), ("-2.6", -3)],
)
def test_ties_go_to_the_even_cent(value: str, rounded: int) -> None:
    assert round_half_even(Decimal(value)) == rounded


@given(CENTS, st.decimals(-2, 2, places=6))
def test_times_rounds_once_and_lies_within_half_a_cent(cents: int, rate: Decimal) -> None:
    exact = Fraction(rate) * cents
    assert abs(Money(cents).times(rate).cents - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "cents"), [("2500000", 250_000_000), ("0.01", 1), ("-12.10", -1210), ("1e3", 100_000)]
)
def test_euros_are_exact(text: str, cents: int) -> None:
    assert Money.euros(text) == Money.euros(Decimal(text)) == Money(cents)


@pytest.mark.parametrize("text", ["0.001", "NaN", "Infinity"])
def test_fractions_of_a_cent_and_what_is_no_number_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whole number of cents"):
        Money.euros(text)


@pytest.mark.parametrize("cents", [1.0, True, "1", Decimal(1), None])
def test_money_is_never_made_of_anything_but_an_int(cents: object) -> None:
    with pytest.raises(TypeError, match="cents must be int"):
        Money(cents)  # type: ignore[arg-type]


@given(CENTS, CENTS)
def test_arithmetic_and_order_are_those_of_cents(a: int, b: int) -> None:
    assert Money(a) + Money(b) == Money(a + b)
    assert Money(a) - Money(b) == Money(a) + -Money(b)
    assert (Money(a) < Money(b)) == (a < b)
    assert Money(a) + ZERO == Money(a)

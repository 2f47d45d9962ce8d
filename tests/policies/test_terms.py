"""Terms: what a claim costs the insurer lies between nothing and the limit, and never jumps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.money import ZERO, Money
from policies.terms import Terms

AMOUNTS = st.integers(0, 10**12).map(Money)
TERMS = st.builds(
    lambda deductible, limit, more: Terms(deductible, Money(limit), Money(limit + more)),
    AMOUNTS,
    st.integers(1, 10**11),
    st.integers(0, 10**11),
)


@given(TERMS, AMOUNTS)
def test_the_layer_loss_lies_between_nothing_and_the_limit(terms: Terms, loss: Money) -> None:
    assert ZERO <= terms.apply(loss) <= min(terms.limit, loss)


@given(TERMS, AMOUNTS, AMOUNTS)
def test_more_loss_never_costs_less_nor_more_than_the_difference(terms: Terms, a: Money, b: Money) -> None:
    small, large = min(a, b), max(a, b)
    assert ZERO <= terms.apply(large) - terms.apply(small) <= large - small


@given(TERMS, AMOUNTS, AMOUNTS)
def test_a_higher_deductible_never_costs_the_insurer_more(terms: Terms, loss: Money, more: Money) -> None:
    higher = Terms(terms.deductible + more, terms.limit, terms.aggregate_limit)
    assert higher.apply(loss) <= terms.apply(loss)


@given(TERMS)
def test_the_corners(terms: Terms) -> None:
    assert terms.apply(terms.deductible) == ZERO
    assert terms.apply(terms.deductible + Money(1)) == Money(1)
    assert terms.apply(terms.deductible + terms.limit) == terms.limit
    assert terms.apply(terms.deductible + terms.limit + Money(1)) == terms.limit


def test_by_hand() -> None:
    terms = Terms(Money.euros(5_000), Money.euros(2_500_000), Money.euros(5_000_000))
    assert terms.apply(Money.euros(4_999)) == ZERO
    assert terms.apply(Money.euros(12_000)) == Money.euros(7_000)
    assert terms.apply(Money.euros(9_000_000)) == Money.euros(2_500_000)


@pytest.mark.parametrize(
    ("deductible", "limit", "aggregate", "word"),
    [(-1, 10, 10, "deductible"), (0, 0, 10, "limit"), (0, -5, 10, "limit"), (0, 10, 9, "aggregate limit")],
)
def test_terms_that_make_no_sense_are_refused(deductible: int, limit: int, aggregate: int, word: str) -> None:
    with pytest.raises(ValueError, match=f"the {word} must"):
        Terms(Money(deductible), Money(limit), Money(aggregate))

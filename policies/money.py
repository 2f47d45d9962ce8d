"""Money is integer euro cents; this file holds the only rounding rule and the only split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import floor

CENTS_PER_EURO = 100


def round_half_even(value: Decimal) -> int:
    """Round to the nearest whole number, ties to even: the one rounding rule of the house."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in euro cents. Raises TypeError on anything but an int: money is never a float."""

    cents: int

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"cents must be int, not {type(self.cents).__name__}")

    @classmethod
    def euros(cls, amount: int | str | Decimal) -> Money:
        """Exact euros to Money. Raises ValueError when the amount holds a fraction of a cent."""
        cents = Decimal(amount) * CENTS_PER_EURO
        if not cents.is_finite() or cents != cents.to_integral_value():
            raise ValueError(f"{amount} is not a whole number of cents")
        return cls(int(cents))

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def __neg__(self) -> Money:
        return Money(-self.cents)

    def times(self, rate: Decimal) -> Money:
        """This amount times an exact rate, rounded once, half to even."""
        return Money(round_half_even(Decimal(self.cents) * rate))

    def split(self, weights: Sequence[int | Decimal]) -> tuple[Money, ...]:
        """Split by weight so that the parts sum to the whole: largest remainder, earlier part first on a tie.

        Raises ValueError when no weight is positive or one is negative.
        """
        total = sum(Fraction(w) for w in weights)
        if total <= 0 or any(w < 0 for w in weights):
            raise ValueError("weights must be non-negative with a positive sum")
        exact = [self.cents * Fraction(w) / total for w in weights]
        parts = [floor(share) for share in exact]
        short = self.cents - sum(parts)
        by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
        for i in by_remainder[:short]:
            parts[i] += 1
        return tuple(Money(p) for p in parts)


ZERO = Money(0)

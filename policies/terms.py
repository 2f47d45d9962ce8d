"""What the insurer pays of a claim: deductible, limit, aggregate limit."""

from __future__ import annotations

from dataclasses import dataclass

from policies.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Terms:
    """Deductible and limit per claim, aggregate limit per period. Raises ValueError when they make no sense.

    The victim is paid from the first euro; the deductible is recovered from the insured afterwards.
    """

    deductible: Money
    limit: Money
    aggregate_limit: Money

    def __post_init__(self) -> None:
        if self.deductible < ZERO:
            raise ValueError("the deductible must not be negative")
        if self.limit <= ZERO:
            raise ValueError("the limit must be positive")
        if self.aggregate_limit < self.limit:
            raise ValueError("the aggregate limit must be at least the limit per claim")

    def apply(self, loss: Money) -> Money:
        """The layer loss of one claim: what exceeds the deductible, up to the limit."""
        return min(max(loss - self.deductible, ZERO), self.limit)

"""The premium as an ordered waterfall whose lines sum to its totals, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from policies.money import ZERO, Money


class Stage(StrEnum):
    """The total that a line belongs to; stages come in this order."""

    RISK = "risk"  # sums to the risk premium
    LOADING = "loading"  # with RISK: the technical premium
    JUDGEMENT = "judgement"  # with those: the offered premium
    TAX = "tax"  # all: the premium due


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the waterfall. `factor` is what the running amount was multiplied by, None for an added amount;
    `source` names the parameters behind it (keys of the calibration or the regime)."""

    code: str
    stage: Stage
    amount: Money
    factor: float | None
    source: str


@dataclass(frozen=True, slots=True)
class PremiumBreakdown:
    """The waterfall. Raises ValueError when the stages are out of order."""

    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        ranks = [list(Stage).index(line.stage) for line in self.lines]
        if ranks != sorted(ranks):
            raise ValueError("the lines of a waterfall must follow the order of its stages")

    def _through(self, stage: Stage) -> Money:
        wanted = list(Stage)[: list(Stage).index(stage) + 1]
        return sum((line.amount for line in self.lines if line.stage in wanted), ZERO)

    @property
    def risk_premium(self) -> Money:
        """Expected loss of the layer after the aggregate limit."""
        return self._through(Stage.RISK)

    @property
    def technical_premium(self) -> Money:
        """Risk premium and loadings, never below the minimum premium."""
        return self._through(Stage.LOADING)

    @property
    def offered_premium(self) -> Money:
        """Technical premium after judgement; excludes tax."""
        return self._through(Stage.JUDGEMENT)

    @property
    def tax(self) -> Money:
        """Premium tax."""
        return self.due - self.offered_premium

    @property
    def due(self) -> Money:
        """What the firm pays for the period, tax included: the sum of all lines."""
        return self._through(Stage.TAX)

    def running(self) -> tuple[Money, ...]:
        """The running total after each line."""
        return tuple(accumulate(line.amount for line in self.lines))

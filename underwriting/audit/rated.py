"""Profiles rated as of one day, all at once, with what the audit reads of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from actuarial.calibration import Calibration
from actuarial.evidence import Bools, Ints
from actuarial.premium import LOADINGS, Premiums, premiums
from actuarial.rating import Rating, rate
from actuarial.risks import RiskTable, tabulate
from actuarial.rounding import Floats
from actuarial.tariff import Tariff, tariff
from policies.regimes import Regime
from policies.risk import RiskProfile


@dataclass(frozen=True, slots=True)
class Rated:
    """N profiles with S systems and P perils: the table, what the tariff makes of it, and the premiums."""

    risks: RiskTable
    rating: Rating
    premiums: Premiums

    @property
    def expected_loss(self) -> Floats:
        """Euros of the period after the aggregate limit, (N,)."""
        return np.asarray(self.rating.steps[:, -1])

    @property
    def minimum_binds(self) -> Bools:
        """Whether the minimum premium decides, (N,)."""
        return np.asarray(self.premiums.loadings[:, LOADINGS.index("minimum")] > 0)

    @property
    def leading(self) -> Ints:
        """Row of the system with the largest expected loss of every profile, (N,)."""
        order = np.lexsort((-self.rating.expected_loss.sum(axis=1), self.risks.policy))
        _, first = np.unique(self.risks.policy[order], return_index=True)
        return np.asarray(order[first])


def rated(profiles: Sequence[RiskProfile], at: date, regime: Regime, calibration: Calibration) -> Rated:
    """Rate profiles as of day `at`. Raises WaarborgError when the calibration cannot price the regime."""
    return rate_table(tabulate(profiles, at, regime, calibration), tariff(calibration, regime))


def rate_table(risks: RiskTable, t: Tariff) -> Rated:
    """Rate a table that is laid out already."""
    rating = rate(risks, t)
    return Rated(risks, rating, premiums(rating, risks, t))


def tiled(risks: RiskTable, times: int) -> RiskTable:
    """The table so many times over, one copy after another: policy i of copy k is row k N + i."""
    copies = {field.name: np.concatenate([getattr(risks, field.name)] * times) for field in fields(RiskTable)}
    shift = np.repeat(np.arange(times) * len(risks.limit), len(risks.policy))
    return replace(RiskTable(**copies), policy=copies["policy"] + shift)


def spread(count: int, most: int) -> Ints:
    """Up to `most` of `count` row numbers, evenly spread: what takes long is measured on a part of a large book."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64))

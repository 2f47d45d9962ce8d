"""A firm with one system as a point of the domain, in plain numbers, and its premium by the code that quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from actuarial.certificate import Number
from actuarial.premium import premiums
from actuarial.rating import Rating, rate
from actuarial.risks import RiskTable
from actuarial.rounding import Cents
from actuarial.tariff import Tariff
from policies.money import CENTS_PER_EURO
from policies.regimes import Regime

RateFunction = Callable[[RiskTable, Tariff], Rating]


@dataclass(frozen=True, slots=True)
class Point:
    """A firm with one system. `exposure` in units a year, `danger` z and `incidents` (weighted counts) by peril, market
    and none where a peril is not named. Amounts in whole euros; `heads` are those covered, all compulsory ones where
    empty."""

    declared_class: str
    priced_class: str
    role: str
    sector: str
    autonomy: int = 1
    maturity: int = 1  # band
    exposure: float = 1.0
    danger: Mapping[str, float] = field(default_factory=dict)
    compliance: float = 0.5
    incidents: Mapping[str, float] = field(default_factory=dict)
    observed_years: float = 2.0
    deductible_eur: int = 5_000
    limit_eur: int = 2_500_000
    aggregate_limit_eur: int = 5_000_000
    turnover_eur: float = 10_000_000.0
    heads: tuple[str, ...] = ()


def table(points: Sequence[Point], t: Tariff, regime: Regime) -> RiskTable:
    """The points as the table that rating reads, one policy of a year each."""
    count = len(points)

    def by_peril(values: Sequence[Mapping[str, float]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array([[row.get(peril, 0.0) for peril in t.peril_ids] for row in values]).reshape(count, -1)

    def codes(names: Sequence[str], ids: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.array([ids.index(name) for name in names], dtype=np.int64)

    def cents(amounts: Sequence[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.array([round(amount * CENTS_PER_EURO) for amount in amounts], dtype=np.int64)

    return RiskTable(
        policy=np.arange(count),
        declared_class=codes([p.declared_class for p in points], t.class_ids),
        priced_class=codes([p.priced_class for p in points], t.class_ids),
        role=codes([p.role for p in points], t.role_ids),
        autonomy=np.array([p.autonomy for p in points], dtype=np.int64),
        sector=codes([p.sector for p in points], t.sector_ids),
        maturity=np.array([p.maturity for p in points], dtype=np.int64),
        exposure=np.array([p.exposure for p in points]),
        danger=by_peril([p.danger for p in points]),
        compliance=np.array([p.compliance for p in points]),
        incidents=by_peril([p.incidents for p in points]),
        observed_years=np.array([p.observed_years for p in points]),
        deductible=cents([p.deductible_eur for p in points]),
        limit=cents([p.limit_eur for p in points]),
        aggregate_limit=cents([p.aggregate_limit_eur for p in points]),
        covered=np.array([[h in (p.heads or regime.compulsory_heads) for h in t.head_ids] for p in points]),
        turnover=np.array([p.turnover_eur for p in points]),
        term_years=np.ones(count),
        minimum_premium=np.array(
            [regime.classes[p.declared_class].minimum_premium.cents for p in points], dtype=np.int64
        ),
    )


def due(points: Sequence[Point], t: Tariff, regime: Regime, rating: RateFunction = rate) -> Cents:
    """Yearly premium due of each point in cents, (N,)."""
    risks = table(points, t, regime)
    return premiums(rating(risks, t), risks, t).due


def told(point: Point, peril: str | None = None) -> tuple[tuple[str, Number], ...]:
    """The point in plain numbers; danger and incidents of one peril where it is named, else all but noughts."""
    named = [peril] if peril else sorted(p for p in {*point.danger, *point.incidents} if _some(point, p))
    return (
        ("class", point.declared_class),
        ("priced_as", point.priced_class),
        ("role", point.role),
        ("sector", point.sector),
        ("autonomy", point.autonomy),
        ("maturity_band", point.maturity),
        ("exposure_units", point.exposure),
        ("compliance", point.compliance),
        ("observed_years", point.observed_years),
        *((f"danger_{name}", point.danger.get(name, 0.0)) for name in named),
        *((f"incidents_{name}", point.incidents.get(name, 0.0)) for name in named),
        ("deductible_eur", point.deductible_eur),
        ("limit_eur", point.limit_eur),
        ("aggregate_limit_eur", point.aggregate_limit_eur),
        ("turnover_eur", point.turnover_eur),
    )


def _some(point: Point, peril: str) -> bool:
    return bool(point.danger.get(peril) or point.incidents.get(peril))

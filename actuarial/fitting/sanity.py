"""What typical firms would pay: rates on line beside the band that the market publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import RiskTable
from actuarial.tariff import Tariff, tariff
from policies.money import CENTS_PER_EURO
from policies.regimes import Regime, load_regime

REGIME = "nl-2027"
MATURE = 1  # second or third year


@dataclass(frozen=True, slots=True)
class Typical:
    """A typical firm of a class, before tax: claims and euros a year, price in percent of the limit, and its band."""

    obliged_class: str
    claims: float
    expected_loss: float
    premium: float
    rate_on_line: float
    band: tuple[float, float]


def typical_prices(opinions: Mapping[str, Any], regime: Regime, calibration: Calibration) -> list[Typical]:
    """Price the typical firm of each class at its minimum cover: danger 0, market-average compliance, no incidents.

    Classes that the regime does not have are left out.
    """
    t = tariff(calibration, regime)
    firms = {name: firm for name, firm in opinions["typical"].items() if name in regime.classes}
    table = _table(firms, opinions["frequency"]["market_compliance"], regime, calibration, t)
    rating = rate(table, t)
    paid = premiums(rating, table, t).technical / CENTS_PER_EURO
    limits = table.limit / CENTS_PER_EURO
    return [
        Typical(
            name,
            float(rating.frequency[row].sum()),
            float(rating.steps[row, -1]),
            float(paid[row]),
            float(100.0 * paid[row] / limits[row]),
            (firm["band"][0], firm["band"][1]),
        )
        for row, (name, firm) in enumerate(firms.items())
    ]


def _table(
    firms: Mapping[str, Mapping[str, Any]], compliance: float, regime: Regime, calibration: Calibration, t: Tariff
) -> RiskTable:
    """One policy with one independently assessed system per class, at the cell the intercepts are stated for."""
    count = len(firms)
    ones = np.ones(count, dtype=np.int64)
    classes = [regime.classes[name] for name in firms]
    codes = np.array([t.class_ids.index(name) for name in firms], dtype=np.int64)
    return RiskTable(
        policy=np.arange(count, dtype=np.int64),
        declared_class=codes,
        priced_class=codes,
        role=ones * t.role_ids.index("provider"),
        autonomy=np.array([firm["autonomy"] for firm in firms.values()], dtype=np.int64),
        sector=ones * t.sector_ids.index("other"),
        maturity=ones * MATURE,
        exposure=np.array([firm["persons"] / calibration.exposure_unit_persons for firm in firms.values()]),
        danger=np.zeros((count, len(t.peril_ids))),
        compliance=np.full(count, compliance),
        incidents=np.zeros((count, len(t.peril_ids))),
        observed_years=np.zeros(count),
        deductible=np.array([c.minimum_deductible.cents for c in classes], dtype=np.int64),
        limit=np.array([c.minimum_limit.cents for c in classes], dtype=np.int64),
        aggregate_limit=np.array([c.minimum_aggregate.cents for c in classes], dtype=np.int64),
        covered=np.tile(np.isin(np.array(t.head_ids), regime.compulsory_heads), (count, 1)),
        turnover=np.array([float(firm["turnover_eur"]) for firm in firms.values()]),
        term_years=np.ones(count),
        minimum_premium=np.array([c.minimum_premium.cents for c in classes], dtype=np.int64),
    )


def sanity(opinions: Mapping[str, Any]) -> Iterator[str]:
    """The lines that the command prints."""
    regime, calibration = load_regime(REGIME), shipped_calibration()
    yield f"calibration {calibration.sha256[:12]} under {regime.id}: typical firms, market-average tests and compliance"
    yield "class  claims/year  expected_loss_eur  premium_eur  rate_on_line_%  band_%"
    for p in typical_prices(opinions, regime, calibration):
        verdict = "inside" if p.band[0] <= p.rate_on_line <= p.band[1] else "OUTSIDE"
        yield (
            f"{p.obliged_class}  {p.claims:.4f}  {p.expected_loss:,.0f}  {p.premium:,.0f}  {p.rate_on_line:.2f}  "
            f"{p.band[0]}-{p.band[1]}  {verdict}"
        )

"""Loadings written out once more, line by line, from the parameters that the waterfall names."""

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import AT, CALIBRATION, REGIME, profiles

from actuarial.premium import LOADINGS, SOURCES, breakdown, premiums
from actuarial.rating import STEPS, rate, size_scale
from actuarial.risks import tabulate
from actuarial.severity import layer
from actuarial.tariff import tariff
from policies.risk import RiskProfile

T = tariff(CALIBRATION, REGIME)


@settings(max_examples=40)
@given(profiles())
def test_every_loading_is_its_formula(profile: RiskProfile) -> None:
    risks = tabulate([profile], AT, REGIME, CALIBRATION)
    rating = rate(risks, T)
    lines = {line.code: line.amount.cents for line in breakdown(premiums(rating, risks, T), rating, 0, T).lines}
    own, perils = CALIBRATION.loadings, [CALIBRATION.perils[peril] for peril in T.peril_ids]
    losses = rating.expected_loss.sum(axis=0)
    expected = {
        "claims_handling": rating.steps[0, -1] * own.claims_handling,
        "prudence": REGIME.prudence_factor * sum(loss * p.cv for loss, p in zip(losses, perils, strict=True)),
        "capital": REGIME.cost_of_capital
        * sum(loss * p.capital_per_expected_loss for loss, p in zip(losses, perils, strict=True)),
        "reinsurance": own.reinsurance_margin * ceded(profile, rating.frequency.sum(axis=0), risks.turnover),
        "fixed_expenses": own.fixed_expense_eur * profile.cover.term_months / 12,
    }
    for code, euros in expected.items():
        assert lines[code] == pytest.approx(100 * euros, abs=0.51, rel=1e-9), code
    net = sum(lines[code] for code in (*STEPS, *expected))
    gross = net + lines["variable_expenses"] + lines["levy"]
    shares = own.variable_expense + float(REGIME.levy)
    assert gross == pytest.approx(net / (1 - shares), abs=0.51)
    assert lines["levy"] == pytest.approx(gross * float(REGIME.levy), abs=0.51)


def ceded(profile: RiskProfile, frequency: np.ndarray, turnover: np.ndarray) -> float:
    """Expected loss per period above the retention of each claim, head by head."""
    d, limit = profile.cover.terms.deductible.cents / 100, profile.cover.terms.limit.cents / 100
    retention = min(CALIBRATION.loadings.reinsurance_retention_eur, limit)
    above = layer(T.severity, np.array([d + retention]), np.array([limit - retention]), size_scale(turnover, T))[0]
    covered = REGIME.covered_heads(profile.cover.heads)
    return float(
        sum(
            frequency[column] * CALIBRATION.mixture[peril].get(head, 0.0) * above[row]
            for column, peril in enumerate(T.peril_ids)
            for row, head in enumerate(T.head_ids)
            if head in covered
        )
    )


def test_every_line_names_its_source() -> None:
    assert set(SOURCES) == {*STEPS, *LOADINGS, "premium_tax"}

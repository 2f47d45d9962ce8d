"""From expected loss to premium: loadings, levy, minimum, tax, rounded at named steps (docs/methods/rating.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actuarial.breakdown import Line, PremiumBreakdown, Stage
from actuarial.rating import STEPS, Rating
from actuarial.risks import RiskTable
from actuarial.rounding import Cents, Floats, share_of, significant, to_cents
from actuarial.tariff import Tariff
from policies.money import CENTS_PER_EURO, Money

LOADINGS = (
    "claims_handling",
    "prudence",
    "capital",
    "reinsurance",
    "fixed_expenses",
    "variable_expenses",
    "levy",
    "minimum",
)

SOURCES = {
    "base": "calibration frequency.perils, severity, mixture",
    "exposure": "calibration frequency.exposure_elasticity",
    "class": "calibration frequency.classes",
    "self_assessed": "regime classes.priced_when_self_assessed",
    "role": "calibration frequency.roles",
    "autonomy": "calibration frequency.autonomy",
    "sector": "calibration frequency.sectors",
    "maturity": "calibration frequency.maturity",
    "size": "calibration severity.size_elasticity",
    "evidence": "regime battery, evidence; calibration tests, frequency.perils.theta",
    "sharing": "regime obligations, compliance; calibration frequency.sharing",
    "history": "calibration history, frequency.perils.alpha, reporting_lag",
    "aggregate_limit": "calibration frequency.dispersion",
    "claims_handling": "calibration loadings.claims_handling",
    "prudence": "regime prudence; calibration frequency.perils.cv",
    "capital": "regime cost_of_capital; calibration frequency.perils.capital_per_expected_loss",
    "reinsurance": "calibration loadings.reinsurance_retention_eur, reinsurance_margin",
    "fixed_expenses": "calibration loadings.fixed_expense_eur",
    "variable_expenses": "calibration loadings.variable_expense",
    "levy": "regime levy",
    "minimum": "regime classes.minimum_premium_eur",
    "premium_tax": "regime premium_tax",
}


@dataclass(frozen=True, slots=True)
class Premiums:
    """Premiums of N policies in cents: amounts of the risk steps (N, len(STEPS)), of the loadings (N, len(LOADINGS)),
    tax (N,), and their sums: technical premium and premium due (N,)."""

    risk: Cents
    loadings: Cents
    tax: Cents
    technical: Cents
    due: Cents


def premiums(rating: Rating, risks: RiskTable, t: Tariff) -> Premiums:
    """Premiums from expected losses. Each component is rounded once; each is non-decreasing in the losses."""
    cumulative = to_cents(rating.steps)
    risk = np.diff(cumulative, axis=1, prepend=0)
    risk_premium = cumulative[:, -1]
    parts = (
        to_cents(rating.steps[:, -1] * t.handling),
        to_cents(t.prudence * (rating.by_peril @ t.cv)),
        to_cents(t.cost_of_capital * (rating.by_peril @ t.capital)),
        to_cents(t.reinsurance_margin * rating.ceded),
        to_cents(t.fixed_expense * risks.term_years),
    )
    net = risk_premium + sum(parts)
    gross = to_cents(net / CENTS_PER_EURO / float(1 - t.variable_expense - t.levy))
    levy = share_of(gross, t.levy)
    minimum = np.maximum(risks.minimum_premium - gross, 0)
    loadings = np.stack([*parts, gross - net - levy, levy, minimum], axis=1)
    technical = gross + minimum
    tax = share_of(technical, t.tax)
    return Premiums(risk, loadings, tax, technical, technical + tax)


def breakdown(result: Premiums, rating: Rating, row: int, t: Tariff) -> PremiumBreakdown:
    """The waterfall of policy `row`."""
    factors = _step_factors(rating.steps[row])
    risk = [
        _line(code, Stage.RISK, amount, factor)
        for code, amount, factor in zip(STEPS, result.risk[row], factors, strict=True)
    ]
    loading = [
        _line(code, Stage.LOADING, amount, None) for code, amount in zip(LOADINGS, result.loadings[row], strict=True)
    ]
    tax = _line("premium_tax", Stage.TAX, result.tax[row], float(t.tax))
    return PremiumBreakdown((*risk, *loading, tax))


def _line(code: str, stage: Stage, cents: np.int64, factor: float | None) -> Line:
    return Line(code, stage, Money(int(cents)), factor, SOURCES[code])


def _step_factors(steps: Floats) -> list[float | None]:
    """What each risk step multiplied the running expected loss by; None for the first and after zero."""
    return [
        significant(float(after / before)) if before > 0 else None
        for before, after in zip((0.0, *steps[:-1]), steps, strict=True)
    ]

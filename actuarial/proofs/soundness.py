"""Soundness: every parameter is a finite number in its range. What is not can prove nothing, so this comes first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from actuarial.calibration import Calibration
from actuarial.certificate import Claim, ProofStep
from actuarial.proofs.case import concluded, step
from policies.regimes import Regime

LARGEST_EFFECT = 5.0  # on log frequency: a factor of 150 either way between levels of a factor is no relativity
SUM_NOISE = 1e-4  # of shares kept to six digits
GRADES = ("near_miss", "minor", "serious", "critical")  # of incidents, mildest first

Check = Callable[[Calibration, Regime], Iterable[tuple[str, float, bool]]]


def soundness(calibration: Calibration, regime: Regime) -> Claim:
    """Every group of parameters, with the first of each that is out of range."""
    return concluded("soundness", [_group(code, check(calibration, regime)) for code, check in CHECKS.items()])


def finite(calibration: Calibration, regime: Regime) -> bool:
    """Whether every parameter is a finite number."""
    return all(math.isfinite(value) for check in CHECKS.values() for _, value, _ in check(calibration, regime))


def _group(code: str, found: Iterable[tuple[str, float, bool]]) -> ProofStep:
    """A step for a group: how many numbers, and the first that is not finite or out of its range."""
    count = 0
    for name, value, holds in found:
        count += 1
        if not (math.isfinite(value) and holds):
            return step("unsound", False, group=code, name=name, value=str(value))
    return step("sound", count > 0, group=code, count=count)


def _perils(c: Calibration, _: Regime) -> Iterator[tuple[str, float, bool]]:
    for peril, row in c.perils.items():
        yield f"{peril} intercept", row.intercept, True
        for name in ("theta_low", "theta", "theta_high"):
            yield f"{peril} {name}", getattr(row, name), row.theta_low <= row.theta <= row.theta_high
        yield f"{peril} cv", row.cv, row.cv >= 0
        yield f"{peril} alpha", row.alpha, row.alpha > 0
        yield f"{peril} capital_per_expected_loss", row.capital_per_expected_loss, row.capital_per_expected_loss >= 0


def _effects(c: Calibration, _: Regime) -> Iterator[tuple[str, float, bool]]:
    named = {**c.classes, **c.roles, **c.sectors}
    numbered = {f"autonomy {n}": effect for n, effect in enumerate(c.autonomy)}
    bands = {f"maturity from {years:g}": effect for years, effect in c.maturity}
    for name, effect in (named | numbered | bands).items():
        yield name, effect, abs(effect) <= LARGEST_EFFECT
    starts = [years for years, _ in c.maturity]
    yield "maturity from_years", starts[0], starts == sorted(set(starts)) and starts[0] == 0
    yield "sharing", c.sharing, True
    yield "exposure_elasticity", c.exposure_elasticity, True
    yield "exposure_unit_persons", c.exposure_unit_persons, c.exposure_unit_persons > 0
    yield "exposure_unit_turnover_eur", c.exposure_unit_turnover_eur, c.exposure_unit_turnover_eur > 0
    yield "dispersion", c.dispersion, c.dispersion >= 0
    yield "reporting_lag shape", c.lag_shape, c.lag_shape > 0
    yield "reporting_lag scale_days", c.lag_scale_days, c.lag_scale_days > 0


def _history(c: Calibration, _: Regime) -> Iterator[tuple[str, float, bool]]:
    h, least = c.history, 0.0
    for grade in GRADES:
        yield f"severity {grade}", h.severity[grade], h.severity[grade] > least
        least = h.severity[grade]
    yield "reported", h.reported, h.reported > 0
    yield "late_limit", h.late_limit, h.late_limit >= h.reported
    yield "concealed", h.concealed, h.concealed >= h.late_limit
    yield "late_scale_days", h.late_scale_days, h.late_scale_days > 0


def _severities(c: Calibration, _: Regime) -> Iterator[tuple[str, float, bool]]:
    for head, row in c.severities.items():
        yield f"{head} mu", row.mu, True
        for name in ("sigma", "threshold", "xi", "beta"):
            yield f"{head} {name}", getattr(row, name), getattr(row, name) > 0
    for peril in c.perils:
        shares = c.mixture.get(peril, {})
        for head, share in shares.items():
            yield f"mixture {peril} {head}", share, 0 <= share <= 1
        total = sum(shares.values())
        yield f"mixture of {peril}", total, abs(total - 1) <= SUM_NOISE
    yield "size_elasticity", c.size_elasticity, True
    yield "size_reference_eur", c.size_reference_eur, c.size_reference_eur > 0
    yield "size_bands_per_decade", c.size_bands_per_decade, c.size_bands_per_decade >= 1


def _tests(c: Calibration, regime: Regime) -> Iterator[tuple[str, float, bool]]:
    for test in regime.required_tests():
        if test not in c.tests:
            continue  # a required test without reference refers every risk
        row, design = c.tests[test], c.test_designs[test]
        for name in ("a", "b", "tau", "log_sd"):
            yield f"{test} {name}", getattr(row, name), getattr(row, name) > 0
        yield f"{test} mu", row.mu, True
        yield f"{test} log_mean", row.log_mean, True
        yield f"{test} silence", row.silence, row.a / (row.a + row.b) <= row.silence < 1
        yield f"{test} rho", design.rho, 0 <= design.rho <= 1
        yield f"{test} half_life_days", design.half_life_days, design.half_life_days > 0


def _loadings(c: Calibration, _: Regime) -> Iterator[tuple[str, float, bool]]:
    own = c.loadings
    for name in ("claims_handling", "reinsurance_margin", "fixed_expense_eur"):
        yield name, getattr(own, name), getattr(own, name) >= 0
    yield "reinsurance_retention_eur", own.reinsurance_retention_eur, own.reinsurance_retention_eur > 0
    yield "variable_expense", own.variable_expense, 0 <= own.variable_expense < 1
    for segment, ratio in c.balance.items():
        yield f"balance {segment}", ratio, ratio > 0


CHECKS: dict[str, Check] = {
    "perils": _perils,
    "effects": _effects,
    "history": _history,
    "severities": _severities,
    "tests": _tests,
    "loadings": _loadings,
}

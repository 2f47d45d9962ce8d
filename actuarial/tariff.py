"""The tariff: a calibration under a regime, laid out as arrays for rating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial

import numpy as np

from actuarial.calibration import Calibration, TestReference
from actuarial.rounding import Floats
from actuarial.severity import Splice, splice
from policies.findings import WaarborgError
from policies.heads import HEADS
from policies.perils import PERILS
from policies.period import DAYS_PER_YEAR
from policies.regimes import BatteryTest, Regime
from policies.safety import Kind, catalogue


class ThetaLevel(StrEnum):
    """Which value of theta is used: no public data yet link test results to claims, so all three are shown."""

    LOW = "theta_low"
    CENTRAL = "theta"
    HIGH = "theta_high"


@dataclass(frozen=True, slots=True)
class Tariff:
    """Arrays over P perils, H heads, T tests, C classes. Effects are on log frequency.

    `unpriced` names perils, insurable heads and required tests that the calibration lacks: such a risk is referred.
    """

    peril_ids: tuple[str, ...]
    head_ids: tuple[str, ...]
    test_ids: tuple[str, ...]
    class_ids: tuple[str, ...]
    sector_ids: tuple[str, ...]
    role_ids: tuple[str, ...]
    unpriced: tuple[str, ...]
    intercept: Floats  # (P,)
    theta: Floats  # (P,)
    alpha: Floats  # (P,)
    cv: Floats  # (P,)
    capital: Floats  # (P,) capital per euro of expected loss
    mixture: Floats  # (P, H)
    severity: Splice
    class_effect: Floats  # (C,)
    sector_effect: Floats
    role_effect: Floats
    autonomy_effect: Floats
    maturity_from: Floats  # (bands,) years since deployment
    maturity_effect: Floats  # (bands,)
    sharing: float
    elasticity: float
    dispersion: float
    lag_shape: float
    lag_scale_years: float
    size_elasticity: float
    size_reference: float
    size_bands: int
    prior_a: Floats  # (T,)
    prior_b: Floats
    silence: Floats
    logit_mean: Floats
    logit_sd: Floats
    log_mean: Floats
    rho: Floats
    voids: Floats  # (T, T): row test can void column test
    battery: Floats  # (T, P) weights of standardised logits
    hazard_battery: Floats  # (T, P) weights of centred log rates, for capability perils
    level_registered: float
    level_chosen: float
    doubt: float
    utility_doubt: float
    utility_failure_limit: float
    handling: float
    prudence: float
    cost_of_capital: float
    retention: float
    reinsurance_margin: float
    fixed_expense: float
    variable_expense: Decimal
    levy: Decimal
    tax: Decimal


_built: dict[tuple[str, str], Tariff] = {}


def tariff(calibration: Calibration, regime: Regime, theta: ThetaLevel = ThetaLevel.CENTRAL) -> Tariff:
    """The tariff of a calibration under a regime, built once per pair of digests."""
    key = (calibration.sha256, regime.sha256)
    if key not in _built:
        _built[key] = _tariff(calibration, regime)
    built = _built[key]
    values = [getattr(calibration.perils[peril], theta) for peril in built.peril_ids]
    return replace(built, theta=np.array(values))


def _tariff(calibration: Calibration, regime: Regime) -> Tariff:
    if lacking := set(regime.classes) - set(calibration.classes) | set(regime.exposure_base) - set(calibration.roles):
        names = ", ".join(sorted(lacking))
        raise WaarborgError(f"calibration {calibration.sha256[:12]} has no effect for {names} of regime {regime.id}")
    perils = tuple(peril for peril in PERILS if peril in calibration.perils)
    heads = tuple(head for head in HEADS if head in calibration.severities)
    required = tuple(test for test in regime.required_tests() if test in calibration.tests)
    tests = required + _utility_tests(required, calibration)
    known = catalogue()
    rows = [calibration.perils[peril] for peril in perils]
    column = partial(_column, calibration.tests, tests)
    own = calibration.loadings
    battery, hazard = _batteries(regime, calibration, tests, perils)
    return Tariff(
        peril_ids=perils,
        head_ids=heads,
        test_ids=tests,
        class_ids=tuple(regime.classes),
        sector_ids=tuple(calibration.sectors),
        role_ids=tuple(calibration.roles),
        unpriced=_unpriced(regime, calibration),
        intercept=np.array([row.intercept for row in rows]),
        theta=np.array([row.theta for row in rows]),
        alpha=np.array([row.alpha for row in rows]),
        cv=np.array([row.cv for row in rows]),
        capital=np.array([row.capital_per_expected_loss for row in rows]),
        mixture=np.array([[calibration.mixture[peril].get(head, 0.0) for head in heads] for peril in perils]),
        severity=splice([calibration.severities[head] for head in heads]),
        class_effect=np.array([calibration.classes[c] for c in regime.classes]),
        sector_effect=np.array(list(calibration.sectors.values())),
        role_effect=np.array(list(calibration.roles.values())),
        autonomy_effect=np.array(calibration.autonomy),
        maturity_from=np.array([years for years, _ in calibration.maturity]),
        maturity_effect=np.array([effect for _, effect in calibration.maturity]),
        sharing=calibration.sharing,
        elasticity=calibration.exposure_elasticity,
        dispersion=calibration.dispersion,
        lag_shape=calibration.lag_shape,
        lag_scale_years=calibration.lag_scale_days / DAYS_PER_YEAR,
        size_elasticity=calibration.size_elasticity,
        size_reference=calibration.size_reference_eur,
        size_bands=calibration.size_bands_per_decade,
        rho=np.array([max(calibration.test_designs[test].rho, regime.evidence.minimum_rho) for test in tests]),
        voids=np.array([[float(column in known[row].voids) for column in tests] for row in tests]),
        battery=battery,
        hazard_battery=hazard,
        level_registered=regime.evidence.quantile,
        level_chosen=max(regime.evidence.quantile, 0.5 ** (1 / regime.evidence.best_of_runs)),
        doubt=regime.evidence.doubt,
        utility_doubt=regime.evidence.utility_doubt,
        utility_failure_limit=regime.evidence.utility_failure_limit,
        prior_a=column("a"),
        prior_b=column("b"),
        silence=column("silence"),
        logit_mean=column("mu"),
        logit_sd=column("tau"),
        log_mean=column("log_mean"),
        handling=own.claims_handling,
        prudence=regime.prudence_factor,
        cost_of_capital=regime.cost_of_capital,
        retention=own.reinsurance_retention_eur,
        reinsurance_margin=own.reinsurance_margin,
        fixed_expense=own.fixed_expense_eur,
        variable_expense=Decimal(str(own.variable_expense)),
        levy=regime.levy,
        tax=regime.premium_tax,
    )


def _column(references: Mapping[str, TestReference], tests: tuple[str, ...], field: str) -> Floats:
    """One field over the tests; utility tests, which price nothing, get a harmless 1."""
    return np.array([getattr(references[test], field) if test in references else 1.0 for test in tests])


def _utility_tests(required: tuple[str, ...], calibration: Calibration) -> tuple[str, ...]:
    return tuple(
        test.id
        for test in catalogue().values()
        if test.kind is Kind.UTILITY and test.id in calibration.test_designs and set(test.voids) & set(required)
    )


def _unpriced(regime: Regime, calibration: Calibration) -> tuple[str, ...]:
    perils = (peril for peril in PERILS if peril not in calibration.perils)
    covered = (*regime.compulsory_heads, *regime.optional_heads)
    heads = (head for head in covered if head not in calibration.severities)
    return (*perils, *heads, *(test for test in regime.required_tests() if test not in calibration.tests))


def _batteries(
    regime: Regime, calibration: Calibration, tests: tuple[str, ...], perils: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Weights (T, P) on standardised logits and on centred log rates."""
    plain, hazard = np.zeros((len(tests), len(perils))), np.zeros((len(tests), len(perils)))
    for column, peril in enumerate(perils):
        entries = [entry for entry in regime.battery.get(peril, ()) if entry.test in tests]
        target = hazard if PERILS[peril].capability else plain
        weights = _hazard_weights(entries, calibration) if PERILS[peril].capability else _plain_weights(entries)
        for test, weight in weights.items():
            target[tests.index(test), column] = weight
    return plain, hazard


def _plain_weights(entries: Iterable[BatteryTest]) -> dict[str, float]:
    return {entry.test: entry.weight for entry in entries}


def _hazard_weights(entries: list[BatteryTest], calibration: Calibration) -> dict[str, float]:
    """log hazard = mean log capability + mean log safeguard failure, divided by its own standard deviation."""
    known = catalogue()
    groups = [
        [entry for entry in entries if (known[entry.test].kind is Kind.CAPABILITY) is wanted]
        for wanted in (True, False)
    ]
    shares = {entry.test: entry.weight / sum(e.weight for e in group) for group in groups for entry in group}
    sd = sum((share * calibration.tests[test].log_sd) ** 2 for test, share in shares.items()) ** 0.5
    return {test: share / sd for test, share in shares.items()}

"""The sample market as judge: over a hundred markets, 90 % intervals hold the truth, and the tariff sorts risks."""

from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import binom

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.frequency import Penalty, fit
from actuarial.fitting.frequency_design import Columns, Z, blocks, columns, known_perils, rows_of
from actuarial.fitting.frequency_fit import FrequencyFit, fit_frequency, rate_of
from actuarial.fitting.metrics import gini
from actuarial.fitting.sample_experience import sample_experience, true_frequency
from actuarial.fitting.survival import experience_lags, fit_delay, interval
from actuarial.market.truth import stated_truth
from actuarial.severity import limited_expected_value
from actuarial.tariff import tariff
from policies.money import CENTS_PER_EURO
from policies.regimes import load_regime

AT = date(2026, 11, 24)
FIRMS, SEEDS, REFERENCE_FIRMS = 2_000, 100, 12_000
WIDE_PRIOR = 3.0  # the prior differs from the truth on purpose: it must not decide here
LOW, HIGH = 0.85, 0.95
CHANCE = 0.001  # of a sound interval to be called unsound, for each of some fifty parameters
REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
PRIOR_LAG = (CALIBRATION.lag_shape, CALIBRATION.lag_scale_days)


def stated() -> dict[str, float]:
    """The truth that the markets are drawn from, by path of the artefact."""
    truth, lag = stated_truth().frequency, stated_truth().reporting_lag
    found = {"frequency.exposure_elasticity": truth.elasticity, "frequency.sharing": truth.sharing}
    for peril, row in truth.perils.items():
        found[f"frequency.perils.{peril}.intercept"] = float(np.log(row.claims_per_thousand / 1000))
        found[f"frequency.perils.{peril}.theta"] = row.theta
    for factor in ("classes", "roles", "sectors"):
        found |= {f"frequency.{factor}.{level}": effect for level, effect in getattr(truth, factor).items()}
    found |= {f"frequency.autonomy.{step}": effect for step, effect in enumerate(truth.autonomy)}
    found |= {f"frequency.maturity.{band}.effect": effect for band, (_, effect) in enumerate(truth.maturity)}
    return found | {"shape": lag.shape, "scale_days": lag.scale_days}


def seen_through_tests() -> dict[str, float]:
    """What the same truth is in terms of measured danger and compliance: the regression of the true frequency on them.

    Tests measure with error, so measured danger predicts less than true danger. No claim is drawn: the response
    is the true expected frequency of each row, so that nothing but the measurement is in the answer.
    """
    market = sample_experience(REFERENCE_FIRMS, 7, AT, REGIME, CALIBRATION)
    frequency = true_frequency(REFERENCE_FIRMS, 7, AT, REGIME, CALIBRATION)
    perils = known_perils(CALIBRATION, market)
    rows, cols = rows_of(market, CALIBRATION, PRIOR_LAG, perils), columns(CALIBRATION, {}, perils)
    free = np.array([not fixed(cols, path) for path in cols.paths])
    flat = Penalty(np.zeros(len(free)), np.zeros((len(free), len(free))), free)
    start = np.where([path.endswith("intercept") for path in cols.paths], -4.0, 0.0)
    exposure = np.tile(rows.at_risk, len(perils))
    found = fit(blocks(rows, cols), frequency.T.ravel(), exposure, flat, start=start)
    assert found.converged
    lag = stated_truth().reporting_lag
    return dict(zip(cols.paths, found.coefficients, strict=True)) | {"shape": lag.shape, "scale_days": lag.scale_days}


def fixed(cols: Columns, path: str) -> bool:
    """Whether a path is the reference level of its factor; the theta of systemic perils is fitted here."""
    return bool(cols.sd[cols.at(path)] == 0) and not path.endswith("theta")


def hits(found: FrequencyFit, market: Experience, truth: dict[str, float]) -> dict[str, bool]:
    """Whether the 90 % interval of each parameter holds its truth."""
    near = np.abs(found.estimate - [truth[path] for path in found.cols.paths]) <= Z * found.se
    inside = {path: bool(hit) for path, hit, se in zip(found.cols.paths, near, found.se, strict=True) if se > 0}
    ends = interval(fit_delay(experience_lags(market)))
    return inside | {name: low <= truth[name] <= high for name, (_, low, high) in ends.items()}


def delay_of(market: Experience) -> tuple[float, float]:
    found = fit_delay(experience_lags(market))
    return found.shape, found.scale_days


def check(record: list[dict[str, bool]]) -> pd.Series:
    """Coverage of each main parameter. Perils with less than 5 claims a market are the prior's, and are left out."""
    covered = pd.DataFrame(record)
    thin = [path for path in covered if path.split(".")[2:3] and path.split(".")[2] in ("CYB", "CBR", "LOC", "SOC")]
    coverage = covered.drop(columns=thin).mean()
    assert len(coverage) > 50
    fewest = binom.ppf(CHANCE, SEEDS, LOW) / SEEDS
    assert coverage[coverage < fewest].to_dict() == {}
    return coverage


def test_perfect_measurement_returns_the_stated_truth() -> None:
    truth, record = stated(), []
    for seed in range(SEEDS):
        market = sample_experience(FIRMS, seed, AT, REGIME, CALIBRATION, perfect=True)
        record.append(hits(fit_frequency(market, CALIBRATION, {}, delay_of(market), REGIME, WIDE_PRIOR), market, truth))
    assert LOW <= check(record).mean() <= HIGH


def test_imperfect_tests_concealment_and_delay_return_what_can_be_seen_through_them() -> None:
    truth, record, ratios = seen_through_tests(), [], []
    assert truth["frequency.perils.FIN.theta"] < stated()["frequency.perils.FIN.theta"]
    for seed in range(SEEDS):
        market = sample_experience(FIRMS, seed, AT, REGIME, CALIBRATION)
        found = fit_frequency(market, CALIBRATION, {}, delay_of(market), REGIME, WIDE_PRIOR)
        record.append(hits(found, market, truth))
        ratios.append(ranking(found, seed))
    assert LOW <= check(record).mean() <= HIGH
    assert min(ratios) > 0.95


def ranking(found: FrequencyFit, seed: int) -> float:
    """Gini of the true expected loss in the order of the fitted one, as a share of that in its own order.

    A claim of a peril costs its mean under the basic limit, the same in truth and tariff: the fit is of frequency.
    """
    t = tariff(CALIBRATION, REGIME)
    limit = min(c.minimum_limit.cents for c in REGIME.classes.values()) / CENTS_PER_EURO
    cost = t.mixture @ limited_expected_value(t.severity, np.array([limit]))
    true = true_frequency(FIRMS, seed, AT, REGIME, CALIBRATION) @ cost
    fitted = rate_of(found.rows, found.cols, found.estimate) @ cost[[t.peril_ids.index(p) for p in found.cols.perils]]
    at_risk = found.rows.at_risk
    return gini(true, fitted, at_risk) / gini(true, true / at_risk, at_risk)

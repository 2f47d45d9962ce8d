"""Recovery of the stated truth from sample markets: `python -m benchmarks.recovery [MARKETS]`, Markdown rows.

For each parameter: what the markets are drawn from, and what the same truth is in terms of measured danger and
compliance (the regression of true frequency on what is measured; no claim is drawn); then the mean estimate and how
often the 90 % interval holds its truth, with perfect and with measured evidence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from actuarial.calibration import shipped_calibration
from actuarial.fitting.frequency import Penalty, fit
from actuarial.fitting.frequency_design import INTERCEPT, THETA, Z, blocks, columns, known_perils, rows_of
from actuarial.fitting.frequency_fit import FrequencyFit, fit_frequency
from actuarial.fitting.sample_experience import sample_experience, true_frequency
from actuarial.fitting.survival import experience_lags, fit_delay
from actuarial.market.truth import stated_truth
from policies.regimes import load_regime

AT = date(2026, 11, 24)
MARKETS, FIRMS = 100, 2_000
LARGE, LARGE_SEED = 12_000, 7  # the market on which measured danger is set beside the true one
WIDE = 3.0  # the prior's widths times this: here the claims are to decide
PERILS = ("FIN", "PRV", "DIS", "SEC")  # those with most claims
EMPTY_START = -4.0  # log claims a year where the search for an intercept starts
SHARED = ("frequency.exposure_elasticity", "frequency.sharing", "frequency.classes.A0", "frequency.classes.A7")
PATHS = (*(f"frequency.perils.{peril}.{name}" for name in (THETA, INTERCEPT) for peril in PERILS), *SHARED)
REGIME, PRIOR = load_regime("nl-2027"), shipped_calibration()
PRIOR_LAG = (PRIOR.lag_shape, PRIOR.lag_scale_days)


def stated() -> dict[str, float]:
    truth = stated_truth().frequency
    found = {"frequency.exposure_elasticity": truth.elasticity, "frequency.sharing": truth.sharing}
    for peril in PERILS:
        found[f"frequency.perils.{peril}.{INTERCEPT}"] = float(np.log(truth.perils[peril].claims_per_thousand / 1000))
        found[f"frequency.perils.{peril}.{THETA}"] = truth.perils[peril].theta
    return found | {f"frequency.classes.{level}": effect for level, effect in truth.classes.items()}


def through_tests() -> dict[str, float]:
    """The stated truth as measured danger, compliance and class show it: nothing but measurement is in the answer."""
    market = sample_experience(LARGE, LARGE_SEED, AT, REGIME, PRIOR)
    frequency = true_frequency(LARGE, LARGE_SEED, AT, REGIME, PRIOR)
    perils = known_perils(PRIOR, market)
    rows, cols = rows_of(market, PRIOR, PRIOR_LAG, perils), columns(PRIOR, {}, perils)
    free = np.array([sd > 0 or path.endswith(THETA) for path, sd in zip(cols.paths, cols.sd, strict=True)])
    flat = Penalty(np.zeros(len(free)), np.zeros((len(free), len(free))), free)
    start = np.where([path.endswith(INTERCEPT) for path in cols.paths], EMPTY_START, 0.0)
    exposure = np.tile(rows.at_risk, len(perils))
    found = fit(blocks(rows, cols), frequency.T.ravel(), exposure, flat, start=start)
    return dict(zip(cols.paths, found.coefficients.tolist(), strict=True))


def fitted(seed: int, perfect: bool) -> FrequencyFit:
    market = sample_experience(FIRMS, seed, AT, REGIME, PRIOR, perfect=perfect)
    delay = fit_delay(experience_lags(market))
    return fit_frequency(market, PRIOR, {}, (delay.shape, delay.scale_days), REGIME, WIDE)


def record(markets: int, perfect: bool, truth: Mapping[str, float]) -> Iterator[tuple[float, float]]:
    """Mean estimate of each path, and the share of the markets whose interval holds the truth."""
    fits = [fitted(seed, perfect) for seed in range(markets)]
    for path in PATHS:
        estimate, se = np.array([(f.estimate[f.cols.at(path)], f.se[f.cols.at(path)]) for f in fits]).T
        yield float(estimate.mean()), float(np.mean(np.abs(estimate - truth[path]) <= Z * se))


def main() -> None:
    markets = int(sys.argv[1]) if len(sys.argv) > 1 else MARKETS
    truths = stated(), through_tests()
    found = zip(*(record(markets, perfect, truths[not perfect]) for perfect in (True, False)), strict=True)
    print("| parameter | stated | perfect: mean | covers | through tests | measured: mean | covers |")
    print("|---|---|---|---|---|---|---|")
    for path, ((mean, covers), (seen, seen_covers)) in zip(PATHS, found, strict=True):
        own, through = (truth[path] for truth in truths)
        name = path.removeprefix("frequency.").removeprefix("perils.")
        print(f"| {name} | {own:.2f} | {mean:.2f} | {covers:.0%} | {through:.2f} | {seen:.2f} | {seen_covers:.0%} |")


if __name__ == "__main__":
    main()

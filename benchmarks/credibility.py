"""Credibility: speed on many firms beside a groupby in pandas, and the error of the estimators on a known truth."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd

from actuarial.fitting.credibility import (
    buhlmann_straub,
    combined_alpha,
    fit_history,
    iterative_heterogeneity,
    unbiased_heterogeneity,
)
from actuarial.fitting.dispersion import dispersion
from actuarial.rounding import Floats
from benchmarks.__main__ import row, seconds

SEED = 1
PERIODS = 5
PERILS = 14
ALPHA, PRIOR, PRIOR_LOG_SD = 1.5, 1.5, 0.7
SIZE_SIGMA = 1.5  # of log expected claims between firms
DRAWS = 300
PORTFOLIOS = ((200, 0.05), (200, 0.5), (2_000, 0.05), (2_000, 0.5), (20_000, 0.05))  # firms, mean expected claims


def market(rng: np.random.Generator, shape: tuple[int, ...], mean: float, alpha: float) -> tuple[Floats, Floats]:
    expected = mean * np.exp(rng.normal(0.0, SIZE_SIGMA, shape) - SIZE_SIGMA**2 / 2.0)
    return expected, rng.poisson(expected * rng.gamma(alpha, 1.0 / alpha, shape)).astype(float)


def in_pandas(firm: Floats, weight: Floats, value: Floats) -> tuple[float, float, float]:
    """Collective mean, within and between variance as one would write them with groupby."""
    data = pd.DataFrame({"firm": firm, "w": weight, "wx": weight * value, "x": value})
    firms = data.groupby("firm")[["w", "wx"]].sum()
    means = firms["wx"] / firms["w"]
    within = (data["w"] * (data["x"] - data["firm"].map(means)) ** 2).sum() / (len(data) - len(firms))
    level, total = firms["wx"].sum() / firms["w"].sum(), firms["w"].sum()
    between = (firms["w"] * (means - level) ** 2).sum() - (len(firms) - 1) * within
    between /= total - (firms["w"] ** 2).sum() / total
    factors = firms["w"] / (firms["w"] + within / between)
    return float((factors * means).sum() / factors.sum()), float(within), float(between)


def speed(firms: int) -> None:
    rng = np.random.default_rng(SEED)
    code = np.repeat(np.arange(firms), PERIODS)
    weight = rng.uniform(1.0, 50.0, firms * PERIODS)
    value = rng.normal(rng.normal(100.0, 10.0, firms)[code], 30.0 / np.sqrt(weight))
    ours = min(seconds(lambda: buhlmann_straub(code, weight, value)) for _ in range(5))
    iterative = min(seconds(lambda: buhlmann_straub(code, weight, value, iterative=True)) for _ in range(5))
    peer = min(seconds(lambda: in_pandas(code, weight, value)) for _ in range(5))
    found = buhlmann_straub(code, weight, value)
    gap = np.abs(np.array(in_pandas(code, weight, value)) / (found.collective, found.within, found.between) - 1.0).max()
    row(f"Buehlmann-Straub, {firms:,} firms x {PERIODS}", f"{ours * 1e3:.0f} ms", f"pandas groupby {peer * 1e3:.0f} ms")
    row("  iterative estimator", f"{iterative * 1e3:.0f} ms", f"largest difference from pandas {gap:.0e}")
    expected, counts = market(rng, (firms, PERILS), 0.05, ALPHA)
    labels = np.char.add("firm ", np.arange(firms).astype(str)).astype(object)
    perils = [f"P{number}" for number in range(PERILS)]
    spent = seconds(lambda: fit_history(labels, expected, counts, perils, np.full(PERILS, PRIOR)))
    row(f"history constants, {PERILS} perils", f"{spent:.1f} s", f"{counts.sum():,.0f} claims")
    mean, claims = market(rng, (2 * firms,), 0.2, ALPHA)
    spent = seconds(lambda: dispersion(mean, claims))
    row(f"dispersion, {2 * firms:,} policy years", f"{spent:.2f} s", "test and profile likelihood")


def pooled_heterogeneity(expected: Floats, claims: Floats) -> float:
    """The unbiased estimator with one variance for all firms: what the own variance of each is there to improve on."""
    mean = expected * claims.sum() / expected.sum()
    seen = (np.square(claims - mean) / mean).sum() - (len(mean) - 1)
    return float(seen / (mean.sum() - np.square(mean).sum() / mean.sum()))


def accuracy() -> Iterator[str]:
    """Root mean square error of 1 / alpha (truth 0.667), and coverage of the 90 % interval when the truth is drawn from
    the prior: Markdown rows."""
    yield "| firms | claims | pooled | unbiased | iterative | interval covers | weight of data |"
    yield "|---|---|---|---|---|---|---|"
    for firms, mean in PORTFOLIOS:
        rng = np.random.default_rng(SEED)
        estimates, combined = [], []
        for _ in range(DRAWS):
            data = market(rng, (firms,), mean, ALPHA)
            if data[1].sum() > 1:
                estimates.append([f(*data) for f in (pooled_heterogeneity, unbiased_heterogeneity)])
                estimates[-1].append(iterative_heterogeneity(*data))
            truth = PRIOR * float(np.exp(PRIOR_LOG_SD * rng.standard_normal()))
            alpha, sd, weight = combined_alpha(*market(rng, (firms,), mean, truth), PRIOR, PRIOR_LOG_SD)
            combined.append((abs(np.log(alpha / truth)) < 1.645 * sd, weight))
        errors = np.sqrt(np.square(np.array(estimates) - 1.0 / ALPHA).mean(axis=0))
        covers, weight = np.array(combined, dtype=float).mean(axis=0)
        figures = " | ".join(f"{error:.2f}" for error in errors)
        yield f"| {firms:,} | {firms * mean:,.0f} | {figures} | {covers:.0%} | {weight:.0%} |"


def main() -> None:
    speed(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    for line in accuracy():
        print(line, flush=True)


if __name__ == "__main__":
    main()

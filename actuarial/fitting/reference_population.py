"""Reference populations: from published results of many systems to the Beta prior and the silence price of a test.

Failure is the dangerous outcome throughout. docs/methods/reference-population.md explains each step;
`python -m actuarial.fitting.reference_population` prints every reference.
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from scipy.special import betainc, betaincinv, logit

from actuarial.calibration import TestReference
from actuarial.rounding import Floats

WORST_SHARE = 0.1  # silence is priced as the mean of the worst decile
RATE_FLOOR = 1e-4  # a population without a single failure still leaves room for one
NOISE_FLOOR = 0.1  # share of the seen variance that sampling noise may not take away
TRIALS = 200  # rates are seen through about so many trials: nobody tells 1e-4 from 1e-6
QUANTILES = 4000  # points at which a population is read


@cache
def table(name: str) -> tuple[Mapping[str, str], ...]:
    """Rows of a shipped reference table as text by column."""
    text = resources.files("actuarial").joinpath("reference", "tables", name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def beta_by_moments(mean: float, variance: float, systems: int, floor: float) -> tuple[float, float]:
    """Beta (a, b) with that mean; its strength a + b follows from the variance, within [floor, systems].

    Raises ValueError unless 0 < mean < 1 and variance > 0.
    """
    if not (0.0 < mean < 1.0 and variance > 0.0):
        raise ValueError(f"no Beta distribution has mean {mean} and variance {variance}")
    strength = min(max(mean * (1.0 - mean) / variance - 1.0, floor), max(float(systems), floor))
    return mean * strength, (1.0 - mean) * strength


def beta_tail_mean(a: float, b: float, share: float = WORST_SHARE) -> float:
    """Mean of the worst `share` of Beta(a, b), in closed form.

    By the complement Y = 1 - X ~ Beta(b, a), exact up to 1: E[Y; Y < q] = b / (a + b) * P(Beta(b + 1, a) < q).
    """
    quantile = betaincinv(b, a, share)
    return float(1.0 - b / (a + b) * betainc(b + 1.0, a, quantile) / share)


def seen_moments(a: float, b: float) -> tuple[float, float, float, float]:
    """Mean and s.d. of logit X and of log X for X ~ Beta(a, b), read through TRIALS trials as (n X + 1/2) / (n + 1).

    Without that reading the logit of a population that almost never fails is dominated by rates nobody can observe.
    """
    rates = betaincinv(a, b, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    seen = (TRIALS * rates + 0.5) / (TRIALS + 1.0)
    return float(logit(seen).mean()), float(logit(seen).std()), float(np.log(seen).mean()), float(np.log(seen).std())


def reference(a: float, b: float, spread: float, systems: int, basis: str, source: str) -> TestReference:
    """The reference of a test: Beta(a, b) updates and prices silence; the scale of z is that of the population, a Beta
    of the same mean and strength `spread`."""
    mean = a / (a + b)
    mu, tau, log_mean, log_sd = seen_moments(mean * spread, (1.0 - mean) * spread)
    return TestReference(a, b, mu, tau, log_mean, log_sd, beta_tail_mean(a, b), systems, basis, source)


def reference_populations() -> dict[str, TestReference]:
    """The reference of every test that the authored list names, by test id."""
    text = resources.files("actuarial.fitting").joinpath("reference_population.toml").read_text("utf-8")
    authored = tomllib.loads(text)
    return {test: _reference(entry, authored) for test, entry in authored["test"].items()}


def _reference(entry: Mapping[str, Any], authored: Mapping[str, Any]) -> TestReference:
    if "mean" in entry:
        return _elicited(entry["mean"], authored, 0, entry["why"])
    mean, variance, systems, source = population(entry)
    if "note" in entry:
        source = f"{source}; {entry['note']}"
    if systems == 1:
        return _elicited(mean, authored, 1, f"anchored on one system: {source}")
    a, b = beta_by_moments(mean, variance, systems, authored["strength_floor"])
    return reference(a, b, a + b, systems, "measured", source)


def _elicited(mean: float, authored: Mapping[str, Any], systems: int, why: str) -> TestReference:
    """An opinion updates weakly, whatever it says about the spread between systems."""
    strength, spread = authored["elicited_strength"], authored["elicited_spread"]
    return reference(mean * strength, (1.0 - mean) * strength, spread, systems, "elicited", why)


def population(entry: Mapping[str, Any]) -> tuple[float, float, int, str]:
    """Mean, variance between systems, number of systems and source of the published results that an entry names."""
    if "row" in entry:
        return _published_row(entry["row"])
    if "probes" in entry:
        return _garak_family(entry["probes"])
    return _selected(entry["select"])


def _published_row(test: str) -> tuple[float, float, int, str]:
    """A row of published_rates.csv."""
    row = next(row for row in table("published_rates.csv") if row["test"] == test)
    spread = float(row["sd"]) ** 2 if row["sd"] else 0.0
    return float(row["mean"]), spread, int(row["n"]), f"{row['source']}: {row['what']}"


def _garak_family(prefix: str) -> tuple[float, float, int, str]:
    """A probe family. The spread of the family is taken as the mean spread of its probes: an upper bound, kept."""
    rows = [row for row in table("garak_calibration_priors.csv") if row["probe/detector"].startswith(prefix)]
    mean = float(np.mean([float(row["mean_fail"]) for row in rows]))
    spread = float(np.mean([float(row["sd_between_models"]) for row in rows])) ** 2
    systems = min(int(row["n_models"]) for row in rows)
    return mean, spread, systems, f"garak calibration of {rows[0]['date']}, {len(rows)} probe and detector pairs"


def _selected(where: Mapping[str, str]) -> tuple[float, float, int, str]:
    """Rows of safety_tests.csv; sampling noise k(n - k) / n^2 (n - 1) is taken off the variance where n is known."""
    rows = [
        row
        for row in table("safety_tests.csv")
        if row["adverse_rate"] and all(row[column] == value for column, value in where.items())
    ]
    rates = np.array([float(row["adverse_rate"]) for row in rows])
    seen = float(np.var(rates, ddof=1))
    between = max(seen - _sampling_variance(rates, rows), NOISE_FLOOR * seen)
    mean = float(np.clip(np.mean(rates), RATE_FLOOR, 1.0 - RATE_FLOOR))
    systems = len({(row["vendor"], row["model"]) for row in rows})
    return mean, between, systems, f"{rows[0]['test']}, {len(rows)} results of {systems} systems, {rows[0]['source']}"


def _sampling_variance(rates: Floats, rows: Sequence[Mapping[str, str]]) -> float:
    trials = np.array([float(row["n_trials"]) if row["n_trials"] else np.inf for row in rows])
    return float(np.mean(rates * (1.0 - rates) / np.maximum(trials - 1.0, 1.0)))


def report() -> Iterator[str]:
    """Markdown rows, one a test: what the command prints."""
    yield "| test | basis | systems | a | b | mean | silence | mu | tau | source |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for test, r in sorted(reference_populations().items()):
        yield (
            f"| {test} | {r.basis} | {r.systems} | {r.a:.3g} | {r.b:.3g} | {r.a / (r.a + r.b):.3f} | {r.silence:.3f} "
            f"| {r.mu:.2f} | {r.tau:.2f} | {r.source} |"
        )


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")

"""Reference populations by likelihood where published counts allow it: beta-binomial instead of matched moments.

docs/methods/reference-population.md explains it; `python -m actuarial.fitting.population_fit` prints every test.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from actuarial.calibration import TestReference
from actuarial.fitting.beta_binomial import BetaBinomialFit, fit_beta_binomial, left_out_z
from actuarial.fitting.reference_population import reference, reference_populations, table
from actuarial.rounding import Floats
from policies.findings import Finding, Severity

LEAST_SYSTEMS = 4  # with three, the spread between systems is a guess that the likelihood cannot improve
FALSE_ALARM = 0.05  # chance that a sound population has a system flagged, over all its systems (Bonferroni)
LIKELIHOOD = "likelihood"  # the basis in the frame of a reference fitted here; the others show that of their reference
COLUMNS = (
    "test", "basis", "systems", "trials", "a", "b", "rho", "mean", "silence", "prior_mean", "left_out", "worst_z",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SystemCounts:
    """Published counts of a test, one entry per system: names, failures and trials, (N,); and their source."""

    systems: tuple[str, ...]
    failures: Floats
    trials: Floats
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class PopulationFit:
    """References of all tests, refitted or kept; `frame` is the table `tests`, with COLUMNS."""

    tests: Mapping[str, TestReference]
    frame: pd.DataFrame
    findings: tuple[Finding, ...]


def fit_populations(prior_tests: Mapping[str, TestReference]) -> PopulationFit:
    """The references, by maximum likelihood where at least LEAST_SYSTEMS systems have published counts, else the prior.

    In the frame `rho` is the overdispersion of the fit before its strength is capped, `left_out` the system that the
    others predict worst and `worst_z` its normal score; all three are empty for a reference that was kept.
    """
    entries = _authored()
    tests: dict[str, TestReference] = {}
    rows: list[tuple[Any, ...]] = []
    findings: list[Finding] = []
    for test, prior in prior_tests.items():
        counts = system_counts(entries["test"].get(test, {}))
        try:
            if len(counts.systems) < LEAST_SYSTEMS:
                raise ValueError(f"published counts of {len(counts.systems)} systems, {LEAST_SYSTEMS} are needed")
            fit, scores = fit_beta_binomial(counts.failures, counts.trials), left_out_z(counts.failures, counts.trials)
        except ValueError as why:
            tests[test] = prior
            rows.append(_kept(test, prior))
            if len(counts.systems) >= LEAST_SYSTEMS:
                findings.append(Finding("test-not-fitted", Severity.WARNING, test, f"{why}; the prior is kept"))
            continue
        tests[test] = _reference(fit, counts.source, entries["strength_floor"])
        worst = int(np.nanargmax(np.abs(scores)))
        rows.append(_fitted(test, tests[test], prior, fit, counts.systems[worst], float(scores[worst])))
        findings.extend(_remarks(test, fit, counts.systems[worst], float(scores[worst])))
    return PopulationFit(tests, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(findings))


def system_counts(entry: Mapping[str, Any]) -> SystemCounts:
    """Counts in safety_tests.csv of the rows that an entry of reference_population.toml selects, summed per system:
    several rows of one system are one draw from the population, not several. Empty when it selects none."""
    failures: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    sources: list[str] = []
    where = entry.get("select", {})
    for row in table("safety_tests.csv") if where else ():
        if row["k_adverse"] and row["n_trials"] and all(row[column] == value for column, value in where.items()):
            system = f"{row['vendor']} {row['model']}".strip()
            failures[system] += round(float(row["k_adverse"]))
            trials[system] += round(float(row["n_trials"]))
            sources.append(f"{row['test']}, {row['source']}")
    names = tuple(trials)
    k, n = (np.array([counter[name] for name in names], dtype=float) for counter in (failures, trials))
    return SystemCounts(names, k, n, "; ".join(dict.fromkeys(sources)))


def _authored() -> dict[str, Any]:
    text = resources.files("actuarial.fitting").joinpath("reference_population.toml").read_text("utf-8")
    return tomllib.loads(text)


def _reference(fit: BetaBinomialFit, source: str, floor: float) -> TestReference:
    """The fitted mean, with the fitted strength held within [floor, number of systems] as for matched moments."""
    strength = min(max(fit.a + fit.b, floor), max(float(fit.systems), floor))
    a, b = fit.mean * strength, (1.0 - fit.mean) * strength
    words = f"beta-binomial likelihood of {fit.systems} systems in {fit.trials} trials: {source}"
    return reference(a, b, strength, fit.systems, "measured", words)


def _fitted(
    test: str, found: TestReference, prior: TestReference, fit: BetaBinomialFit, worst: str, z: float
) -> tuple[Any, ...]:
    prior_mean = prior.a / (prior.a + prior.b)
    head = (test, LIKELIHOOD, fit.systems, fit.trials, found.a, found.b, fit.rho, fit.mean)
    return (*head, found.silence, prior_mean, worst, z)


def _kept(test: str, prior: TestReference) -> tuple[Any, ...]:
    mean = prior.a / (prior.a + prior.b)
    head = (test, prior.basis, prior.systems, 0, prior.a, prior.b, float("nan"), mean)
    return (*head, prior.silence, mean, "", float("nan"))


def _remarks(test: str, fit: BetaBinomialFit, worst: str, z: float) -> Iterator[Finding]:
    if abs(z) > -float(ndtri(FALSE_ALARM / (2.0 * fit.systems))):
        message = (
            f"{worst} does not fit the population of the other {fit.systems - 1} systems (normal score {z:+.1f}): "
            "the reference mixes kinds of systems or of settings; read its silence price with care"
        )
        yield Finding("test-system-apart", Severity.WARNING, test, message)
    if fit.p_value > FALSE_ALARM:
        message = f"the {fit.systems} systems differ no more than chance (p = {fit.p_value:.2f}): the test tells little"
        yield Finding("test-systems-alike", Severity.WARNING, test, message)


def report() -> Iterator[str]:
    """Markdown rows of the refitted tests and the findings: what the command prints."""
    found = fit_populations(reference_populations())
    yield "| test | systems | trials | a | b | rho | mean | by moments | silence | predicted worst | z |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for row in found.frame[found.frame["basis"] == LIKELIHOOD].to_dict("records"):
        yield (
            f"| {row['test']} | {row['systems']} | {row['trials']} | {row['a']:.3g} | {row['b']:.3g} "
            f"| {row['rho']:.2f} | {row['mean']:.3f} | {row['prior_mean']:.3f} | {row['silence']:.3f} "
            f"| {row['left_out']} | {row['worst_z']:+.1f} |"
        )
    yield from (finding.line() for finding in found.findings)


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")

"""Validation: speed on many rows, and how often it finds planted faults (and none) in sample markets of known truth."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.fitting.experience import claim_counts, danger_column, reported_years, years_between_days
from actuarial.fitting.sample_experience import sample_experience, true_frequency
from actuarial.fitting.validation import Market, banded, validate
from actuarial.fitting.verdicts import findings
from actuarial.rounding import Floats
from benchmarks.__main__ import row, seconds
from policies.regimes import Regime, load_regime

DAY = date(2031, 1, 1)
PERILS, FIRMS, LEVELS = 14, 50_000, 4
MARKETS = ((200, 60), (1_000, 60), (5_000, 40))  # firms, markets drawn
OFF, BENT = 1.5, 0.3  # what class A3 is charged too much; how much too wide premiums spread, on log scale
PARAMETERS = 40.0


def synthetic(rows: int) -> tuple[Market, dict[str, Any]]:
    rng = np.random.default_rng(1)
    firm = rng.integers(0, FIRMS, rows)
    years, danger = rng.uniform(0.1, 1.0, rows), rng.normal(0.0, 1.0, rows)
    champion = years[:, None] * np.exp(rng.normal(-6.0, 1.0, PERILS))
    fitted = champion * np.exp(0.7 * danger)[:, None]
    claims = rng.poisson(fitted * rng.gamma(2.0, 0.5, FIRMS)[firm][:, None]).astype(float)
    names = tuple(f"P{number}" for number in range(PERILS))
    factors = {f"factor {number}": rng.integers(0, LEVELS, rows).astype(str) for number in range(7)}
    seen = Market(names, claims, fitted, champion, firm, years, rng.random(rows) < 0.2)
    return seen, factors | {"danger": banded("danger", danger)}


def sample(firms: int, seed: int, regime: Regime, prior: Calibration) -> tuple[Market, dict[str, Any]]:
    """A sample market with true danger; `fitted` is the true frequency, the champion is 0.7 of it without danger."""
    experience = sample_experience(firms, seed, DAY, regime, prior, perfect=True)
    years, perils = experience.years, experience.perils
    at_risk = years_between_days(years["start"], years["end"])
    known = np.maximum(reported_years(experience, prior.lag_shape, prior.lag_scale_days), 1e-9) / at_risk
    truth = true_frequency(firms, seed, DAY, regime, prior) * known[:, None]
    danger = np.stack([years[danger_column(peril)].to_numpy() for peril in perils], axis=1)
    theta = np.array([prior.perils[peril].theta for peril in perils])
    seen = Market(
        perils=perils,
        claims=claim_counts(experience, perils),
        fitted=truth,
        champion=0.7 * truth * np.exp(-theta * danger),
        firm=np.unique(years["firm"].astype(str), return_inverse=True)[1],
        system_years=at_risk,
        recent=(years["end"] > pd.Timestamp(DAY) - pd.DateOffset(years=1)).to_numpy(),
    )
    return seen, {
        **{factor: years[column].astype(str) for factor, column in (("class", "obliged_class"), ("role", "role"))},
        "sector": years["sector"].astype(str),
        "exposure": banded("exposure", years["exposure"].to_numpy()),
        "danger": banded("danger", danger.mean(axis=1)),
        "compliance": banded("compliance", years["compliance"].to_numpy()),
    }


def tariffs(seen: Market, factors: Mapping[str, Any]) -> dict[str, Floats]:
    """What a fit may come up with: the truth, and the truth with one thing wrong."""
    rate = seen.fitted / seen.system_years[:, None]
    bent = seen.fitted * (rate / rate.mean(axis=0)) ** BENT
    return {
        "the truth": seen.fitted,
        "the champion": seen.champion,
        f"class A3 at {OFF}": seen.fitted * np.where(factors["class"] == "A3", OFF, 1.0)[:, None],
        f"spread {1 + BENT}": bent * (seen.fitted.sum() / bent.sum()),
    }


def power() -> Iterator[str]:
    """Share of markets in which each finding comes up: Markdown rows."""
    regime, prior = load_regime("nl-2027"), shipped_calibration()
    yield "| firms | claims | tariff | findings, share of the markets |"
    yield "|---|---|---|---|"
    for firms, markets in MARKETS:
        found: dict[str, Counter[str]] = {}
        claims = 0.0
        for seed in range(1, markets + 1):
            seen, factors = sample(firms, seed, regime, prior)
            claims += seen.claims.sum() / markets
            for name, fitted in tariffs(seen, factors).items():
                result = validate(replace(seen, fitted=fitted), factors, PARAMETERS, seed)
                found.setdefault(name, Counter()).update({finding.code for finding in findings(result.tables)})
        for name, counts in found.items():
            said = ", ".join(f"{code} {count / markets:.0%}" for code, count in counts.most_common())
            yield f"| {firms:,} | {claims:,.0f} | {name} | {said or 'none'} |"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    seen, factors = synthetic(rows)
    spent = seconds(lambda: validate(seen, factors, PARAMETERS, 1))
    row(f"validation, {rows:,} rows x {PERILS} perils", f"{spent:.1f} s", f"{len(factors)} factors, {FIRMS:,} firms")
    for line in power():
        print(line, flush=True)


if __name__ == "__main__":
    main()

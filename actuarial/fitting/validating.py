"""The last step of a calibration: what it predicts beside what came, beside the champion, and under refits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.fitting.base import Base
from actuarial.fitting.frequency_design import FACTORS, columns
from actuarial.fitting.frequency_fit import FrequencyFit, rate_of
from actuarial.fitting.holdout import Refitted, held_out, resampled, sensitivity
from actuarial.fitting.parts import Part
from actuarial.fitting.validation import Market, banded, validate
from actuarial.rounding import Floats
from policies.findings import Finding, Severity, WaarborgError

SINGULAR = {"classes": "class", "roles": "role", "autonomy": "autonomy", "sectors": "sector", "maturity": "maturity"}


def validation(base: Base, found: FrequencyFit, lag: tuple[float, float], dispersion: float) -> Part:
    """Every table of docs/methods/validation.md that the frequency has."""
    start = Refitted(base.prior, base.artefact, lag, base.regime)
    market = Market(
        perils=found.cols.perils,
        claims=found.rows.claims,
        fitted=np.maximum(found.expected, np.finfo(float).tiny),
        champion=champion_expected(found, base.champion),
        firm=found.rows.firm,
        system_years=found.rows.at_risk,
        recent=(base.experience.years["end"] > pd.Timestamp(base.experience.as_of) - pd.DateOffset(years=1)).to_numpy(),
    )
    seen = validate(market, _factors(found), found.effective, base.seed)
    tables = dict(seen.tables)
    tables["bootstrap"] = resampled(found, base.seed)
    tables["prior_sensitivity"] = sensitivity(found)
    findings: tuple[Finding, ...] = ()
    try:
        tables |= held_out(base.experience, start, base.champion, dispersion)
    except WaarborgError as why:
        told = f"no year can be held out: {why}"
        findings = (Finding("fit-no-holdout", Severity.WARNING, "experience", told),)
    gini = {row["model"]: row["gini"] for row in tables["gini"].to_dict("records")}
    detail = f"Gini {gini['fitted']:.3f}, champion {gini['champion']:.3f}"
    return Part(detail, tables=tables, findings=findings)


def champion_expected(found: FrequencyFit, champion: Calibration) -> Floats:
    """Known claims that another calibration expects of the rows, (R, P); with the same reporting delay."""
    theirs = columns(champion, {}, found.cols.perils)
    expected = rate_of(found.rows, theirs, theirs.mean) * found.rows.years[:, None]
    return np.maximum(expected, np.finfo(float).tiny)


def _factors(found: FrequencyFit) -> Mapping[str, Any]:
    """Levels of the factors of the tariff, and bands of its slopes, (R,) each."""
    rows, cols = found.rows, found.cols
    levels = {
        SINGULAR[factor]: pd.Categorical.from_codes(
            rows.codes[factor].tolist(), categories=pd.Index(cols.levels[factor])
        )
        for factor in FACTORS
    }
    return levels | {
        "exposure": banded("exposure", np.exp(rows.log_exposure)),
        "danger": banded("danger", rows.danger.mean(axis=1)),
        "compliance": banded("compliance", 1.0 - rows.withheld),
    }

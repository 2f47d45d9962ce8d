"""Claim frequency of an experience: maximum a posteriori, with robust errors, and what it means for each peril."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.fitting.experience import Experience
from actuarial.fitting.frequency import (
    Block,
    Fit,
    Penalty,
    cluster_scores,
    collinear,
    fit,
    posterior,
    predictor,
    score,
)
from actuarial.fitting.frequency_design import (
    FACTORS,
    INTERCEPT,
    THETA,
    Columns,
    Rows,
    Z,
    blocks,
    cells_of,
    columns,
    known_perils,
    penalty,
    rows_of,
    settings,
)
from actuarial.rounding import Floats
from policies.findings import Finding, Severity, WaarborgError

LADDERS = ("classes", "autonomy")
SHARED_BOUNDS = {"frequency.sharing": "sharing", "frequency.exposure_elasticity": "exposure_elasticity"}


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyFit:
    """The fitted frequency over K coefficients, R rows and P perils that had claims.

    `covariance` is robust to firms that differ, `model_covariance` is not; `unconstrained` are the coefficients before
    bounds; `scale` is the quasi-Poisson scale. `kept` perils had no claims: `kept_intercepts` hold the prior's level.
    `pulls` (F, K) are the one-step changes of the estimate when a firm counts once more; `effective` is the number of
    parameters that the data decided, the trace of their share of the posterior information. `information` (K, K) is
    that of the data, on the quasi-Poisson scale.
    """

    cols: Columns
    rows: Rows
    estimate: Floats
    unconstrained: Floats
    covariance: Floats
    model_covariance: Floats
    expected: Floats  # (R, P) claims that should be known
    scale: float
    steps: int
    cells: int
    pulls: Floats
    effective: float
    information: Floats
    log_variance: Mapping[str, float]  # peril -> variance of its log expected claims from the parameters
    kept_intercepts: Mapping[str, float]
    findings: tuple[Finding, ...]

    @property
    def se(self) -> Floats:
        """Standard errors, (K,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fit_frequency(
    experience: Experience,
    prior: Calibration,
    artefact: Mapping[str, Any],
    lag: tuple[float, float],
    prior_sd_factor: float = 1.0,
) -> FrequencyFit:
    """Fit an experience with a prior calibration (`artefact` is its JSON) and the (shape, days) of the reporting delay.

    Raises WaarborgError with one line for what an actuary can mend: too few claims, unknown levels, no exposure, a fit
    that runs away or cannot tell columns apart.
    """
    known = known_perils(prior, experience)
    try:
        everything = rows_of(experience, prior, lag, known)
    except ValueError as wrong:
        raise WaarborgError(f"experience: {wrong}") from wrong
    _enough(everything)
    with_claims = [n for n, total in enumerate(everything.claims.sum(axis=0)) if total > 0]
    perils = tuple(known[n] for n in with_claims)
    rows = replace(everything, claims=everything.claims[:, with_claims], danger=everything.danger[:, with_claims])
    cols = columns(prior, artefact, perils)
    cols = replace(cols, covariance=cols.covariance * prior_sd_factor**2)
    cells, cell = cells_of(rows)
    design, held = blocks(cells, cols), penalty(cols)
    claims, exposure = cells.claims.T.ravel(), np.tile(cells.years, len(perils))
    firm = np.tile(cells.firm, len(perils))
    free = _fit(design, claims, exposure, held, 1.0, cols)
    scale = _scale(claims, free.expected, _peril_firm(design, firm, rows.firms))
    found = _within_bounds(design, claims, exposure, held, scale, cols)
    scores = cluster_scores(design, claims - found.expected, firm, rows.firms)
    covariance, plain = posterior(found, held, scores, scale)
    estimate = found.coefficients
    expected = _expected(rows, cell, found, cells, len(perils))
    kept = _kept(everything, rows, known, perils, prior, cols, estimate)
    return FrequencyFit(
        cols=cols,
        rows=rows,
        estimate=estimate,
        unconstrained=free.coefficients,
        covariance=covariance,
        model_covariance=plain,
        expected=expected,
        scale=scale,
        steps=found.steps,
        cells=len(claims),
        pulls=scores / scale @ plain,
        effective=float(np.trace(plain @ found.information)),
        information=found.information,
        log_variance=_log_variance(design, found.expected, covariance, perils),
        kept_intercepts=kept,
        findings=(
            *_bound_findings(cols, free.coefficients, estimate),
            *_kept_findings(kept),
            *_absent(prior, known),
            *_disorder(cols, estimate),
            *_thin(cols, found, rows),
        ),
    )


def _enough(rows: Rows) -> None:
    total, least = int(rows.claims.sum()), settings()["least_claims"]
    if total < least:
        raise WaarborgError(
            f"experience: {total} claims are too few to fit; at least {least} are needed, and full credibility takes "
            f"{settings()['full_credibility_claims']:,}"
        )


def _fit(
    design: tuple[Block, ...], claims: Floats, exposure: Floats, held: Penalty, scale: float, cols: Columns
) -> Fit:
    try:
        found = fit(design, claims, exposure, held, scale)
    except ValueError as wrong:
        raise WaarborgError(f"frequency: {wrong}") from wrong
    if not found.converged:
        furthest = int(np.argmax(np.abs(found.coefficients)))
        raise WaarborgError(
            f"frequency: the fit did not settle in {found.steps} steps; {cols.paths[furthest]} stands at "
            f"{found.coefficients[furthest]:.3g}: look for a level with no claims at all, or give a narrower prior"
        )
    return found


def _peril_firm(design: tuple[Block, ...], firm: Ints, firms: int) -> Ints:
    return np.asarray(design[0].code * firms + firm, dtype=np.int64)


def _scale(claims: Floats, expected: Floats, cluster: Ints) -> float:
    """Quasi-Poisson scale: squared surprises of a firm's claims of a peril over what Poisson would have, at least 1."""
    surprise = np.bincount(cluster, claims - expected)
    return max(1.0, float((surprise**2).sum() / expected.sum()))


def _within_bounds(
    design: tuple[Block, ...], claims: Floats, exposure: Floats, held: Penalty, scale: float, cols: Columns
) -> Fit:
    """The fit with slopes held at the bounds they would cross, the others fitted again until none crosses one."""
    found = _fit(design, claims, exposure, held, scale, cols)
    low, high = _bounds(cols)
    while ((found.coefficients < low) | (found.coefficients > high))[held.free].any():
        crossing = held.free & ((found.coefficients < low) | (found.coefficients > high))
        mean = np.where(crossing, np.clip(found.coefficients, low, high), held.mean)
        held = Penalty(mean, held.precision, held.free & ~crossing)
        found = _fit(design, claims, exposure, held, scale, cols)
    return found


def _bounds(cols: Columns) -> tuple[Floats, Floats]:
    rules = settings()["bounds"]
    low, high = np.full(len(cols.paths), -np.inf), np.full(len(cols.paths), np.inf)
    for column, path in enumerate(cols.paths):
        name = THETA if path.endswith(f".{THETA}") else SHARED_BOUNDS.get(path)
        if name:
            low[column], high[column] = rules[name]
    return low, high


def _expected(rows: Rows, cell: Ints, found: Fit, cells: Rows, perils: int) -> Floats:
    """Expected known claims of the rows, (R, P): a cell's, shared over its rows by their years."""
    per_year = (
        found.expected.reshape(perils, len(cells.years)).T / np.maximum(cells.years, np.finfo(float).tiny)[:, None]
    )
    return np.asarray(per_year[cell] * rows.years[:, None])


def rate_of(rows: Rows, cols: Columns, coefficients: Floats) -> Floats:
    """Claims a year of the rows under coefficients of these columns, (R, P)."""
    linear = predictor(blocks(rows, cols), coefficients)
    return np.asarray(np.exp(linear.reshape(len(cols.perils), len(rows.years)).T))


def _kept(
    everything: Rows,
    rows: Rows,
    known: tuple[str, ...],
    perils: tuple[str, ...],
    prior: Calibration,
    cols: Columns,
    estimate: Floats,
) -> dict[str, float]:
    """Intercepts of perils without claims that give this market the prior's expected claims beside the new effects."""
    rest = tuple(peril for peril in known if peril not in perils)
    if not rest:
        return {}
    picked = [known.index(peril) for peril in rest]
    theirs = replace(everything, claims=everything.claims[:, picked], danger=everything.danger[:, picked])
    old = columns(prior, {}, rest)
    new = old.mean.copy()
    shared = [path for path in old.paths if path in cols.paths]
    new[[old.at(path) for path in shared]] = [estimate[cols.at(path)] for path in shared]
    before = (rate_of(theirs, old, old.mean) * rows.years[:, None]).sum(axis=0)
    after = (rate_of(theirs, old, new) * rows.years[:, None]).sum(axis=0)
    return {peril: prior.perils[peril].intercept + math.log(before[n] / after[n]) for n, peril in enumerate(rest)}


def _log_variance(
    design: tuple[Block, ...], expected: Floats, covariance: Floats, perils: tuple[str, ...]
) -> dict[str, float]:
    """Variance of the log of each peril's expected claims in the market: that of its mean row, weighted by claims."""
    found = {}
    for code, peril in enumerate(perils):
        weight = np.where(design[0].code == code, expected, 0.0)
        row = score(design, weight / weight.sum())
        found[peril] = float(row @ covariance @ row)
    return found


def _bound_findings(cols: Columns, free: Floats, estimate: Floats) -> tuple[Finding, ...]:
    low, high = _bounds(cols)
    crossing = np.flatnonzero((free < low) | (free > high))
    return tuple(
        Finding(
            "fit-bound",
            Severity.WARNING,
            cols.paths[column],
            f"estimated at {free[column]:.3g}, outside what a tariff may hold; set to {estimate[column]:.3g} and the "
            "rest fitted again: safer conduct must never cost more",
        )
        for column in crossing
    )


def _kept_findings(kept: Mapping[str, float]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "fit-prior-kept",
            Severity.INFO,
            f"frequency.perils.{peril}",
            "no claims in this experience: the prior's level and theta are kept; no claims are no proof of safety",
        )
        for peril in kept
    )


def _absent(prior: Calibration, known: tuple[str, ...]) -> tuple[Finding, ...]:
    """Perils of the prior whose danger the experience does not hold."""
    absent = [f"frequency.perils.{peril}" for peril in prior.perils if peril not in known]
    told = "its danger is not in this experience, so that nothing can be fitted: the prior is kept"
    return tuple(Finding("fit-prior-kept", Severity.INFO, path, told) for path in absent)


def _disorder(cols: Columns, estimate: Floats) -> tuple[Finding, ...]:
    """Steps down a ladder that a tariff climbs: a higher class, or more autonomy, that would cost less."""
    steps = []
    for factor in LADDERS:
        levels = cols.levels[factor]
        effects = [estimate[cols.at(f"frequency.{factor}.{level}")] for level in levels]
        pairs = zip(levels, levels[1:], effects, effects[1:], strict=False)
        steps += [f"{factor} {a} to {b} ({after - before:+.2f})" for a, b, before, after in pairs if after < before]
    if not steps:
        return ()
    told = f"the effect falls from {', '.join(steps)}: who climbs the ladder would pay less, which no tariff may hold"
    return (Finding("fit-disorder", Severity.REFER, "frequency", told),)


def _thin(cols: Columns, found: Fit, rows: Rows) -> tuple[Finding, ...]:
    """Levels without claims, by factor, and columns that the data cannot tell apart: there the prior speaks."""
    findings = []
    for factor in FACTORS:
        claims = np.bincount(rows.codes[factor], rows.claims.sum(axis=1), len(cols.levels[factor]))
        if (claims == 0).any():
            years = np.bincount(rows.codes[factor], rows.at_risk, len(cols.levels[factor]))
            silent = [
                f"{level} ({years[code]:,.0f} system-years)"
                for code, level in enumerate(cols.levels[factor])
                if claims[code] == 0
            ]
            told = f"no claims at {', '.join(silent)}: only their absence moves the prior"
            findings.append(Finding("fit-no-claims", Severity.INFO, f"frequency.{factor}", told))
    free = np.flatnonzero((cols.sd > 0) & (np.diag(found.information) > 0))
    apart = [cols.paths[free[column]] for column in collinear(found.information[np.ix_(free, free)])]
    if apart:
        told = f"the data cannot tell {', '.join(apart)} apart: the prior decides between them"
        findings.append(Finding("fit-collinear", Severity.WARNING, "frequency", told))
    return tuple(findings)


def parameter_frame(found: FrequencyFit) -> pd.DataFrame:
    """Every coefficient: path, prior, prior_sd, estimate, se, low, high, model_se, unconstrained, claims."""
    cols, estimate, se = found.cols, found.estimate, found.se
    return pd.DataFrame(
        {
            "path": cols.paths,
            "prior": cols.mean,
            "prior_sd": cols.sd,
            "estimate": estimate,
            "se": se,
            "low": estimate - Z * se,
            "high": estimate + Z * se,
            "model_se": np.sqrt(np.diag(found.model_covariance)),
            "unconstrained": found.unconstrained,
            "claims": _claims_behind(found),
        }
    )


def _claims_behind(found: FrequencyFit) -> list[float]:
    """Claims that speak for each coefficient: of its peril, of its level, or all."""
    rows, cols = found.rows, found.cols
    by_peril, by_row = rows.claims.sum(axis=0), rows.claims.sum(axis=1)
    counts = [*by_peril, *by_peril, by_row.sum(), by_row.sum()]
    for factor in FACTORS:
        counts += list(np.bincount(rows.codes[factor], by_row, len(cols.levels[factor])))
    return [float(count) for count in counts]


def relativity_frame(found: FrequencyFit) -> pd.DataFrame:
    """Relativities of the factors: factor, level, relativity, low, high, prior, claims."""
    singular = {"classes": "class", "roles": "role", "sectors": "sector"}
    frame = parameter_frame(found)
    parts = frame["path"].str.split(".", n=2, expand=True)
    frame = frame[parts[1].isin(FACTORS)]
    factor = parts.loc[frame.index, 1]
    return pd.DataFrame(
        {
            "factor": [singular.get(name, name) for name in factor],
            "level": parts.loc[frame.index, 2].str.removesuffix(".effect").tolist(),
            "relativity": np.exp(frame["estimate"].to_numpy()),
            "low": np.exp(frame["low"].to_numpy()),
            "high": np.exp(frame["high"].to_numpy()),
            "prior": np.exp(frame["prior"].to_numpy()),
            "claims": frame["claims"].to_numpy(),
        }
    )


def coefficients(found: FrequencyFit) -> dict[str, float]:
    """Every fitted coefficient and kept intercept by its dotted path."""
    kept = {f"frequency.perils.{peril}.{INTERCEPT}": value for peril, value in found.kept_intercepts.items()}
    return {path: float(value) for path, value in zip(found.cols.paths, found.estimate, strict=True)} | kept

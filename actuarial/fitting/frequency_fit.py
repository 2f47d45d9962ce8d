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
from actuarial.fitting.conflicts import check_feasible
from actuarial.fitting.constraints import Bound, Segment, bounds, lifted, limits, segments, within
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
from actuarial.fitting.tariff_fit import Program, Solution, solve, tangent
from actuarial.rounding import Floats
from policies.findings import Finding, Severity, WaarborgError
from policies.regimes import Regime


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyFit:
    """The fitted frequency over K coefficients, R rows and P perils that had claims.

    `covariance` is robust to firms that differ, `model_covariance` is not: both are of what data and prior leave open,
    as if no constraint held. `unconstrained` are the coefficients without constraints; `scale` is the quasi-Poisson
    scale. `kept` perils had no claims: `kept_intercepts` hold the prior's level; `lifted` are thetas that were not
    fitted and set to a bound. `pulls` (F, K) are the one-step changes of the estimate, held by the constraints that
    bind, when a firm counts once more; `effective` is the number of parameters that the data decided, the trace of
    their share of the posterior information. `program` and `solution` are the optimum with its multipliers, in the
    order of `held`, then `balanced`.
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
    information: Floats  # (K, K) of the data, on the quasi-Poisson scale
    log_variance: Mapping[str, float]  # peril -> variance of its log expected claims from the parameters
    kept_intercepts: Mapping[str, float]
    lifted: Mapping[str, float]
    held: tuple[Bound, ...]
    balanced: tuple[Segment, ...]
    program: Program
    solution: Solution
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
    regime: Regime,
    prior_sd_factor: float = 1.0,
) -> FrequencyFit:
    """Fit an experience under the constraints of a regime, with a prior calibration (`artefact` is its JSON).

    `lag` is the (shape, days) of the reporting delay. Raises WaarborgError with one line for what an actuary can mend:
    too few claims, unknown levels, no exposure, a fit that runs away, constraints that cannot hold together.
    """
    known = known_perils(prior, experience)
    everything = _read(experience, prior, lag, known)
    perils = tuple(known[n] for n in np.flatnonzero(everything.claims.sum(axis=0)))
    rows = _of_perils(everything, known, perils)
    cols = columns(prior, artefact, perils)
    held = bounds(regime, cols)
    cols = within(replace(cols, covariance=cols.covariance * prior_sd_factor**2), held)
    check_feasible(held, cols.mean, cols.sd > 0, regime)
    balanced = segments(regime, cols, rows)
    cells, cell = cells_of(rows)
    design, apart = blocks(cells, cols), penalty(cols)
    claims, exposure = cells.claims.T.ravel(), np.tile(cells.years, len(perils))
    firm = np.tile(cells.firm, len(perils))
    first = _fit(design, claims, exposure, apart, 1.0, cols)
    scale = _scale(claims, first.expected, _peril_firm(design, firm, rows.firms))
    free = _fit(design, claims, exposure, apart, scale, cols)
    program = Program(design, claims, exposure, apart, scale, limits(held, balanced, len(cols.paths)))
    solution = solve(program, free.coefficients)
    found = Fit(solution.coefficients, solution.expected, solution.information, solution.steps, converged=True)
    scores = cluster_scores(design, claims - found.expected, firm, rows.firms)
    covariance, plain = posterior(found, apart, scores, scale)
    moving = tangent(program, solution)
    raised = lifted(prior, regime, [peril for peril in prior.perils if _theta_stands(peril, cols)])
    kept = _kept(everything, known, cols, prior, found.coefficients, raised)
    return FrequencyFit(
        cols=cols,
        rows=rows,
        estimate=found.coefficients,
        unconstrained=free.coefficients,
        covariance=covariance,
        model_covariance=plain,
        expected=_expected(rows, cell, found, cells, len(perils)),
        scale=scale,
        steps=found.steps,
        cells=len(claims),
        pulls=scores / scale @ moving,
        effective=float(np.trace(moving @ found.information)),
        information=found.information,
        log_variance=_log_variance(design, found.expected, covariance, perils),
        kept_intercepts=kept,
        lifted=raised,
        held=held,
        balanced=balanced,
        program=program,
        solution=solution,
        findings=(
            *_kept_findings(kept),
            *_absent(prior, known),
            *_lifted_findings(raised),
            *_thin(cols, found, rows),
        ),
    )


def _read(experience: Experience, prior: Calibration, lag: tuple[float, float], known: tuple[str, ...]) -> Rows:
    try:
        rows = rows_of(experience, prior, lag, known)
    except ValueError as wrong:
        raise WaarborgError(f"experience: {wrong}") from wrong
    _enough(rows)
    return rows


def _of_perils(rows: Rows, known: tuple[str, ...], perils: tuple[str, ...]) -> Rows:
    """The rows with the claims and the danger of some of the perils that they know."""
    picked = [known.index(peril) for peril in perils]
    return replace(rows, claims=rows.claims[:, picked], danger=rows.danger[:, picked])


def _theta_stands(peril: str, cols: Columns) -> bool:
    """Whether the theta of a peril is not fitted."""
    return peril not in cols.perils or not cols.sd[cols.at(f"frequency.perils.{peril}.{THETA}")] > 0


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
    known: tuple[str, ...],
    cols: Columns,
    prior: Calibration,
    estimate: Floats,
    raised: Mapping[str, float],
) -> dict[str, float]:
    """Intercepts of perils without claims that give this market the prior's expected claims beside the new effects."""
    rest = tuple(peril for peril in known if peril not in cols.perils)
    if not rest:
        return {}
    theirs = _of_perils(everything, known, rest)
    old = columns(prior, {}, rest)
    new = old.mean.copy()
    shared = [path for path in old.paths if path in cols.paths]
    new[[old.at(path) for path in shared]] = [estimate[cols.at(path)] for path in shared]
    for peril in set(rest) & set(raised):
        new[old.at(f"frequency.perils.{peril}.{THETA}")] = raised[peril]
    before = (rate_of(theirs, old, old.mean) * theirs.years[:, None]).sum(axis=0)
    after = (rate_of(theirs, old, new) * theirs.years[:, None]).sum(axis=0)
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


def _lifted_findings(raised: Mapping[str, float]) -> tuple[Finding, ...]:
    """Thetas that no data speak for and that the prior had outside a bound."""
    told = "nothing was fitted here and the prior breaks a constraint of the regime: theta is set to its bound"
    return tuple(Finding("fit-lifted", Severity.INFO, f"frequency.perils.{peril}.{THETA}", told) for peril in raised)


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
    """Every fitted coefficient, kept intercept and lifted theta by its dotted path."""
    kept = {f"frequency.perils.{peril}.{INTERCEPT}": value for peril, value in found.kept_intercepts.items()}
    raised = {f"frequency.perils.{peril}.{THETA}": value for peril, value in found.lifted.items()}
    own = {path: float(value) for path, value in zip(found.cols.paths, found.estimate, strict=True)}
    return own | kept | raised

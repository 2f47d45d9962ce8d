"""Severities of the market's own claims, head by head, combined with the prior (docs/methods/severity.md).

A head's parameters psi = (mu, log sigma, xi, log beta) have a normal prior around those of the prior calibration; the
claims update it. The mode is the credibility estimate on the log scale and on xi: the more the claims say of a
parameter, the less of the prior remains. The threshold is set first; every psi then makes a splice without a step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize
from scipy.special import ndtri

from actuarial.calibration import HeadSeverity
from actuarial.fitting.insured_severity import TAIL_SHARE, authored, insured_severities
from actuarial.fitting.severity import (
    BETA_BOUNDS,
    LEVEL,
    MU_BOUNDS,
    SIGMA_BOUNDS,
    XI_BOUNDS,
    borrow,
    log_likelihood,
)
from actuarial.rounding import Floats
from actuarial.severity import limited_expected_value, splice
from policies.findings import Finding, Severity

NAMES = ("mu", "log_sigma", "xi", "log_beta")
STEPS = np.array([1e-3, 1e-3, 1e-3, 1e-3])  # of numerical derivatives: far above rounding, far below any error
TAIL_SHARES = (0.01, 0.20)  # of the claims above the threshold: a tail to fit, and a body below it
MANY_OPEN = 0.5  # share of open claims from which the estimates, not the payments, make the severity
TINY = 1e-9  # of the largest information: a direction of which the claims say nothing
PAGE = "docs/methods/severity.md"
Z = float(ndtri((1.0 + LEVEL) / 2.0))


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """A head's severity, the covariance (4, 4) of psi, and what it rests on.

    `credibility` is the share of the prior's uncertainty about the limited mean that the claims removed, `cv` the
    coefficient of variation of that mean from the uncertainty left. `unconstrained` is the fit without a prior and
    `own_error` (4,) its standard errors; None where the head keeps the prior.
    """

    severity: HeadSeverity
    prior: HeadSeverity
    covariance: Floats
    claims: int
    tail: int
    credibility: float
    cv: float
    unconstrained: HeadSeverity | None
    own_error: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class ClaimSeverities:
    """Fits by head, the tables severity_heads and parameters, and findings."""

    heads: Mapping[str, HeadFit]
    severity_heads: pd.DataFrame
    parameters: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def severities(self) -> dict[str, HeadSeverity]:
        """The severity of every head, as a calibration holds it."""
        return {head: fit.severity for head, fit in self.heads.items()}


def fit_claim_severities(
    losses_eur: Floats,
    heads: Sequence[str],
    size_scale: Floats,
    prior: Mapping[str, HeadSeverity],
    open_claims: NDArray[np.bool_],
    basic_limit_eur: float,
    sd_factor: float = 1.0,
) -> ClaimSeverities:
    """Severity of every head of the prior from ground-up losses (C,) in euros of the pricing year.

    `heads` (C,) of the claims, `size_scale` (C,) by which severity exceeds that at the reference size. `open_claims`
    (C,) count at their case estimate and are reported: as lower bounds they would overstate severity, left out they
    would understate it (the page says by how much). Claims without a head or a loss are left out and counted.
    `basic_limit_eur` is where credibility and cv are stated; `sd_factor` widens or narrows every prior. Raises
    ValueError when a loss is negative, a size scale is not positive, or a head is not in the prior.
    """
    _check(losses_eur, heads, size_scale, prior)
    at_reference, names = losses_eur / size_scale, np.array(heads, dtype=object)
    usable = np.isfinite(losses_eur) & (names != "")
    fits = {}
    for head, opinion in prior.items():
        mine = usable & (names == head)
        fits[head] = fit_head(*_intervals(at_reference[mine]), opinion, basic_limit_eur, sd_factor)
    findings = (
        *_left_out(~usable),
        *_still_open(open_claims[usable]),
        *(finding for head, fit in fits.items() for finding in _remarks(head, fit)),
    )
    return ClaimSeverities(fits, severity_heads(fits), parameters(fits, sd_factor), findings)


def fit_head(low: Floats, high: Floats, prior: HeadSeverity, basic_limit_eur: float, sd_factor: float = 1.0) -> HeadFit:
    """One head's severity from claims in [low, high] (C,), euros of the pricing year at the reference size.

    `high` may be infinite: a claim cut off at `low` by something that does not depend on it, as a limit.
    """
    precision = np.diag((sd_factor * prior_sd()) ** -2.0)
    if len(low) < authored()["claims"]["fewest"]:
        gradient = _log_mean_gradient(to_psi(prior), prior.threshold, basic_limit_eur)
        spread = _inverse(precision)
        cv = math.sqrt(gradient @ spread @ gradient)
        return HeadFit(prior, prior, spread, len(low), 0, 0.0, cv, None, None)
    threshold = _threshold(low, prior.threshold)
    centre = to_psi(prior) + np.array([0.0, 0.0, 0.0, math.log(threshold / prior.threshold)])
    psi = _mode(low, high, threshold, centre, precision, centre)
    own = _mode(low, high, threshold, centre, np.zeros((4, 4)), psi)
    information = _information(low, high, threshold, psi)
    covariance = _inverse(precision + information)
    gradient = _log_mean_gradient(psi, threshold, basic_limit_eur)
    left = float(gradient @ covariance @ gradient)
    before = float(gradient @ _inverse(precision) @ gradient)
    return HeadFit(
        from_psi(psi, threshold),
        from_psi(centre, threshold),
        covariance,
        len(low),
        int((low > threshold).sum()),
        1.0 - left / before,
        math.sqrt(left),
        from_psi(own, threshold),
        _errors(_information(low, high, threshold, own)),
    )


def prior_sd() -> Floats:
    """Standard deviations of the prior of psi, (4,)."""
    return np.array([authored()["claims"][f"prior_sd_{name}"] for name in NAMES], dtype=float)


def to_psi(s: HeadSeverity) -> Floats:
    """(mu, log sigma, xi, log beta) of a severity."""
    return np.array([s.mu, math.log(s.sigma), s.xi, math.log(s.beta)])


def from_psi(psi: Floats, threshold: float) -> HeadSeverity:
    """The severity of these parameters; any of them make a splice without a step at the threshold."""
    mu, log_sigma, xi, log_beta = (float(value) for value in psi)
    return HeadSeverity(mu, math.exp(log_sigma), threshold, xi, math.exp(log_beta))


def limited_mean(fit: HeadFit, limit_eur: float) -> tuple[float, float, float]:
    """E[min(X, limit)] in euros with its 90 % interval, by the delta method on the log scale."""
    psi, threshold = to_psi(fit.severity), fit.severity.threshold
    gradient = _log_mean_gradient(psi, threshold, limit_eur)
    half = Z * math.sqrt(gradient @ fit.covariance @ gradient)
    centre = _log_mean(psi, threshold, limit_eur)
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)


def _check(losses: Floats, heads: Sequence[str], scale: Floats, prior: Mapping[str, HeadSeverity]) -> None:
    if (losses < 0).any():
        raise ValueError(f"{int((losses < 0).sum())} claims have a negative loss")
    if not (scale > 0).all():
        raise ValueError(f"{int((~(scale > 0)).sum())} claims have a size scale that is not positive")
    if unknown := set(heads) - set(prior) - {""}:
        raise ValueError(f"claims fall on heads that the prior lacks: {', '.join(sorted(unknown))}")


def _intervals(losses: Floats) -> tuple[Floats, Floats]:
    """Losses as intervals: negligible ones lie somewhere below the smallest deductible."""
    negligible = authored()["claims"]["negligible_eur"]
    small = losses < negligible
    return np.where(small, 0.0, losses), np.where(small, negligible, losses)


def _threshold(low: Floats, prior: float) -> float:
    """Where the tail starts: at the prior's threshold as long as a usable share of the claims lies above it.

    Otherwise the claims' own 95 % point, by credibility on the log scale with the prior's.
    """
    constant = authored()["data"]["credibility_losses"]
    share = borrow(float((low > prior).mean()), len(low), TAIL_SHARE, constant)
    own = float(np.quantile(low, 1.0 - TAIL_SHARE))
    if TAIL_SHARES[0] <= share <= TAIL_SHARES[1] or own <= 0:
        return prior
    return math.exp(borrow(math.log(own), len(low), math.log(prior), constant))


def _mode(low: Floats, high: Floats, threshold: float, centre: Floats, precision: Floats, start: Floats) -> Floats:
    """psi at the maximum of log likelihood less half the squared distance to the prior's centre."""

    def misfit(psi: Floats) -> float:
        away = psi - centre
        return float(0.5 * away @ precision @ away) - log_likelihood(from_psi(psi, threshold), low, high, 0.0)

    log_u = math.log(threshold)
    edges = (
        (log_u + MU_BOUNDS[0], log_u + MU_BOUNDS[1]),
        (math.log(SIGMA_BOUNDS[0]), math.log(SIGMA_BOUNDS[1])),
        XI_BOUNDS,
        (log_u + math.log(BETA_BOUNDS[0]), log_u + math.log(BETA_BOUNDS[1])),
    )
    bounds = Bounds([a for a, _ in edges], [b for _, b in edges])
    return np.asarray(minimize(misfit, start, method="L-BFGS-B", bounds=bounds).x, dtype=float)


def _information(low: Floats, high: Floats, threshold: float, psi: Floats) -> Floats:
    """Observed information (4, 4) of psi by central differences, negative directions set to zero."""

    def value(shift: Floats) -> float:
        return log_likelihood(from_psi(psi + shift, threshold), low, high, 0.0)

    moves = np.diag(STEPS)
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(i, 4):
            a, b = moves[i], moves[j]
            second = (value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * STEPS[i] * STEPS[j])
            hessian[i, j] = hessian[j, i] = -second
    sizes, directions = np.linalg.eigh(hessian)
    return np.asarray(directions * np.maximum(sizes, 0.0) @ directions.T, dtype=float)


def _errors(information: Floats) -> Floats:
    """Standard errors (4,) of a fit without a prior; nan where the claims do not determine psi."""
    sizes, directions = np.linalg.eigh(information)
    if sizes[0] <= TINY * sizes[-1]:
        return np.full(4, np.nan)
    variances: Floats = (directions**2 / sizes).sum(axis=1)
    return np.sqrt(variances)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=float)


def _log_mean(psi: Floats, threshold: float, limit: float) -> float:
    return math.log(float(limited_expected_value(splice([from_psi(psi, threshold)]), np.array([limit]))[0]))


def _log_mean_gradient(psi: Floats, threshold: float, limit: float) -> Floats:
    """Gradient (4,) of the log of the limited mean in psi."""
    moves = np.diag(STEPS)
    rises = [_log_mean(psi + move, threshold, limit) - _log_mean(psi - move, threshold, limit) for move in moves]
    return np.asarray(np.array(rises) / (2 * STEPS), dtype=float)


def severity_heads(fits: Mapping[str, HeadFit]) -> pd.DataFrame:
    """Table severity_heads: what each head's severity is and rests on."""
    published = insured_severities()
    rows = [
        {
            "head": head,
            "publicised": published[head].losses if head in published else 0,
            "claims": fit.claims,
            "credibility": fit.credibility,
            "mu": fit.severity.mu,
            "sigma": fit.severity.sigma,
            "threshold_eur": fit.severity.threshold,
            "xi": fit.severity.xi,
            "xi_low": max(fit.severity.xi - Z * math.sqrt(fit.covariance[2, 2]), 0.0),
            "xi_high": fit.severity.xi + Z * math.sqrt(fit.covariance[2, 2]),
            "beta_eur": fit.severity.beta,
            "source": _source(head, fit),
        }
        for head, fit in fits.items()
    ]
    return pd.DataFrame(rows)


def _source(head: str, fit: HeadFit) -> str:
    published = insured_severities()
    basis = published[head].source if head in published else "prior calibration"
    if fit.unconstrained is None:
        return f"prior kept ({basis})"
    return (
        f"{fit.claims} claims, {fit.tail} in the tail, credibility {fit.credibility:.2f}; the rest the prior ({basis})"
    )


def parameters(fits: Mapping[str, HeadFit], sd_factor: float = 1.0) -> pd.DataFrame:
    """Table parameters: mu, sigma, xi and beta of each head; errors of sigma and beta by the delta method."""
    rows = [row for head, fit in fits.items() for row in _parameter_rows(head, fit, sd_factor * prior_sd())]
    return pd.DataFrame(rows)


def _parameter_rows(head: str, fit: HeadFit, spread: Floats) -> list[dict[str, object]]:
    psi, centre, error = to_psi(fit.severity), to_psi(fit.prior), np.sqrt(np.diag(fit.covariance))
    own = np.full(4, np.nan) if fit.unconstrained is None else to_psi(fit.unconstrained)
    own_error = np.full(4, np.nan) if fit.own_error is None else fit.own_error
    low, high = psi - Z * error, psi + Z * error
    rows: list[dict[str, object]] = []
    for k, name in enumerate(NAMES):
        logged = name.startswith("log_")

        def natural(value: float, logged: bool = logged) -> float:
            return math.exp(value) if logged else float(value)

        rows.append(
            {
                "path": f"severity.heads.{head}.{name.removeprefix('log_')}",
                "prior": natural(centre[k]),
                "prior_sd": float(spread[k]) * (natural(centre[k]) if logged else 1.0),
                "estimate": natural(psi[k]),
                "se": float(error[k]) * (natural(psi[k]) if logged else 1.0),
                "low": natural(low[k]),
                "high": natural(high[k]),
                "model_se": float(own_error[k]) * (natural(own[k]) if logged else 1.0),
                "unconstrained": natural(own[k]),
                "claims": fit.claims,
            }
        )
    return rows


def _left_out(gone: NDArray[np.bool_]) -> list[Finding]:
    if not gone.any():
        return []
    message = f"{int(gone.sum())} of {len(gone)} claims have no head or no loss yet: they count in frequency alone"
    return [Finding("severity-left-out", Severity.INFO, "claims", message, PAGE)]


def _still_open(open_claims: NDArray[np.bool_]) -> list[Finding]:
    if not open_claims.any():
        return []
    share = float(open_claims.mean())
    message = f"{share:.0%} of the claims are open and count at their case estimate: severity is as good as those are"
    severity = Severity.WARNING if share > MANY_OPEN else Severity.INFO
    return [Finding("severity-open", severity, "claims", message, PAGE)]


def _remarks(head: str, fit: HeadFit) -> list[Finding]:
    """What an actuary should know of a head before using it."""
    fewest = authored()["claims"]["fewest"]
    if fit.unconstrained is None:
        message = f"{fit.claims} claims, fewer than {fewest}: the head keeps the prior (credibility 0)"
        return [Finding("severity-prior-kept", Severity.INFO, head, message, PAGE)]
    found = []
    away = np.abs(to_psi(fit.severity) - to_psi(fit.prior)) / prior_sd()
    for k in np.flatnonzero(away > Z):
        message = (
            f"the claims move {NAMES[k]} by {away[k]:.1f} standard deviations of the prior, from "
            f"{to_psi(fit.prior)[k]:.2f} to {to_psi(fit.severity)[k]:.2f}: the opinion was wrong or the claims are of "
            "another kind"
        )
        found.append(Finding("severity-against-prior", Severity.WARNING, head, message, PAGE))
    if fit.severity.xi >= 1.0:
        message = f"shape {fit.severity.xi:.2f}: the mean is infinite, only limited covers have a price"
        found.append(Finding("severity-infinite-mean", Severity.WARNING, head, message, PAGE))
    return found

"""Severities of the market's own claims, head by head, combined with the prior: fits, tables, and what to know of them.

docs/methods/severity.md; the fit of one head is in head_fit.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuarial.calibration import HeadSeverity
from actuarial.fitting.head_fit import NAMES, HeadFit, Z, fit_head, prior_sd, to_psi
from actuarial.fitting.insured_severity import authored, insured_severities
from actuarial.rounding import Floats
from policies.findings import Finding, Severity

MANY_OPEN = 0.5  # share of open claims from which the estimates, not the payments, make the severity
PAGE = "docs/methods/severity.md"


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

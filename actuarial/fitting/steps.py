"""The steps of a calibration, in order: each reads what the earlier ones fitted and yields its part of the artefact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from actuarial.fitting.base import Base, kept
from actuarial.fitting.conduct_weights import conduct
from actuarial.fitting.constraint_cost import (
    constraint_findings,
    constraint_frame,
    cost_frame,
    span,
    told_in_artefact,
    worth_of,
)
from actuarial.fitting.credibility import PRIOR_LOG_SD, fit_history
from actuarial.fitting.dispersion import dispersion, policy_years
from actuarial.fitting.frequency_design import INTERCEPT, THETA, Z, known_share, settings
from actuarial.fitting.frequency_fit import (
    FrequencyFit,
    coefficients,
    fit_frequency,
    parameter_frame,
    relativity_frame,
)
from actuarial.fitting.incident_lags import public_lags
from actuarial.fitting.parts import Part, Uncertainty, combined, joined
from actuarial.fitting.reference_steps import durations, limits, mixture, populations, severity, trend
from actuarial.fitting.survival import DelayFit, experience_lags, fit_delay
from actuarial.fitting.validating import validation
from actuarial.rounding import Floats
from policies.findings import Finding, Severity

LAG = ("reporting_lag.shape", "reporting_lag.scale_days")
DISPERSION = "frequency.dispersion"
HEADS = "severity.heads."
DISPERSION_COLUMNS = (
    "policy_years", "claims", "dispersion", "se", "auxiliary", "statistic", "p", "likelihood_ratio", "likelihood_p",
)  # fmt: skip
NAMES = (
    "reporting delay",
    "frequency",
    "experience rating",
    "dispersion",
    "severity",
    "prudence",
    "conduct",
    "limits",
    "mixture",
    "safety tests",
    "durations",
    "public incidents",
    "validation",
)


def run(base: Base) -> Iterator[tuple[str, Part]]:
    """Name and part of every step, as it is done. Raises WaarborgError with one line for what an actuary can mend."""
    return zip(NAMES, _parts(base), strict=True)


def _parts(base: Base) -> Iterator[Part]:
    lag, public_lag, part = delay(base)
    yield part
    found, part = frequency(base, lag)
    yield part
    part = history(base, found)
    yield part
    alphas = {path: float(value) for path, value in part.values.items()}
    overdispersion, part = spread(base, found)
    yield part
    head_cv, part = severity(base)
    yield part
    heads = {
        path.rpartition(".")[2]: value for path, value in part.values.items() if path.startswith("severity.heads.")
    }
    part = prudence(base, found, head_cv)
    yield part
    yield conduct(base, alphas, part.values, overdispersion)
    yield limits(base, heads)
    yield mixture(base)
    yield populations(base)
    yield durations(base, lag)
    yield trend(base, public_lag)
    yield validation(base, found, lag, overdispersion)


def delay(base: Base) -> tuple[tuple[float, float], tuple[float, float], Part]:
    """(shape, scale in days) of the reporting delay of claims, and that of public incidents.

    Claims take theirs from the market over the prior; without enough lags from the prior alone.
    """
    fits: dict[str, DelayFit] = {}
    findings: list[Finding] = []
    for name, read in (("claims", partial(experience_lags, base.experience)), ("public", public_lags)):
        try:
            fits[name] = fit_delay(read())
        except ValueError as why:
            findings.append(Finding("fit-delay-kept", Severity.INFO, "reporting_lag", f"{why}; the prior is kept"))
    findings += [Finding("fit-delay-law", Severity.INFO, f"{f.data} lags", f.remark) for f in fits.values() if f.remark]
    prior = np.log([base.prior.lag_shape, base.prior.lag_scale_days])
    public = (fits["public"].shape, fits["public"].scale_days) if "public" in fits else tuple(np.exp(prior))
    tables = {
        "lag_models": joined(f.models for f in fits.values()),
        "lag_curve": joined(f.curve for f in fits.values()),
        "lag_counts": joined(f.counts for f in fits.values()),
    }
    if "claims" not in fits:
        return tuple(np.exp(prior)), public, Part("the prior is kept", tables=tables, findings=tuple(findings))
    used = fits["claims"]
    mean, covariance = combined(prior, _lag_covariance(base), np.log([used.shape, used.scale_days]), used.covariance)
    reach = Z * np.sqrt(np.diag(covariance))
    own = np.exp(mean)
    part = Part(
        f"{used.lags:,.0f} lags: shape {used.shape:.3g}, scale {used.scale_days:.3g} days; over the prior {own[0]:.3g} "
        f"and {own[1]:.3g}",
        values={path: float(value) for path, value in zip(LAG, own, strict=True)},
        uncertainty={
            path: Uncertainty(
                float(own[n] * reach[n] / Z), float(np.exp(mean[n] - reach[n])), float(np.exp(mean[n] + reach[n]))
            )
            for n, path in enumerate(LAG)
        },
        sources={"reporting_lag": f"fitted: right-truncated Weibull on {used.lags:,.0f} lags of claims over the prior"},
        tables=tables,
        findings=tuple(findings),
    )
    return (float(own[0]), float(own[1])), public, part


def _lag_covariance(base: Base) -> Floats:
    """Covariance (2, 2) of the prior of (log shape, log scale): its own errors where it was fitted."""
    sd, own = settings()["prior_sd"], base.artefact.get("uncertainty", {})
    if LAG[0] in own:
        return np.diag(
            [(own[LAG[0]]["se"] / base.prior.lag_shape) ** 2, (own[LAG[1]]["se"] / base.prior.lag_scale_days) ** 2]
        )
    return np.diag([sd["lag_log_shape"] ** 2, sd["lag_log_scale"] ** 2])


def frequency(base: Base, lag: tuple[float, float]) -> tuple[FrequencyFit, Part]:
    """The claim frequency: every effect with its interval, theta with its low and high value, the posterior."""
    found = fit_frequency(base.experience, base.prior, base.artefact, lag, base.regime)
    frame = parameter_frame(found)
    worth = worth_of(found, base.prior, base.regime, span(base.experience.years))
    constraints = constraint_frame(found, worth)
    raised = {f"frequency.perils.{peril}.{THETA}" for peril in found.lifted}
    values = {path: value for path, value in coefficients(found).items() if path in raised or not _fixed(found, path)}
    claims = int(found.rows.claims.sum())
    source = f"fitted: {claims:,} claims, {base.experience.source}"
    for peril in found.cols.perils:
        at = found.cols.at(f"frequency.perils.{peril}.{THETA}")
        if found.cols.sd[at] > 0:
            middle, reach = found.estimate[at], Z * found.se[at]
            values[f"frequency.perils.{peril}.theta_low"] = max(middle - reach, 0.0)
            values[f"frequency.perils.{peril}.theta_high"] = middle + reach
    for peril, theta in found.lifted.items():
        row = base.prior.perils[peril]
        values[f"frequency.perils.{peril}.theta_low"] = min(row.theta_low, theta)
        values[f"frequency.perils.{peril}.theta_high"] = max(row.theta_high, theta)
    part = Part(
        f"{claims:,} claims in {found.cells:,} cells, {found.steps} steps, {int(constraints['binding'].sum())} of "
        f"{len(constraints)} constraints bind",
        values={
            **{path: float(value) for path, value in values.items()},
            "posterior": _posterior(found),
            **told_in_artefact(found, constraints),
        },
        uncertainty={
            row["path"]: Uncertainty(row["se"], row["low"], row["high"])
            for row in frame.to_dict("records")
            if row["se"] > 0
        },
        sources=_sources(found, source),
        tables={
            "parameters": frame,
            "relativities": relativity_frame(found),
            "experience": _summary(found),
            "constraints": constraints,
            "constraint_cost": cost_frame(found, worth),
        },
        findings=(*found.findings, *constraint_findings(constraints, base.regime), *_concealed(base)),
    )
    return found, part


def _fixed(found: FrequencyFit, path: str) -> bool:
    return path in found.cols.paths and not found.cols.sd[found.cols.at(path)] > 0


def _posterior(found: FrequencyFit) -> dict[str, object]:
    """Paths of the fitted coefficients and the rows of the lower triangle of their covariance."""
    free = np.flatnonzero(found.cols.sd > 0)
    rows = found.covariance[np.ix_(free, free)]
    return {
        "paths": [found.cols.paths[column] for column in free],
        "covariance": [[float(value) for value in row[: n + 1]] for n, row in enumerate(rows)],
    }


def _sources(found: FrequencyFit, source: str) -> dict[str, str]:
    own = {path: source for path in found.cols.paths if not _fixed(found, path)}
    for peril in found.cols.perils:
        own |= {
            f"frequency.perils.{peril}.{end}": own.get(f"frequency.perils.{peril}.{THETA}", "")
            for end in ("theta_low", "theta_high")
        }
    kept_level = "the prior's expected claims on this market: no claims came"
    own |= {f"frequency.perils.{peril}.{INTERCEPT}": kept_level for peril in found.kept_intercepts}
    own |= {
        f"frequency.perils.{peril}.{name}": "the bound of the regime: nothing was fitted"
        for peril in found.lifted
        for name in (THETA, "theta_low", "theta_high")
    }
    return {path: text for path, text in own.items() if text}


def _summary(found: FrequencyFit) -> pd.DataFrame:
    """Claims, system-years and the share of claims known by now, by peril: the table `experience`."""
    rows = found.rows
    share = float(rows.years.sum() / rows.at_risk.sum())
    return pd.DataFrame(
        {
            "peril": found.cols.perils,
            "claims": rows.claims.sum(axis=0),
            "system_years": float(rows.at_risk.sum()),
            "reported_share": share,
        }
    )


def _concealed(base: Base) -> tuple[Finding, ...]:
    share = known_share(base.experience)
    if share == 1.0:
        return ()
    told = (
        f"{1 - share:.1%} of reported claims are taken to stay concealed, from those that came out and a detection "
        f"probability of {base.experience.detection:.0%}; the frequency is raised by as much"
    )
    return (Finding("fit-concealed", Severity.INFO, "experience", told),)


def history(base: Base, found: FrequencyFit) -> Part:
    """Credibility constants per peril (Buehlmann-Straub)."""
    perils = found.cols.perils
    log_sd = _alpha_sd(base)
    try:
        fitted = fit_history(
            found.rows.firm,
            found.expected,
            found.rows.claims,
            perils,
            [base.prior.perils[peril].alpha for peril in perils],
            [log_sd[peril] for peril in perils],
        )
    except ValueError as why:
        return kept("fit-alpha-kept", "experience rating", why)
    moved = [n for n, weight in enumerate(fitted.frame["weight"]) if weight > 0]
    paths = {n: f"frequency.perils.{perils[n]}.alpha" for n in moved}
    row = fitted.frame.iloc
    return Part(
        f"{len(moved)} of {len(perils)} perils speak",
        values={path: float(fitted.alpha[n]) for n, path in paths.items()},
        uncertainty={
            path: Uncertainty(float(fitted.alpha[n] * fitted.log_sd[n]), float(row[n]["low"]), float(row[n]["high"]))
            for n, path in paths.items()
        },
        sources={
            path: f"fitted: Buehlmann-Straub, {row[n]['weight']:.0%} on {row[n]['claims']:.0f} claims"
            for n, path in paths.items()
        },
        tables={"credibility": fitted.frame},
        findings=fitted.findings,
    )


def _alpha_sd(base: Base) -> Mapping[str, float]:
    """Standard deviation of the log of each peril's prior alpha: its own where it was fitted."""
    own = base.artefact.get("uncertainty", {})
    found = {}
    for peril, row in base.prior.perils.items():
        known = own.get(f"frequency.perils.{peril}.alpha")
        found[peril] = known["se"] / row.alpha if known else PRIOR_LOG_SD
    return found


def spread(base: Base, found: FrequencyFit) -> tuple[float, Part]:
    """Poisson or negative binomial: the dispersion of a policy's claims in a year, over the prior."""
    try:
        fitted = dispersion(
            *policy_years(found.rows.firm, base.experience.years["end"].dt.year, found.expected, found.rows.claims)
        )
    except ValueError as why:
        return base.prior.dispersion, kept("fit-dispersion-kept", DISPERSION, why)
    own = base.artefact.get("uncertainty", {}).get(DISPERSION)
    sd = own["se"] if own else settings()["prior_sd"]["dispersion"]
    mean, variance = combined(
        np.array([base.prior.dispersion]),
        np.array([[sd**2]]),
        np.array([fitted.dispersion]),
        np.array([[fitted.se**2]]),
    )
    value, se = float(mean[0]), float(np.sqrt(variance[0, 0]))
    part = Part(
        f"{fitted.verdict} With the prior {value:.3g}.",
        values={DISPERSION: value},
        uncertainty={DISPERSION: Uncertainty(se, max(value - Z * se, 0.0), value + Z * se)},
        sources={DISPERSION: f"fitted: negative binomial on {fitted.policy_years:,} policy years over the prior"},
        tables={"dispersion": pd.DataFrame([{name: getattr(fitted, name) for name in DISPERSION_COLUMNS}])},
    )
    return value, part


def prudence(base: Base, found: FrequencyFit, head_cv: Mapping[str, float]) -> Part:
    """Coefficient of variation of each peril's expected loss from not knowing the parameters of frequency and severity.

    Those of the heads are taken to err together: prudent, and monotone (docs/methods/calibration.md).
    """
    values = {}
    for peril, variance in found.log_variance.items():
        severity_cv = sum(share * head_cv.get(head, 0.0) for head, share in base.prior.mixture[peril].items())
        values[f"frequency.perils.{peril}.cv"] = math.sqrt(math.expm1(variance) + severity_cv**2)
    return Part(
        f"from {min(values.values()):.0%} to {max(values.values()):.0%} by peril",
        values=values,
        sources=dict.fromkeys(values, "fitted: posterior of the frequency, and of the severity by head"),
    )

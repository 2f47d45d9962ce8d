"""The steps of a calibration that rest on losses, published results and public incidents beside the market's claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pandas as pd

from actuarial.calibration import HeadSeverity
from actuarial.fitting.base import Base, kept
from actuarial.fitting.claim_losses import MarketLosses, SizeElasticity, market_losses, size_elasticity, size_scale
from actuarial.fitting.claim_severity import ClaimSeverities, fit_claim_severities
from actuarial.fitting.durations import DurationFit, first_incident, settlement
from actuarial.fitting.frequency_design import Z
from actuarial.fitting.ilf import claim_shares, limit_factors, regime_limits
from actuarial.fitting.insured_severity import authored as severity_settings
from actuarial.fitting.mixture import claim_heads, coded_counts, fit_mixture
from actuarial.fitting.parts import Part, Uncertainty, joined
from actuarial.fitting.population_fit import LIKELIHOOD, fit_populations
from actuarial.fitting.prior import authored as opinions
from actuarial.fitting.tail_diagnostics import tail_diagnostics
from actuarial.fitting.trend import fit_trend
from policies.findings import Finding, Severity

ELICITED = "prior"  # kind of a calibration that rests on opinion


def severity(base: Base) -> tuple[Mapping[str, float], Part]:
    """Severity by head and by size of firm from the market's claims over the prior's, and the publicised tail.

    Also the coefficient of variation of each head's limited mean.
    """
    diagnostics = tail_diagnostics(base.prior, base.regime, opinions())
    try:
        losses = market_losses(base.experience, severity_settings()["data"]["pricing_year"])
        size = size_elasticity(losses, base.prior.size_elasticity)
        fitted = _by_head(base, losses, size.estimate)
    except ValueError as why:
        part = kept("fit-severity-kept", "severity.heads", why)
        return {}, replace(part, tables=diagnostics.tables, findings=(*part.findings, *diagnostics.findings))
    moved = {head: fit for head, fit in fitted.heads.items() if fit.unconstrained is not None}
    elasticity = "severity.size_elasticity"
    sources = {f"severity.heads.{head}": f"fitted: {fit.claims:,} claims over the prior" for head, fit in moved.items()}
    part = Part(
        f"{len(moved)} of {len(fitted.heads)} heads have enough claims of their own",
        values={f"severity.heads.{head}": asdict(fit.severity) for head, fit in moved.items()}
        | {elasticity: size.estimate},
        uncertainty=_severity_uncertainty(fitted, moved) | {elasticity: Uncertainty(size.se, size.low, size.high)},
        sources=sources | {elasticity: f"fitted: {size.claims:,} losses over the prior"},
        tables={
            **diagnostics.tables,
            "severity_heads": fitted.severity_heads,
            "parameters": joined((fitted.parameters, _size_row(size))),
        },
        findings=(*fitted.findings, *diagnostics.findings),
    )
    return {head: fit.cv for head, fit in fitted.heads.items()}, part


def _by_head(base: Base, losses: MarketLosses, elasticity: float) -> ClaimSeverities:
    return fit_claim_severities(
        losses_eur=losses.loss_eur,
        heads=losses.heads,
        size_scale=size_scale(losses.turnover_eur, elasticity, base.prior.size_reference_eur),
        prior=base.prior.severities,
        open_claims=losses.open_claims,
        basic_limit_eur=basic_limit(base),
    )


def _severity_uncertainty(fitted: ClaimSeverities, moved: Collection[str]) -> dict[str, Uncertainty]:
    """Intervals of the parameters of the heads that were fitted."""
    return {
        row["path"]: Uncertainty(row["se"], row["low"], row["high"])
        for row in fitted.parameters.to_dict("records")
        if row["path"].split(".")[2] in moved
    }


def _size_row(size: SizeElasticity) -> pd.DataFrame:
    """The size elasticity as a row of the table `parameters`."""
    return pd.DataFrame(
        {
            "path": ["severity.size_elasticity"],
            "prior": [size.prior],
            "prior_sd": [size.prior_sd],
            "estimate": [size.estimate],
            "se": [size.se],
            "low": [size.low],
            "high": [size.high],
            "model_se": [size.own_se],
            "unconstrained": [size.own],
            "claims": [float(size.claims)],
        }
    )


def basic_limit(base: Base) -> float:
    """The smallest limit that the regime allows, in euros."""
    return regime_limits(base.regime)[0]


def limits(base: Base, heads: Mapping[str, Any]) -> Part:
    """Increased limit factors of the severities as they now are (`heads`: those fitted anew), and their consistency."""
    severities = {
        head: HeadSeverity(**heads[head]) if head in heads else own for head, own in base.prior.severities.items()
    }
    found = limit_factors(severities, claim_shares(base.prior, tuple(severities)), regime_limits(base.regime))
    sound = int((found.ilf_check["increasing"] & found.ilf_check["concave"]).sum())
    return Part(
        f"{sound} of {len(found.ilf_check)} curves rise and flatten",
        tables={"ilf": found.ilf, "ilf_check": found.ilf_check},
        findings=found.findings,
    )


def mixture(base: Base) -> Part:
    """Shares of the heads in the claims of each peril. A fitted prior has seen the public incidents already."""
    perils = tuple(base.prior.mixture)
    public = coded_counts(perils) * float(base.prior.kind == ELICITED)
    claims = claim_heads(base.experience, perils)
    fitted = fit_mixture(base.prior.mixture, public, claims)
    return Part(
        f"{claims.sum():,.0f} claims with a head; the prior is worth {fitted.strength:.0f} claims a peril",
        values={"mixture": {peril: dict(shares) for peril, shares in fitted.shares.items()}},
        uncertainty={
            f"mixture.{row['peril']}.{row['head']}": Uncertainty(
                (row["high"] - row["low"]) / (2 * Z), row["low"], row["high"]
            )
            for row in fitted.frame.to_dict("records")
        },
        sources={
            "mixture": f"fitted: Dirichlet-multinomial, {claims.sum():,.0f} claims and public incidents over the prior"
        },
        tables={"mixture": fitted.frame},
    )


def populations(base: Base) -> Part:
    """Reference populations of the safety tests.

    A test that bears on a fitted theta is taken over only where the danger scores were made with it: theta is the
    effect of the score as it was measured.
    """
    fitted = fit_populations(base.prior.tests)
    anew = [row["test"] for row in fitted.frame.to_dict("records") if row["basis"] == LIKELIHOOD]
    waiting = [test for test in anew if test in _measured(base) and base.tests[test] != fitted.tests[test]]
    adopted = [test for test in anew if test not in waiting]
    return Part(
        f"{len(adopted)} of {len(fitted.tests)} tests by likelihood",
        values={f"tests.{test}": asdict(fitted.tests[test]) for test in adopted},
        sources={f"tests.{test}": f"fitted: {fitted.tests[test].source}" for test in adopted},
        tables={"tests": fitted.frame},
        findings=(*fitted.findings, *_waiting(waiting)),
    )


def _measured(base: Base) -> set[str]:
    """Tests of the batteries of perils whose theta is fitted."""
    moving = {peril for peril, row in base.prior.perils.items() if row.theta_high > row.theta_low}
    return {entry.test for peril, battery in base.regime.battery.items() if peril in moving for entry in battery}


def _waiting(tests: Sequence[str]) -> tuple[Finding, ...]:
    if not tests:
        return ()
    told = (
        "the danger scores of this experience were made with the reference in force, which stays; measured anew, as "
        "the dossiers of a book are, they would take the fitted one"
    )
    return (Finding("test-waits", Severity.INFO, ", ".join(tests), told),)


def durations(base: Base, lag: tuple[float, float]) -> Part:
    """Time to the first incident and time to settlement: reported, not priced."""
    fits: dict[str, DurationFit] = {}
    findings = []
    for name, read in (
        ("first_incident", partial(first_incident, base.experience, *lag)),
        ("settlement", partial(settlement, base.experience)),
    ):
        try:
            fits[name] = read()
        except ValueError as why:
            findings.append(Finding("fit-duration-none", Severity.INFO, name, f"{why}; nothing is reported"))
    tables = {name: fit.effects for name, fit in fits.items()}
    tables |= {f"{name}_curve": fit.curve for name, fit in fits.items()}
    checks = [fit.proportional_hazards for fit in fits.values()]
    if checks:
        tables["proportional_hazards"] = pd.concat(checks, ignore_index=True)
    findings += [
        Finding("fit-duration-note", Severity.INFO, name, note) for name, f in fits.items() for note in f.notes
    ]
    detail = ", ".join(f"{fit.events:,} events of {name.replace('_', ' ')}" for name, fit in fits.items())
    return Part(detail or "too few events", tables=tables, findings=tuple(findings))


def trend(base: Base, public_lag: tuple[float, float]) -> Part:
    """Public incidents by year: growth told apart into reporting and risk, and their shares by peril; not priced."""
    fitted = fit_trend(*public_lag, {peril: row.intercept for peril, row in base.prior.perils.items()})
    risk = fitted.risk
    return Part(
        f"risk grows by {risk.estimate:.0%} a year ({risk.low:.0%} to {risk.high:.0%}), reporting by "
        f"{fitted.reporting.estimate:.0%}",
        tables={
            "trend": fitted.trend,
            "trend_effects": fitted.effects,
            "external_base": fitted.external_base,
            "out_of_time": fitted.out_of_time,
        },
        findings=fitted.findings,
    )

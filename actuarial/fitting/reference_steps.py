"""The steps of a calibration that rest on losses, published results and public incidents beside the market's claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd

from actuarial.fitting.base import Base, kept
from actuarial.fitting.claim_severity import ClaimSeverities, fit_claim_severities
from actuarial.fitting.durations import DurationFit, first_incident, settlement
from actuarial.fitting.experience import rows_of_claims
from actuarial.fitting.frequency_design import Z
from actuarial.fitting.insured_severity import authored as severity_settings
from actuarial.fitting.insured_severity import on_level_factor
from actuarial.fitting.mixture import claim_heads, coded_counts, fit_mixture
from actuarial.fitting.parts import Part, Uncertainty
from actuarial.fitting.population_fit import fit_populations
from actuarial.fitting.prior import authored as opinions
from actuarial.fitting.tail_diagnostics import tail_diagnostics
from policies.findings import Finding, Severity
from policies.money import CENTS_PER_EURO


def severity(base: Base) -> tuple[Mapping[str, float], Part]:
    """Severity by head from the market's claims over the prior's, with the diagnostics of the publicised tail.

    Also the coefficient of variation of each head's limited mean.
    """
    diagnostics = tail_diagnostics(base.prior, base.regime, opinions())
    try:
        fitted = _claim_severities(base)
    except ValueError as why:
        part = kept("fit-severity-kept", "severity.heads", why)
        return {}, replace(part, tables=diagnostics.tables, findings=(*part.findings, *diagnostics.findings))
    moved = {head: fit for head, fit in fitted.heads.items() if fit.unconstrained is not None}
    part = Part(
        f"{len(moved)} of {len(fitted.heads)} heads have enough claims of their own",
        values={f"severity.heads.{head}": asdict(fit.severity) for head, fit in moved.items()},
        sources={
            f"severity.heads.{head}": f"fitted: {fit.claims:,} claims over the prior" for head, fit in moved.items()
        },
        tables={**diagnostics.tables, "severity_heads": fitted.severity_heads},
        findings=(*fitted.findings, *diagnostics.findings),
    )
    return {head: fit.cv for head, fit in fitted.heads.items()}, part


def _claim_severities(base: Base) -> ClaimSeverities:
    claims, row = base.experience.claims, rows_of_claims(base.experience)
    turnover = base.experience.years["turnover_eur"].to_numpy(dtype=float)[row]
    level = partial(on_level_factor, pricing_year=severity_settings()["data"]["pricing_year"])
    losses = claims["loss_eur"].to_numpy(dtype=float) * claims["occurred"].dt.year.map(level).to_numpy(dtype=float)
    return fit_claim_severities(
        losses_eur=losses,
        heads=claims["head"].astype(object).fillna("").astype(str).tolist(),
        size_scale=np.asarray((turnover / base.prior.size_reference_eur) ** base.prior.size_elasticity),
        prior=base.prior.severities,
        open_claims=claims["settled"].isna().to_numpy(),
        basic_limit_eur=basic_limit(base),
    )


def basic_limit(base: Base) -> float:
    """The smallest limit that the regime allows, in euros."""
    return min(c.minimum_limit.cents for c in base.regime.classes.values()) / CENTS_PER_EURO


def mixture(base: Base) -> Part:
    """Shares of the heads in the claims of each peril."""
    perils = tuple(base.prior.mixture)
    claims = claim_heads(base.experience, perils)
    fitted = fit_mixture(base.prior.mixture, coded_counts(perils), claims)
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
    """Reference populations of the safety tests."""
    fitted = fit_populations(base.prior.tests)
    anew = [
        test for test, basis in zip(fitted.frame["test"], fitted.frame["basis"], strict=True) if basis == "likelihood"
    ]
    return Part(
        f"{len(anew)} of {len(fitted.tests)} tests by likelihood",
        values={f"tests.{test}": asdict(fitted.tests[test]) for test in anew},
        sources={f"tests.{test}": f"fitted: {fitted.tests[test].source}" for test in anew},
        tables={"tests": fitted.frame},
        findings=fitted.findings,
    )


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

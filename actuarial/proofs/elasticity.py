"""Elasticity: by how much the expected loss of a peril moves with a lever, as an interval over the whole domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actuarial.certificate import Claim, ProofStep
from actuarial.evidence import danger_scores
from actuarial.proofs.case import Case, concluded, step
from actuarial.proofs.witness import counter_example
from actuarial.rating import reported_years
from actuarial.rounding import Floats


@dataclass(frozen=True, slots=True)
class Damping:
    """Share alpha / (alpha + Lambda) of a change of frequency that its own record leaves, by peril (P,): at least
    `least`, at the largest expected record of the domain, `record` claims; 1 for a firm without a record."""

    least: Floats
    record: Floats


def damping(case: Case) -> Damping:
    """Interval arithmetic on log frequency: every term at the end of its range that makes the record largest."""
    t, domain = case.t, case.regime.incentives.domain
    silent = danger_scores(t.silence[None], t)[0]
    units = max(
        domain.persons / case.calibration.exposure_unit_persons,
        domain.turnover_eur / case.calibration.exposure_unit_turnover_eur,
    )
    largest = (
        t.intercept
        + t.elasticity * np.log(units)
        + sum(effect.max() for effect in (t.class_effect, t.role_effect, t.autonomy_effect, t.sector_effect))
        + t.maturity_effect.max()
        + np.maximum(t.theta * silent, 0.0)
        + max(t.sharing, 0.0)
    )
    years = reported_years(np.array([case.regime.incident_window_years]), t)[0]
    record = np.exp(largest) * years
    return Damping(np.asarray(t.alpha / (t.alpha + record)), np.asarray(record))


def danger(case: Case) -> Claim:
    """One standard step of danger of a peril: theta for a firm without a record, damped by a record of its own."""
    rules, t, damped = case.regime.incentives.elasticities["danger"], case.t, damping(case)
    rated = np.array([peril not in case.regime.incentives.exempt for peril in t.peril_ids])
    named = np.flatnonzero(rated)
    low, high = (int(named[pick(t.theta[named])]) for pick in (np.argmin, np.argmax))
    ends = (damped.least * t.theta)[rated]
    proof = [
        step("slope_danger"),
        step("no_record_least", t.theta[low] >= rules.least, peril=t.peril_ids[low], value=float(t.theta[low]),
             floor=rules.least),
        step("no_record_most", t.theta.max() <= rules.most, peril=t.peril_ids[high], value=float(t.theta.max()),
             cap=rules.most),
        _recorded(case, damped, ends.min(), rules.least_recorded),
        step("exempt", bool((t.theta >= 0).all()), perils=", ".join(np.array(t.peril_ids)[~rated].tolist())),
        step("premium_share"),
    ]  # fmt: skip
    return _bounded("danger", proof, case, float(ends.min()), float(t.theta.max()))


def sharing(case: Case) -> Claim:
    """From sharing everything to sharing nothing."""
    return _scalar("sharing", "compliance", case.t.sharing, case)


def exposure(case: Case) -> Claim:
    """Of the logarithm of exposure."""
    return _scalar("exposure", "exposure", case.t.elasticity, case)


def _scalar(lever: str, kind: str, value: float, case: Case) -> Claim:
    rules, damped = case.regime.incentives.elasticities[lever], damping(case)
    proof = [
        step(f"slope_{lever}"),
        step("within", rules.least <= value <= rules.most, value=value, floor=rules.least, cap=rules.most),
        _recorded(case, damped, damped.least.min() * value, rules.least_recorded),
        step("premium_share"),
    ]
    return _bounded(lever, proof, case, float(damped.least.min() * value), value, kind)


def _bounded(lever: str, proof: list[ProofStep], case: Case, low: float, high: float, kind: str = "danger") -> Claim:
    holds = all(line.holds for line in proof)
    found = None if holds else counter_example(case, kind)
    return concluded(f"elasticity-{lever}", proof, min(low, high), high, found)


def _recorded(case: Case, damped: Damping, left: float, floor: float) -> ProofStep:
    worst = int(np.argmin(damped.least))
    return step("recorded", left >= floor, peril=case.t.peril_ids[worst], record=float(damped.record[worst]),
                value=float(left), floor=floor)  # fmt: skip

"""Conduct of the firms of the sample market: what becomes of their incidents and of their duties to share data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from actuarial.calibration import Calibration
from actuarial.market.experience import Claims
from actuarial.market.truth import ConductTruth
from actuarial.tariff import tariff
from policies.money import CENTS_PER_EURO, ZERO, Money
from policies.perils import PERILS
from policies.period import add_months
from policies.regimes import Regime
from policies.risk import AISystem, Incident, IncidentSeverity, IncidentSource, Obligation

SHARE_DIGITS = 2


def draw_incidents(
    rng: np.random.Generator,
    claims: Claims,
    owners: Sequence[AISystem],
    costs: bool,
    c: ConductTruth,
    at: date,
    regime: Regime,
    calibration: Calibration,
) -> Iterator[Incident]:
    """The claims of these systems as incidents, without those that nobody knows of on day `at`; ids are empty.

    Unknown are incidents not yet noticed, and concealed ones that the regime's detection has not brought to light.
    """
    perils = tariff(calibration, regime).peril_ids
    for row, system in enumerate(owners):
        loss = Money(round(float(claims.loss[row]) * CENTS_PER_EURO)) if costs else ZERO
        peril, severity = perils[claims.peril[row]], _severity(loss, costs, c)
        affected = math.ceil(c.persons_affected_median * np.exp(c.persons_affected_sigma * rng.standard_normal()))
        aware = at + timedelta(int(claims.report_day[row]))
        reported, source = _report(rng, aware, regime.incident_days(peril, severity), c)
        hidden = source is not IncidentSource.SELF and rng.random() >= regime.detection_probability
        if aware > at or hidden:
            continue
        yield Incident(
            id="",
            system=system.id,
            peril=peril,
            occurred_at=at + timedelta(int(claims.accident_day[row])),
            aware_at=aware,
            reported_at=reported if reported and reported <= at else None,
            source=source,
            severity=severity,
            persons_affected=min(affected, int(system.persons_per_month)),
            loss=loss,
            description=f"Fictional {'incident' if costs else 'near miss'}: {PERILS[peril].title.lower()}",
        )


def _severity(loss: Money, costs: bool, c: ConductTruth) -> IncidentSeverity:
    if not costs:
        return IncidentSeverity.NEAR_MISS
    if loss >= Money.euros(int(c.critical_from_eur)):
        return IncidentSeverity.CRITICAL
    return IncidentSeverity.SERIOUS if loss >= Money.euros(int(c.serious_from_eur)) else IncidentSeverity.MINOR


def _report(
    rng: np.random.Generator, aware: date, deadline: int, c: ConductTruth
) -> tuple[date | None, IncidentSource]:
    """When the firm reports, None for never, and who brings the incident to light."""
    conduct, days, finder = rng.random(), rng.integers(0, deadline, endpoint=True), rng.random()
    late = 1 + int(rng.exponential(c.days_late_mean))
    if conduct < c.in_time:
        return aware + timedelta(int(days)), IncidentSource.SELF
    if conduct < c.in_time + c.late:
        return aware + timedelta(deadline + late), IncidentSource.SELF
    return None, IncidentSource.PRESS if finder < c.by_press else IncidentSource.AUTHORITY


def draw_obligations(
    rng: np.random.Generator, system: AISystem, discipline: float, c: ConductTruth, at: date, regime: Regime
) -> Iterator[Obligation]:
    """The duties of a system that fell due in the regime's window before day `at`, met with chance `discipline`."""
    start = max(system.deployed, add_months(at, -regime.compliance.window_months))
    for kind, rule in regime.obligations.items():
        for due in _calendar(system.deployed, rule.every_months, start, at):
            met, missed, whole = rng.random(3)
            early, late = int(rng.integers(0, c.days_early)), 1 + int(rng.exponential(c.days_late_mean))
            delivered: date | None = due - timedelta(early) if met < discipline else due + timedelta(late)
            if (met >= discipline and missed < c.missed_of_failed_duties) or (delivered and delivered > at):
                delivered = None
            completeness = 1.0 if whole < c.complete else round(rng.uniform(c.least_completeness, 1.0), SHARE_DIGITS)
            yield Obligation(system.id, kind, due, delivered, completeness if delivered else 0.0)


def _calendar(deployed: date, every_months: int, start: date, at: date) -> Iterator[date]:
    """Due days from `start` up to but not including `at`."""
    number = 1
    while every_months and (due := add_months(deployed, number * every_months)) < at:
        if due >= start:
            yield due
        number += 1

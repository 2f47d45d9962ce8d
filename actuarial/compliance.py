"""Data-sharing compliance c in [0, 1], and the weight of an incident by conduct (docs/methods/rating.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from actuarial.calibration import HistoryWeights
from actuarial.rounding import Floats
from actuarial.special import betaincinv
from policies.period import MONTHS_PER_YEAR, add_months, years_between
from policies.regimes import ComplianceRules, ObligationRule, Regime
from policies.risk import AISystem, Incident, IncidentSource, Obligation


def compliance(delivered: Floats, missed: Floats, rules: ComplianceRules) -> Floats:
    """The prudent quantile of Beta(prior + delivered, prior + missed); any shape."""
    return np.asarray(
        betaincinv(rules.prior_delivered + delivered, rules.prior_missed + missed, rules.quantile), dtype=float
    )


def timeliness(days_late: float, scale_days: float) -> float:
    """exp(-days late / scale), 1 when on time."""
    return math.exp(-max(days_late, 0.0) / scale_days)


@dataclass(frozen=True, slots=True)
class Owed:
    """What the regime's calendar makes of one kind of obligation of one system: the rows that fell due in the window,
    how many were expected since deployment, and how many of those no row mentions."""

    rule: ObligationRule
    rows: tuple[Obligation, ...]
    expected: int
    absent: int


def owed(system: AISystem, obligations: Iterable[Obligation], at: date, regime: Regime) -> tuple[Owed, ...]:
    """The calendar of one system as of day `at`, a value for each kind of the regime."""
    start = add_months(at, -regime.compliance.window_months)
    due = [row for row in obligations if row.system == system.id and start <= row.due <= at]
    active_months = max(years_between(max(start, system.deployed), at), 0.0) * MONTHS_PER_YEAR
    found = []
    for kind, rule in regime.obligations.items():
        rows = tuple(row for row in due if row.kind == kind)
        expected = int(active_months // rule.every_months) if rule.every_months else 0
        found.append(Owed(rule, rows, expected, max(expected - len(rows), 0)))
    return tuple(found)


def delivered_and_missed(
    system: AISystem, obligations: Iterable[Obligation], incidents: Iterable[Incident], at: date, regime: Regime
) -> tuple[float, float]:
    """Weighted sums of score and of 1 - score over the obligations of one system that fell due in the window.

    Deliveries earn up to what the calendar of the regime expects: rows beyond it can only lose. What it expects and
    no row mentions counts as missed. An incident report earns nothing; one that never came counts as missed. A late one
    does not: lateness weighs in the history alone, for here it would make coming clean dearer than going on concealing.
    """
    rules = regime.compliance
    delivered = missed = 0.0
    for kind in owed(system, obligations, at, regime):
        scores = [_score(row, rules.late_scale_days) for row in kind.rows]
        delivered += kind.rule.weight * min(sum(scores), kind.expected)
        missed += kind.rule.weight * (sum(1 - score for score in scores) + kind.absent)
    start = add_months(at, -rules.window_months)
    for incident in incidents:
        recent = incident.system == system.id and start <= incident.aware_at <= at
        if recent and math.isinf(days_late(incident, at, regime)):
            missed += rules.incident_report_weight
    return delivered, missed


def _score(row: Obligation, scale_days: float) -> float:
    if row.delivered is None:
        return 0.0
    return row.completeness * timeliness((row.delivered - row.due).days, scale_days)


def days_late(incident: Incident, at: date, regime: Regime) -> float:
    """Days past the reporting deadline: 0 in time, infinite when it was discovered and never reported."""
    deadline = regime.incident_days(incident.peril, incident.severity)
    if incident.reported_at is None and incident.source is not IncidentSource.SELF:
        return math.inf
    reported = incident.reported_at or at
    return max((reported - incident.aware_at).days - deadline, 0)


def incident_weight(incident: Incident, at: date, regime: Regime, weights: HistoryWeights) -> float:
    """Weight of one incident in the history factor: by severity, and by conduct from reported to concealed."""
    late = days_late(incident, at, regime)
    if math.isinf(late):
        conduct = weights.concealed
    else:
        step = weights.late_limit - weights.reported
        conduct = weights.reported + step * (1 - timeliness(late, weights.late_scale_days))
    return weights.severity[incident.severity] * conduct

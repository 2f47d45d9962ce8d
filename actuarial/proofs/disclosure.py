"""Disclosure: reporting an incident, however late, costs less than concealing it does on average.

An incident of weight w raises the premium by what it raises the expected loss. Without an aggregate limit that is
linear in w, and delta c >= (1 + m) l would do. Under an aggregate limit A the expected loss is concave; its slope is at
least the mean claim times 1 - (1 + kappa) E[S] / A: docs/methods/certificate.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actuarial.certificate import Claim, Witness
from actuarial.proofs.case import Case, concluded, step
from actuarial.proofs.point import Point, due, told
from actuarial.proofs.witness import bases
from actuarial.rounding import Floats
from policies.money import Money


@dataclass(frozen=True, slots=True)
class Dominance:
    """Expected cost of concealing, `concealed`, and of reporting with margin, `reported`, per peril and severity
    (P, K), in units of the loss that one serious incident in time adds; `taken` (P, K) is the most that the aggregate
    limit takes away."""

    concealed: Floats
    reported: Floats
    taken: Floats


def dominance(case: Case) -> Dominance:
    """Both sides of the claim at the edge of the domain, where they are closest."""
    t, regime, weights = case.t, case.regime, case.calibration.history
    severity = np.array(list(weights.severity.values()))
    worst = weights.concealed * severity / (2 * t.alpha[:, None])  # growth of the loss, averaged along the way
    taken = np.minimum((1 + t.dispersion) * regime.incentives.domain.loss_share * (1 + worst), 1.0)
    dulled = 1 + t.handling  # the part of the price that the aggregate limit dulls
    plain = (t.prudence * t.cv + t.cost_of_capital * t.capital)[:, None]  # loadings on the loss before it
    concealed = regime.detection_probability * weights.concealed * severity * (dulled * (1 - taken) + plain)
    reported = (1 + regime.disclosure_margin) * max(weights.late_limit, weights.reported) * severity * (dulled + plain)
    return Dominance(concealed, reported, taken)


def disclosure(case: Case) -> Claim:
    """For every peril, severity and firm of the domain."""
    weights, regime, found = case.calibration.history, case.regime, dominance(case)
    names = list(weights.severity)
    slack = found.concealed - found.reported
    ratio = np.divide(found.concealed, found.reported, out=np.full(slack.shape, np.inf), where=found.reported > 0)
    peril, grade = np.unravel_index(int(np.argmin(ratio)), ratio.shape)
    least = float(ratio[peril, grade])
    proof = [
        step("conduct_order", weights.reported <= weights.late_limit <= weights.concealed,
             reported=weights.reported, late=weights.late_limit, concealed=weights.concealed),
        step("detection", 0 < regime.detection_probability <= 1, delta=regime.detection_probability,
             margin=regime.disclosure_margin),
        step("linear", regime.detection_probability * weights.concealed
             >= (1 + regime.disclosure_margin) * weights.late_limit,
             expected=regime.detection_probability * weights.concealed,
             needed=(1 + regime.disclosure_margin) * weights.late_limit),
        step("domain", share=regime.incentives.domain.loss_share),
        step("concave", case.t.dispersion >= 0, dispersion=case.t.dispersion, taken=float(found.taken.max())),
        step("dominates", least >= 1, peril=case.t.peril_ids[peril], severity=names[grade], ratio=least),
        step("missed_report", regime.compliance.incident_report_weight >= 0 and case.t.sharing >= 0),
        step("minimum_helps"),
    ]  # fmt: skip
    holds = all(line.holds for line in proof)
    return concluded("disclosure", proof, least, None, None if holds else _temptation(case))


def _temptation(case: Case) -> Witness | None:
    """The firm for which concealing a serious incident saves most against reporting it at the latest."""
    weights, regime = case.calibration.history, case.regime
    severity = max(weights.severity.values())
    firms = [(base, peril) for base in bases(case) for peril in case.t.peril_ids if not base.incidents]
    quiet = due([base for base, _ in firms], case.t, regime)
    late, found = (
        due([_with(base, peril, weight * severity) for base, peril in firms], case.t, regime)
        for weight in (weights.late_limit, weights.concealed)
    )
    told_cost = (late - quiet).astype(float) * (1 + regime.disclosure_margin)
    hidden_cost = (found - quiet) * regime.detection_probability
    worst = int(np.argmax((told_cost - hidden_cost) / quiet))
    if told_cost[worst] <= hidden_cost[worst]:
        return None
    base, peril = firms[worst]
    costs = (Money(round(float(cost[worst]))) for cost in (told_cost, hidden_cost))
    return Witness(told(base, peril), f"incident {peril}", "reported", "concealed", *costs)


def _with(base: Point, peril: str, weight: float) -> Point:
    return replace(base, incidents={peril: weight})

"""Weights of an incident by conduct: the smallest penalties by which disclosing is the cheaper choice (pricing.md 5).

The bound on what an aggregate limit takes away is that of docs/methods/certificate.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cvxpy
import numpy as np
import pandas as pd

from actuarial.calibration import HistoryWeights
from actuarial.compliance import timeliness
from actuarial.fitting.base import Base
from actuarial.fitting.experience import CONDUCTS, DISCOVERED, IN_TIME, LATE, Experience
from actuarial.fitting.frequency_design import known_share
from actuarial.fitting.parts import Part
from actuarial.rounding import Floats
from policies.findings import Finding, Severity, WaarborgError

cp: Any = cvxpy  # its own types miss most of its functions

PATHS = ("history.reported", "history.late_limit", "history.concealed")
LEAST_CLAIMS = 30  # of each conduct: below, its share of the claims is not known within a third (90 %)
HEADROOM = 1e-4  # relative: weights and constants are rounded to six digits after the solve


@dataclass(frozen=True, slots=True)
class Temptation:
    """By peril (P,), for an incident of severity s, over s: concealing it at weight c costs `slope` c - `bend` s c^2 on
    average, and reporting it at weight w costs `told` w, the margin included."""

    slope: Floats
    bend: Floats
    told: Floats

    def least_concealed(self, told_weight: float, severity: float) -> float:
        """The least weight by which concealing costs more than reporting at `told_weight`; infinite where none."""
        bend, asked = self.bend * severity, self.told * told_weight
        inside = self.slope**2 - 4 * bend * asked
        if (inside < 0).any() or (self.slope <= 0).any():
            return float("inf")
        return float(np.max(2 * asked / (self.slope + np.sqrt(inside))))

    def dominance(self, told_weight: float, concealed: float, severity: float) -> float:
        """What concealing costs over what reporting costs with margin, the least over perils; 1 is asked."""
        hidden = self.slope * concealed - self.bend * severity * concealed**2
        return float(np.min(hidden / (self.told * told_weight)))


@dataclass(frozen=True, slots=True)
class Market:
    """The mean weight of a claim that happened: `reported` times the weight in time, `late` times that at the limit of
    lateness and `concealed` times that of concealment. Claims that never come out weigh nothing."""

    reported: float
    late: float
    concealed: float


def temptation(base: Base, alphas: Mapping[str, float], cvs: Mapping[str, float], dispersion: float) -> Temptation:
    """What concealing and reporting cost, at the edge of the regime's domain; fitted values by path, else the prior's.

    An aggregate limit A takes at most (1 + dispersion) rho (1 + s c / (2 alpha)) of the loss that an incident adds, rho
    the expected loss over A; loadings on the loss before that limit stay whole.
    """
    regime, perils = base.regime, base.prior.perils
    alpha = np.array([alphas.get(f"frequency.perils.{p}.alpha", row.alpha) for p, row in perils.items()])
    cv = np.array([cvs.get(f"frequency.perils.{p}.cv", row.cv) for p, row in perils.items()])
    capital = np.array([row.capital_per_expected_loss for row in perils.values()])
    dulled = 1 + base.prior.loadings.claims_handling
    plain = regime.prudence_factor * cv + regime.cost_of_capital * capital
    taken = (1 + dispersion) * regime.incentives.domain.loss_share
    found = regime.detection_probability
    return Temptation(
        slope=found * (dulled * (1 - taken) + plain),
        bend=found * dulled * taken / (2 * alpha),
        told=(1 + regime.disclosure_margin) * (dulled + plain),
    )


def market(experience: Experience, late_scale_days: float) -> Market | None:
    """Shares of the conducts in the market; None where one of them has too few claims.

    Days late are those from occurrence to knowledge beyond the median of the claims in time.
    """
    claims = experience.claims
    counts = {conduct: int((claims["conduct"] == conduct).sum()) for conduct in CONDUCTS}
    if min(counts.values()) < LEAST_CLAIMS:
        return None
    days = (claims["known"] - claims["occurred"]).dt.days
    late = days[claims["conduct"] == LATE] - days[claims["conduct"] == IN_TIME].median()
    reached = 1.0 - float(np.mean([timeliness(float(day), late_scale_days) for day in late]))
    happened = len(claims) / known_share(experience)
    return Market(
        reported=(counts[IN_TIME] + (1 - reached) * counts[LATE]) / happened,
        late=reached * counts[LATE] / happened,
        concealed=counts[DISCOVERED] / happened,
    )


def smallest_weights(
    tempted: Temptation, severity: float, margin: float, prior: HistoryWeights, seen: Market | None
) -> tuple[float, float, float]:
    """Weights (in time, at the limit of lateness, concealed) with the smallest penalties: least late + concealed.

    `severity` is the largest weight, where an aggregate limit dulls most. Late costs more than in time by the margin at
    least. With a market the weights average one over it, else the weight in time is the prior's and late no less than
    it. Raises WaarborgError when no weights do.
    """
    reported, late, concealed = cp.Variable(), cp.Variable(), cp.Variable()
    hidden = cp.multiply(tempted.slope, concealed) - cp.multiply(tempted.bend * severity, cp.square(concealed))
    held = [
        hidden >= (1 + HEADROOM) * tempted.told * late,
        late >= (1 + HEADROOM) * (1 + margin) * reported,
        concealed >= late,
        reported >= 0,
    ]
    if seen:
        held.append(seen.reported * reported + seen.late * late + seen.concealed * concealed == 1)
    else:
        held += [reported == prior.reported, late >= prior.late_limit]
    problem = cp.Problem(cp.Minimize(late + concealed), held)
    problem.solve(solver=cp.CLARABEL)
    if problem.status not in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}:
        raise WaarborgError(
            "no weight of concealment makes disclosing the cheaper choice: an aggregate limit would take away what it "
            "adds; raise the detection probability, or lower the margin or the loss share of the regime's domain"
        )
    found = (float(reported.value), float(late.value), float(concealed.value))
    if tempted.dominance(found[1], found[2], severity) < 1 or found[1] < (1 + margin) * found[0]:
        raise WaarborgError("weights by conduct: the solver's answer does not make disclosing the cheaper choice")
    return found


def conduct(base: Base, alphas: Mapping[str, float], cvs: Mapping[str, float], dispersion: float) -> Part:
    """The step: weights by conduct, from the market where it shows every conduct, else the prior's where they do."""
    prior, tempted = base.prior.history, temptation(base, alphas, cvs, dispersion)
    severity, margin = max(prior.severity.values()), base.regime.disclosure_margin
    seen = market(base.experience, prior.late_scale_days)
    kept = (prior.reported, prior.late_limit, prior.concealed)
    if seen is None and tempted.dominance(kept[1], kept[2], severity) >= 1 + HEADROOM:
        told = f"fewer than {LEAST_CLAIMS} claims of one conduct or another; disclosing is the cheaper choice as it is"
        finding = Finding("fit-conduct-kept", Severity.INFO, "history", f"{told}; the prior is kept")
        tables = {"conduct": conduct_frame(tempted, kept, prior.severity)}
        return Part(f"the prior is kept: {told}", tables=tables, findings=(finding,))
    try:
        found = smallest_weights(tempted, severity, margin, prior, seen)
    except WaarborgError as why:
        finding = Finding("fit-conduct-none", Severity.REFER, "history", f"{why}; the prior is kept")
        return Part(f"the prior is kept: {why}", findings=(finding,))
    source = "the smallest penalties under which disclosing is the cheaper choice" + (
        f"; average one over {len(base.experience.claims):,} claims" if seen else ""
    )
    return Part(
        f"in time {found[0]:.3g}, late {found[1]:.3g}, concealed {found[2]:.3g}",
        values=dict(zip(PATHS, found, strict=True)),
        sources=dict.fromkeys(PATHS, f"fitted: {source}"),
        tables={"conduct": conduct_frame(tempted, found, prior.severity)},
    )


def conduct_frame(
    tempted: Temptation, weights: tuple[float, float, float], severities: Mapping[str, float]
) -> pd.DataFrame:
    """Table `conduct`: weights of an incident by severity, the least that concealment must weigh, and by what ratio it
    costs more than reporting at the limit of lateness with margin, less one."""
    reported, late, concealed = weights
    rows = [
        {
            "severity": name,
            "reported": weight * reported,
            "late": weight * late,
            "concealed": weight * concealed,
            "least_concealed": weight * tempted.least_concealed(late, weight),
            "margin": tempted.dominance(late, concealed, weight) - 1,
        }
        for name, weight in sorted(severities.items(), key=lambda entry: entry[1])
    ]
    return pd.DataFrame(rows)

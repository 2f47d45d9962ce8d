"""What the constraints of a regime cost: slack, dual value and euros of each, and where data and policy disagree.

Deviances are penalised and on the quasi-Poisson scale: twice the objective of the fit (docs/methods/tariff-fit.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, chdtri

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.fitting.constraints import Bound, Segment
from actuarial.fitting.frequency import deviance, predictor, score
from actuarial.fitting.frequency_design import FACTORS, cells_of
from actuarial.fitting.frequency_fit import FrequencyFit
from actuarial.fitting.tariff_fit import objective, response, solve, without
from actuarial.rounding import Floats
from actuarial.severity import layer, splice
from policies.findings import Finding, Severity
from policies.heads import HEADS
from policies.money import CENTS_PER_EURO
from policies.period import DAYS_PER_YEAR
from policies.regimes import Regime

POINT = 0.01  # the relaxation that a price is stated for: a hundredth on log frequency, or of the claims of a level
NEWS = float(chdtri(1, 0.05))  # deviance of one row beyond which chance explains it in less than one of twenty cases
EXCEEDED = 1e-9  # share of its claims by which a balance may seem exceeded
COLUMNS = (
    "constraint", "what", "bound", "value", "unconstrained", "slack", "binding", "dual", "deviance_paid", "moved_eur",
    "moved_eur_per_point",
)  # fmt: skip
FREE = {"deviance_paid": 0.0, "moved_eur": 0.0, "moved_eur_per_point": 0.0}


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """Euros a year of each entry of the design, (N,) per expected claim, and the segment (class and peril) it is in."""

    euros: Floats
    segment: Ints
    segments: int

    def moved(self, change: Floats) -> float:
        """Half the euros by which the segments change together when expected claims change, (N,)."""
        return 0.5 * float(np.abs(np.bincount(self.segment, change * self.euros, self.segments)).sum())


def layer_severity(calibration: Calibration, regime: Regime, classes: Sequence[str], perils: Sequence[str]) -> Floats:
    """Expected loss of a claim within the minimum cover of each class and the compulsory heads, in euros; (C, P).

    At the reference size of a firm. A class that the regime does not know takes the cover of the first that it knows.
    """
    heads = [head for head in HEADS if head in calibration.severities and head in regime.compulsory_heads]
    covers = [regime.classes.get(c, next(iter(regime.classes.values()))) for c in classes]
    deductible = np.array([cover.minimum_deductible.cents for cover in covers]) / CENTS_PER_EURO
    limit = np.array([cover.minimum_limit.cents for cover in covers]) / CENTS_PER_EURO
    of_head = layer(splice([calibration.severities[h] for h in heads]), deductible, limit, np.ones(len(covers)))
    shares = np.array([[calibration.mixture[peril].get(head, 0.0) for head in heads] for peril in perils])
    return np.asarray(of_head @ shares.T)


def worth_of(found: FrequencyFit, calibration: Calibration, regime: Regime, span_years: float) -> Worth:
    """What an expected claim of each entry of the design is worth a year, over a market seen for `span_years`."""
    cells = cells_of(found.rows)[0]
    perils, classes = len(found.cols.perils), found.cols.levels["classes"]
    whole = np.divide(cells.at_risk, cells.years, out=np.zeros_like(cells.years), where=cells.years > 0)
    peril = found.program.blocks[0].code
    obliged = found.program.blocks[-len(FACTORS) + FACTORS.index("classes")].code
    severity = layer_severity(calibration, regime, classes, found.cols.perils)
    euros = np.tile(whole, perils) / span_years * severity[obliged, peril]
    return Worth(euros, obliged * perils + peril, len(classes) * perils)


def span(years: pd.DataFrame) -> float:
    """Years between the first and the last day of an experience."""
    return float((years["end"].max() - years["start"].min()).days / DAYS_PER_YEAR)


def constraint_frame(found: FrequencyFit, worth: Worth) -> pd.DataFrame:
    """Table `constraints`: every row and balance of the regime (columns: COLUMNS)."""
    per_unit = response(found.program, found.solution)
    rows = [_bound_row(found, n, bound) for n, bound in enumerate(found.held)]
    free = _totals(found, found.unconstrained)
    rows += [_segment_row(found, n, segment, float(free[n])) for n, segment in enumerate(found.balanced)]
    units = [POINT] * len(found.held) + [POINT * segment.claims for segment in found.balanced]
    priced = [
        row | (_price(found, n, units[n] * per_unit[:, n], worth) if row["binding"] else FREE)
        for n, row in enumerate(rows)
    ]
    return pd.DataFrame(priced, columns=list(COLUMNS))


def _bound_row(found: FrequencyFit, n: int, bound: Bound) -> dict[str, Any]:
    dual = float(found.solution.dual[n])
    return {
        "constraint": bound.id,
        "what": bound.what,
        "bound": bound.bound,
        "value": bound.value(found.estimate),
        "unconstrained": bound.value(found.unconstrained),
        "slack": bound.slack(found.estimate),
        "binding": dual > 0,
        "dual": dual,
    }


def _segment_row(found: FrequencyFit, n: int, segment: Segment, free: float) -> dict[str, Any]:
    """A balance, as expected claims over those that came; its dual is log-likelihood per unit of that."""
    pressure = found.solution.pressure[n]
    ratio = float(found.solution.totals[n]) / segment.claims
    return {
        "constraint": segment.id,
        "what": segment.what.partition(".")[2],
        "bound": 1.0 + segment.tolerance,
        "value": ratio,
        "unconstrained": free / segment.claims,
        "slack": 1.0 + segment.tolerance - ratio,
        "binding": bool(pressure > 0),
        "dual": float(pressure) * segment.claims / found.scale,
    }


def _totals(found: FrequencyFit, coefficients: Floats) -> Floats:
    expected = found.program.exposure * np.exp(predictor(found.program.blocks, coefficients))
    return score(found.program.blocks, expected)[found.program.limits.columns]


def _price(found: FrequencyFit, n: int, step: Floats, worth: Worth) -> dict[str, float]:
    """What a row costs: the fit again without it, and the `step` (K,) that a little relaxation makes."""
    rest = without(found.program, n)
    freer = solve(rest, found.estimate)
    paid = 2.0 * (objective(rest, found.estimate) - freer.objective)
    change = found.solution.expected * predictor(found.program.blocks, step)
    return {
        "deviance_paid": max(paid, 0.0),
        "moved_eur": worth.moved(found.solution.expected - freer.expected),
        "moved_eur_per_point": worth.moved(change),
    }


def cost_frame(found: FrequencyFit, worth: Worth) -> pd.DataFrame:
    """Table `constraint_cost`, one row: what all constraints cost together.

    `likelihood_ratio_p`: chi-square with as many degrees as rows bind. Only indicative: at a bound the law is a mixture
    of chi-squares (Self and Liang 1987), and balances bend.
    """
    free, held = (_deviance(found, at) for at in (found.unconstrained, found.estimate))
    count = int((found.solution.dual > 0).sum() + (found.solution.pressure > 0).sum())
    expected = found.program.exposure * np.exp(predictor(found.program.blocks, found.unconstrained))
    paid = max(held - free, 0.0)
    row = {
        "deviance_unconstrained": free,
        "deviance_constrained": held,
        "deviance_paid": paid,
        "binding": count,
        "likelihood_ratio_p": float(chdtrc(count, paid)) if count else 1.0,
        "moved_eur": worth.moved(found.solution.expected - expected),
    }
    return pd.DataFrame([row])


def _deviance(found: FrequencyFit, at: Floats) -> float:
    """Poisson deviance on the quasi-Poisson scale, and the pull of the prior."""
    program = found.program
    expected = program.exposure * np.exp(predictor(program.blocks, at))
    away = at - program.prior.mean
    return deviance(program.claims, expected) / program.scale + float(away @ program.prior.precision @ away)


def constraint_findings(frame: pd.DataFrame, regime: Regime) -> tuple[Finding, ...]:
    """A finding for each constraint that binds, and for each balance that stays exceeded."""
    rows = frame[frame["binding"]].to_dict("records")
    grouped = groupby(rows, key=lambda row: str(row["constraint"]))
    found = [_finding(regime, name, list(own)) for name, own in grouped]  # type: ignore[arg-type]
    return (*found, *(_exceeded(row) for row in rows if row["slack"] < -EXCEEDED))  # type: ignore[arg-type]


def _finding(regime: Regime, name: str, rows: Iterable[dict[str, Any]]) -> Finding:
    told = [
        f"{row['what']} ({row['value']:.3g}, {row['unconstrained']:.3g} without constraints, deviance "
        f"{row['deviance_paid']:.1f}, EUR {row['moved_eur']:,.0f} a year moved)"
        for row in rows
    ]
    news = max(row["deviance_paid"] for row in rows) > NEWS
    verdict = (
        "data and policy disagree: say in the approval which is right"
        if news
        else "the data are thin here and do not contradict it"
    )
    title = regime.incentives.constraints[name].title
    severity = Severity.WARNING if news else Severity.INFO
    return Finding("fit-constraint", severity, name, f"{title}: binds at {', '.join(told)}; {verdict}")


def _exceeded(row: dict[str, Any]) -> Finding:
    told = (
        f"{row['value']:.2f} claims are expected for every one that came, {row['bound']:.2f} may be: the prior or "
        "another constraint outweighs the price of the balance. See which one, and whether it is right"
    )
    return Finding("fit-balance", Severity.WARNING, f"{row['constraint']} {row['what']}", told)


def told_in_artefact(found: FrequencyFit, frame: pd.DataFrame) -> dict[str, Any]:
    """What the artefact says: the unconstrained estimate, every constraint, and expected over actual by balance."""
    names = ("constraint", "what", "slack", "dual", "binding", "moved_eur")
    return {
        "unconstrained": {
            path: float(value) for path, value in zip(found.cols.paths, found.unconstrained, strict=True)
        },
        "constraints": [
            {"id" if name == "constraint" else name: row[name] for name in names} for row in frame.to_dict("records")
        ],
        "balance": {
            segment.what: float(total) / segment.claims
            for segment, total in zip(found.balanced, found.solution.totals, strict=True)
        },
    }

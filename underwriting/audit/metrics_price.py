"""Metrics of the price itself: M1 gradient, M2 elasticity and cliffs, M10 affordability, M14 solvency."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actuarial.evidence import danger_scores, failure_rates
from actuarial.levers import changes
from actuarial.risks import run_table
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.money import CENTS_PER_EURO
from policies.risk import SizeClass
from underwriting.audit.rated import Rated, rate_table, rated, spread
from underwriting.audit.values import AuditBook, MetricResult, firm_behind, measured, without
from underwriting.quote import Decision

CONTROLS = ("test", "accreditation", "obligation")  # kinds of lever that take risk away; a deductible only moves it
MOST_FIRMS = 120  # firms whose levers are priced, about 45 each; evenly spread over a larger book
LEAST_LOSS_EUR = 1.0  # below, the rounding of the premium to cents shows in its ratio to the loss
POINT = 0.01  # a percentage point of failures
ROUNDING_CENTS = 10  # lines of a waterfall round to the cent, each on its own: less is no movement


@dataclass(frozen=True, slots=True)
class _Step:
    """The lever of a kind that takes most expected loss from a firm: euros of loss and of premium that it saves."""

    row: int
    kind: str
    lever: str
    loss: float
    premium: float
    minimum: bool  # the minimum premium binds, before or after


def gradient(book: AuditBook, base: Rated) -> MetricResult:
    """M1: premium saved per euro of expected loss taken away, over what the book pays per euro on average.

    The median over controls and firms that the minimum premium does not bind. Behind it: firms below the red line.
    """
    steps = _best_steps(book, base)
    free = [step for step in steps if not step.minimum]
    if not free:
        return without("M1", "ratio", "no_lever")
    average = float(base.premiums.technical.sum()) / CENTS_PER_EURO / float(base.expected_loss.sum())
    red = book.regime.incentives.metrics["M1"].red_below or 0.0
    slopes = [(step.premium / (step.loss * average), step) for step in steps]
    worst = sorted((pair for pair in slopes if pair[0] < red), key=lambda pair: pair[0])
    return measured(
        book,
        "M1",
        float(np.median([step.premium / (step.loss * average) for step in free])),
        "ratio",
        len(free),
        [
            firm_behind(
                book,
                step.row,
                slope,
                "minimum_premium" if step.minimum else "flat",
                control=step.kind,
                lever=step.lever,
                loss_saved_eur=step.loss,
                premium_saved_eur=step.premium,
            )
            for slope, step in worst
        ],
        [_by_control(kind, slopes) for kind in CONTROLS],
    )


def _by_control(kind: str, slopes: list[tuple[float, _Step]]) -> Mapping[str, Any]:
    own = [slope for slope, step in slopes if step.kind == kind and not step.minimum]
    low, middle, high = map(float, np.quantile(own, (0.1, 0.5, 0.9))) if own else (None,) * 3
    bound = sum(step.kind == kind and step.minimum for _, step in slopes)
    return {"control": kind, "firms": len(own), "bound": bound, "p10": low, "median": middle, "p90": high}


def _best_steps(book: AuditBook, base: Rated) -> list[_Step]:
    """The best lever of every kind of the firms measured, all priced at once."""
    offered = [
        (int(row), change)
        for row in spread(len(book.profiles), MOST_FIRMS)
        for change in changes(book.profiles[row], book.at, book.regime, book.calibration)
        if change.kind in CONTROLS
    ]
    if not offered:
        return []
    changed = [change.apply(book.profiles[row]) for row, change in offered]
    after = rated(changed, book.at, book.regime, book.calibration)
    rows = np.array([row for row, _ in offered])
    loss = base.expected_loss[rows] - after.expected_loss
    premium = (base.premiums.technical[rows] - after.premiums.technical) / CENTS_PER_EURO
    bound = base.minimum_binds[rows] | after.minimum_binds
    best: dict[tuple[int, str], _Step] = {}
    for number in np.argsort(loss, kind="stable"):  # the last one of a firm and kind takes most away
        (row, change), bind = offered[number], bool(bound[number])
        if loss[number] >= LEAST_LOSS_EUR:
            step = _Step(row, change.kind, change.id, float(loss[number]), float(premium[number]), bind)
            best[row, change.kind] = step
    return list(best.values())


def elasticity(book: AuditBook, base: Rated) -> MetricResult:
    """M2: share of firms for whom one point more failures, on all required tests that they handed in, lowers the
    premium or raises it beyond the regime's step for failures. A run of n trials gets n / 100 failures more."""
    t = tariff(book.calibration, book.regime)
    systems = [system for profile in book.profiles for system in profile.systems]
    runs = run_table(systems, book.at, book.regime, book.calibration)
    required = np.isin(
        runs.test, [t.test_ids.index(test) for test in book.regime.required_tests() if test in t.test_ids]
    )
    more = np.where(required, np.minimum(POINT * (runs.clean + runs.failures + runs.missing), runs.clean), 0.0)
    worse = replace(runs, failures=runs.failures + more, clean=runs.clean - more)
    danger = danger_scores(failure_rates(worse, len(systems), t), t)
    after = rate_table(replace(base.risks, danger=danger), t).premiums.technical
    before = base.premiums.technical
    rise = after / np.maximum(before, 1) - 1
    cap = math.expm1(book.regime.incentives.steps["point"].most)
    measurable = np.zeros(len(before), dtype=bool)
    np.logical_or.at(measurable, base.risks.policy[runs.system], more > 0)
    if not measurable.any():
        return without("M2", "share", "no_tests")
    wrong = after < before - ROUNDING_CENTS
    bad = np.flatnonzero(wrong | (rise > cap))
    return measured(
        book,
        "M2",
        len(bad) / int(measurable.sum()),
        "share",
        int(measurable.sum()),
        [
            firm_behind(
                book,
                int(row),
                float(rise[row]),
                "wrong_sign" if wrong[row] else "cliff",
                before_eur=float(before[row]) / CENTS_PER_EURO,
                after_eur=float(after[row]) / CENTS_PER_EURO,
            )
            for row in sorted(bad, key=lambda row: (not wrong[row], -abs(rise[row])))
        ],
        [{"quantile": level, "rise": float(np.quantile(rise[measurable], level))} for level in (0.0, 0.5, 0.9, 1.0)],
    )


def affordability(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M10: yearly premium due over worldwide turnover of the median micro firm. Behind it: micro firms above the red
    line. Rows: median, 90 % quantile and share declined by size."""
    firms = book.firms
    share = firms["due_cents"] / CENTS_PER_EURO / firms["term_years"] / firms["turnover_eur"].clip(lower=1.0)
    declined = firms["decision"] == Decision.DECLINED.value
    rows = [
        {
            "size_class": size.value,
            "firms": int(own.sum()),
            "median": float(share[own].median()),
            "p90": float(share[own].quantile(0.9)),
            "declined": float(declined[own].mean()),
        }
        for size in SizeClass
        if (own := firms["size_class"] == size.value).any()
    ]
    micro = np.flatnonzero((firms["size_class"] == SizeClass.MICRO.value).to_numpy())
    if not len(micro):
        return without("M10", "share", "no_micro", rows)
    figures = share.to_numpy()
    red = book.regime.incentives.metrics["M10"].red_above or math.inf
    return measured(
        book,
        "M10",
        float(np.median(figures[micro])),
        "share",
        len(micro),
        [
            firm_behind(
                book,
                int(row),
                float(figures[row]),
                "dear",
                obliged_class=str(firms["obliged_class"].iloc[row]),
                due_eur=float(firms["due_cents"].iloc[row]) / CENTS_PER_EURO,
            )
            for row in sorted(micro, key=lambda row: -figures[row])
            if figures[row] > red
        ],
        rows,
    )


def solvency(book: AuditBook, base: Rated) -> MetricResult:
    """M14: technical premium over expected loss, handling, expenses, levy and cost of capital, of the book as a whole.

    Behind it: firms whose offered premium, after judgement, does not cover theirs.
    """
    costs = _costs(book, base)
    firms = book.firms
    technical = firms["technical_cents"].to_numpy() / CENTS_PER_EURO
    offered = firms["offered_cents"].to_numpy() / CENTS_PER_EURO
    cover = offered / costs
    short = sorted(np.flatnonzero(offered < costs - ROUNDING_CENTS / CENTS_PER_EURO), key=lambda row: cover[row])
    total = float(costs.sum())
    rows = [
        {"premium": name, "over_costs": float(premium.sum()) / total, "least": float((premium / costs).min())}
        for name, premium in (("technical", technical), ("offered", offered))
    ]
    behind = [firm_behind(book, int(row), float(cover[row]), "below_cost", cost_eur=float(costs[row])) for row in short]
    return measured(book, "M14", float(technical.sum()) / total, "ratio", len(firms), behind, rows)


def _costs(book: AuditBook, base: Rated) -> Floats:
    """What a premium must at least bring in, (N,) euros: of prudence and of the reinsurer's margin nothing."""
    t = tariff(book.calibration, book.regime)
    loss = base.expected_loss
    capital = t.cost_of_capital * (base.rating.by_peril @ t.capital)
    fixed = t.fixed_expense * base.risks.term_years
    return np.asarray((loss * (1 + t.handling) + capital + fixed) / float(1 - t.variable_expense - t.levy))

"""Metrics of the market as a whole: M5 adverse selection, M11 cross-subsidy, M12 concentration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from actuarial.rounding import Floats
from policies.money import CENTS_PER_EURO
from underwriting.audit.chance import INTERVAL, rank_correlation, ratio_interval
from underwriting.audit.rated import Rated
from underwriting.audit.values import Affected, AuditBook, MetricResult, firm_behind, measured, without

SEGMENTS = ("size_class", "obliged_class", "sector")
SIDES = {True: "subsidised", False: "subsidises"}  # by whether its loss ratio is above the book's
WORST = 20  # firms that a concentration is shown by


def adverse_selection(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M5: rank correlation of expected loss at minimum cover with the limit bought over the minimum of the class.

    Judged at the lower end of its 90 % interval: a correlation that chance explains is no trend. Rows: expected loss of
    the firms by the multiple of the limit that they bought.
    """
    multiple = np.array([_multiple(book, row) for row in range(len(book.profiles))])
    loss = book.firms["expected_loss_minimum_cover"].to_numpy(dtype=float)
    found = rank_correlation(loss, multiple)
    if found is None:
        return without("M5", "ratio", "no_choice_of_limit")
    value, low, high = found
    rows: list[Mapping[str, Any]] = [{"low": low, "high": high}]
    for bought in np.unique(np.round(multiple, 2)):
        own = np.round(multiple, 2) == bought
        rows.append({"limit": float(bought), "firms": int(own.sum()), "median_loss_eur": float(np.median(loss[own]))})
    return measured(book, "M5", value, "ratio", len(loss), (), rows, "interval", judged=low)


def _multiple(book: AuditBook, row: int) -> float:
    floor = book.regime.classes[book.firms["obliged_class"].iloc[row]].minimum_limit
    return book.profiles[row].cover.terms.limit.cents / floor.cents


def cross_subsidy(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M11: furthest loss ratio of a segment from the book's, where its 90 % interval (of all segments at once) leaves
    the book out; nothing where none does. Behind it: those segments.

    A loss ratio is incurred over technical premium. The interval is that of a compound Poisson sum with the book's own
    spread of claim sizes. Without claims the rows show what is planned: expected loss over technical premium.
    """
    rows = _segments(book)
    if book.claims.empty:
        return without("M11", "ratio", "no_claims", [_planned(row) for row in rows])
    sizes = book.claims["incurred_cents"].to_numpy(dtype=float)
    cv = float(sizes.std() / sizes.mean()) if sizes.mean() > 0 else 0.0
    premium = np.array([row["premium_eur"] for row in rows])
    share = premium / float(book.firms["technical_cents"].sum() / CENTS_PER_EURO)
    expected = share * float(sizes.sum()) / CENTS_PER_EURO
    incurred = np.array([row["incurred_eur"] for row in rows])
    level = 1 - (1 - INTERVAL) / len(rows)  # Bonferroni: one false interval in ten books, not in ten segments
    low, high = ratio_interval(incurred, expected, share * len(sizes), cv, level)
    out = (low > 1) | (high < 1)
    ratio = incurred / expected
    distance = np.where(out, np.abs(ratio - 1), 0.0)
    behind = [
        Affected(f"{rows[s]['by']}={rows[s]['segment']}", "", float(ratio[s]), SIDES[bool(ratio[s] > 1)])
        for s in np.argsort(-distance, kind="stable")
        if out[s]
    ]
    ends = zip(rows, ratio, low, high, out, strict=True)
    detail = [
        row | {"ratio": float(r), "low": float(lo), "high": float(hi), "out": bool(o)} for row, r, lo, hi, o in ends
    ]
    return measured(book, "M11", float(distance.max()), "ratio", len(sizes), behind, detail)


def _segments(book: AuditBook) -> list[dict[str, Any]]:
    """Firms, premium, expected and incurred loss of every segment."""
    firms = book.firms.assign(incurred=_incurred(book))
    rows = []
    for by in SEGMENTS:
        for segment, own in firms.groupby(by, sort=True):
            amounts = {
                "premium_eur": int(own["technical_cents"].sum()) / CENTS_PER_EURO,
                "expected_eur": float(own["expected_loss"].sum()),
                "incurred_eur": float(own["incurred"].sum()),
            }
            rows.append({"by": by, "segment": str(segment), "firms": len(own)} | amounts)
    return rows


def _incurred(book: AuditBook) -> Floats:
    """Incurred euros of the firms, (N,)."""
    by_firm = book.claims.groupby("kvk")["incurred_cents"].sum() / CENTS_PER_EURO
    return np.asarray(by_firm.reindex(book.firms["kvk"]).fillna(0.0), dtype=float)


def _planned(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a segment is to bring in beyond its losses: fixed expenses and minimum premiums are known beforehand."""
    known = {name: value for name, value in row.items() if name != "incurred_eur"}
    return known | {"planned_ratio": row["expected_eur"] / row["premium_eur"]}


def concentration(book: AuditBook, base: Rated) -> MetricResult:
    """M12: Herfindahl index of expected loss by foundation model. Behind it: firms with most of the loss of the largest
    model. Rows: shares by model, and the index by firm."""
    loss = base.rating.expected_loss.sum(axis=1)
    models = [system.foundation_model for profile in book.profiles for system in profile.systems]
    owners = base.risks.policy
    table = pd.DataFrame({"model": models, "firm": owners, "loss": loss})
    total = float(loss.sum())
    if total <= 0:
        return without("M12", "ratio", "no_expected_loss")
    by_model = table.groupby("model")["loss"].sum().sort_values(ascending=False, kind="stable")
    by_firm = table.groupby("firm")["loss"].sum() / total
    largest = table[table["model"] == by_model.index[0]].groupby("firm")["loss"].sum() / total
    worst = largest.sort_values(ascending=False, kind="stable").head(WORST)
    behind = [
        firm_behind(book, int(row), float(share), "largest_model", model=str(by_model.index[0]))
        for row, share in zip(worst.index, worst, strict=True)
    ]
    users = table.drop_duplicates(["model", "firm"])["model"].value_counts().to_dict()
    rows: list[Mapping[str, Any]] = [
        {"model": str(model), "share": float(euros) / total, "firms": int(users[model])}
        for model, euros in by_model.items()
    ]
    rows.append({"model": "", "by_firm": float((by_firm**2).sum())})
    value = float(((by_model / total) ** 2).sum())
    return measured(book, "M12", value, "ratio", len(models), behind, rows)

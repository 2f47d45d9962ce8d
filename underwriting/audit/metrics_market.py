"""Metrics of the market as a whole: M5 adverse selection, M11 cross-subsidy, M12 concentration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.money import CENTS_PER_EURO
from underwriting.audit.chance import INTERVAL, rank_correlation, two_sided
from underwriting.audit.rated import Rated
from underwriting.audit.simulation import Losses, drawn_losses
from underwriting.audit.values import Affected, AuditBook, MetricResult, firm_behind, measured, without

SEGMENTS = ("size_class", "obliged_class", "sector")
SIDES = {True: "subsidised", False: "subsidises"}  # by whether its loss ratio is above the book's
SEED = 11  # of the books drawn for M11
SMALLEST = 1e-12  # euros that a segment without exposure expects
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


def cross_subsidy(book: AuditBook, base: Rated) -> MetricResult:
    """M11: furthest loss ratio of a segment from the book's, where it lies outside what chance leaves at 90 % for all
    segments at once; nothing where none does. Behind it: those segments.

    A loss ratio is incurred over technical premium. What chance leaves is drawn from the tariff's own frequencies and
    severities. Without claims the rows show what is planned: expected loss over technical premium.
    """
    incurred = _incurred(book)
    rows = _segments(book, incurred)
    if not incurred.any():
        return without("M11", "ratio", "no_claims", [_planned(row) for row in rows])
    drawn = drawn_losses(base, tariff(book.calibration, book.regime), len(book.claims), SEED)
    rows = [row for by in SEGMENTS for row in _against_chance(by, book, rows, drawn)]
    out = sorted((row for row in rows if row["out"]), key=lambda row: -abs(row["ratio"] - 1))
    behind = [
        Affected(f"{row['by']}={row['segment']}", "", row["ratio"], SIDES[row["ratio"] > 1], (("p", row["p"]),))
        for row in out
    ]
    value = abs(out[0]["ratio"] - 1) if out else 0.0
    return measured(book, "M11", value, "ratio", len(book.claims), behind, rows)


def _against_chance(
    by: str, book: AuditBook, rows: Sequence[Mapping[str, Any]], drawn: Losses
) -> Iterator[dict[str, Any]]:
    """The rows of one way to segment, each with its loss ratio over the book's and what chance leaves of it.

    Drawn losses are brought to equal loss ratios beforehand: chance is asked about, not what the tariff plans. The
    level is Bonferroni's over all rows: one false segment in ten books, not in ten segments.
    """
    own = [row for row in rows if row["by"] == by]
    names = [row["segment"] for row in own]
    premium, expected, incurred = (
        np.array([row[name] for row in own]) for name in ("premium_eur", "expected_eur", "incurred_eur")
    )
    expected = np.maximum(expected, SMALLEST)
    share = premium / premium.sum()
    segment = np.array([names.index(str(name)) for name in book.firms[by]], dtype=np.int64)
    sums = drawn.by(segment, len(own)) * share / (expected / expected.sum())
    chance = sums[sums.sum(axis=1) > 0]
    chance = chance / chance.sum(axis=1, keepdims=True) / share
    ratio = incurred / incurred.sum() / share
    tail = (1 - INTERVAL) / len(rows)
    low, high = np.quantile(chance, (tail / 2, 1 - tail / 2), axis=0)
    for row, r, p, bottom, top in zip(own, ratio, two_sided(ratio, chance), low, high, strict=True):
        found = {"ratio": float(r), "low": float(bottom), "high": float(top), "p": float(p), "out": bool(p <= tail)}
        yield {**row, **found}


def _segments(book: AuditBook, incurred: Floats) -> list[dict[str, Any]]:
    """Firms, premium, expected and incurred loss of every segment."""
    firms = book.firms.assign(incurred=incurred)
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

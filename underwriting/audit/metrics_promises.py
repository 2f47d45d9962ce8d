"""Metrics of promises kept: M15 stability at renewal, M16 victims, M17 replay."""

from __future__ import annotations

import numpy as np
import pandas as pd

from policies.money import CENTS_PER_EURO
from underwriting.audit.rated import Rated
from underwriting.audit.values import Affected, AuditBook, MetricResult, Number, measured, without

SWING = 0.10  # of the premium: more is a swing (M15 as the regime words it)


def stability(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M15: share of renewals without change of risk whose premium moves by more than 10 %. Behind it: those firms."""
    same = book.renewals[~book.renewals["risk_changed"]]
    if same.empty:
        return without("M15", "share", "no_renewals")
    step = same["after_cents"] - same["before_cents"]
    moved = same.assign(change=step / same["before_cents"].clip(lower=1))
    swings = moved[step.abs() > SWING * same["before_cents"]]
    order = swings["change"].abs().sort_values(ascending=False, kind="stable").index
    columns = swings.loc[order, ["kvk", "before_cents", "after_cents", "change"]]
    behind = [
        _named(book, kvk, float(change), "swing", before_eur=before / CENTS_PER_EURO, after_eur=after / CENTS_PER_EURO)
        for kvk, before, after, change in columns.itertuples(index=False, name=None)
    ]
    levels = (0.01, 0.5, 0.99)
    rows = [{"quantile": level, "change": float(moved["change"].quantile(level))} for level in levels]
    return measured(book, "M15", len(swings) / len(same), "share", len(same), behind, rows)


def victims(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M16: payments to victims, up to the minimum sum, that were refused or delayed for a breach by the insured."""
    if book.payments.empty:
        return without("M16", "count", "no_payments")
    owed = book.payments[book.payments["amount_cents"] <= book.payments["floor_cents"]]
    bad = owed[owed["refused_for_breach"] | (owed["delayed_days"] > 0)]
    bad = bad.sort_values(["refused_for_breach", "delayed_days"], ascending=False, kind="stable")
    columns = bad[["kvk", "claim", "amount_cents", "refused_for_breach", "delayed_days"]]
    behind = [
        _named(
            book,
            kvk,
            amount / CENTS_PER_EURO,
            "refused" if refused else "delayed",
            claim=claim,
            delayed_days=days,
        )
        for kvk, claim, amount, refused, days in columns.itertuples(index=False, name=None)
    ]
    return measured(book, "M16", float(len(bad)), "count", len(owed), behind)


def replay(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M17: share of the quotes replayed that come out to the cent with a reason for every line. Behind it: the rest."""
    if book.replays.empty:
        return without("M17", "share", "no_quotes")
    good = book.replays["same"] & book.replays["reasons"]
    behind = [
        _named(book, kvk, 1.0, "no_reasons" if same else "differs", quote_id=quote)
        for kvk, quote, same, _ in book.replays[~good].itertuples(index=False, name=None)
    ]
    return measured(book, "M17", float(np.mean(good)), "share", len(good), behind)


def _named(book: AuditBook, kvk: str, figure: float, why: str, **values: Number) -> Affected:
    """The firm of a business number; the number is its name where the book no longer holds it."""
    names: pd.Series[str] = book.firms.loc[book.firms["kvk"] == kvk, "firm"]
    return Affected(names.iloc[0] if len(names) else kvk, kvk, figure, why, tuple(values.items()))

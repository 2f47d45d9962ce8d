"""Metric M13, discrimination, with the audit of judgement by underwriter: direction, size, authority, reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from actuarial.evidence import Bools
from underwriting.audit.chance import at_least, discoveries, mean_difference, mean_interval
from underwriting.audit.rated import Rated
from underwriting.audit.values import Affected, AuditBook, MetricResult, measured, without

NEAR_LIMIT = 0.95  # of the authority: a judgement beyond it is one at the limit
ROUNDING_CENTS = 1  # the offered premium is rounded to the cent


def discrimination(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M13: largest gap of charged over technical premium between a kind of insured and all others, by size, origin and
    sector, where chance does not explain it; nothing where it always does.

    Behind it: underwriters who stand out (in the direction of their judgement, or at the limit of their authority),
    judgements beyond authority or without a reason, and kinds of insured whose gap is beyond the threshold. Rows:
    kinds, then underwriters.
    """
    firms = book.firms
    if book.overrides.empty and (firms["offered_cents"] == firms["technical_cents"]).all():
        return without("M13", "ratio", "no_judgement")
    kinds = _kinds(book)
    found = [row for row in kinds if row["stands_out"]]
    judged = _judgements(book)
    underwriters = _underwriters(judged)
    behind = [*_named(underwriters, judged), *_breaches(judged)]
    most = book.regime.incentives.metrics["M13"].most or 0.0
    apart = _groups([row for row in found if abs(row["gap"]) > most])
    value = max((abs(row["gap"]) for row in found), default=0.0)
    rows = [*kinds, *underwriters]
    return measured(book, "M13", value, "ratio", len(firms), [*behind, *apart], rows, named=bool(behind))


def _kinds(book: AuditBook) -> list[dict[str, Any]]:
    """Charged over technical premium of every kind of insured against all others; by size, origin and sector."""
    firms = book.firms.assign(origin=np.where(book.firms["country"] == book.regime.country, "home", "abroad"))
    log_ratio = np.log(firms["offered_cents"].to_numpy(dtype=float) / firms["technical_cents"].to_numpy(dtype=float))
    rows, p_values = [], []
    for by in ("size_class", "origin", "sector"):
        for kind in sorted(firms[by].unique()):
            own = (firms[by] == kind).to_numpy()
            difference, p = mean_difference(log_ratio[own], log_ratio[~own])
            p_values.append(p)
            charged = {"charged": float(np.exp(log_ratio[own].mean())), "gap": float(np.expm1(difference))}
            rows.append({"by": by, "kind": str(kind), "firms": int(own.sum())} | charged)
    return _stand_out(rows, p_values)


def _groups(found: Sequence[Mapping[str, Any]]) -> Iterator[Affected]:
    for row in sorted(found, key=lambda row: -abs(row["gap"])):
        yield Affected(f"{row['by']}={row['kind']}", "", row["gap"], "charged_apart", (("p", row["p"]),))


def _judgements(book: AuditBook) -> pd.DataFrame:
    """Every judgement: relative change, its share of what that level may do alone, and whether it has no reason."""
    most = {level.level: level.judgement_share for level in book.regime.authority}
    judged = book.overrides.merge(book.firms[["kvk", "firm"]], on="kvk", how="left")
    judged["firm"] = judged["firm"].fillna(judged["kvk"])
    moved = judged["offered_cents"] - judged["technical_cents"]
    room = judged["technical_cents"] * judged["level"].map(most).fillna(0.0) + ROUNDING_CENTS
    return judged.assign(
        change=moved / judged["technical_cents"],
        used=moved.abs() / room,
        blank=judged["reason"].str.strip() == "",
    )


def _underwriters(judged: pd.DataFrame) -> list[dict[str, Any]]:
    """Judgement of every underwriter against that of all others: mean, direction, how often at the limit, reasons."""
    logs = np.log1p(judged["change"].to_numpy(dtype=float))
    limit = (judged["used"] >= NEAR_LIMIT).to_numpy(dtype=bool)
    rows, p_values = [], []
    for name in sorted(judged["underwriter"].unique()):
        own = (judged["underwriter"] == name).to_numpy()
        difference, p_mean = mean_difference(logs[own], logs[~own])
        p_values.append(min(1.0, 2 * min(p_mean, _at_limit(limit[own], limit[~own]))))
        mean, low, high = (float(np.expm1(x)) for x in (logs[own].mean(), *mean_interval(logs[own])))
        told = judged.loc[own, "reason"].str.strip().str.lower().value_counts(normalize=True)
        figures = {"mean": mean, "low": low, "high": high, "gap": float(np.expm1(difference))}
        shares = {"discounts": float((logs[own] < 0).mean()), "at_limit": float(limit[own].mean())}
        reason = {"reason": str(told.index[0]), "same_reason": float(told.iloc[0])}
        rows.append({"underwriter": str(name), "judgements": int(own.sum())} | figures | shares | reason)
    return _stand_out(rows, p_values)


def _at_limit(own: Bools, others: Bools) -> float:
    """P of so many judgements at the limit of authority, given what the other underwriters do."""
    counts = (own.sum(), len(own), others.sum(), (~others).sum())
    return float(at_least(*(np.array([float(count)]) for count in counts))[0])


def _stand_out(rows: list[dict[str, Any]], p_values: list[float]) -> list[dict[str, Any]]:
    odd = discoveries(np.array(p_values))
    return [row | {"p": p, "stands_out": bool(o)} for row, p, o in zip(rows, p_values, odd, strict=True)]


def _named(underwriters: Sequence[Mapping[str, Any]], judged: pd.DataFrame) -> Iterator[Affected]:
    """Underwriters who stand out, each followed by the firms that they moved to the limit of their authority."""
    for row in sorted((row for row in underwriters if row["stands_out"]), key=lambda row: (row["p"], row["gap"])):
        shown = tuple((name, row[name]) for name in ("judgements", "gap", "discounts", "at_limit", "p"))
        yield Affected(row["underwriter"], "", row["mean"], "judges_apart", shown)
        own = judged[(judged["underwriter"] == row["underwriter"]) & (judged["used"] >= NEAR_LIMIT)]
        yield from _firms(own.sort_values("change", kind="stable"), "at_limit")


def _breaches(judged: pd.DataFrame) -> Iterator[Affected]:
    """Judgements beyond authority, and judgements without a reason."""
    yield from _firms(
        judged[judged["used"] > 1].sort_values("used", ascending=False, kind="stable"), "beyond_authority"
    )
    yield from _firms(judged[judged["blank"]], "no_reason")


def _firms(judged: pd.DataFrame, why: str) -> Iterator[Affected]:
    columns = judged[["firm", "kvk", "change", "underwriter", "reason"]]
    for firm, kvk, change, underwriter, reason in columns.itertuples(index=False, name=None):
        yield Affected(firm, kvk, float(change), why, (("underwriter", underwriter), ("reason", reason)))

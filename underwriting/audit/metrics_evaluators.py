"""Metric M8, gaming of tests: what an evaluator's public results say against held-out and repeated ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from actuarial.tariff import tariff
from policies.safety import Independence, TestRun
from underwriting.audit.chance import discoveries, fewer_failures, gap
from underwriting.audit.rated import Rated
from underwriting.audit.values import Affected, AuditBook, MetricResult, firm_behind, measured, without

PAIRS = ("evaluator", "kvk", "failures", "trials", "other_failures", "other_trials")  # effective counts


def gaming_of_tests(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M8: points by which results of an evaluator look better than held-out ones of the same test and system.

    Pairs come from retests, and from profiles where a test was run both by the firm and by an accredited evaluator.
    The largest gap among evaluators whom chance does not explain, at a false discovery rate of 1 %; that of all
    together where there is none. Behind it: those evaluators, and firms whose tested model is not the one in use.
    """
    pairs = pd.DataFrame([*_retests(book), *_self_run(book)], columns=list(PAIRS))
    other = [row for row, profile in enumerate(book.profiles) if profile.firm.kvk in _other_models(book)]
    if pairs.empty:
        return without("M8", "points", "no_pairs")
    rows = [_row(str(name), own) for name, own in pairs.groupby("evaluator", sort=True)]
    found = discoveries(np.array([row["p"] for row in rows]))
    guilty = sorted((row for row, odd in zip(rows, found, strict=True) if odd), key=lambda row: -row["gap"])
    value = guilty[0]["gap"] if guilty else _row("", pairs)["gap"]
    behind = [_evaluator(row) for row in guilty] + [firm_behind(book, row, 1.0, "other_model") for row in other]
    rows.sort(key=lambda row: -row["gap"])
    return measured(book, "M8", value, "points", len(pairs), behind, rows, named=bool(behind))


def _row(name: str, pairs: pd.DataFrame) -> dict[str, Any]:
    counts = [pairs[column].to_numpy(dtype=float) for column in PAIRS[2:]]
    mean, low, high = gap(*counts)
    owner = str(pairs["kvk"].iloc[0]) if pairs["kvk"].nunique() == 1 else ""
    ends = {"gap": mean, "low": low, "high": high, "p": fewer_failures(*counts)}
    return {"evaluator": name, "kvk": owner, "pairs": len(pairs), **ends}


def _evaluator(row: dict[str, Any]) -> Affected:
    shown = tuple((name, row[name]) for name in ("pairs", "low", "high", "p"))
    return Affected(row["evaluator"], row["kvk"], row["gap"], "looks_better", shown)


def _retests(book: AuditBook) -> Iterator[tuple[Any, ...]]:
    """Public against held-out results, as counted; one without a trial on either side says nothing."""
    found = book.retests[(book.retests["public_trials"] > 0) & (book.retests["heldout_trials"] > 0)]
    columns = ["evaluator", "public_failures", "public_trials", "heldout_failures", "heldout_trials"]
    for evaluator, *counts in found[columns].itertuples(index=False, name=None):
        yield (evaluator, "", *counts)


def _self_run(book: AuditBook) -> Iterator[tuple[Any, ...]]:
    """The firm's own runs of a test against accredited ones of the same system, where there are both."""
    t = tariff(book.calibration, book.regime)
    rho = dict(zip(t.test_ids, t.rho, strict=True))
    for profile in book.profiles:
        for system in profile.systems:
            for test in {run.test: None for run in system.runs if run.test in rho}:
                runs = [run for run in system.runs if run.test == test]
                own = [run for run in runs if run.independence is not Independence.ACCREDITED]
                accredited = [run for run in runs if run.independence is Independence.ACCREDITED]
                counts = (*_effective(own, float(rho[test])), *_effective(accredited, float(rho[test])))
                if counts[1] and counts[3]:
                    yield (own[0].evaluator, profile.firm.kvk, *counts)


def _effective(runs: list[TestRun], rho: float) -> tuple[float, float]:
    """Failures and scored trials, repeats of a prompt deflated by 1 + (epochs - 1) rho."""
    weights = [1 + (run.epochs - 1) * rho for run in runs]
    failed = sum(run.failures / weight for run, weight in zip(runs, weights, strict=True))
    return failed, failed + sum(run.clean / weight for run, weight in zip(runs, weights, strict=True))


def _other_models(book: AuditBook) -> set[str]:
    """Business numbers of firms of whom a retest found that the tested model is not the one in use."""
    return set(book.retests.loc[~book.retests["model_matches"], "kvk"])

"""What a step of a calibration yields, and how steps become one artefact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from actuarial.rounding import Floats
from policies.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Standard error and 90 % interval of a parameter."""

    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one step yields: parameters by dotted path of the artefact, their uncertainty and source, tables, findings.

    `detail` is the line of progress.
    """

    detail: str
    values: Mapping[str, Any] = field(default_factory=dict)
    uncertainty: Mapping[str, Uncertainty] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def merged(base: Mapping[str, Any], parts: Iterable[Part]) -> dict[str, Any]:
    """The artefact `base` with the values, uncertainty and sources of the parts; `base` is left as it is."""
    data: dict[str, Any] = deepcopy(dict(base))
    data.setdefault("uncertainty", {})
    for part in parts:
        for path, value in part.values.items():
            _set(data, path, value)
            _forget(data, path)
        data["uncertainty"] |= {
            path: {"se": u.se, "low": u.low, "high": u.high} for path, u in part.uncertainty.items()
        }
        data["sources"] |= part.sources
    return data


def _set(data: dict[str, Any], path: str, value: Any) -> None:
    """Set a value by its dotted path; a number in the path counts in a list."""
    *branches, leaf = path.split(".")
    at: Any = data
    for branch in branches:
        at = at[int(branch)] if isinstance(at, list) else at[branch]
    if isinstance(at, list):
        at[int(leaf)] = value
    else:
        at[leaf] = value


def _forget(data: dict[str, Any], path: str) -> None:
    """Drop what the base said about the certainty of a path that is set anew."""
    for known in [key for key in data["uncertainty"] if key == path or key.startswith(f"{path}.")]:
        del data["uncertainty"][known]


def records(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """Tables as plain data for canonical JSON: what is not a finite number becomes None, days become ISO text."""
    return {name: [_plain_row(row) for row in table.to_dict("records")] for name, table in sorted(tables.items())}


def _plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(column): _plain(value) for column, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return None if value is None or value is pd.NaT else str(value)


def combined(prior: Floats, spread: Floats, estimate: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Mean (K,) and covariance (K, K) of a normal prior (mean, `spread`) and an estimate (mean, `error`)."""
    before, data = np.linalg.inv(spread), np.linalg.inv(error)
    covariance = np.linalg.inv(before + data)
    return np.asarray(covariance @ (before @ prior + data @ estimate)), np.asarray(covariance)


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with those that only inform, of one code, as one: the first in full, the others by their subject."""
    of_code: dict[str, list[Finding]] = {}
    for finding in findings:
        key = finding.code if finding.severity is Severity.INFO else f"{finding.code} {len(of_code)}"
        of_code.setdefault(key, []).append(finding)
    return [_one(group) for group in of_code.values()]


def _one(group: list[Finding]) -> Finding:
    first, others = group[0], dict.fromkeys(finding.subject for finding in group[1:])
    return replace(first, message=f"{first.message}; likewise {', '.join(others)}") if others else first


def joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the same columns as one; empty ones are left out."""
    filled = [table for table in tables if not table.empty]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()

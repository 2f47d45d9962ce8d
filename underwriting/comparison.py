"""Two calibrations side by side: every parameter of both, with its interval and what changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from actuarial.fitting.prior import parameters

THETA = ("theta", "theta_low", "theta_high")  # a calibration states this interval itself
LOGS = {"intercept", "effect", "sharing", "mu", "log_mean", *THETA}  # names of what is on a logarithmic scale already
LOG_BRANCHES = ("frequency.autonomy.", "frequency.classes.", "frequency.roles.", "frequency.sectors.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter of one calibration; the bounds are None where no interval is known (levels: docs/cli.md)."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter of A and of B; None where a calibration lacks it.

    `change` is B less A; `outside` says whether B lies outside A's interval, None where A has none or one lacks it.
    """

    path: str
    a: Estimate | None
    b: Estimate | None
    change: float | None
    outside: bool | None


def estimates(data: Mapping[str, Any]) -> dict[str, Estimate]:
    """Every parameter of the artefact of a calibration by dotted path, with the interval that the artefact states.

    That is its `uncertainty` where it has one for the parameter, and for theta the low and high value it is read at.
    """
    values = dict(parameters(data))
    stated: Mapping[str, Mapping[str, float | None]] = data.get("uncertainty", {})
    return {path: _estimate(path, value, values, stated.get(path)) for path, value in values.items()}


def compare(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every parameter of the artefacts of two calibrations, in the order of A, then those that only B has."""
    left, right = estimates(a), estimates(b)
    return tuple(_difference(path, left.get(path), right.get(path)) for path in dict.fromkeys((*left, *right)))


def largest(differences: Iterable[Difference], count: int) -> tuple[Difference, ...]:
    """The parameters that change most, largest first: each by its change on a logarithmic scale, where it has one."""
    moved = [found for found in differences if found.change]
    return tuple(sorted(moved, key=lambda found: (-_size(found), found.path))[:count])


def _size(found: Difference) -> float:
    if found.a is None or found.b is None or found.change is None:
        return 0.0
    logs = found.path.rpartition(".")[2] in LOGS or found.path.startswith(LOG_BRANCHES)
    if logs or found.a.value * found.b.value <= 0.0:
        return abs(found.change)
    return abs(math.log(found.b.value / found.a.value))


def _estimate(
    path: str, value: float, values: Mapping[str, float], stated: Mapping[str, float | None] | None
) -> Estimate:
    if stated is not None:
        return Estimate(value, stated.get("low"), stated.get("high"))
    branch, _, name = path.rpartition(".")
    if name == THETA[0]:
        low, high = (values.get(f"{branch}.{bound}") for bound in THETA[1:])
        return Estimate(value, low, high)
    return Estimate(value, None, None)


def _difference(path: str, a: Estimate | None, b: Estimate | None) -> Difference:
    if a is None or b is None:
        return Difference(path, a, b, None, None)
    outside = None if a.low is None or a.high is None else not a.low <= b.value <= a.high
    return Difference(path, a, b, b.value - a.value, outside)

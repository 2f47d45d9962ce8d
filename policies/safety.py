"""Safety tests: the catalogue, and the counts that a run of a test yields."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any


class Kind(StrEnum):
    """What a test measures."""

    SAFEGUARD = "safeguard"
    CAPABILITY = "capability"
    PROPENSITY = "propensity"
    RELIABILITY = "reliability"
    VULNERABILITY = "vulnerability"
    CONTROL = "control"
    UTILITY = "utility"  # prices nothing; voids the safe score of a system that answers nothing


class Independence(StrEnum):
    """Who ran a test and what of it can be checked."""

    ACCREDITED = "accredited"
    SELF_LOGGED = "self_logged"
    SELF_SUMMARY = "self_summary"


@dataclass(frozen=True, slots=True)
class FailureRule:
    """How one scored trial becomes failure or clean: take `component` of the score of `scorer`, map letters to
    numbers, compare with `threshold`. `scorer` "*" takes the only scorer there is; `component` "" the value itself."""

    scorer: str
    component: str
    comparison: str  # ">=", "<=", "<", ">", "==": the trial FAILS when value <comparison> threshold
    threshold: float


@dataclass(frozen=True, slots=True)
class SafetyTest:
    """One entry of the catalogue.

    `match` are task names, with and without the registry's prefix; `arguments` the values that a task argument may
    have, "" for an argument that the log does not name. `direction` is that of the headline figure; `rule` alone
    decides on a trial. `perils` are weights by peril, `rho` the intra-prompt correlation, `full_trials` the size of
    the whole set (0: none), `voids` the tests whose safe score this utility test can void.
    """

    id: str
    title: str
    tool: str
    match: tuple[str, ...]
    arguments: Mapping[str, tuple[str, ...]]
    direction: str  # "more_dangerous", "safer" or "mixed" when high
    rule: FailureRule | None  # None: recorded, never scored from a log
    perils: Mapping[str, float]
    kind: Kind
    full_trials: int
    minimum_trials: int
    rho: float
    half_life_days: int
    voids: tuple[str, ...]
    trap: str

    @property
    def main_peril(self) -> str:
        """The peril with the largest weight; empty for a utility test."""
        return max(self.perils, key=lambda peril: self.perils[peril]) if self.perils else ""


@dataclass(frozen=True, slots=True)
class TestRun:
    """Counts of one run of one test: `failures + clean + missing == planned`, over `unique_prompts` prompts.

    `model_matches` is False when the log names another model than the system declares. `registered_at` is
    the day on which the plan was lodged beforehand, or None. Raises ValueError when the counts do not add up.
    """

    __test__ = False  # the name is the field's word, not a pytest class

    test: str
    evaluator: str
    independence: Independence
    run_date: date
    planned: int
    unique_prompts: int
    failures: int
    clean: int
    missing: int
    sha256: str
    source: str  # file in the dossier, with row where it has rows
    model: str = ""
    model_matches: bool = True
    signed: bool = False
    registered_at: date | None = None

    def __post_init__(self) -> None:
        if min(self.planned, self.unique_prompts, self.failures, self.clean, self.missing) < 0:
            raise ValueError(f"{self.source}: counts must not be negative")
        if self.failures + self.clean + self.missing != self.planned:
            raise ValueError(f"{self.source}: failures, clean and missing must sum to the planned trials")
        if self.planned and not 0 < self.unique_prompts <= self.planned:
            raise ValueError(f"{self.source}: unique prompts must lie between 1 and the planned trials")

    @property
    def epochs(self) -> float:
        """Trials per unique prompt."""
        return self.planned / self.unique_prompts if self.unique_prompts else 1.0


@cache
def catalogue() -> Mapping[str, SafetyTest]:
    """The catalogue of safety tests by id, from safety_tests.toml."""
    entries = tomllib.loads(resources.files("policies").joinpath("safety_tests.toml").read_text("utf-8"))
    return {entry["id"]: _safety_test(entry) for entry in entries["test"]}


def _safety_test(entry: Mapping[str, Any]) -> SafetyTest:
    rule = entry.get("rule")
    return SafetyTest(
        id=entry["id"],
        title=entry["title"],
        tool=entry["tool"],
        match=tuple(entry["match"]),
        arguments={name: tuple(values) for name, values in entry.get("arguments", {}).items()},
        direction=entry["direction"],
        rule=FailureRule(**rule) if rule else None,
        perils=entry["perils"],
        kind=Kind(entry["kind"]),
        full_trials=entry["full_trials"],
        minimum_trials=entry["minimum_trials"],
        rho=float(entry["rho"]),
        half_life_days=entry["half_life_days"],
        voids=tuple(entry.get("voids", ())),
        trap=entry["trap"],
    )

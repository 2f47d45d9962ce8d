"""Faults that can be planted in the sample audit book, each where it would sit in a true one; see audit_sample.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from actuarial.calibration import Calibration
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.digest import digest
from policies.money import ZERO
from policies.period import DAYS_PER_YEAR
from policies.regimes import Regime
from policies.risk import AISystem, Incident, IncidentSeverity, IncidentSource, RiskProfile
from policies.safety import TestRun
from underwriting.audit.rated import rated
from underwriting.sample import ASSESSORS

LEVELLINGS = 4  # rounds that bring a peril back to its level: history bends the way there


class Fault(StrEnum):
    """A fault that can be planted."""

    CONCEALING_FIRM = "concealing_firm"
    CHERRY_PICKING_LAB = "cherry_picking_lab"
    FRIENDLY_UNDERWRITER = "friendly_underwriter"
    CLIFF = "cliff"


@cache
def stated() -> Mapping[str, Mapping[str, Any]]:
    """The stated truth of the sample audit book, by part."""
    return tomllib.loads(resources.files("underwriting").joinpath("audit_sample.toml").read_text("utf-8"))


def lab() -> str:
    """The laboratory that picks its results when CHERRY_PICKING_LAB is planted."""
    return ASSESSORS[int(stated()["cherry_picking_lab"]["lab"])]


def friend_of_firms() -> str:
    """The underwriter who is friendly when FRIENDLY_UNDERWRITER is planted."""
    return str(stated()["judgement"]["underwriters"][int(stated()["friendly_underwriter"]["underwriter"])])


def concealer(profiles: Sequence[RiskProfile]) -> int:
    """Position of the firm that conceals when CONCEALING_FIRM is planted: the one with the oldest system."""
    return min(range(len(profiles)), key=lambda row: (min(s.deployed for s in profiles[row].systems), row))


def with_cliff(calibration: Calibration, profiles: Sequence[RiskProfile], at: date, regime: Regime) -> Calibration:
    """The calibration with the spread of its tests cut, each peril at its old level on these firms.

    The name of the artefact changes with it: no artefact has that digest.
    """
    spread = float(stated()["cliff"]["spread"])
    tests = {
        test: replace(reference, tau=reference.tau * spread, log_sd=reference.log_sd * spread)
        for test, reference in calibration.tests.items()
    }
    before = _by_peril(profiles, at, regime, calibration)
    steep = replace(calibration, tests=tests, sha256=digest([calibration.sha256, spread]))
    for turn in range(LEVELLINGS):
        off = np.log(before / _by_peril(profiles, at, regime, steep))
        perils = {
            peril: replace(steep.perils[peril], intercept=steep.perils[peril].intercept + float(change))
            for peril, change in zip(tariff(steep, regime).peril_ids, off, strict=True)
        }
        steep = replace(steep, perils=perils, sha256=digest([steep.sha256, turn, off.tolist()]))
    return steep


def _by_peril(profiles: Sequence[RiskProfile], at: date, regime: Regime, calibration: Calibration) -> Floats:
    """Expected loss of all firms by peril, (P,)."""
    return np.asarray(rated(profiles, at, regime, calibration).rating.by_peril.sum(axis=0))


def with_concealment(
    profiles: tuple[RiskProfile, ...], rng: np.random.Generator, at: date, regime: Regime
) -> tuple[RiskProfile, ...]:
    """One firm hides incidents: the few it reports and those that came out are on the book, the others are not."""
    row = concealer(profiles)
    profile = profiles[row]
    s = stated()["concealing_firm"]
    hidden = round(s["incidents"] * s["concealed"])
    found = round(hidden * regime.detection_probability)
    reported = s["incidents"] - hidden
    oldest = min(profile.systems, key=lambda system: system.deployed)
    incidents = tuple(_incident(n, n < reported, oldest, rng, at, regime, s) for n in range(reported + found))
    guilty = replace(profile, incidents=(*profile.incidents, *incidents))
    return (*profiles[:row], guilty, *profiles[row + 1 :])


def _incident(
    number: int,
    reported: bool,
    system: AISystem,
    rng: np.random.Generator,
    at: date,
    regime: Regime,
    s: Mapping[str, Any],
) -> Incident:
    window = min((at - system.deployed).days, int(regime.incident_window_years * DAYS_PER_YEAR))
    occurred = at - timedelta(int(rng.integers(1, window)))
    press = rng.random() < s["by_press"]
    found_by = IncidentSource.PRESS if press else IncidentSource.AUTHORITY
    return Incident(
        id=f"hidden-{number}",
        system=system.id,
        peril=s["perils"][number % len(s["perils"])],
        occurred_at=occurred,
        aware_at=occurred,
        reported_at=occurred if reported else None,
        source=IncidentSource.SELF if reported else found_by,
        severity=IncidentSeverity(s["severities"][number % len(s["severities"])]),
        persons_affected=1,
        loss=ZERO,
        description="Fictional",
    )


def with_picked_tests(profiles: tuple[RiskProfile, ...], rng: np.random.Generator) -> tuple[RiskProfile, ...]:
    """The results of one laboratory, with most of their failures gone."""
    kept, guilty = float(stated()["cherry_picking_lab"]["kept"]), lab()

    def picked(run: TestRun) -> TestRun:
        if run.evaluator != guilty:
            return run
        left = int(rng.binomial(run.failures, kept))
        return replace(run, failures=left, clean=run.clean + run.failures - left)

    return tuple(
        replace(profile, systems=tuple(replace(s, runs=tuple(map(picked, s.runs))) for s in profile.systems))
        for profile in profiles
    )

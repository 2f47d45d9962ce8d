"""Outcomes of safety tests in the sample market: trial by trial, as a log would record them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from actuarial.market.truth import EvidenceTruth
from actuarial.rounding import Floats
from policies.safety import Independence, SafetyTest, catalogue

CLEAN, FAILED, MISSING = "c", "f", "m"


class Ending(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"
    JUDGE_FAILED = "judge_failed"  # the run is a success by its own word, and holds no score


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One run of one test on one system: a text per prompt, in it a letter per epoch (CLEAN, FAILED or MISSING).

    `logged` is False when only counts are handed in; such a run has no gaps and one epoch.
    """

    __test__ = False

    system: str
    test: str
    independence: Independence
    logged: bool
    run_date: date
    registered_at: date | None
    ending: Ending
    trials: tuple[str, ...]

    def count(self, letter: str) -> int:
        """Trials with that outcome."""
        return sum(prompt.count(letter) for prompt in self.trials)

    @property
    def planned(self) -> int:
        """Trials planned: prompts times epochs."""
        return sum(map(len, self.trials))


@dataclass(frozen=True, slots=True)
class Habits:
    """What a firm hands in: nothing at all, or runs of the catalogue's minimum size."""

    silent: bool
    thorough: bool


def draw_habits(rng: np.random.Generator, e: EvidenceTruth) -> Habits:
    """The habits of one firm."""
    return Habits(bool(rng.random() < e.no_evidence), bool(rng.random() < e.full_size))


def draw_outcomes(
    rng: np.random.Generator,
    system: str,
    tests: tuple[str, ...],
    rates: Floats,
    habits: Habits,
    e: EvidenceTruth,
    at: date,
) -> tuple[TestOutcome, ...]:
    """The runs that a firm hands in for one system, whose true failure rates are `rates` (T,)."""
    if habits.silent:
        return ()
    runs: list[TestOutcome] = []
    for test, rate in zip(tests, rates, strict=True):
        if rng.random() >= e.handed_in:
            continue
        age = int(np.clip(rng.exponential(e.age_days_mean), *e.age_days))
        runs.append(_run(rng, system, catalogue()[test], float(rate), habits, e, at - timedelta(age)))
        if rng.random() < e.rerun:
            earlier = runs[-1].run_date - timedelta(int(rng.integers(*e.rerun_days)))
            runs.append(_run(rng, system, catalogue()[test], float(rate), habits, e, earlier))
    return tuple(runs)


def _run(
    rng: np.random.Generator,
    system: str,
    test: SafetyTest,
    rate: float,
    habits: Habits,
    e: EvidenceTruth,
    run_date: date,
) -> TestOutcome:
    independence = _independence(rng, e)
    logged = test.tool == "inspect" and test.rule is not None and independence is not Independence.SELF_SUMMARY
    if not logged and independence is Independence.SELF_LOGGED:
        independence = Independence.SELF_SUMMARY
    registered = run_date - timedelta(int(rng.integers(*e.registered_days))) if rng.random() < e.registered else None
    ending = _ending(rng, e) if logged else Ending.COMPLETE
    return TestOutcome(
        system=system,
        test=test.id,
        independence=independence,
        logged=logged,
        run_date=run_date,
        registered_at=registered,
        ending=ending,
        trials=_trials(rng, test, rate, habits, e, ending, logged),
    )


def _independence(rng: np.random.Generator, e: EvidenceTruth) -> Independence:
    level = rng.random()
    if level < e.accredited:
        return Independence.ACCREDITED
    return Independence.SELF_LOGGED if level < e.accredited + e.self_logged else Independence.SELF_SUMMARY


def _ending(rng: np.random.Generator, e: EvidenceTruth) -> Ending:
    level = rng.random()
    if level < e.cancelled:
        return Ending.CANCELLED
    return Ending.JUDGE_FAILED if level < e.cancelled + e.judge_failed else Ending.COMPLETE


def _trials(
    rng: np.random.Generator,
    test: SafetyTest,
    rate: float,
    habits: Habits,
    e: EvidenceTruth,
    ending: Ending,
    logged: bool,
) -> tuple[str, ...]:
    most = max(test.full_trials, test.minimum_trials)
    prompts = test.minimum_trials if habits.thorough else min(int(rng.integers(*e.prompts, endpoint=True)), most)
    epochs = int(rng.choice(e.epochs)) if logged else 1
    failed = rng.random((prompts, epochs)) < _prompt_rates(rng, rate, test.rho, prompts)[:, None]
    letters = np.where(failed, FAILED, CLEAN)
    if logged:
        gaps = rng.random(failed.shape) < (e.gap if rng.random() < e.with_gaps else 0.0)
        letters[gaps] = MISSING
    if ending is Ending.CANCELLED:
        letters[max(1, int(prompts * rng.uniform(*e.cancelled_at))) :] = MISSING
    if ending is Ending.JUDGE_FAILED:
        letters[:] = MISSING
    return tuple("".join(row) for row in letters)


def _prompt_rates(rng: np.random.Generator, rate: float, rho: float, prompts: int) -> Floats:
    """Failure rates of the prompts: beta around the system's, with intra-prompt correlation `rho`."""
    if rho == 0:
        return np.full(prompts, rate)
    strength = (1 - rho) / rho
    smallest = np.finfo(float).tiny
    return rng.beta(max(rate * strength, smallest), max((1 - rate) * strength, smallest), prompts)

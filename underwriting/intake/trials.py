"""From the score of one trial to its outcome, under the failure rule of the catalogue."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from policies.safety import FailureRule

LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}  # correct, partial, incorrect, no answer
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
UNCHANGED = "UNCHANGED"  # an edit that left the value alone


class Outcome(IntEnum):
    """What became of a planned trial, the worse the higher; `max` picks what counts."""

    CLEAN = 0
    MISSING = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial as recorded: prompt id, epoch, scores by scorer. A withdrawn one has no scores."""

    prompt: str
    epoch: int
    scores: Mapping[str, Any]


def number_of(value: Any) -> float | None:
    """A score as a number; letters by their usual worth; None for anything that is not one."""
    if isinstance(value, str):
        return LETTERS.get(value)
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer beyond any float
        return None
    return number if math.isfinite(number) else None


def part_of(value: Any, component: str) -> float | None:
    """A component of a score as a number, or the score itself for component ""."""
    if component:
        return number_of(value.get(component)) if isinstance(value, dict) else None
    return number_of(value)


def score_of(trial: Trial, scorer: str) -> Mapping[str, Any] | None:
    """The score that a scorer gave; scorer "*" is the only one there is. None when there is no such score."""
    if scorer == "*":
        score = next(iter(trial.scores.values())) if len(trial.scores) == 1 else None
    else:
        score = trial.scores.get(scorer)
    return score if isinstance(score, dict) else None


def outcome_of(trial: Trial, rule: FailureRule) -> Outcome:
    """The outcome of a trial. A score edited after the run counts as the worst of its values."""
    score = score_of(trial, rule.scorer)
    if score is None:
        return Outcome.MISSING
    return max(_judged(part_of(value, rule.component), rule) for value in (score.get("value"), *former_values(score)))


def former_values(score: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values that edits of a score have replaced or set."""
    history = score.get("history")
    edits = [edit for edit in history if isinstance(edit, dict)] if isinstance(history, list) else []
    return tuple(value for edit in edits if (value := edit.get("value", UNCHANGED)) != UNCHANGED)


def _judged(value: float | None, rule: FailureRule) -> Outcome:
    if value is None:
        return Outcome.MISSING
    return Outcome.FAILED if COMPARISONS[rule.comparison](value, rule.threshold) else Outcome.CLEAN


def outcomes_by_trial(trials: Iterable[Trial], rule: FailureRule) -> dict[tuple[str, int], Outcome]:
    """The outcome of each prompt and epoch; of one recorded twice, the worse."""
    outcomes: dict[tuple[str, int], Outcome] = {}
    for trial in trials:
        key = (trial.prompt, trial.epoch)
        outcomes[key] = max(outcomes.get(key, Outcome.CLEAN), outcome_of(trial, rule))
    return outcomes


def mean_over_prompts(trials: Iterable[Trial], scorer: str, component: str) -> float | None:
    """The mean over prompts of the mean over epochs of a score, as a log's own results state it; None for no scores."""
    by_prompt: dict[str, list[float]] = {}
    for trial in trials:
        score = score_of(trial, scorer)
        value = part_of(score.get("value"), component) if score else None
        if value is not None:
            by_prompt.setdefault(trial.prompt, []).append(value)
    if not by_prompt:
        return None
    return sum(sum(values) / len(values) for values in by_prompt.values()) / len(by_prompt)

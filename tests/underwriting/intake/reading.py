"""One evidence file through its reader, without a dossier around it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dossiers import AT
from inspect_logs import MODEL, eval_log, header

from policies.safety import Independence, SafetyTest, catalogue
from underwriting.intake.claim import Claim, Reading
from underwriting.intake.evidence import READERS


@dataclass(frozen=True)
class Case:
    """A file with what the dossier says of it."""

    content: bytes
    suffix: str = ".eval"
    test: str = "bbq"
    model: str | None = MODEL
    registered_at: date | None = None
    independence: Independence = Independence.SELF_LOGGED
    claimed: frozenset[str] = frozenset()
    tests: Mapping[str, SafetyTest] = field(default_factory=catalogue)


def read_case(case: Case) -> Reading:
    """What the reader for the suffix makes of it."""
    claim = Claim(
        entry="dossier.toml: systems #1, evidence #1",
        file=f"evidence/run{case.suffix}",
        test=case.test,
        evaluator="Fictie Evaluaties B.V.",
        independence=case.independence,
        sha256=hashlib.sha256(case.content).hexdigest(),
        registered_at=case.registered_at,
        model=case.model,
        claimed=case.claimed | {case.test},
        at=AT,
    )
    return dict(READERS)[case.suffix](io.BytesIO(case.content), claim, case.tests)


def read_trials(rows: list[dict[str, Any]], case_changes: Mapping[str, Any] | None = None, **head: Any) -> Reading:
    """A log of these trials, header changed by `head`, read as the case says."""
    return read_case(Case(eval_log(header(**head), rows), **(case_changes or {})))


def codes(reading: Reading) -> set[str]:
    """The finding codes of a reading, without the two that nearly every small run gets."""
    return {finding.code for finding in reading.findings} - {"run-read", "run-few-prompts"}


def counts(reading: Reading) -> tuple[int, int, int, int, int]:
    """Failures, clean, missing, planned, unique prompts of the only run."""
    (run,) = reading.runs
    return run.failures, run.clean, run.missing, run.planned, run.unique_prompts

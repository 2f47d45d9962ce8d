"""Dossiers of tests, read under the Dutch regime on the day of the tests."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dossiers import AT

from policies.findings import Severity
from policies.regimes import load_regime
from underwriting.intake.dossier import Submission, read_dossier

REGIME = load_regime("nl-2027")
SYSTEM = "dossier.toml: systems #1"
ENTRY = f"{SYSTEM}, evidence #1"
LATER = AT + timedelta(days=1)


def read(folder: Path) -> Submission:
    return read_dossier(folder, REGIME, AT)


def errors(submission: Submission) -> list[tuple[str, str]]:
    """Code and place of every error."""
    return [(f.code, f.subject) for f in submission.findings if f.severity is Severity.ERROR]

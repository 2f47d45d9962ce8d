"""Approval: what must hold before a calibration may price anything. Four eyes, a reason, no day in the past."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from policies.findings import Finding, Severity, WaarborgError
from underwriting.records import Approval, CalibrationRow


def same_person(one: str, other: str) -> bool:
    """Whether two names mean one person: alike but for case, accents, punctuation, spaces, order, form of letters."""
    return folded(one) == folded(other)


def folded(name: str) -> str:
    """A name as it is compared."""
    spaced = ((" " if unicodedata.category(c) == "Pd" else c) for c in unicodedata.normalize("NFKD", name.casefold()))
    return " ".join(sorted("".join(c for c in spaced if c.isalnum() or c.isspace()).split()))


def person(name: str) -> str:
    """A name as it is kept, spaces collapsed. Raises WaarborgError when nothing of it can be read."""
    if not any(c.isalnum() for c in folded(name)):
        raise WaarborgError("the name is blank; give the name of the person who does this")
    return " ".join(name.split())


def approved(
    row: CalibrationRow, by: str, reason: str, effective_from: date, today: date, findings: Sequence[Finding]
) -> Approval:
    """The approval, not numbered yet. Raises WaarborgError saying what does not hold, errors of validation included."""
    name, told = person(by), " ".join(reason.split())
    if same_person(name, row.fitted_by):
        raise WaarborgError(f"{row.fitted_by} fitted {row.sha256[:12]} and cannot approve it; someone else must")
    if not told:
        raise WaarborgError("an approval needs a reason that others can read; give --reason TEXT")
    if effective_from < today:
        raise WaarborgError(f"{effective_from} is in the past, where quotes are made already; give {today} or later")
    if errors := [finding.line() for finding in findings if finding.severity is Severity.ERROR]:
        told_errors = "\n".join(errors)
        raise WaarborgError(f"{row.sha256[:12]} cannot be approved, its validation holds errors:\n{told_errors}")
    return Approval(0, row.sha256, name, told, effective_from, today)

"""Calibrations for tests of the book, made from the one that ships without any fitting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from actuarial.calibration import shipped_calibration
from policies.digest import canonical_json, sha256_hex
from policies.findings import Finding, Severity
from underwriting import archive
from underwriting.desk import Desk
from underwriting.records import CalibrationRow, Kind

SHIPPED = shipped_calibration().sha256
WARNING = Finding("rank-weak", Severity.WARNING, "gini", "the Gini is low")
ERROR = Finding("fit-worse", Severity.ERROR, "fit", "worse than the champion; fit again")


def shipped_data() -> dict[str, Any]:
    """The artefact that ships, fresh each time."""
    source = archive.shipped(Kind.CALIBRATION, SHIPPED)
    assert source is not None
    return dict(json.loads(source.content))


def fitted_text(change: float = 0.1, alter: Callable[[dict[str, Any]], object] | None = None) -> str:
    """The artefact that ships with another intercept of BOD, and its interval."""
    data = shipped_data()
    path = "frequency.perils.BOD.intercept"
    data["frequency"]["perils"]["BOD"]["intercept"] += change
    value = data["frequency"]["perils"]["BOD"]["intercept"]
    data |= {"kind": "fitted", "prior": SHIPPED}
    data["uncertainty"] = {path: {"se": 0.05, "low": value - 0.08, "high": value + 0.08}}
    if alter:
        alter(data)
    return canonical_json(data)


def validation_of(sha256: str, findings: Iterable[Finding] = ()) -> dict[str, Any]:
    """A validation without tables."""
    told = [
        {"code": f.code, "severity": f.severity.value, "subject": f.subject, "message": f.message} for f in findings
    ]
    return {"calibration": sha256, "champion": SHIPPED, "findings": told, "tables": {}}


def add_fitted(
    desk: Desk, by: str = "Anna", change: float = 0.1, findings: Iterable[Finding] = (), text: str | None = None
) -> CalibrationRow:
    """A calibration in the book of a desk, as if it had been fitted there."""
    content = text or fitted_text(change)
    sha256 = sha256_hex(content.encode())
    validation = canonical_json(validation_of(sha256, findings))
    digest = sha256_hex(validation.encode())
    row = CalibrationRow(sha256, SHIPPED, desk.regime.sha256, digest, by, desk.today())
    return desk.add_calibration(row, content, validation)

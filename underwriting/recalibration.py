"""Recalibration: from experience to a calibration in the book. Heavy: it imports what fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from actuarial.calibration import Calibration, TestReference
from actuarial.fitting.calibrating import calibrate as fit
from actuarial.fitting.experience import Experience
from actuarial.fitting.population_fit import fit_populations
from policies.digest import canonical_json, sha256_hex
from policies.findings import WaarborgError
from underwriting.approval import person
from underwriting.desk import IN_FORCE, Desk
from underwriting.records import CalibrationRow

SEED = 2027  # of every random draw in a fit: the same experience and prior give the same calibration

Progress = Callable[[int, int, str, str], None]  # step, steps in all, its name, what it found


def measured_anew(calibration: Calibration) -> Calibration:
    """The calibration with the reference populations of its tests fitted: by it the dossiers of a book are measured."""
    tests = fit_populations(calibration.tests).tests
    return replace(calibration, tests=tests, sha256=f"{calibration.sha256} with its tests fitted")


def calibrate(
    desk: Desk,
    experience: Experience,
    fitted_by: str,
    prior: str = IN_FORCE,
    progress: Progress = lambda *_: None,
    tests: Mapping[str, TestReference] | None = None,
) -> CalibrationRow:
    """Fit a calibration under the desk's regime, validate it and keep both: all or nothing. It is not in force yet.

    `prior` names the calibration to start from, which is the champion to beat as well; where it has seen the same
    claims, its own prior takes its place. `tests` are those that the danger scores were made by, where they are not the
    prior's. Returns the row of the book: when the same calibration is there already, the
    row of whoever fitted it first. Raises WaarborgError when the experience cannot be fitted.
    """
    name, start = person(fitted_by), desk.calibration_row(prior)
    try:
        found = fit(experience, tuple(lineage(desk, start)), desk.regime, SEED, progress, tests)
    except ValueError as refusal:
        raise WaarborgError(f"the experience cannot be fitted: {refusal}") from refusal
    validation = canonical_json(found.validation)
    row = CalibrationRow(
        sha256=found.calibration.sha256,
        prior_sha256=found.artefact["prior"],
        regime_sha256=desk.regime.sha256,
        validation_sha256=sha256_hex(validation.encode()),
        fitted_by=name,
        fitted_at=desk.today(),
    )
    return desk.add_calibration(row, found.text, validation)


def lineage(desk: Desk, row: CalibrationRow) -> Iterator[dict[str, Any]]:
    """Artefacts of a calibration, of the prior that it was fitted from, and so on back to one that ships."""
    rows = {known.sha256: known for known in desk.calibrations()}
    yield desk.calibration_data(row.sha256)
    while row.prior_sha256:
        row = rows[row.prior_sha256]
        yield desk.calibration_data(row.sha256)

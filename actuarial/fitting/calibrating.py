"""A calibration from experience: every step of the fit, its validation, and the artefact that the price reads.

Pure: an experience, a regime and earlier artefacts in, values and tidy frames out (docs/methods/calibration.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from actuarial.calibration import Calibration, TestReference, parse_calibration
from actuarial.fitting.base import Base
from actuarial.fitting.conflicts import check_regime
from actuarial.fitting.constraints import broken
from actuarial.fitting.experience import Experience
from actuarial.fitting.frequency_design import known_perils
from actuarial.fitting.parts import Part, gathered, joined, merged, records
from actuarial.fitting.prior import REFERENCE, rounded, table_digests
from actuarial.fitting.steps import NAMES, run
from actuarial.fitting.verdicts import findings as verdicts
from policies.digest import canonical_json, sha256_hex
from policies.findings import Finding, Severity, WaarborgError, gravest_first
from policies.regimes import Regime

METHOD = "maximum a posteriori, quasi-Poisson, under constraints, 2"
VALIDATION_FORMAT = "waarborg-validation/1"

Progress = Callable[[int, int, str, str], None]  # step, steps in all, its name, what it found


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calibrated:
    """A fitted calibration: the value, the text of its artefact, tables by name, and findings, gravest first."""

    calibration: Calibration
    text: str
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    champion: str

    def __repr__(self) -> str:
        return f"Calibrated({self.calibration.sha256[:12]}, {len(self.tables)} tables, {len(self.findings)} findings)"

    @property
    def artefact(self) -> dict[str, Any]:
        """The artefact as plain data."""
        return dict(json.loads(self.text))

    @property
    def validation(self) -> dict[str, Any]:
        """What is stored with the calibration: its findings and every table as records."""
        return {
            "format": VALIDATION_FORMAT,
            "calibration": self.calibration.sha256,
            "champion": self.champion,
            "findings": [
                {"code": f.code, "severity": f.severity.value, "subject": f.subject, "message": f.message}
                for f in self.findings
            ],
            "tables": rounded(records(self.tables)),
        }


def _silent(_step: int, _steps: int, _name: str, _detail: str) -> None:
    """Progress that nobody reads."""


def calibrate(
    experience: Experience,
    artefacts: Sequence[Mapping[str, Any]],
    regime: Regime,
    seed: int = 1,
    progress: Progress = _silent,
    tests: Mapping[str, TestReference] | None = None,
) -> Calibrated:
    """Fit every part of the price on an experience.

    `artefacts`: the calibration in force or chosen as prior, then its own prior, and so on back to the elicited one.
    The first is the champion; the first that has not seen claims of the same time is the prior. `tests` are the
    reference populations by which the danger scores of the experience were made, those of the prior where None.
    Raises WaarborgError with one line for what an actuary can mend; before any step, with a line per constraint, where
    those of the regime cannot hold together.
    """
    if not artefacts:
        raise WaarborgError("a fit starts from a prior: give at least one artefact")
    champion, prior = artefacts[0], independent(artefacts, experience)
    start = _value(prior)
    base = Base(experience, start, prior, _value(champion), regime, seed, start.tests if tests is None else tests)
    _check(base)
    parts: list[Part] = [_chosen(prior, champion)]
    for number, (name, part) in enumerate(run(base), start=1):
        parts.append(part)
        progress(number, len(NAMES), name, part.detail)
    names = dict.fromkeys(name for part in parts for name in part.tables)
    tables = {name: joined(part.tables[name] for part in parts if name in part.tables) for name in names}
    told = [finding for part in parts for finding in part.findings]
    found = gravest_first(gathered([*told, *verdicts(tables)]))
    text = canonical_json(rounded(_artefact(base, parts, found)))
    return Calibrated(_holding(parse_calibration(text), regime), text, tables, found, _name(champion))


def independent(artefacts: Sequence[Mapping[str, Any]], experience: Experience) -> Mapping[str, Any]:
    """The newest artefact whose own experience ended before this one begins: the same claims must not count twice."""
    begins = experience.years["start"].min().date().isoformat() if len(experience.years) else ""
    for artefact in artefacts:
        seen = artefact.get("experience")
        if seen is None or seen["to"] <= begins:
            return artefact
    raise WaarborgError(
        "every calibration offered as prior has seen claims of the same time; offer the one that they came from"
    )


def _holding(calibration: Calibration, regime: Regime) -> Calibration:
    """The calibration as it was rounded, if it holds every bound of the regime. Raises WaarborgError if not."""
    if rows := broken(calibration, regime):
        told = ", ".join(f"{row.id} at {row.what}" for row in rows)
        raise WaarborgError(f"the calibration breaks constraints of regime {regime.id} after rounding: {told}")
    return calibration


def _value(artefact: Mapping[str, Any]) -> Calibration:
    return parse_calibration(canonical_json(artefact))


def _name(artefact: Mapping[str, Any]) -> str:
    return sha256_hex(canonical_json(artefact).encode())


def _check(base: Base) -> None:
    """Refuse a regime that no fit can hold, and an experience that none can read. Raises WaarborgError."""
    check_regime(base.prior, base.artefact, base.regime)
    experience = base.experience
    if experience.years.empty:
        raise WaarborgError("experience: it holds no system-years")
    if (newest := max(experience.years["end"].max(), experience.claims["known"].max())) > pd.Timestamp(
        experience.as_of
    ):
        raise WaarborgError(f"experience: it holds data of {newest.date()}, after its as-of date {experience.as_of}")
    if not known_perils(base.prior, experience):
        raise WaarborgError("experience: it holds the danger score of no peril that the prior calibration knows")


def _chosen(prior: Mapping[str, Any], champion: Mapping[str, Any]) -> Part:
    """That the prior is not the champion, where so."""
    if prior is champion:
        return Part("")
    told = (
        f"calibration {_name(champion)[:12]} has seen claims of the same time; the fit starts from "
        f"{_name(prior)[:12]}, which has not, so that no claim counts twice"
    )
    return Part("", findings=(Finding("fit-prior-older", Severity.INFO, "prior", told),))


def _artefact(base: Base, parts: Sequence[Part], found: Sequence[Finding]) -> dict[str, Any]:
    data = merged(base.artefact, parts)
    tables = table_digests(path.name for path in (REFERENCE / "tables").glob("*.csv"))
    experience = base.experience
    data |= {
        "kind": "fitted",
        "as_of": experience.as_of.isoformat(),
        "method": METHOD,
        "seed": base.seed,
        "prior": _name(base.artefact),
        "regime": base.regime.sha256,
        "data": tables | {"experience": experience.sha256},
        "experience": {
            "source": experience.source,
            "from": experience.years["start"].min().date().isoformat(),
            "to": experience.as_of.isoformat(),
            "firms": int(experience.years["firm"].nunique()),
            "systems": int(experience.years["system"].nunique()),
            "claims": len(experience.claims),
            "sha256": experience.sha256,
        },
        "warnings": [f.line() for f in found if f.severity not in {Severity.INFO}],
    }
    return data

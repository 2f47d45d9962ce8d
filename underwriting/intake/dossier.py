"""A dossier folder to a risk profile and findings. Wrong input never raises: it gives findings, all at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from policies.digest import digest, sha256_hex
from policies.findings import Finding, Severity, gravest_first
from policies.regimes import Regime
from policies.risk import Incident, Obligation, RiskProfile
from policies.safety import catalogue
from underwriting.intake.codes import remark
from underwriting.intake.declaration import (
    Data,
    check_declaration,
    cover_of,
    firm_of,
    read_declaration,
    system_of,
    systems_of,
)
from underwriting.intake.evidence import read_evidence
from underwriting.intake.files import content, unreadable
from underwriting.intake.limits import DOSSIER_BYTES, TABLE_BYTES, Refused
from underwriting.intake.schema import DOSSIER
from underwriting.intake.tables import INCIDENTS, OBLIGATIONS, read_incidents, read_obligations

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed in. `profile` is None exactly when a finding is an error."""

    profile: RiskProfile | None
    findings: tuple[Finding, ...]


def read_dossier(folder: Path, regime: Regime, at: date) -> Submission:
    """The dossier in `folder` under a regime, as of day `at`."""
    if absent := _absent(folder):
        return Submission(None, (absent,))
    found: list[Finding] = []
    digests: dict[str, str] = {}

    def read(name: str, most: int, reader: Callable[[bytes], tuple[T, tuple[Finding, ...]]], empty: T) -> T:
        """A file's value; its findings and its digest are kept."""
        if not os.path.lexists(folder / name):  # a link that leads nowhere is there, and wrong
            return empty
        try:
            raw = content(folder, name, most)
            value, findings = reader(raw)
        except Refused as refused:
            found.append(remark(refused.code, name, refused.message))
            return empty
        digests[name] = sha256_hex(raw)
        found.extend(findings)
        return value

    no_data: Data = {}
    no_incidents: tuple[Incident, ...] = ()
    no_obligations: tuple[Obligation, ...] = ()
    data = read(DOSSIER, DOSSIER_BYTES, read_declaration, no_data)
    found.extend(check_declaration(data, regime, at))
    systems = _system_ids(data)
    incidents = read(INCIDENTS, TABLE_BYTES, lambda raw: read_incidents(raw, systems, at), no_incidents)
    obligations = read(OBLIGATIONS, TABLE_BYTES, lambda raw: read_obligations(raw, systems, regime, at), no_obligations)
    evidence = read_evidence(folder, data, catalogue(), at)
    findings = gravest_first(dict.fromkeys((*found, *evidence.findings)))
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Submission(None, findings)
    profile = RiskProfile(
        firm=firm_of(data["firm"]),
        cover=cover_of(data["cover"]),
        systems=tuple(system_of(system, evidence.runs[index]) for index, system in systems_of(data)),
        incidents=incidents,
        obligations=obligations,
        sha256=digest(sorted((digests | evidence.digests).items())),
    )
    return Submission(profile, findings)


def _absent(folder: Path) -> Finding | None:
    """The finding on a folder without a dossier, or one that the system refuses to look into."""
    try:
        if (folder / DOSSIER).exists():
            return None
        message = f"holds no {DOSSIER}; right would be a dossier folder (docs/dossier.md)"
        if folder.is_file():
            message = f"is a file; right would be the folder that holds {DOSSIER}"
    except OSError as refusal:
        refused = unreadable(refusal)
        return remark(refused.code, str(folder), refused.message)
    return remark("dossier-missing", str(folder), message)


def _system_ids(data: Data) -> frozenset[str] | None:
    """The ids that dossier.toml declares, or None when some of them could not be read."""
    systems = data.get("systems", [None])
    if any(system is None or "id" not in system for system in systems):
        return None
    return frozenset(system["id"] for system in systems)

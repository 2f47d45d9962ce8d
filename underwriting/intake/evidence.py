"""The evidence of a dossier: each file found, hashed and given to the reader of its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from policies.findings import Finding
from policies.safety import Independence, TestRun
from underwriting.intake.claim import Claim, Reading, Tests
from underwriting.intake.codes import remark
from underwriting.intake.declaration import Data, entries_of, systems_of
from underwriting.intake.files import digest_of, opened
from underwriting.intake.inspect_log import read_eval, read_json
from underwriting.intake.limits import EVIDENCE_BYTES, Refused
from underwriting.intake.results_table import read_table
from underwriting.intake.schema import dossier_schema, parse_day, spot
from underwriting.intake.text import shown

# The formats: to add one, write its reader and name it here.
READERS: tuple[tuple[str, Callable[[BinaryIO, Claim, Tests], Reading]], ...] = (
    (".eval", read_eval),
    (".json", read_json),
    (".csv", read_table),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What all evidence of a dossier gives: runs by index of the system, digests by file name, findings."""

    runs: Mapping[int, tuple[TestRun, ...]]
    digests: dict[str, str]
    findings: tuple[Finding, ...]


def read_evidence(folder: Path, data: Data, tests: Tests, at: date) -> Evidence:
    """Every evidence file that dossier.toml names well enough to be read."""
    runs: dict[int, tuple[TestRun, ...]] = {}
    digests: dict[str, str] = {}
    findings: list[Finding] = []
    claims = {index: _claims_of(data, index, system, at) for index, system in systems_of(data)}
    for index, claimed in claims.items():
        readings = [(claim, _read(folder, claim, tests)) for claim in claimed]
        runs[index] = tuple(run for _, reading in readings for run in reading.runs)
        digests |= {_name(claim): claim.sha256 for claim in claimed}
        findings += (finding for _, reading in readings for finding in reading.findings)
        findings += _listed_twice(readings)
    return Evidence(runs, digests, tuple(findings))


def _claims_of(data: Data, index: int, system: Data, at: date) -> tuple[Claim, ...]:
    """The entries of a system that lack nothing."""
    needed = dossier_schema()["$defs"]["evidence"]["required"]
    return tuple(
        _claim(data, spot(("systems", index, "evidence", number)), system, entry, at)
        for number, entry in entries_of(system)
        if all(name in entry for name in needed)
    )


def _claim(data: Data, entry_spot: str, system: Data, entry: Mapping[str, Any], at: date) -> Claim:
    day = entry.get("registered_at")
    return Claim(
        entry=entry_spot,
        file=entry["file"],
        test=entry["test"],
        evaluator=entry["evaluator"],
        independence=Independence(entry["independence"]),
        sha256=entry["sha256"],
        registered_at=parse_day(day) if day else None,
        model=system["foundation_model"].rpartition("@")[0] if "foundation_model" in system else None,
        claimed=frozenset(
            other["test"]
            for _, holder in systems_of(data)
            for _, other in entries_of(holder)
            if other.get("file") == entry["file"] and "test" in other
        ),
        at=at,
    )


def _name(claim: Claim) -> str:
    return str(PurePosixPath(claim.file))


def _read(folder: Path, claim: Claim, tests: Tests) -> Reading:
    try:
        with opened(folder, claim.file, EVIDENCE_BYTES) as handle:
            actual = digest_of(handle)
            if actual != claim.sha256:
                message = f"declares sha256 {claim.sha256}, but {shown(claim.file)} has {actual}"
                return Reading(findings=(remark("evidence-hash", claim.entry, message),))
            for suffix, reader in READERS:
                if claim.file.lower().endswith(suffix):
                    return reader(handle, claim, tests)
    except Refused as refused:
        return Reading(findings=(remark(refused.code, claim.entry, f"{shown(claim.file)} {refused.message}"),))
    known = ", ".join(suffix for suffix, _ in READERS)
    message = f"{shown(claim.file)} is of no known format; right would be a file that ends in {known}"
    return Reading(findings=(remark("evidence-format", claim.entry, message),))


def _listed_twice(readings: list[tuple[Claim, Reading]]) -> list[Finding]:
    """The same file, or the same run in another file, listed again for the same test."""
    seen: dict[tuple[str, str], str] = {}
    found: list[Finding] = []
    for claim, reading in readings:
        names = [(claim.test, name) for name in (claim.sha256, reading.run_id) if name]
        earlier = next((seen[name] for name in names if name in seen), None)
        if earlier is not None:
            found.append(
                remark("evidence-twice", claim.entry, f"lists a run that {earlier} lists; right would be once")
            )
        seen |= dict.fromkeys(names, claim.entry)
    return found

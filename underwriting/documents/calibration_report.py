"""The report of a calibration: what a board reads before it approves one. Written as a page and as a print."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from policies.digest import canonical_json, sha256_hex
from policies.findings import GRAVITY, Finding, Severity, gravest_first
from underwriting.documents.content import Gravity, Remark, Report, Section, Table, Tables
from underwriting.documents.voice import DASH, Voice, finite, texts
from underwriting.intake.text import safe
from underwriting.texts import finding_title

SHORT = 12  # characters of a digest that name a calibration among people
LONGEST_TEXT = 2000
STATUS = {
    Severity.ERROR: "blocked",
    Severity.DECLINE: "blocked",
    Severity.REFER: "refer",
    Severity.WARNING: "read",
    Severity.INFO: "clear",
}
EXPERIENCE_COUNTS = ("claims", "system_years", "systems", "firms")
EXPERIENCE_WORDS = ("source", "as_of", "sha256")
PAGE_WORDS = ("page",)


def write_report(
    folder: Path,
    calibration: Mapping[str, Any],
    validation: Mapping[str, Any],
    fitted_by: str,
    fitted_at: date,
    approvals: Sequence[tuple[str, str, date]],
    lang: str,
) -> tuple[Path, Path]:
    """Write the report of a calibration into `folder` as self-contained HTML and as PDF, and return both paths.

    `calibration` is the artefact's JSON; `validation` holds `calibration`, `champion`, `findings` (code, severity,
    subject, message) and `tables` (name -> records, or None where a step had nothing). The same input gives the same
    bytes. Raises KeyError for a language other than "en" and "nl".
    """
    from underwriting.documents.calibration_page import page  # noqa: PLC0415 - jinja2, typst and Matplotlib are for
    from underwriting.documents.calibration_print import printed  # noqa: PLC0415 - who makes a report, not for a quote

    report = report_of(calibration, validation, fitted_by, fitted_at, approvals, lang)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"calibration-{report.id[:SHORT]}-{lang}"
    html, pdf = stem.with_suffix(".html"), stem.with_suffix(".pdf")
    html.write_text(page(report), "utf-8")
    pdf.write_bytes(printed(report, date.fromisoformat(calibration["as_of"])))
    return html, pdf


def report_of(
    calibration: Mapping[str, Any],
    validation: Mapping[str, Any],
    fitted_by: str,
    fitted_at: date,
    approvals: Sequence[tuple[str, str, date]],
    lang: str,
) -> Report:
    """All that the report says, before it is laid out (arguments as of write_report)."""
    voice = Voice(lang)
    tables: Tables = validation.get("tables") or {}
    findings = gravest_first(_finding(row) for row in validation.get("findings") or ())
    name = calibration_id(calibration, validation)
    status = STATUS[findings[0].severity] if findings else "clear" if tables else "unchecked"
    return Report(
        lang=lang,
        title=f"{voice.says('page.title')} {name[:SHORT]}",
        id=name,
        status=status,
        stamp=voice.says(f"stamp.{status}"),
        verdict=_verdict(findings, status, tables, voice),
        facts=_facts(name, calibration, validation, voice, (fitted_by, fitted_at)),
        findings=_gravities(findings, voice),
        approvals=_approvals(approvals, voice) if approvals else None,
        sections=_sections(calibration, tables, findings, voice),
        glossary=tuple((voice.says(f"{entry}.term"), voice.says(f"{entry}.means")) for entry in _entries()),
        words={key.replace(".", "_"): voice.says(key) for key in texts() if _is_page_word(key)},
    )


def calibration_id(calibration: Mapping[str, Any], validation: Mapping[str, Any]) -> str:
    """The digest that names the calibration: as the validation says it, else of the artefact itself."""
    said = str(validation.get("calibration") or "")
    return said if re.fullmatch(r"[0-9a-f]{64}", said) else sha256_hex(canonical_json(calibration).encode())


def _is_page_word(key: str) -> bool:
    section, _, name = key.partition(".")
    return section in PAGE_WORDS and name not in {"fitted_on", "missing"}


def _entries() -> list[str]:
    return [key.removesuffix(".term") for key in texts() if key.startswith("glossary.") and key.endswith(".term")]


def _finding(row: Mapping[str, Any]) -> Finding:
    """A finding of the validation; a severity that we do not know is taken for the gravest."""
    known = row.get("severity") in set(Severity)
    severity = Severity(row["severity"]) if known else Severity.ERROR
    return Finding(
        *(str(row.get("code") or ""), severity, str(row.get("subject") or ""), str(row.get("message") or ""))
    )


def _gravities(findings: Sequence[Finding], voice: Voice) -> tuple[Gravity, ...]:
    """Findings by severity, gravest first."""
    return tuple(
        Gravity(
            severity=str(severity),
            title=_counted(severity, len(own), voice),
            action=voice.says(f"action.{severity}"),
            remarks=tuple(_remark(finding, voice.lang) for finding in own),
        )
        for severity in GRAVITY
        if (own := [finding for finding in findings if finding.severity is severity])
    )


def _remark(finding: Finding, lang: str) -> Remark:
    words = (finding_title(finding, lang), finding.subject, finding.message)
    return Remark(*(safe(word, LONGEST_TEXT) for word in words))


def _counted(severity: Severity, n: int, voice: Voice) -> str:
    return voice.says(f"count.{severity}.{'one' if n == 1 else 'other'}", n=n)


def _verdict(findings: Sequence[Finding], status: str, tables: Tables, voice: Voice) -> tuple[str, str, str]:
    """Three plain sentences: how many findings, is it fit to approve, what changes most."""
    from underwriting.documents.calibration_frequency import biggest_changes  # noqa: PLC0415 - draws with Matplotlib

    counts = [(severity, sum(finding.severity is severity for finding in findings)) for severity in GRAVITY]
    told = [_counted(severity, n, voice) for severity, n in counts if n]
    moved = biggest_changes(tables, voice)
    change = voice.says("verdict.no_change")
    if len(moved) > 1:
        (first, by), (second, by2) = moved[:2]
        change = voice.says("verdict.change", first=first, change=by, second=second, change2=by2)
    listed = _listed(told, voice.says("verdict.and"))
    return (
        voice.says("verdict.counts", counts=listed)
        if told
        else voice.says("verdict.none" if tables else "verdict.no_checks"),
        voice.says(f"verdict.{status}"),
        change,
    )


def _listed(words: Sequence[str], conjunction: str) -> str:
    return conjunction.join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _facts(
    name: str,
    calibration: Mapping[str, Any],
    validation: Mapping[str, Any],
    voice: Voice,
    fitted: tuple[str, date],
) -> tuple[tuple[str, str], ...]:
    by, day = fitted
    facts = {
        "page.calibration": name[:SHORT],
        "page.as_of": voice.day(date.fromisoformat(calibration["as_of"])),
        "page.fitted": voice.says("page.fitted_on", by=safe(by, LONGEST_TEXT), day=voice.day(day)),
        "page.kind": voice.name("kind", calibration.get("kind")),
        "page.method": safe(str(calibration.get("method") or DASH), LONGEST_TEXT),
        "page.prior": _short(calibration.get("prior"), voice),
        "page.champion": _short(validation.get("champion"), voice),
    }
    experience = calibration.get("experience") or {}
    for key in EXPERIENCE_COUNTS:
        if (number := finite(experience.get(key))) is not None:
            facts[f"experience.{key}"] = voice.decimal(number, 0)
    for key in EXPERIENCE_WORDS:
        if isinstance(word := experience.get(key), str):
            facts[f"experience.{key}"] = _readable(key, word, voice)
    if (detection := finite(experience.get("detection"))) is not None:
        facts["experience.detection"] = voice.percent(detection)
    facts["page.digest"] = name
    return tuple((voice.says(key), value) for key, value in facts.items())


def _readable(key: str, word: str, voice: Voice) -> str:
    if key == "as_of" and re.fullmatch(r"\d{4}-\d\d-\d\d", word):
        return voice.day(date.fromisoformat(word))
    return word[:SHORT] if key == "sha256" else safe(word, LONGEST_TEXT)


def _short(value: object, voice: Voice) -> str:
    """A calibration that another one names, by the start of its digest."""
    name = value.get("sha256") if isinstance(value, Mapping) else value
    return safe(str(name))[:SHORT] if name else voice.says("page.no_champion")


def _approvals(approvals: Sequence[tuple[str, str, date]], voice: Voice) -> Table:
    names = ("by", "reason", "effective_from")
    return Table(
        caption=voice.says("table.approvals"),
        head=tuple(voice.says(f"column.{name}") for name in names),
        numeric=(False, False, False),
        rows=tuple((safe(by, LONGEST_TEXT), safe(why, LONGEST_TEXT), voice.day(day)) for by, why, day in approvals),
    )


def _sections(
    calibration: Mapping[str, Any], tables: Tables, findings: Sequence[Finding], voice: Voice
) -> tuple[Section, ...]:
    from underwriting.documents import (  # noqa: PLC0415 - they draw with Matplotlib
        calibration_checks,
        calibration_constraints,
        calibration_frequency,
        calibration_severity,
        calibration_times,
    )

    checks, frequency = calibration_checks, calibration_frequency
    severity, times = calibration_severity, calibration_times
    builders = (
        frequency.experience,
        frequency.relativities,
        calibration_constraints.constraints,
        checks.actual_expected,
        checks.ranking,
        checks.fit,
        checks.out_of_time,
        checks.stability,
        severity.tail,
        severity.limits,
        severity.mixture,
        times.lag,
        times.trend,
        times.credibility,
        times.durations,
        times.tests,
        frequency.parameters,
    )
    return (*(build(tables, voice) for build in builders), _origin(calibration, findings, voice))


def _origin(calibration: Mapping[str, Any], findings: Sequence[Finding], voice: Voice) -> Section:
    """Files read, and the reservations that the findings do not tell already."""
    files = sorted((calibration.get("data") or {}).items())
    warnings = [str(warning) for warning in calibration.get("warnings") or ()]
    reservations = [text for text in warnings if not any(f.message in text for f in findings if f.message)]
    written = []
    if reservations:
        told = tuple((safe(warning, LONGEST_TEXT),) for warning in reservations)
        written.append(Table(voice.says("table.warnings"), (voice.says("column.reservation"),), (False,), told))
    if files:
        head = (voice.says("column.file"), voice.says("column.digest"))
        rows = tuple((safe(str(file)), safe(str(digest))) for file, digest in files)
        written.append(Table(voice.says("table.data"), head, (False, False), rows))
    return Section(
        id="origin",
        title=voice.says("section.origin.title"),
        seen=voice.says("section.origin.seen", files=len(files)),
        about=voice.says("section.origin.about"),
        tables=tuple(written),
    )

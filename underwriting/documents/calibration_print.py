"""A report as a PDF, set by Typst. The text goes in as data, so that nothing in it can be taken for markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any, Literal

import typst

from policies.findings import WaarborgError
from underwriting.documents.content import Figure, Report, Section, Table

PRINT_SCALE = 0.77  # of a drawing's own size on paper
CAPTION_HEIGHT, PAGE_HEIGHT = 0.55, 8.3  # inches: caption and gap of a figure; what a page holds below a heading


def printed(report: Report, day: date) -> bytes:
    """The report as the bytes of a tagged PDF dated `day`, set in the typefaces that Typst brings along.

    It keeps the accessibility standard PDF/UA-1, unless a name has letters that no typeface at hand can draw. Raises
    WaarborgError when Typst has something to warn of: a print with a gap is no print.
    """
    content = json.dumps(_content(report), ensure_ascii=False)
    try:
        pdf, complaints = _set(content, day, "ua-1")
    except typst.TypstError:
        pdf, complaints = _set(content, day, [])
    if complaints:
        raise WaarborgError(f"the report could not be set: {complaints[0]}")
    return pdf


def _set(content: str, day: date, standard: Literal["ua-1"] | list[Any]) -> tuple[bytes, list[typst.TypstWarning]]:
    return typst.compile_with_warnings(
        resources.files("underwriting.documents").joinpath("calibration_report.typ").read_bytes(),
        sys_inputs={"report": content},
        ignore_system_fonts=True,
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        pdf_standards=standard,
    )


def _content(report: Report) -> dict[str, Any]:
    """The report as JSON: its values, and the figures of each section in columns as on the page."""
    content = {name: getattr(report, name) for name in ("lang", "title", "id", "status", "stamp", "verdict", "facts")}
    sections = [
        {
            **{name: getattr(section, name) for name in ("id", "title", "seen", "about", "missing")},
            "breakable": _height(section) > PAGE_HEIGHT,
            "columns": [[_figure(figure) for figure in column] for column in section.columns],
            "wide": [_figure(figure) for figure in section.wide],
            "tables": [_table(table) for table in section.tables],
        }
        for section in report.sections
    ]
    return {
        **content,
        "findings": [asdict(gravity) for gravity in report.findings],
        "approvals": _table(report.approvals) if report.approvals else None,
        "sections": sections,
        "glossary": report.glossary,
        "words": dict(report.words),
    }


def _height(section: Section) -> float:
    """About how many inches of a page the narrow figures take, side by side."""
    return max(sum(f.drawing.height * PRINT_SCALE + CAPTION_HEIGHT for f in column) for column in section.columns)


def _figure(figure: Figure) -> dict[str, str]:
    return {"caption": figure.caption, "svg": figure.drawing.svg, "alt": figure.drawing.alt}


def _table(table: Table) -> dict[str, Any]:
    return asdict(table)

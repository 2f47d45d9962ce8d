"""A report as a PDF, set by Typst. The text goes in as data, so that nothing in it can be taken for markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from underwriting.documents.content import Columns, Figure, Report, Table, in_columns
from underwriting.documents.typesetting import typeset

PRINT_SCALE = 0.77  # of a drawing's own size on paper
CAPTION_HEIGHT, PAGE_HEIGHT = 0.45, 8.4  # inches: caption and gap of a figure; what a page holds below a heading


def printed(report: Report, day: date) -> bytes:
    """The report as the bytes of a tagged PDF dated `day`, set in the typefaces that Typst brings along.

    It keeps the accessibility standard PDF/UA-1, unless a name has letters that no typeface at hand can draw. Raises
    WaarborgError when Typst has something to warn of: a print with a gap is no print.
    """
    return typeset("calibration_report.typ", _content(report), day)


def _content(report: Report) -> dict[str, Any]:
    """The report as JSON: its values, and the figures of each section in columns as on the page."""
    content = {name: getattr(report, name) for name in ("lang", "title", "id", "status", "stamp", "verdict", "facts")}
    sections = [
        {
            **{name: getattr(section, name) for name in ("id", "title", "seen", "about", "missing")},
            "grids": [[[_figure(f) for f in column] for column in grid] for grid in grids(section.narrow)],
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


def grids(figures: Sequence[Figure]) -> list[Columns]:
    """Figures in grids of two columns, each grid as many figures as one page holds."""
    taken: list[Columns] = []
    group: list[Figure] = []
    for figure in figures:
        if group and _height(in_columns([*group, figure])) > PAGE_HEIGHT:
            taken.append(in_columns(group))
            group = []
        group.append(figure)
    return [*taken, in_columns(group)] if group else taken


def _height(columns: Columns) -> float:
    """About how many inches of a page the figures take, side by side."""
    return max(sum(f.drawing.height * PRINT_SCALE + CAPTION_HEIGHT for f in column) for column in columns)


def _figure(figure: Figure) -> dict[str, str]:
    return {"caption": figure.caption, "svg": figure.drawing.svg, "alt": figure.drawing.alt}


def _table(table: Table) -> dict[str, Any]:
    return asdict(table)

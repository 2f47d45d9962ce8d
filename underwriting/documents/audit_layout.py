"""The report of an audit laid out: one HTML file with nothing fetched, and a tagged PDF set by Typst."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from underwriting.documents.audit_report import FOLDER, AuditReport
from underwriting.documents.typesetting import typeset


def page(report: AuditReport) -> str:
    """The report as the text of an HTML document, in the house style of calibration_report.css."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style = "\n".join(_read(name) for name in ("calibration_report.css", "audit_report.css"))
    template = environment.from_string(_read("audit_report.html"))
    return template.render(report=report, style=Markup(style))  # noqa: S704 - our own files


def printed(report: AuditReport, day: date) -> bytes:
    """The report as the bytes of a tagged PDF dated `day`, in the typefaces that Typst brings along.

    It keeps PDF/UA-1, unless a name has letters that no typeface at hand can draw. Raises WaarborgError when Typst has
    something to warn of: a print with a gap is no print.
    """
    return typeset("audit_report.typ", asdict(report), day)


def _read(name: str) -> str:
    return resources.files(FOLDER).joinpath(name).read_text("utf-8")

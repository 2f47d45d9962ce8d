"""A report as one HTML file: style and drawings inside, no script, nothing fetched."""

from __future__ import annotations

import re
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from underwriting.documents.content import Report

FOLDER = "underwriting.documents"


def page(report: Report) -> str:
    """The report as the text of an HTML document."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["inline"] = inline
    template = environment.from_string(_read("calibration_report.html"))
    return template.render(report=report, style=Markup(_read("calibration_report.css")))  # noqa: S704 - our own file


def inline(svg: str, alt: str) -> Markup:
    """A drawing as part of a page: it scales with the column, and is read out as an image with `alt`."""
    bare = re.sub(r'<svg[^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1", svg, count=1, flags=re.DOTALL)
    opening, rest = re.match(r'(<svg viewBox="[^"]*")(.*)', bare, re.DOTALL).groups()  # type: ignore[union-attr]
    attributes = Markup(' role="img" stroke-linejoin="round" aria-label="{}">').format(alt)
    return Markup(opening) + attributes + Markup(rest.replace("xlink:href", "href"))  # noqa: S704 - drawing.py escapes


def _read(name: str) -> str:
    return resources.files(FOLDER).joinpath(name).read_text("utf-8")

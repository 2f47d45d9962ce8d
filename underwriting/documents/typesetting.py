"""A print set by Typst: the one way in which every document of the house becomes a PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any, Literal

import typst

from policies.findings import WaarborgError


def typeset(template: str, content: Mapping[str, Any], day: date) -> bytes:
    """The bytes of a tagged PDF dated `day`, in the typefaces that Typst brings along; the template reads `content`.

    It keeps PDF/UA-1, unless a name has letters that no typeface at hand can draw. Raises WaarborgError when Typst has
    something to warn of: a print with a gap is no print.
    """
    told = json.dumps(content, ensure_ascii=False)
    try:
        pdf, complaints = _set(template, told, day, "ua-1")
    except typst.TypstError:
        pdf, complaints = _set(template, told, day, [])
    if complaints:
        raise WaarborgError(f"{template} could not be set: {complaints[0]}")
    return pdf


def _set(
    template: str, content: str, day: date, standard: Literal["ua-1"] | list[Any]
) -> tuple[bytes, list[typst.TypstWarning]]:
    return typst.compile_with_warnings(
        resources.files("underwriting.documents").joinpath(template).read_bytes(),
        sys_inputs={"content": content},
        ignore_system_fonts=True,
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        pdf_standards=standard,
    )

"""dossier.toml against its JSON Schema: every breach as one finding with what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

from policies.findings import Finding
from underwriting.intake.codes import place, remark
from underwriting.intake.limits import FINDINGS
from underwriting.intake.text import shown

DOSSIER = "dossier.toml"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1500, 2199

Path = tuple[str | int, ...]


@cache
def dossier_schema() -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of dossier.toml."""
    text = resources.files("underwriting.intake").joinpath("dossier.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def parse_day(text: str) -> date | None:
    """A date written YYYY-MM-DD within the years the format allows, else None."""
    if not DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def breaches(data: Mapping[str, Any], known: frozenset[Path]) -> dict[Path, Finding]:
    """What the schema finds wrong with dossier.toml, one finding a place; places in `known` have theirs already.

    Numbers of `data` are int or Decimal, dates are text.
    """
    told = (pair for error in _validator().iter_errors(data) for pair in _told(error))
    found: dict[Path, Finding] = {}
    for path, finding in islice(told, FINDINGS):
        if path not in known:
            found.setdefault(path, finding)
    if next(told, None):
        found[("",)] = remark("file-many-findings", DOSSIER, f"more than {FINDINGS} findings; mend these first")
    return found


def right_for(path: Path) -> str:
    """What would be right at a place of dossier.toml, in the words of the schema."""
    node: Mapping[str, Any] = dossier_schema()
    words = ""
    for step in path:
        inner = _resolved(node)
        node = inner["items"] if isinstance(step, int) else inner["properties"][step]
        words = node.get("description") or _resolved(node).get("description", "")
    return words


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    definition: Mapping[str, Any] = dossier_schema()["$defs"][reference.rpartition("/")[2]] if reference else node
    return definition


def spot(path: Path) -> str:
    """A path into dossier.toml in words: entries are counted from 1."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts[-1] += f" #{step + 1}"
        else:
            parts.append(step)
    return place(DOSSIER, *parts)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, FormatChecker, validators  # noqa: PLC0415 - costs 80 ms

    numbers = {"number": _is_number, "integer": lambda _checker, value: type(value) is int}
    types = Draft202012Validator.TYPE_CHECKER.redefine_many(numbers)
    formats = FormatChecker(formats=())
    formats.checks("date")(lambda value: not isinstance(value, str) or parse_day(value) is not None)
    exact = validators.extend(Draft202012Validator, type_checker=types)  # type: ignore[no-untyped-call]
    return exact(dossier_schema(), format_checker=formats)


def _is_number(_checker: object, value: object) -> bool:
    return type(value) is int or (isinstance(value, Decimal) and value.is_finite())


def _told(error: Any) -> Iterator[tuple[Path, Finding]]:
    """One breach as findings: an object may lack several fields and hold several unknown ones."""
    path: Path = tuple(error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                at = (*path, name)
                yield at, remark("field-missing", spot(at), f"is required and absent; right would be {right_for(at)}")
    elif error.validator == "additionalProperties":
        fields = error.schema["properties"]
        for name in error.instance:
            if name not in fields:
                message = f"is not a field of the format; known here: {', '.join(fields)}"
                yield (*path, name), remark("field-unknown", spot((*path, name)), message)
    else:
        code = "field-type" if error.validator == "type" else "field-value"
        yield path, remark(code, spot(path), f"is {shown(error.instance)}; right would be {right_for(path)}")

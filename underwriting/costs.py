"""What an action costs a firm: its own costs from a file, else the defaults of costs.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from policies.findings import BadInputError, Severity, WaarborgError
from policies.money import Money
from underwriting.intake.codes import remark
from underwriting.intake.csvtext import Column, an_amount, read_rows
from underwriting.intake.files import content
from underwriting.intake.limits import Refused
from underwriting.intake.text import shown

MOST_BYTES = 1_000_000  # of a file of costs: thousands of actions
ACTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", re.ASCII)
DEDUCTIBLE = "deductible"
KINDS = ("test", "accreditation", "assessment", "obligation", DEDUCTIBLE)


def _action(cell: str) -> str:
    if not ACTION.fullmatch(cell):
        raise ValueError(cell)
    return cell


COLUMNS = (
    Column("action", f"the id of an action, or one of {', '.join(KINDS)}", _action),
    Column("eur", "an amount in euros, from 0 to below 1e12 with at most two decimals", an_amount),
)


def amount(text: str) -> Money:
    """Euros as typed, such as 12500 or 12500.50. Raises WaarborgError."""
    try:
        return an_amount(text.strip())
    except ValueError:
        raise WaarborgError(f"{shown(text)} is no amount; right would be euros such as 12500 or 12500.50") from None


@cache
def default_costs() -> Mapping[str, Money]:
    """Costs by kind of action. A deductible is not among them: what it costs depends on the firm."""
    rows = tomllib.loads(resources.files("underwriting").joinpath("costs.toml").read_text("utf-8"))
    return {kind: Money.euros(row["eur"]) for kind, row in rows.items()}


def read_costs(file: Path) -> Mapping[str, Money]:
    """The costs of a CSV file by id or kind of action, columns action and eur.

    Raises BadInputError with all that is wrong with its cells, WaarborgError when it is no such file.
    """
    try:
        rows, found = read_rows(content(file.parent, file.name, MOST_BYTES), file.name, COLUMNS)
    except Refused as refusal:
        raise WaarborgError(f"{file}: {refusal.message}") from None
    actions = [row.values.get("action") for row in rows]
    twice = [
        remark("id-duplicate", row.at(file.name, "action"), f"{action} stands twice")
        for number, (row, action) in enumerate(zip(rows, actions, strict=True))
        if action and action in actions[:number]
    ]
    if wrong := [finding for finding in (*found, *twice) if finding.severity is Severity.ERROR]:
        raise BadInputError(wrong)
    return {row.values["action"]: row.values["eur"] for row in rows}

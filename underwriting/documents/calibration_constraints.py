"""Section of the report on the constraints of the regime: which bind, what they cost, and the weights by conduct."""

from __future__ import annotations

import math

from policies.perils import PERILS
from policies.regimes import load_regime, regime_ids
from underwriting.documents.calibration_tables import grouped, level_name, path_name, rows_of, section, table
from underwriting.documents.content import Records, Row, Section, Tables
from underwriting.documents.voice import DASH, Voice, finite
from underwriting.intake.text import safe

BINDING = (
    *("constraint", "what", "bound", "value", "unconstrained", "dual", "deviance_paid", "moved_eur"),
    "moved_eur_per_point",
)
FREE = ("constraint", "what", "bound", "value", "slack")
CONDUCT = ("severity", "reported", "late", "concealed", "least_concealed", "margin")
FACTORS = {"classes": "class", "roles": "role", "sectors": "sector", "autonomy": "autonomy", "maturity": "maturity"}


def constraints(tables: Tables, voice: Voice) -> Section:
    """Constraints that bind with their price, the tightest of each that does not, and weights of incidents."""
    rows = rows_of(tables, "constraints")
    named = [{**row, **_words(row, voice)} for row in rows]
    binding = [row for row in named if row.get("binding")]
    free = [_tightest(own) for own in grouped([row for row in named if not row.get("binding")], "constraint").values()]
    conduct = [{**row, "severity": voice.name("grade", row.get("severity"))} for row in rows_of(tables, "conduct")]
    written = [
        table(name, records, columns, voice)
        for name, records, columns in (
            ("constraints", binding, BINDING),
            ("constraints_free", free, FREE),
            ("conduct", conduct, CONDUCT),
        )
        if records
    ]
    seen = _seen(rows, rows_of(tables, "constraint_cost"), voice)
    return section("constraints", ("constraints", "constraint_cost"), tables, voice, seen, (), written)


def _tightest(rows: Records) -> Row:
    """Of the rows of one constraint the one with the least slack."""
    return min(rows, key=lambda row: math.inf if (slack := finite(row.get("slack"))) is None else slack)


def _seen(rows: Records, cost: Records, voice: Voice) -> str:
    if not rows or not cost:
        return ""
    count = sum(bool(row.get("binding")) for row in rows)
    if not count:
        return voice.says("section.constraints.none", all=len(rows))
    return voice.says(
        "section.constraints.seen",
        binding=count,
        all=len(rows),
        paid=voice.decimal(finite(cost[0].get("deviance_paid")), 1),
        eur=voice.euros(cost[0].get("moved_eur")),
    )


def _words(row: Row, voice: Voice) -> dict[str, str]:
    """The title of a constraint and what it is about."""
    name = str(row.get("constraint") or DASH)
    found = _rule(name)
    title, parameter = (found[0][voice.lang == "nl"], found[1]) if found else (name, "")
    return {"constraint": safe(title), "what": _what(str(row.get("what") or DASH), FACTORS.get(parameter, ""), voice)}


def _rule(name: str) -> tuple[tuple[str, str], str] | None:
    """Titles (English, Dutch) and parameter of a constraint of a regime that ships with the program."""
    for regime in regime_ids():
        if rule := load_regime(regime).incentives.constraints.get(name):
            return (rule.title, rule.title_nl), rule.parameter
    return None


def _what(what: str, factor: str, voice: Voice) -> str:
    """A peril, a slope, a level or a pair of levels in words."""
    if what in PERILS:
        return voice.peril(what)
    if factor:
        return " → ".join(_level(factor, level, voice) for level in what.split(" to "))
    return path_name(f"frequency.{what}", voice)


def _level(factor: str, level: str, voice: Voice) -> str:
    """A level by its name; bands of maturity are counted from one."""
    return str(int(level) + 1) if factor == "maturity" and level.isdecimal() else level_name(factor, level, voice)

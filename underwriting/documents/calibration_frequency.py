"""Sections of the report on claim frequency: experience, relativities, and every parameter."""

from __future__ import annotations

import math

from policies.perils import PERILS
from underwriting.documents.calibration_tables import (
    column,
    complete,
    grouped,
    level_name,
    numbers,
    path_name,
    rows_of,
    section,
    table,
)
from underwriting.documents.charts import bars, dots
from underwriting.documents.content import Axis, Dot, Figure, Records, Row, Section, Tables
from underwriting.documents.voice import Voice, finite

EDGE = 0.02  # smallest factor drawn on a logarithmic axis


def experience(tables: Tables, voice: Voice) -> Section:
    """Claims and time at risk by peril."""
    rows = rows_of(tables, "experience")
    known = complete(rows, "claims")
    figures: list[Figure] = []
    seen = ""
    if known:
        order = sorted(known, key=lambda row: -(finite(row.get("claims")) or 0))
        claims, shares = column(order, "claims"), [finite(row.get("reported_share")) for row in order]
        ends = [count / share if share else count for count, share in zip(claims, shares, strict=True)]
        groups = [(voice.says("mark.claims_known"), claims), (voice.says("mark.in_the_end"), ends)]
        labels = [voice.peril(row["peril"]) for row in order]
        axis = Axis(voice.says("axis.claims"), voice.short)
        drawing = bars("experience", labels, groups, axis, voice.count, overlaid=True)
        figures.append(Figure(voice.says("figure.claims_by_peril"), drawing))
        seen = voice.says(
            "section.experience.seen",
            claims=voice.count(sum(claims)),
            years=voice.decimal(max(column(known, "system_years"), default=None), 0),
            peril=labels[0],
            most=voice.count(claims[0]),
            none=len(PERILS) - sum(count > 0 for count in claims),
        )
    written = [table("experience", rows, ("peril", "claims", "system_years", "reported_share"), voice)] if rows else []
    return section("experience", ("experience",), tables, voice, seen, figures, written)


def relativities(tables: Tables, voice: Voice) -> Section:
    """Factors on the frequency with intervals, a dot plot a factor."""
    rows = [
        row for row in complete(rows_of(tables, "relativities"), "relativity") if (finite(row["relativity"]) or 0) > 0
    ]
    axis = Axis(voice.says("axis.factor"), voice.short, log=True)
    figures = []
    for factor, own in grouped(rows, "factor").items():
        lines = [
            Dot(
                level_name(factor, row.get("level"), voice),
                finite(row["relativity"]),
                *_positive_interval(row),
                other=_positive(row.get("prior")),
                note=voice.count(row["claims"]) if finite(row.get("claims")) is not None else "",
            )
            for row in own
        ]
        drawing = dots(f"rel-{factor}", lines, axis, voice.says("mark.fitted"), voice.says("mark.prior"), 1.0)
        figures.append(Figure(voice.says("figure.relativity", factor=voice.name("factor", factor)), drawing))
    return section("relativities", ("relativities",), tables, voice, _dearest(rows, voice), figures)


def _dearest(rows: Records, voice: Voice) -> str:
    moved = [row for row in complete(rows, "relativity", "prior") if (finite(row["prior"]) or 0) > 0]
    if not moved:
        return ""
    top = max(rows, key=lambda row: finite(row["relativity"]) or 0)
    ratio = {id(row): a / b for row in moved for a, b in [numbers(row, "relativity", "prior") or (1.0, 1.0)]}
    far = max(moved, key=lambda row: abs(math.log(ratio[id(row)])))
    return voice.says(
        "section.relativities.seen",
        value=voice.number(top["relativity"]),
        level=told(top, voice),
        low=voice.number(top.get("low")),
        high=voice.number(top.get("high")),
        moved=told(far, voice),
        change=voice.change(ratio[id(far)]),
    )


def told(row: Row, voice: Voice) -> str:
    """A level and its factor as words within a sentence."""
    factor = voice.name("factor", row.get("factor"))
    return f"{level_name(row.get('factor'), row.get('level'), voice)} ({factor[:1].lower()}{factor[1:]})"


def _positive(value: object) -> float | None:
    number = finite(value)
    return number if number is not None and number > 0 else None


def _positive_interval(row: Row) -> tuple[float | None, float | None]:
    """The interval of a row for a logarithmic axis; an end at 0 is drawn at its edge."""
    ends = numbers(row, "low", "high")
    return (max(ends[0], EDGE), max(ends[1], EDGE)) if ends else (None, None)


def parameters(tables: Tables, voice: Voice) -> Section:
    """Every parameter with its prior and interval."""
    rows = rows_of(tables, "parameters")
    known = [row for row in complete(rows, "prior", "prior_sd", "estimate") if (finite(row["prior_sd"]) or 0) > 0]
    moved = [row for row in known if abs(shift(row)) > (finite(row["prior_sd"]) or 0)]
    seen = voice.says("section.parameters.seen", all=len(known), moved=len(moved)) if known else ""
    names = ("path", "prior", "prior_sd", "estimate", "se", "model_se", "interval", "unconstrained", "claims")
    written = [table("parameters", rows, names, voice)] if rows else []
    return section("parameters", ("parameters",), tables, voice, seen, (), written)


def shift(row: Row) -> float:
    """How far the estimate of a parameter lies from its prior; 0 where either is unknown."""
    prior, estimate = numbers(row, "prior", "estimate") or (0.0, 0.0)
    return estimate - prior


def biggest_changes(tables: Tables, voice: Voice) -> list[tuple[str, str]]:
    """Names of the parameters of the frequency that moved most from their prior, with the change in per cent."""
    effects = ("intercept", "classes", "roles", "autonomy", "sectors", "maturity", "sharing", "theta")
    rows = [row for row in rows_of(tables, "parameters") if set(str(row.get("path")).split(".")) & set(effects)]
    rows = sorted((row for row in rows if shift(row)), key=lambda row: -abs(shift(row)))
    return [(path_name(str(row["path"]), voice), voice.change(math.exp(shift(row)))) for row in rows]

"""Sections of the report on claim frequency: experience, relativities, and how well the tariff predicts."""

from __future__ import annotations

import math

from underwriting.documents.calibration_tables import (
    column,
    complete,
    dot,
    grouped,
    level_name,
    numbers,
    path_name,
    rows_of,
    section,
    table,
)
from underwriting.documents.charts import bars, curves, dots
from underwriting.documents.content import Axis, Curve, Dot, Figure, Records, Row, Section, Tables
from underwriting.documents.voice import Voice, finite

HUNDRED = 100  # system-years that a claim frequency of the lift is told for
SHOWN_MOST = 12  # parameters listed of a long table: the rest is in the appendix
EDGE = 0.02  # smallest positive ratio drawn on a logarithmic axis


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
        labels = [voice.peril(str(row["peril"])) for row in order]
        axis = Axis(voice.says("axis.claims"), voice.short)
        drawing = bars("experience", labels, groups, axis, voice.count, overlaid=True)
        figures.append(Figure(voice.says("figure.claims_by_peril"), drawing))
        seen = voice.says(
            "section.experience.seen",
            claims=voice.count(sum(claims)),
            years=voice.decimal(max(column(known, "system_years"), default=None), 0),
            peril=labels[0],
            most=voice.count(claims[0]),
            none=sum(count == 0 for count in claims),
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
        level=_told(top, voice),
        low=voice.number(top.get("low")),
        high=voice.number(top.get("high")),
        moved=_told(far, voice),
        change=voice.change(ratio[id(far)]),
    )


def _told(row: Row, voice: Voice) -> str:
    factor = voice.name("factor", row.get("factor"))
    return f"{level_name(row.get('factor'), row.get('level'), voice)} ({factor[:1].lower()}{factor[1:]})"


def _positive(value: object) -> float | None:
    number = finite(value)
    return number if number is not None and number > 0 else None


def _positive_interval(row: Row) -> tuple[float | None, float | None]:
    """The interval of a row for a logarithmic axis; an end at 0 is drawn at its edge."""
    ends = numbers(row, "low", "high")
    return (max(ends[0], EDGE), max(ends[1], EDGE)) if ends else (None, None)


def actual_expected(tables: Tables, voice: Voice) -> Section:
    """Actual over expected claims by level, a dot plot a factor."""
    rows = complete(rows_of(tables, "actual_expected"), "ratio")
    axis = Axis(voice.says("axis.ratio"), voice.short, log=True)
    figures = []
    for factor, own in grouped(rows, "factor").items():
        lines = [
            Dot(
                level_name(factor, row.get("level"), voice),
                max(finite(row["ratio"]) or 0.0, EDGE),
                *_positive_interval(row),
                note=voice.count(row.get("actual")),
            )
            for row in own
        ]
        drawing = dots(f"ae-{factor}", lines, axis, voice.says("mark.fitted"), reference=1.0)
        figures.append(Figure(voice.says("figure.actual_expected", factor=voice.name("factor", factor)), drawing))
    seen = ""
    judged = complete(rows, "ratio", "low", "high", "actual", "expected")
    if judged:
        inside = [row for row in judged if _holds(row, 1.0)]
        far = max(judged, key=lambda row: abs(math.log(max(finite(row["ratio"]) or 0.0, EDGE))))
        seen = voice.says(
            "section.actual_expected.seen",
            inside=len(inside),
            all=len(judged),
            level=_told(far, voice),
            actual=voice.count(far["actual"]),
            expected=voice.number(far["expected"]),
        )
    return section("actual_expected", ("actual_expected",), tables, voice, seen, figures)


def _holds(row: Row, value: float) -> bool:
    ends = numbers(row, "low", "high")
    return ends is not None and ends[0] <= value <= ends[1]


def ranking(tables: Tables, voice: Voice) -> Section:
    """Lift, double lift, Lorenz curve and Gini."""
    figures = [
        *_lift(complete(rows_of(tables, "lift"), "system_years", "expected", "actual"), voice),
        *_double_lift(complete(rows_of(tables, "double_lift"), "ratio", "actual", "fitted", "champion"), voice),
        *_lorenz(complete(rows_of(tables, "lorenz"), "exposure_share", "claim_share"), voice),
    ]
    gini = rows_of(tables, "gini")
    by_model = {str(row.get("model")): row for row in gini}
    seen = ""
    if "fitted" in by_model:
        own = by_model["fitted"]
        seen = voice.says(
            "section.ranking.seen",
            gini=voice.decimal(own.get("gini"), 2),
            low=voice.decimal(own.get("low"), 2),
            high=voice.decimal(own.get("high"), 2),
            champion=voice.decimal(by_model.get("champion", {}).get("gini"), 2),
        )
    written = [table("gini", gini, ("model", "gini", "interval"), voice)] if gini else []
    return section("ranking", ("lift", "double_lift", "lorenz", "gini"), tables, voice, seen, figures, written)


def _lift(rows: Records, voice: Voice) -> list[Figure]:
    rows = [row for row in rows if (finite(row["system_years"]) or 0) > 0]
    if not rows:
        return []
    bands = [float(number) for number in range(1, len(rows) + 1)]
    years = column(rows, "system_years")

    def per_hundred(name: str) -> list[float]:
        return [HUNDRED * value / span for value, span in zip(column(rows, name), years, strict=True)]

    known = len(complete(rows, "low", "high")) == len(rows)
    ends = (per_hundred("low"), per_hundred("high")) if known else ((), ())
    lines = [
        Curve(voice.says("mark.expected"), "fitted", bands, per_hundred("expected")),
        Curve(voice.says("mark.actual"), "actual", bands, per_hundred("actual"), *ends),
    ]
    x = Axis(voice.says("axis.band"), lambda value: voice.decimal(value, 0))
    drawing = curves("lift", lines, x, Axis(voice.says("axis.per_hundred"), voice.short))
    return [Figure(voice.says("figure.lift"), drawing)]


def _double_lift(rows: Records, voice: Voice) -> list[Figure]:
    rows = [row for row in rows if min(numbers(row, "champion", "ratio") or (0,)) > 0]
    if not rows:
        return []
    base = column(rows, "champion")
    x = column(rows, "ratio")
    actual = [a / b for a, b in zip(column(rows, "actual"), base, strict=True)]
    fitted = [a / b for a, b in zip(column(rows, "fitted"), base, strict=True)]
    lines = [
        Curve(voice.says("mark.fit"), "fitted", x, fitted),
        Curve(voice.says("mark.champion"), "champion", x, [1.0] * len(x)),
        Curve(voice.says("mark.actual"), "actual", x, actual),
    ]
    axis = Axis(voice.says("axis.tariffs"), voice.short, log=True)
    drawing = curves("double-lift", lines, axis, Axis(voice.says("axis.of_champion"), voice.short))
    return [Figure(voice.says("figure.double_lift"), drawing)]


def _lorenz(rows: Records, voice: Voice) -> list[Figure]:
    lines = [
        Curve(voice.name("model", model), model, column(own, "exposure_share"), column(own, "claim_share"))
        for model, own in grouped(rows, "model").items()
        if model in {"fitted", "champion"}
    ]
    if not lines:
        return []
    lines.append(Curve(voice.says("mark.equal"), "reference", (0.0, 1.0), (0.0, 1.0)))
    x, y = (Axis(voice.says(f"axis.{name}_share"), voice.percent, low=0, high=1) for name in ("exposure", "claim"))
    return [Figure(voice.says("figure.lorenz"), curves("lorenz", lines, x, y))]


def fit(tables: Tables, voice: Voice) -> Section:
    """Deviance, information criterion, score; Murphy's split."""
    rows = rows_of(tables, "murphy")
    parts = ("discrimination", "miscalibration")
    figures, seen = [], ""
    known = complete(rows, *parts)
    if known:
        groups = [(voice.says(f"mark.{part}"), column(known, part)) for part in parts]
        labels = [voice.name("model", row.get("model")) for row in known]
        drawing = bars("murphy", labels, groups, Axis(voice.says("axis.deviance"), voice.short), voice.number)
        figures.append(Figure(voice.says("figure.murphy"), drawing))
    for row in known:
        total = finite(row.get("uncertainty"))
        if row.get("model") == "fitted" and total:
            shares = {part: voice.percent((finite(row[part]) or 0.0) / total, 1) for part in parts}
            seen = voice.says("section.fit.seen", **shares)
    written = []
    if quality := rows_of(tables, "fit"):
        written.append(table("fit", quality, ("model", "claims", "expected", "deviance", "aic", "log_score"), voice))
    if rows:
        written.append(table("murphy", rows, ("model", "deviance", "uncertainty", *parts), voice))
    return section("fit", ("fit", "murphy"), tables, voice, seen, figures, written)


def out_of_time(tables: Tables, voice: Voice) -> Section:
    """Years predicted before they were seen."""
    rows = rows_of(tables, "out_of_time")
    axis = Axis(voice.says("axis.claims"), voice.short)
    figures, seen = [], ""
    for number, (model, own) in enumerate(grouped(complete(rows, "actual", "expected"), "model").items()):
        lines = [dot(voice.year(row.get("year")), row, ("expected", "low", "high", "actual")) for row in own]
        drawing = dots(f"oot-{number}", lines, axis, voice.says("mark.predicted"), voice.says("mark.actual"))
        title = voice.name("model", model)
        figures.append(Figure(voice.says("figure.out_of_time", model=title[:1].upper() + title[1:]), drawing))
        if model == "fitted":
            last = own[-1]
            values = {name: voice.number(last.get(name)) for name in ("expected", "low", "high")}
            key = "inside" if _holds(last, finite(last["actual"]) or 0.0) else "outside"
            actual = voice.count(last["actual"])
            seen = voice.says(f"section.out_of_time.{key}", year=voice.year(last.get("year")), actual=actual, **values)
    names = ("model", "year", "actual", "expected", "interval", "log_score")
    written = [table("out_of_time", rows, names, voice)] if rows else []
    return section("out_of_time", ("out_of_time",), tables, voice, seen, figures, written)


def stability(tables: Tables, voice: Voice) -> Section:
    """Mix of systems, bootstrap, and what leans on the prior."""
    mix = sorted(rows_of(tables, "population_stability"), key=lambda row: -(finite(row.get("psi")) or 0))
    drawn = sorted(complete(rows_of(tables, "bootstrap"), "estimate", "mean", "sd"), key=_restless)[:SHOWN_MOST]
    leaning = complete(rows_of(tables, "prior_sensitivity"), "shift_in_se")
    leaning = sorted(leaning, key=lambda row: -abs(finite(row["shift_in_se"]) or 0))[:SHOWN_MOST]
    written = [
        table(name, rows, columns, voice)
        for name, rows, columns in (
            ("population_stability", mix, ("factor", "psi", "verdict")),
            ("bootstrap", drawn, ("path", "estimate", "mean", "sd", "interval")),
            ("prior_sensitivity", leaning, ("path", "sd_factor", "estimate", "shift_in_se")),
        )
        if rows
    ]
    seen = ""
    if mix:
        top = mix[0]
        words = {
            "factor": voice.name("factor", top.get("factor")),
            "verdict": voice.name("verdict_word", top.get("verdict")),
        }
        seen = voice.says("section.stability.seen", psi=voice.number(top.get("psi"), 2), **words)
    return section(
        "stability", ("population_stability", "bootstrap", "prior_sensitivity"), tables, voice, seen, (), written
    )


def _restless(row: Row) -> float:
    estimate, mean, sd = numbers(row, "estimate", "mean", "sd") or (0.0, 0.0, 1.0)
    return -abs(mean - estimate) / sd if sd > 0 else 0.0


def parameters(tables: Tables, voice: Voice) -> Section:
    """Every parameter with its prior and interval."""
    rows = rows_of(tables, "parameters")
    known = [row for row in complete(rows, "prior", "prior_sd", "estimate") if (finite(row["prior_sd"]) or 0) > 0]
    moved = [row for row in known if abs(shift(row)) > (finite(row["prior_sd"]) or 0)]
    seen = voice.says("section.parameters.seen", all=len(known), moved=len(moved)) if known else ""
    names = ("path", "prior", "prior_sd", "estimate", "se", "interval", "unconstrained", "claims")
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

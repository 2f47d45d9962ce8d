"""Sections of the report on validation: does the tariff predict what came, better than the one in force?"""

from __future__ import annotations

import math

from underwriting.documents.calibration_frequency import told
from underwriting.documents.calibration_tables import (
    column,
    complete,
    dot,
    grouped,
    level_name,
    numbers,
    rows_of,
    section,
    table,
)
from underwriting.documents.charts import bars, curves, dots
from underwriting.documents.content import Axis, Curve, Dot, Figure, Records, Row, Section, Tables
from underwriting.documents.voice import Voice, finite

HUNDRED = 100  # system-years that a claim frequency of the lift is told for
SHOWN_MOST = 12  # parameters listed of a long table: the rest is in the appendix
FURTHEST = 10.0  # a ratio is drawn up to so many times more or less than 1
EXTERNAL = "aiid"  # models of the world's incidents, not of the market's claims, begin with it


def actual_expected(tables: Tables, voice: Voice) -> Section:
    """Actual over expected claims by level, a dot plot for each factor of more than one level."""
    rows = complete(rows_of(tables, "actual_expected"), "ratio")
    by_factor = grouped(rows, "factor")
    axis = Axis(voice.says("axis.ratio"), voice.short, log=True)
    figures = []
    for factor, own in by_factor.items():
        lines = [_ratio(factor, row, voice) for row in own]
        if len(lines) > 1:
            drawing = dots(f"ae-{factor}", lines, axis, voice.says("mark.fitted"), reference=1.0)
            figures.append(Figure(voice.says("figure.actual_expected", factor=voice.name("factor", factor)), drawing))
    return section("actual_expected", ("actual_expected",), tables, voice, _furthest(rows, voice), figures)


def _ratio(factor: str, row: Row, voice: Voice) -> Dot:
    ends = numbers(row, "low", "high")
    low, high = (_near_one(end) for end in ends) if ends else (None, None)
    name, note = level_name(factor, row.get("level"), voice), voice.count(row.get("actual"))
    return Dot(name, _near_one(row["ratio"]), low, high, note=note)


def _near_one(ratio: object) -> float:
    """A ratio as it is drawn: within a tenth and ten times."""
    return min(max(finite(ratio) or 0.0, 1 / FURTHEST), FURTHEST)


def _furthest(rows: Records, voice: Voice) -> str:
    """How all claims compare, how many levels hold 1, and which lies off by the most standard deviations."""
    judged = complete(rows, "ratio", "low", "high", "actual", "expected")
    levels = [row for row in judged if row.get("factor") != "total"]
    if not levels:
        return ""
    far = max(levels, key=lambda row: abs(_deviation(row)))
    seen = voice.says(
        "section.actual_expected.seen",
        inside=sum(_holds(row, 1.0) for row in levels),
        all=len(levels),
        level=told(far, voice),
        actual=voice.count(far["actual"]),
        expected=voice.number(far["expected"]),
    )
    total = [row for row in judged if row.get("factor") == "total"]
    sums = {name: voice.number(row[name]) for row in total[:1] for name in ("actual", "expected")}
    return f"{voice.says('section.actual_expected.total', **sums)} {seen}" if sums else seen


def _deviation(row: Row) -> float:
    """Actual less expected in Poisson standard deviations, of one claim at least."""
    actual, expected = numbers(row, "actual", "expected") or (0.0, 0.0)
    return (actual - expected) / math.sqrt(max(expected, 1.0))


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
    if gain := rows_of(tables, "gini_gain"):
        written.append(table("gini_gain", gain, ("gain", "interval"), voice))
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
    extras = {
        "deviance_gain": ("gain", "interval"),
        "calibration_test": ("model", "miscalibration", "chance", "p"),
        "dispersion": ("claims", "policy_years", "dispersion", "se", "statistic", "p"),
    }
    written.extend(table(name, own, names, voice) for name, names in extras.items() if (own := rows_of(tables, name)))
    return section("fit", ("fit", "murphy"), tables, voice, seen, figures, written)


def out_of_time(tables: Tables, voice: Voice) -> Section:
    """Years predicted before they were seen: claims of the market, and incidents of the world."""
    rows = rows_of(tables, "out_of_time")
    known = complete(rows, "actual", "expected")
    external = [row for row in known if str(row.get("model")).startswith(EXTERNAL)]
    own = [row for row in known if row not in external]
    figures = []
    for name, part, axis in (("market", own, "claims"), ("world", external, "incidents")):
        lines = [
            dot(f"{voice.year(row.get('year'))} {_model(row, voice)}", row, ("expected", "low", "high", "actual"))
            for row in part
        ]
        if lines:
            marks = (voice.says("mark.predicted"), voice.says("mark.actual"))
            drawing = dots(f"oot-{name}", lines, Axis(voice.says(f"axis.{axis}"), voice.short), *marks)
            figures.append(Figure(voice.says(f"figure.out_of_time_{name}"), drawing))
    seen = ""
    for last in [row for row in own if row.get("model") == "fitted"][-1:]:
        values = {name: voice.number(last.get(name)) for name in ("expected", "low", "high")}
        key = "inside" if _holds(last, finite(last["actual"]) or 0.0) else "outside"
        actual = voice.count(last["actual"])
        seen = voice.says(f"section.out_of_time.{key}", year=voice.year(last.get("year")), actual=actual, **values)
    names = ("model", "year", "actual", "expected", "interval", "log_score")
    written = [table("out_of_time", rows, names, voice)] if rows else []
    return section("out_of_time", ("out_of_time",), tables, voice, seen, figures, written)


def _model(row: Row, voice: Voice) -> str:
    return voice.name("model", row.get("model")).removeprefix("AIID, ")


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

"""Sections of the report on time and evidence: delay, trend, durations, own history, reference populations."""

from __future__ import annotations

from collections.abc import Sequence

from underwriting.documents.calibration_tables import column, complete, dot, grouped, numbers, rows_of, section, table
from underwriting.documents.charts import curves, dots
from underwriting.documents.content import Axis, Curve, Drawing, Figure, Records, Row, Section, Tables
from underwriting.documents.voice import Voice, finite

LAWS = {"weibull": "fitted", "lognormal": "champion", "loglogistic": "third"}
MOST_SERIES = 8  # charts of the trend
MOST_TESTS = 24  # rows of the chart of reference populations
FAMILIAR_YEARS = 1.0  # durations are told at this age where the curve reaches it


def lag(tables: Tables, voice: Voice) -> Section:
    """The reporting delay: observed curve, three laws, and their comparison."""
    models = rows_of(tables, "lag_models")
    days = Axis(voice.says("axis.days"), voice.short)
    known = Axis(voice.says("axis.known"), voice.percent, low=0, high=1.02)
    figures = []
    for number, (data, own) in enumerate(grouped(complete(rows_of(tables, "lag_curve"), "days"), "data").items()):
        lines = [_observed(own, "days", voice)]
        for law, style in LAWS.items():
            points = complete(own, law)
            lines.append(Curve(voice.name("model", law), style, column(points, "days"), column(points, law)))
        drawing = curves(f"lag-{number}", [line for line in lines if len(line.x)], days, known)
        figures.append(Figure(voice.says("figure.lag_curve", data=voice.name("data", data)), drawing))
    seen = ""
    if ranked := complete(models, "aic", "median_days", "p90_days"):
        own = [row for row in ranked if row.get("data") == "experience"] or ranked
        best = min(own, key=lambda row: finite(row["aic"]) or 0.0)
        spans = {name: voice.decimal(best[f"{name}_days"], 0) for name in ("median", "p90")}
        preferred = f"{voice.name('data', best.get('data'))}: {voice.name('model', best.get('model'))}"
        seen = voice.says("section.lag.seen", model=preferred, **spans)
    names = ("data", "model", "first", "second", "log_likelihood", "aic", "median_days", "p90_days", "lags")
    written = [table("lag_models", models, names, voice)] if models else []
    if counts := rows_of(tables, "lag_counts"):
        written.append(table("lag_counts", counts, ("data", "what", "lags"), voice))
    return section("lag", ("lag_models", "lag_curve", "lag_counts"), tables, voice, seen, figures, written)


def _observed(rows: Records, time: str, voice: Voice) -> Curve:
    points = complete(rows, "empirical")
    whole = bool(points) and len(complete(points, "low", "high")) == len(points)
    ends = (column(points, "low"), column(points, "high")) if whole else ()
    return Curve(voice.says("mark.observed"), "steps", column(points, time), column(points, "empirical"), *ends)


def trend(tables: Tables, voice: Voice) -> Section:
    """Incidents by year, raised for those not yet reported, and the fitted trend."""
    series = grouped(complete(rows_of(tables, "trend"), "year", "observed"), "series")
    figures = [
        Figure(voice.says("figure.trend", series=_series(name, voice)), _trend(f"trend-{number}", own, voice))
        for number, (name, own) in enumerate(list(series.items())[:MOST_SERIES])
    ]
    seen = ""
    for own in list(series.values())[:1]:
        last = own[-1]
        values = {"year": voice.year(last["year"]), "observed": voice.count(last["observed"])}
        share, ultimate = voice.percent(last.get("reported_share")), voice.decimal(last.get("ultimate"), 0)
        seen = voice.says("section.trend.seen", share=share, ultimate=ultimate, **values)
    written = []
    if effects := rows_of(tables, "trend_effects"):
        written.append(table("trend_effects", effects, ("effect", "estimate", "interval"), voice))
    if base := rows_of(tables, "external_base"):
        written.append(table("external_base", base, ("peril", "incidents", "share", "prior_share"), voice))
    return section("trend", ("trend", "trend_effects", "external_base"), tables, voice, seen, figures, written)


def _series(name: str, voice: Voice) -> str:
    written = voice.name("series", name)
    return voice.peril(written)


def _trend(name: str, rows: Records, voice: Voice) -> Drawing:
    fitted = complete(rows, "fitted")
    whole = bool(fitted) and len(complete(fitted, "low", "high")) == len(fitted)
    ends = (column(fitted, "low"), column(fitted, "high")) if whole else ()
    late = complete(rows, "ultimate")
    lines = [
        Curve(voice.says("mark.fit"), "fitted", column(fitted, "year"), column(fitted, "fitted"), *ends),
        Curve(voice.says("mark.ultimate"), "champion", column(late, "year"), column(late, "ultimate")),
        Curve(voice.says("mark.observed"), "actual", column(rows, "year"), column(rows, "observed")),
    ]
    year = Axis(voice.says("axis.year"), lambda value: f"{value:.0f}")
    return curves(name, [line for line in lines if len(line.x)], year, Axis(voice.says("axis.incidents"), voice.short))


def durations(tables: Tables, voice: Voice) -> Section:
    """Time to the first incident and to settlement."""
    names = ("first_incident", "settlement")
    happened = [_happened(complete(rows_of(tables, f"{name}_curve"), "years", "empirical")) for name in names]
    years = Axis(voice.says("axis.years"), voice.short)
    share = Axis(voice.says("axis.share"), voice.percent, low=0)
    figures = [
        Figure(voice.says(f"figure.{name}_curve"), curves(f"{name}-curve", _steps(rows, voice), years, share))
        for name, rows in zip(names, happened, strict=True)
        if rows
    ]
    seen = ""
    if all(happened):
        (age, first), (age2, second) = (_at(rows) for rows in happened)
        words = {"years": voice.number(age, 2), "share": voice.percent(first)}
        seen = voice.says("section.durations.seen", years2=voice.number(age2, 2), share2=voice.percent(second), **words)
    written = [
        table(name, rows, ("model", "covariate", "effect", "interval", "p"), voice)
        for name in names
        if (rows := rows_of(tables, name))
    ]
    if checks := rows_of(tables, "proportional_hazards"):
        written.append(table("proportional_hazards", checks, ("analysis", "covariate", "statistic", "p"), voice))
    needs = ("first_incident", "first_incident_curve", "settlement", "settlement_curve", "proportional_hazards")
    return section("durations", needs, tables, voice, seen, figures, written)


def _happened(rows: Sequence[Row]) -> Sequence[Row]:
    """The curve as the share to which it has happened: a falling curve is the share that is left."""
    if not rows or (finite(rows[-1]["empirical"]) or 0.0) >= (finite(rows[0]["empirical"]) or 0.0):
        return rows
    turned = []
    for row in rows:
        new = dict(row)
        for name, source in (("empirical", "empirical"), ("fitted", "fitted"), ("low", "high"), ("high", "low")):
            value = finite(row.get(source))
            new[name] = None if value is None else 1.0 - value
        turned.append(new)
    return turned


def _steps(rows: Records, voice: Voice) -> list[Curve]:
    fitted = complete(rows, "fitted")
    lines = [_observed(rows, "years", voice)]
    if fitted:
        lines.append(Curve(voice.says("mark.fit"), "fitted", column(fitted, "years"), column(fitted, "fitted")))
    return lines


def _at(rows: Sequence[Row]) -> tuple[float, float]:
    """The last point at or before a familiar age; the last point of a curve that begins later."""
    points = [numbers(row, "years", "empirical") or (0.0, 0.0) for row in rows]
    years, share = ([point for point in points if point[0] <= FAMILIAR_YEARS] or points)[-1]
    return (FAMILIAR_YEARS if years <= FAMILIAR_YEARS <= points[-1][0] else years), share


def credibility(tables: Tables, voice: Voice) -> Section:
    """The weight of a firm's own history, by peril."""
    rows = rows_of(tables, "credibility")
    known = [row for row in complete(rows, "alpha") if (finite(row["alpha"]) or 0.0) > 0]
    figures, seen = [], ""
    if known:
        lines = [
            dot(
                voice.peril(row.get("peril")),
                row,
                ("alpha", "low", "high", "alpha_prior"),
                voice.count(row.get("claims")),
            )
            for row in known
        ]
        axis = Axis(voice.says("axis.alpha"), voice.short, log=True)
        drawing = dots("credibility", lines, axis, voice.says("mark.fitted"), voice.says("mark.prior"), wide=True)
        figures.append(Figure(voice.says("figure.credibility"), drawing))
        order = sorted(known, key=lambda row: finite(row["alpha"]) or 0.0)
        ends = {"first": voice.peril(order[0].get("peril")), "last": voice.peril(order[-1].get("peril"))}
        alphas = {"low": voice.number(order[0]["alpha"]), "high": voice.number(order[-1]["alpha"])}
        seen = voice.says("section.credibility.seen", **ends, **alphas)
    names = (
        "peril",
        "firms",
        "claims",
        "expected",
        "alpha_prior",
        "alpha_unbiased",
        "alpha_iterative",
        "alpha",
        "interval",
    )
    written = [table("credibility", rows, (*names, "weight"), voice)] if rows else []
    return section("credibility", ("credibility",), tables, voice, seen, figures, written)


def tests(tables: Tables, voice: Voice) -> Section:
    """Reference populations of the safety tests."""
    rows = rows_of(tables, "tests")
    measured = [row for row in complete(rows, "mean", "silence") if row.get("basis") != "elicited"]
    order = sorted(measured, key=lambda row: -_drift(row))
    figures, seen = [], ""
    if order:
        lines = [
            dot(str(row.get("test")), row, ("mean", "mean", "silence", "prior_mean")) for row in order[:MOST_TESTS]
        ]
        axis = Axis(voice.says("axis.failure"), voice.percent, low=0)
        drawing = dots("tests", lines, axis, voice.says("mark.mean"), voice.says("mark.prior"), wide=True)
        figures.append(Figure(voice.says("figure.tests"), drawing))
        rates = {"prior": voice.percent(order[0].get("prior_mean"), 1), "mean": voice.percent(order[0]["mean"], 1)}
        counts = {"measured": len(measured), "all": len(rows)}
        seen = voice.says("section.tests.seen", test=voice.name("test", order[0].get("test")), **rates, **counts)
    names = ("test", "basis", "systems", "trials", "mean", "silence", "prior_mean", "left_out", "worst_z")
    written = [table("tests", rows, names, voice)] if rows else []
    return section("tests", ("tests",), tables, voice, seen, figures, written)


def _drift(row: Row) -> float:
    mean, prior = numbers(row, "mean", "prior_mean") or (0.0, 0.0)
    return abs(mean - prior)

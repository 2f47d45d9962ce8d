"""Sections of the report on amounts: the tail, limits, and on which harm head a claim falls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from policies.heads import HEADS
from policies.perils import PERILS
from underwriting.documents.calibration_tables import column, complete, grouped, numbers, rows_of, section, table
from underwriting.documents.charts import curves, dots, heat_map
from underwriting.documents.content import Axis, Curve, Dot, Drawing, Figure, Records, Section, Table, Tables
from underwriting.documents.voice import Voice, finite

ALL_HEADS = frozenset({"all", "mixture", "total", ""})
INFINITE_MEAN = 1.0  # a generalised Pareto law of this shape or more has no mean
HUNDRED = 100
SMALLEST_SHARE = 0.005  # half a per cent is the least share that gets a number in the heat map


def tail(tables: Tables, voice: Voice) -> Section:
    """Mean excess, stability of the shape, the plot of the tail, and premiums under three shapes."""
    stable = complete(rows_of(tables, "tail_stability"), "threshold_eur", "xi")
    bracket = rows_of(tables, "tail_bracket")
    figures = [
        *_mean_excess(complete(rows_of(tables, "mean_excess"), "threshold_eur", "mean_excess_eur"), voice),
        *_shapes(stable, voice),
        *_tail_plot(complete(rows_of(tables, "tail_plot"), "loss_eur", "empirical", "fitted"), voice),
        *_bracket(bracket, voice),
    ]
    sentences = []
    if stable:
        shapes = column(stable, "xi")
        ends = {"lowest": voice.number(min(shapes), 2), "highest": voice.number(max(shapes), 2)}
        sentences.append(voice.says("section.tail.seen", **ends))
    premiums = _premiums(bracket)
    if premiums:
        obliged, own = max(premiums.items(), key=lambda item: item[1].get("central", 0.0))
        amounts = {shape: voice.euros(own.get(shape)) for shape in ("lower", "central", "upper")}
        sentences.append(voice.says("section.tail.bracket", **{"class": voice.name("class", obliged)}, **amounts))
    names = (
        "head",
        "publicised",
        "claims",
        "credibility",
        "mu",
        "sigma",
        "threshold_eur",
        "xi",
        "xi_interval",
        "beta_eur",
    )
    heads = rows_of(tables, "severity_heads")
    written = [table("severity_heads", heads, names, voice)] if heads else []
    needs = ("mean_excess", "tail_stability", "tail_plot", "tail_bracket", "severity_heads")
    return section("tail", needs, tables, voice, " ".join(sentences), figures, written)


def _mean_excess(rows: Records, voice: Voice) -> list[Figure]:
    if not rows:
        return []
    ends = _ends(rows)
    line = Curve(
        voice.says("mark.observed"), "actual", column(rows, "threshold_eur"), column(rows, "mean_excess_eur"), *ends
    )
    x = Axis(voice.says("axis.threshold"), voice.short_euros, log=True)
    drawing = curves("mean-excess", [line], x, Axis(voice.says("axis.mean_excess"), voice.short_euros, log=True))
    return [Figure(voice.says("figure.mean_excess"), drawing)]


def _ends(rows: Records, low: str = "low", high: str = "high") -> tuple[list[float], list[float]] | tuple[()]:
    known = len(complete(rows, low, high)) == len(rows)
    return (column(rows, low), column(rows, high)) if known else ()


def _shapes(rows: Records, voice: Voice) -> list[Figure]:
    if not rows:
        return []
    x = column(rows, "threshold_eur")
    lines = [
        Curve(voice.says("mark.fitted"), "actual", x, column(rows, "xi"), *_ends(rows)),
        Curve(voice.says("mark.infinite"), "champion", (x[0], x[-1]), (INFINITE_MEAN, INFINITE_MEAN)),
    ]
    threshold = Axis(voice.says("axis.threshold"), voice.short_euros, log=True)
    drawing = curves("tail-stability", lines, threshold, Axis(voice.says("axis.shape"), voice.short))
    return [Figure(voice.says("figure.tail_stability"), drawing)]


def _tail_plot(rows: Records, voice: Voice) -> list[Figure]:
    rows = [row for row in rows if min(numbers(row, "loss_eur", "empirical", "fitted") or (0,)) > 0]
    if not rows:
        return []
    x = column(rows, "loss_eur")
    least = min(column(rows, "empirical")) / 10  # a band that reaches down to 0 would rule the logarithmic axis
    ends = [[max(value, least) for value in side] for side in _ends(rows, "lower", "upper")]
    lines = [
        Curve(voice.says("mark.fitted"), "fitted", x, column(rows, "fitted"), *ends),
        Curve(voice.says("mark.observed"), "actual", x, column(rows, "empirical")),
    ]
    loss = Axis(voice.says("axis.loss"), voice.short_euros, log=True)
    drawing = curves(
        "tail-plot", lines, loss, Axis(voice.says("axis.above"), lambda value: _share(value, voice), log=True)
    )
    return [Figure(voice.says("figure.tail_plot"), drawing)]


def _share(value: float, voice: Voice) -> str:
    return voice.percent(value, 0 if value >= 0.01 else 1 if value >= 0.001 else 2)  # noqa: PLR2004 - 1 % and 1 in 1,000


def _premiums(rows: Records) -> dict[str, dict[str, float]]:
    """Premium by class and shape."""
    known = complete(rows, "premium_eur")
    return {
        obliged: {str(row.get("shape")): finite(row["premium_eur"]) or 0.0 for row in own}
        for obliged, own in grouped(known, "obliged_class").items()
    }


def _bracket(rows: Records, voice: Voice) -> list[Figure]:
    premiums = {name: ends for name, ends in _premiums(rows).items() if ends.get("central", 0.0) > 0}
    if not premiums:
        return []
    lines = [
        Dot(name, ends["central"], ends.get("lower"), ends.get("upper"), note=voice.euros(ends["central"]))
        for name, ends in premiums.items()
    ]
    axis = Axis(voice.says("axis.premium"), voice.short_euros, log=True)
    return [Figure(voice.says("figure.tail_bracket"), dots("bracket", lines, axis, voice.says("mark.central")))]


def limits(tables: Tables, voice: Voice) -> Section:
    """Increased limit factors and their consistency."""
    rows = complete(rows_of(tables, "ilf"), "limit_eur", "ilf")
    check = rows_of(tables, "ilf_check")
    figures, written, seen = [], [], ""
    if rows:
        by_head = grouped(rows, "head")
        figures.append(Figure(voice.says("figure.ilf"), _ilf(by_head, voice)))
        written.append(_ilf_table(by_head, voice))
        top = max(rows, key=lambda row: finite(row["ilf"]) or 0.0)
        failed = sum(not (row.get("increasing") and row.get("concave")) for row in check)
        words = {"limit": voice.euros(top["limit_eur"]), "head": voice.head(top.get("head"))}
        seen = voice.says("section.limits.seen", ilf=voice.number(top["ilf"]), failed=failed, **words)
    if check:
        written.append(table("ilf_check", check, ("head", "increasing", "concave", "worst"), voice))
    return section("limits", ("ilf", "ilf_check"), tables, voice, seen, figures, written)


def _ilf(by_head: dict[str, Records], voice: Voice) -> Drawing:
    lines, named = [], False
    for head, rows in by_head.items():
        whole = head in ALL_HEADS
        label = voice.says("mark.all_heads") if whole else "_" if named else voice.says("mark.heads")
        named = named or not whole
        lines.append(Curve(label, "fitted" if whole else "faint", column(rows, "limit_eur"), column(rows, "ilf")))
    x = Axis(voice.says("axis.limit"), voice.short_euros, log=True)
    return curves("ilf", lines, x, Axis(voice.says("axis.ilf"), voice.short))


def _ilf_table(by_head: dict[str, Records], voice: Voice) -> Table:
    """Heads as rows, limits as columns."""
    limits = sorted({limit for rows in by_head.values() for limit in column(rows, "limit_eur")})
    cells = []
    for head, rows in by_head.items():
        known = {finite(row["limit_eur"]): row["ilf"] for row in rows}
        cells.append((voice.head(head), *(voice.number(known.get(limit)) for limit in limits)))
    titles = (voice.says("column.head"), *(voice.short_euros(limit) for limit in limits))
    return Table(voice.says("table.ilf"), titles, (False, *(True for _ in limits)), tuple(cells))


def mixture(tables: Tables, voice: Voice) -> Section:
    """Which share of a peril's claims falls on which head."""
    rows = complete(rows_of(tables, "mixture"), "share")
    figures, seen = [], ""
    if rows:
        share = {(str(row.get("peril")), str(row.get("head"))): finite(row["share"]) or 0.0 for row in rows}
        perils, heads = (_ordered([key[n] for key in share], known) for n, known in ((0, PERILS), (1, HEADS)))
        grid = np.array([[share.get((peril, head), 0.0) for head in heads] for peril in perils])
        shown = np.where(grid >= SMALLEST_SHARE, grid, 0.0)
        labels = [voice.peril(peril) for peril in perils]
        drawing = heat_map("mixture", labels, heads, shown, lambda part: voice.decimal(HUNDRED * part, 0))
        figures.append(Figure(voice.says("figure.mixture"), drawing))
        seen = _moved(complete(rows, "share", "prior"), voice)
    return section("mixture", ("mixture",), tables, voice, seen, figures)


def _ordered(found: Sequence[str], known: Iterable[str]) -> list[str]:
    """Names without repeats: those we know in our order, then the others."""
    present = list(dict.fromkeys(found))
    ours = [name for name in known if name in present]
    return [*ours, *(name for name in present if name not in ours)]


def _moved(rows: Records, voice: Voice) -> str:
    if not rows:
        return ""
    far = max(rows, key=lambda row: abs((finite(row["share"]) or 0.0) - (finite(row["prior"]) or 0.0)))
    words = {"peril": voice.peril(far.get("peril")), "head": voice.head(far.get("head"))}
    return voice.says(
        "section.mixture.seen", prior=voice.percent(far["prior"]), share=voice.percent(far["share"]), **words
    )

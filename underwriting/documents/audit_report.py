"""The report of an audit: a verdict in three sentences, the metrics in a table, a section for each that does not pass,
and a short one for each other that has someone behind it.

Written as a page and as a print from the same values, in English or Dutch (texts in audit.toml).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import groupby
from typing import Any

from policies.incentives import Metric
from policies.regimes import Regime
from underwriting.audit.values import Affected, AuditBook, MetricResult, Standing, Unit, standing
from underwriting.documents.content import Section, Table
from underwriting.documents.voice import DASH, Voice, finite
from underwriting.intake.text import safe
from underwriting.texts import titled

FOLDER = "underwriting.documents"
SHORT = 12  # characters of a digest that name a calibration among people
LONGEST_TEXT = 300
MOST_NAMED, MOST_ROWS = 10, 24  # of those behind a metric, and of the rows behind its figure, that are printed
TONES = {  # colours of the house: calibration_report.css
    Standing.ALARM: "blocked",
    Standing.ATTENTION: "read",
    Standing.PASS: "clear",
    Standing.NO_DATA: "unchecked",
}
DIGITS = 3  # significant, of a ratio
LEAST_SHARE = 0.0005  # below, a percentage with one decimal would be none
SHARES = {"share", "declined", "cheaper_share", "discounts", "at_limit", "same_reason", "rise", "change"}
FIGURES: Mapping[str, Unit] = {  # unit of the figure beside a reason, where it is not that of the metric
    "concealing_pays": "euro",
    "assessed_above": "count",
    "exempt_unregistered": "count",
    "never_told": "count",
    "other_model": "count",
    "judges_apart": "share",
    "at_limit": "share",
    "beyond_authority": "share",
    "no_reason": "share",
    "charged_apart": "share",
    "largest_model": "share",
    "refused": "euro",
    "delayed": "euro",
    "differs": "count",
    "no_reasons": "count",
}
PROBABILITIES = {"reports_too_few"}  # reasons whose figure is a p value
GRAVEST = (Standing.ALARM, Standing.ATTENTION, Standing.PASS, Standing.NO_DATA)


@dataclass(frozen=True, slots=True)
class Line:
    """A metric in the table, written out; `tone` is the colour of its verdict."""

    id: str
    title: str
    value: str
    norm: str
    alarm: str
    verdict: str
    tone: str
    sample: str
    behind: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All that the report says. `status` is the tone of the gravest standing."""

    lang: str
    title: str
    id: str
    status: str
    stamp: str
    verdict: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    lines: tuple[Line, ...]
    sections: tuple[Section, ...]
    words: Mapping[str, str]


def report_of(book: AuditBook, results: Sequence[MetricResult], lang: str) -> AuditReport:
    """The report of an audit, before it is laid out. Raises KeyError for a language other than "en" and "nl"."""
    worst = gravest(results)
    count = sum(result.standing is worst for result in results)
    return AuditReport(
        lang=lang,
        title=f"{says('page.title', lang)} {book.calibration.sha256[:SHORT]}",
        id=book.calibration.sha256[:SHORT],
        status=TONES[worst],
        stamp=says(f"stamp.{worst}.{'one' if count == 1 else 'other'}", lang, n=count),
        verdict=_verdict(results, book.regime, lang),
        facts=_facts(book, lang),
        head=tuple(says(f"column.{name}", lang) for name in HEAD),
        lines=lines_of(results, book.regime, lang),
        sections=tuple(_section(result, book.regime, lang) for result in told_of(results)),
        words={key.removeprefix("page."): says(key, lang) for key in _texts() if key.startswith("page.")},
    )


HEAD = ("metric", "value", "norm", "alarm", "verdict", "sample", "behind")


def told_of(results: Sequence[MetricResult]) -> list[MetricResult]:
    """The metrics that have a section: those that do not pass, then the others with someone behind them."""
    told = [result for result in results if result.wrong or result.affected]
    return sorted(told, key=lambda result: not result.wrong)


def gravest(results: Sequence[MetricResult]) -> Standing:
    """The gravest standing there is; nothing measured is graver than nothing wrong only where there is nothing else."""
    found = {result.standing for result in results}
    return next((one for one in GRAVEST if one in found), Standing.NO_DATA)


def lines_of(results: Sequence[MetricResult], regime: Regime, lang: str) -> tuple[Line, ...]:
    """The table of metrics, in the order of the results."""
    voice = Voice(lang)
    return tuple(
        Line(
            id=result.id,
            title=titled(metric := regime.incentives.metrics[result.id], lang),
            value=written(result.value, result.unit, lang),
            norm=_norm(metric, result.unit, lang),
            alarm=_alarm(metric, result.unit, lang),
            verdict=says(f"standing.{result.standing}", lang),
            tone=TONES[result.standing],
            sample=voice.count(result.sample) if result.sample else DASH,
            behind=voice.count(len(result.behind)) if result.behind else DASH,
        )
        for result in results
    )


def written(value: float | None, unit: Unit, lang: str) -> str:
    """A figure in its unit, without zeros at its end; a dash for none. Points are hundredths."""
    voice = Voice(lang)
    if (number := finite(value)) is None:
        return DASH
    rounded = float(f"{number:.{DIGITS}g}")
    if unit == "points":
        return says("unit.points", lang, n=voice.short(round(100 * number, 1)))
    write: dict[str, Callable[[float], str]] = {"share": partial(_share, voice), "euro": partial(_euros, voice)}
    return write.get(unit, voice.short)(rounded)


def _share(voice: Voice, share: float) -> str:
    """A percentage with as many decimals as it has, up to one; a small one keeps its first digit."""
    hundredths = 100 * share
    places = 0 if round(hundredths, 1) == round(hundredths) else 1
    if 0 < abs(share) < LEAST_SHARE:
        places = voice.places(hundredths, 1)
    return voice.percent(share, places)


def _euros(voice: Voice, amount: float) -> str:
    """Whole euros; below one euro as a number, since a metric may turn on cents."""
    return voice.euros(amount) if abs(amount) >= 1 or not amount else f"€ {voice.short(amount)}"


def why(code: str, lang: str) -> str:
    """A reason or a note as words; a code without a text is its own."""
    return _named("why", code, lang)


def says(key: str, lang: str, **values: object) -> str:
    """The text of a key with its {values} filled in. Raises KeyError for an unknown key."""
    return _texts()[key][lang].format(**values)


# --- the first page


def _verdict(results: Sequence[MetricResult], regime: Regime, lang: str) -> tuple[str, str, str]:
    """How many stand how, which is gravest, and what could not be measured."""
    by = {one: [result for result in results if result.standing is one] for one in Standing}
    counts = says(
        "verdict.counts",
        lang,
        all=len(results),
        passed=len(by[Standing.PASS]),
        attention=len(by[Standing.ATTENTION]),
        alarm=len(by[Standing.ALARM]),
        no_data=len(by[Standing.NO_DATA]),
    )
    wrong = [*by[Standing.ALARM], *by[Standing.ATTENTION]]
    lacking = [result.id for result in by[Standing.NO_DATA]]
    listed = says("verdict.and", lang).join(part for part in (", ".join(lacking[:-1]), *lacking[-1:]) if part)
    return (
        counts,
        _gravest(wrong[0], regime, lang) if wrong else says("verdict.nothing", lang),
        says("verdict.unmeasured", lang, metrics=listed) if lacking else says("verdict.measured", lang),
    )


def _gravest(result: MetricResult, regime: Regime, lang: str) -> str:
    metric = regime.incentives.metrics[result.id]
    told = {
        "metric": f"{result.id} {titled(metric, lang)}",
        "value": written(result.value, result.unit, lang),
        "norm": _norm(metric, result.unit, lang),
    }
    if not result.affected:
        return says("verdict.gravest", lang, **told)
    return says("verdict.gravest_named", lang, **told, who=name_of(result.affected[0], lang))


def _facts(book: AuditBook, lang: str) -> tuple[tuple[str, str], ...]:
    voice = Voice(lang)
    facts = {
        "at": voice.day(book.at),
        "firms": voice.count(len(book.profiles)),
        **({"skipped": voice.count(book.skipped)} if book.skipped else {}),
        "regime": f"{titled(book.regime, lang)} ({book.regime.id})",
        "calibration": book.calibration.sha256[:SHORT],
        "digest": book.calibration.sha256,
        "regime_digest": book.regime.sha256,
    }
    return tuple((says(f"fact.{name}", lang), value) for name, value in facts.items())


def _norm(metric: Metric, unit: Unit, lang: str) -> str:
    least, most = (None if bound is None else written(bound, unit, lang) for bound in (metric.least, metric.most))
    if least and most:
        return says("norm.between", lang, least=least, most=most)
    if least:
        return says("norm.least", lang, least=least)
    return says("norm.most", lang, most=most) if most else says("norm.told", lang)


def _alarm(metric: Metric, unit: Unit, lang: str) -> str:
    bounds = {"below": metric.red_below, "above": metric.red_above}
    told = [
        says(f"norm.{side}", lang, bound=written(bound, unit, lang))
        for side, bound in bounds.items()
        if bound is not None
    ]
    return ", ".join(told) or DASH


# --- a section for each metric that does not pass, or that has someone behind it


def _section(result: MetricResult, regime: Regime, lang: str) -> Section:
    metric = regime.incentives.metrics[result.id]
    judged = result.wrong or metric.least is not None or metric.most is not None
    seen = says(
        "section.seen" if judged else "section.seen_told",
        lang,
        value=written(result.value, result.unit, lang),
        norm=_norm(metric, result.unit, lang),
        verdict=says(f"standing.{result.standing}", lang),
        sample=Voice(lang).count(result.sample),
    )
    named = [_named_table(result, lang)] if result.affected else []
    return Section(
        id=result.id,
        title=titled(metric, lang),
        seen=seen,
        about=" ".join(_about(result, metric, lang)),
        tables=(*named, *(_detail_tables(result, lang) if result.wrong else ())),
        missing="" if result.affected else says("section.none", lang),
    )


def _about(result: MetricResult, metric: Metric, lang: str) -> Iterator[str]:
    """What the metric measures, and why it stands as it does where its figure alone does not tell."""
    yield meaning(metric, lang)
    if result.note:
        yield why(result.note, lang)
    if result.wrong and result.affected and standing(result.value, metric) is Standing.PASS:
        yield says("section.named", lang)


def meaning(metric: Metric, lang: str) -> str:
    """What a metric measures, in a sentence."""
    return metric.meaning_nl if lang == "nl" else metric.meaning


def _named_table(result: MetricResult, lang: str) -> Table:
    everyone = result.behind
    shown = everyone[:MOST_NAMED]
    names = ("who", "kvk", "figure", "why", "particulars")
    return Table(
        caption=_captioned("affected", len(shown), len(everyone), lang),
        head=tuple(says(f"column.{name}", lang) for name in names),
        numeric=(False, False, True, False, False),
        rows=tuple(_row(behind, result, lang) for behind in shown),
    )


def _row(behind: Affected, result: MetricResult, lang: str) -> tuple[str, ...]:
    particulars = "; ".join(f"{_named('name', name, lang)} {cell(name, value, lang)}" for name, value in behind.values)
    figure = figure_of(behind, result.unit, lang)
    return name_of(behind, lang), behind.kvk or DASH, figure, reasons(behind, result, lang), particulars


def reasons(behind: Affected, result: MetricResult, lang: str) -> str:
    """Every reason why someone stands behind a metric, that of its worst row first."""
    own = (one.why for one in result.affected if (one.kvk, one.firm) == (behind.kvk, behind.firm))
    return "; ".join(why(code, lang) for code in dict.fromkeys(own))


def name_of(behind: Affected, lang: str) -> str:
    """Who stands behind a metric; a segment such as size_class=micro in words."""
    by, _, kind = behind.firm.partition("=")
    if kind and not behind.kvk:
        return f"{_named('word', by, lang)}: {_named('word', safe(kind, LONGEST_TEXT), lang)}"
    return safe(behind.firm, LONGEST_TEXT)


def figure_of(behind: Affected, unit: Unit, lang: str) -> str:
    """The figure of one behind a metric of that unit."""
    if behind.why in PROBABILITIES:
        return Voice(lang).probability(finite(behind.figure))
    own = FIGURES.get(behind.why, unit)
    return Voice(lang).number(behind.figure) if own == "ratio" else written(behind.figure, own, lang)


def _detail_tables(result: MetricResult, lang: str) -> Iterator[Table]:
    """The rows behind a figure: a table for each run of rows that tell the same."""
    for names, group in groupby(result.detail, key=tuple):
        rows = tuple(group)
        shown = rows[:MOST_ROWS]
        yield Table(
            caption=_captioned("detail", len(shown), len(rows), lang),
            head=tuple(_named("name", name, lang) for name in names),
            numeric=tuple(not any(isinstance(row[name], str | bool) for row in shown) for name in names),
            rows=tuple(tuple(cell(name, row[name], lang) for name in names) for row in shown),
        )


def _captioned(kind: str, shown: int, of: int, lang: str) -> str:
    return says(f"section.{kind}", lang) if shown == of else says(f"section.{kind}_of", lang, shown=shown, all=of)


def cell(name: str, value: object, lang: str) -> str:
    """A particular of a metric as words; its name says in which unit it is."""
    if isinstance(value, bool):
        return says(f"section.{'yes' if value else 'no'}", lang)
    if isinstance(value, str):
        return _named("word", safe(value, LONGEST_TEXT), lang) if value else DASH
    number = finite(value)
    if name == "p":
        return Voice(lang).probability(number)
    if name.endswith("_eur") or name in SHARES:
        return written(number, "euro" if name.endswith("_eur") else "share", lang)
    return Voice(lang).count(number) if number == round(number or 0.0) else Voice(lang).number(number)


def _named(kind: str, code: str, lang: str) -> str:
    entry = _texts().get(f"{kind}.{code}")
    return entry[lang] if entry else code.replace("_", " ")


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    source = resources.files(FOLDER).joinpath("audit.toml").read_text("utf-8")
    return dict(_flat("", tomllib.loads(source)))


def _flat(path: str, branch: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    if "en" in branch:
        return [(path, branch)]
    return [leaf for name, twig in branch.items() for leaf in _flat(f"{path}.{name}" if path else name, twig)]

"""Commands of the audit: what a regulator measures on the book."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwriting import settings
from underwriting.cli import Options, lang_option
from underwriting.commands.certificate import certificate
from underwriting.commands.printing import say
from underwriting.desk import IN_FORCE
from underwriting.export import SCHEMA_VERSION, to_json

if TYPE_CHECKING:
    from underwriting.audit.values import Affected, AuditBook, MetricResult

STEP = 25  # quotes between two lines of progress
WORST = 3  # names printed beneath the table for a metric; JSON and the report have more
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Audit a tariff and its book."""


audit.add_command(certificate)


@audit.command()
@click.option("--tariff", metavar="ID", default=IN_FORCE, help="The calibration to audit; by default in-force.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=FILE, help="Write the report as one HTML file.")
@click.option("--pdf", type=FILE, help="Write the report as a PDF.")
@lang_option()
@click.pass_obj
def incentives(
    options: Options, tariff: str, as_json: bool, html: Path | None, pdf: Path | None, lang: str | None
) -> int:
    """Measure the incentives of the book: eighteen metrics, with the firms behind them.

    Exit code: 0 all that could be measured passes, 1 a metric asks for attention or alarms, 2 bad input.
    """
    from underwriting.audit.book import audit_book  # noqa: PLC0415 - pandas costs a second
    from underwriting.audit.metrics import measure  # noqa: PLC0415

    desk, lang = options.existing(), lang or settings.language()
    calibration = desk.calibration_of(desk.calibration_row(tariff).sha256)
    book = audit_book(desk, calibration, told())
    results = measure(book, told())
    written = _write(book, results, html, pdf, lang)
    if as_json:
        click.echo(to_json(audit_data(book, results)))
    else:
        for line in table_lines(book, results, lang):
            say(line)
    for path in written:
        say(str(path), err=as_json)
    return int(any(result.wrong for result in results))


def told() -> Callable[[int, int, str], None]:
    """Progress on stderr, a line every so many and at the end."""

    def tell(done: int, total: int, what: str) -> None:
        if done % STEP == 0 or done == total:
            say(f"audit: {done} of {total} {what}", err=True)

    return tell


def table_lines(book: AuditBook, results: Sequence[MetricResult], lang: str) -> Iterator[str]:
    """The verdict, the table of metrics and, for each that does not pass, the worst names behind it."""
    from underwriting.documents.audit_report import (  # noqa: PLC0415 - babel is for people
        figure_of,
        name_of,
        reasons,
        report_of,
        says,
    )

    report = report_of(book, results, lang)
    yield from (report.title, "", f"{report.stamp}.", *report.verdict, "")
    rows = [(f"{r.id:<4}{r.title}", r.value, r.norm, r.alarm, r.verdict, r.sample, r.behind) for r in report.lines]
    yield from columns([report.head, *rows])
    known = {result.id: result for result in results}
    for section in report.sections:
        result = known[section.id]
        if not result.wrong:
            continue
        yield from ("", f"{section.id:<4}{section.title}: {section.seen}")
        shown = result.behind[:WORST]
        if shown:
            yield f"    {says('section.affected_of', lang, shown=len(shown), all=len(result.behind))}"
        for one in shown:
            told = (name_of(one, lang), one.kvk, figure_of(one, result.unit, lang), reasons(one, result, lang))
            yield "      " + "  ".join(filter(None, told))


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of words as lines, each column as wide as its widest word."""
    widths = [max(map(len, words)) for words in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def audit_data(book: AuditBook, results: Sequence[MetricResult]) -> dict[str, Any]:
    """An audit as plain data; docs/cli.md names every field."""
    return {
        "schema_version": SCHEMA_VERSION,
        "at": book.at,
        "regime": book.regime.id,
        "regime_sha256": book.regime.sha256,
        "calibration": book.calibration.sha256,
        "currency": book.regime.currency,
        "firms": len(book.profiles),
        "skipped": book.skipped,
        "metrics": [_metric_data(book, result) for result in results],
    }


def _metric_data(book: AuditBook, result: MetricResult) -> dict[str, Any]:
    metric = book.regime.incentives.metrics[result.id]
    bounds = ("least", "most", "red_below", "red_above")
    return {
        "id": result.id,
        "title": metric.title,
        "value": _number(result.value),
        "unit": result.unit,
        "standing": result.standing,
        "thresholds": {bound: getattr(metric, bound) for bound in bounds},
        "sample": result.sample,
        "note": result.note,
        "affected": [_affected_data(behind) for behind in result.affected],
        "detail": [{name: _number(value) for name, value in row.items()} for row in result.detail],
    }


def _affected_data(behind: Affected) -> dict[str, Any]:
    values = {name: _number(value) for name, value in behind.values}
    return {
        "firm": behind.firm,
        "kvk": behind.kvk,
        "figure": _number(behind.figure),
        "why": behind.why,
        "values": values,
    }


def _number(value: Any) -> Any:
    """A value that JSON can hold: what is not finite is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(
    book: AuditBook, results: Sequence[MetricResult], html: Path | None, pdf: Path | None, lang: str
) -> tuple[Path, ...]:
    """Write the report where it is asked for; the paths written."""
    if html is None and pdf is None:
        return ()
    from underwriting.documents.audit_layout import page, printed  # noqa: PLC0415 - jinja2 and typst are for reports
    from underwriting.documents.audit_report import report_of  # noqa: PLC0415

    report = report_of(book, results, lang)
    paths = tuple(path for path in (html, pdf) if path)
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    if html:
        html.write_text(page(report), "utf-8")
    if pdf:
        pdf.write_bytes(printed(report, book.at))
    return paths

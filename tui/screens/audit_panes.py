"""The four panes of the audit: each a table, and beside it what stands behind the row under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from actuarial.certificate import Certificate, Claim
from policies.perils import PERILS
from tui import audit_labels as labels
from tui import formatting
from tui.audit_view import FirmLine, MetricLine
from tui.labels import peril_label
from tui.messages import CurveDrawn
from tui.texts import Lang, say
from tui.widgets.curve_chart import CurveChart
from tui.widgets.record_list import RecordList, RecordTable
from tui.widgets.rows import Rows
from tui.widgets.virtual_table import Column
from tui.widgets.words import FittedWords, Words
from underwriting.intake.text import safe
from underwriting.texts import titled

if TYPE_CHECKING:
    from underwriting.constraint_table import ConstraintRow

MOST_ROWS = 6  # of what a metric was made of; the export has them all


class AuditPane(Container):
    """A table with its detail. Open, the detail has the keys, and on a narrow screen all the room."""

    NAME: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(id=self.NAME)
        self.opened = False
        self.lang: Lang = "en"

    def compose(self) -> ComposeResult:
        """The table, then the detail."""
        yield RecordTable(id=f"{self.NAME}-table")
        with Vertical(id=f"{self.NAME}-detail", classes="detail"):
            yield from self.detail()

    def detail(self) -> ComposeResult:
        """What stands beside the table: a text that scrolls, unless a pane has something else."""
        with VerticalScroll(id=f"{self.NAME}-scroll"):
            yield FittedWords(id=f"{self.NAME}-text")

    @property
    def table(self) -> RecordTable:
        """The table."""
        return self.query_one(f"#{self.NAME}-table", RecordTable)

    @property
    def words(self) -> FittedWords:
        """The text of the detail."""
        return self.query_one(f"#{self.NAME}-text", FittedWords)

    def inside(self) -> Widget:
        """What has the keys once the detail is open."""
        return self.query_one(f"#{self.NAME}-scroll")

    def target(self) -> Widget:
        """What has the keys now."""
        return self.inside() if self.opened else self.table.list

    def open(self, opened: bool) -> None:
        """Into the detail, or back to the table."""
        self.opened = opened
        self.set_class(opened, "-open")
        self.target().focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The mouse goes in and out too."""
        if event.widget in {self.table.list, self.inside()}:
            self.opened = event.widget is not self.table.list
            self.set_class(self.opened, "-open")

    def explain(self) -> None:
        """Put what stands behind the row under the cursor beside it."""

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        """Another row."""
        if event.rows is self.table.list:
            self.explain()


class CertificatePane(AuditPane):
    """Claims, and the proof of the one under the cursor."""

    NAME = "certificate"

    def show(self, certificate: Certificate | None, lang: Lang) -> None:
        """Show this certificate, or that it is being made."""
        self.lang = lang
        columns = (
            Column(say("audit.verdict", lang), lambda claim: labels.verdict_label(claim.verdict, lang), 10),
            Column(say("audit.claim", lang), lambda claim: Content(safe(labels.claim_title(claim, lang)))),
            Column(
                say("audit.range", lang),
                lambda claim: Content(labels.bounds(claim.low, claim.high, lang)),
                15,
                True,
                70,
            ),
        )
        self.table.show(certificate.claims if certificate else (), columns)
        self.explain()

    def explain(self) -> None:
        """The proof."""
        claim: Claim | None = self.table.list.current()
        if claim is None:
            self.words.fit(lambda _: say("audit.proving", self.lang))
        else:
            self.words.fit(partial(labels.claim_content, claim, self.lang))


class MetricsPane(AuditPane):
    """Metrics, and the firms behind the one under the cursor."""

    NAME = "metrics"
    progress = ""

    def detail(self) -> ComposeResult:
        """What the metric means, above the firms."""
        yield FittedWords(id="metrics-text")
        yield RecordTable(id="metrics-firms")
        yield Words(id="metrics-why")

    @property
    def firms(self) -> RecordList:
        """The firms."""
        return self.query_one("#metrics-firms", RecordTable).list

    def inside(self) -> Widget:
        """The firms."""
        return self.firms

    def show(self, lines: tuple[MetricLine, ...], progress: str, lang: Lang) -> None:
        """Show these metrics, or how far their measuring is."""
        self.lang, self.progress = lang, progress
        columns = (
            Column("", lambda line: Content(line.metric.id), 3),
            Column(say("audit.metric", lang), lambda line: Content(safe(titled(line.metric, lang)))),
            Column(say("audit.figure", lang), lambda line: Content(labels.metric_value(line, lang)), 8, True),
            Column(
                say("audit.target", lang),
                lambda line: Content(labels.threshold(line.metric, line.unit, lang)),
                13,
                True,
            ),
            Column(say("audit.standing", lang), lambda line: labels.standing_label(line.standing, lang), 14),
            Column(say("audit.firms", lang), lambda line: _count(line.behind, lang), 9, True, 74),
        )
        self.table.show(lines, columns)
        self.explain()

    def explain(self) -> None:
        """The metric in full, and its firms."""
        line: MetricLine | None = self.table.list.current()
        if line is None:
            self.words.fit(lambda _: self.progress)
            self.query_one("#metrics-why", Words).put("")
            return
        lang = self.lang
        self.words.fit(partial(labels.metric_content, line, lang, MOST_ROWS))
        columns = (
            Column(say("column.firm", lang), lambda firm: formatting.plain(firm.name)),
            Column(
                say("audit.figure", lang),
                lambda firm: Content(formatting.measure(firm.figure, line.unit, lang)),
                12,
                True,
            ),
            Column(say("column.id", lang), lambda firm: formatting.plain(firm.quote_id, "$muted"), 14, False, 60),
        )
        if self.firms.records is not line.firms:
            self.firms.cursor = 0
        self.query_one("#metrics-firms", RecordTable).show(line.firms, columns)
        self._reason()

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        """Another firm; the handler of the base sees to the metric."""
        if event.rows is self.firms:
            self._reason()

    def _reason(self) -> None:
        firm: FirmLine | None = self.firms.current()
        none = Content.styled(say("audit.no_firms", self.lang), "$muted")
        self.query_one("#metrics-why", Words).put(labels.firm_reason(firm, self.lang) if firm else none)


class CurvePane(AuditPane):
    """Perils, and the premium of a firm against its danger by the one under the cursor."""

    NAME = "curve"

    def detail(self) -> ComposeResult:
        """Which firm, and its curve."""
        yield FittedWords(id="curve-text")
        yield CurveChart(id="curve-chart")

    def inside(self) -> Widget:
        """The curve."""
        return self.query_one(CurveChart)

    @property
    def peril(self) -> str | None:
        """The peril under the cursor, None for all of them."""
        found: str | None = self.table.list.current()
        return found

    def show(self, drawn: CurveDrawn | None, lang: Lang) -> None:
        """Show this curve, or that it is being drawn."""
        self.lang = lang
        columns = (
            Column("", lambda peril: Content.styled(peril or "", "$muted"), 3),
            Column(
                say("audit.peril", lang),
                lambda peril: Content(peril_label(peril, lang) if peril else say("audit.all_perils", lang)),
            ),
        )
        dangers = [system.danger for system in drawn.quote.systems] if drawn else []
        perils = [peril for peril in PERILS if any(peril in danger for danger in dangers)]
        self.table.show((None, *perils) if drawn else (), columns)
        told = Content("\n").join(_curve_lines(drawn, lang)) if drawn else say("audit.drawing", lang)
        self.words.fit(lambda _: told)
        if drawn:
            self.query_one(CurveChart).show(drawn.curve, lang)


class ConstraintsPane(AuditPane):
    """Constraints of the regime, and the one under the cursor in full."""

    NAME = "constraints"

    def show(self, rows: tuple[ConstraintRow, ...], lang: Lang) -> None:
        """Show these constraints."""
        self.lang = lang
        figure = labels.constraint_figure
        columns = (
            Column(say("audit.state", lang), lambda row: labels.constraint_label(row, lang), 12),
            Column(say("audit.constraint", lang), lambda row: Content(safe(titled(row.constraint, lang)))),
            Column(say("audit.what", lang), lambda row: formatting.plain(labels.constraint_what(row)), 8),
            Column(
                say("audit.bounds_to", lang),
                lambda row: Content(labels.constraint_bound(row, lang)),
                8,
                True,
            ),
            Column(say("audit.is", lang), lambda row: Content(figure(row, row.value, lang)), 7, True),
            Column(say("audit.room", lang), lambda row: Content(figure(row, row.slack, lang)), 7, True),
            Column(say("audit.dual", lang), lambda row: Content(_or_dash(row.dual, lang)), 8, True, 100),
            Column(say("audit.moved", lang), lambda row: Content(_or_dash(row.moved_eur, lang, 0)), 12, True, 100),
        )
        self.table.show(rows, columns)
        self.explain()

    def explain(self) -> None:
        """The constraint in full."""
        row: ConstraintRow | None = self.table.list.current()
        told = labels.constraint_content(row, self.lang) if row else ""
        self.words.fit(lambda _: told)


def _count(number: int, lang: Lang) -> Content:
    return Content(formatting.count(number, lang) if number else "")


def _or_dash(value: float | None, lang: Lang, places: int = 2) -> str:
    if value is None:
        return "–"
    return formatting.number(value, lang, places) if places else formatting.count(value, lang)


def _curve_lines(drawn: CurveDrawn, lang: Lang) -> Iterator[Content]:
    """Which firm, what it pays today and a step away, what the marks mean."""
    quote, curve = drawn.quote, drawn.curve
    due = dict(curve.points)
    place = say(
        "audit.place", lang, number=formatting.count(drawn.place + 1, lang), total=formatting.count(drawn.total, lang)
    )
    yield Content.assemble((safe(quote.profile.firm.name), "bold"), (safe(f"  {quote.id}  {place}"), "$muted"))
    told = [say("audit.today", lang, due=formatting.money(due[0.0], lang))]
    told += [
        f"{formatting.step(step, lang)} {formatting.whole(due[step], lang)}" for step in (-1.0, 1.0) if step in due
    ]
    yield Content.assemble(("● ", "bold $accent"), " · ".join(told))
    floor = say("audit.floor", lang, floor=formatting.money(curve.floor, lang))
    yield Content.assemble(
        ("⠤ ", "$primary"),
        say("audit.due_axis", lang),
        ("  ┄ ", "$warning"),
        floor,
        (f"  {say('audit.keys', lang)}", "$muted"),
    )
    if curve.peril:
        scores = (f"{system.id} {formatting.signed(system.danger[curve.peril], lang)}" for system in quote.systems)
        yield formatting.plain(say("audit.scores", lang, scores=" · ".join(scores)), "$muted")

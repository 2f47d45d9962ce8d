"""The regulator's screen: what is proved, measured and asked of the tariff in force. It changes nothing."""

from __future__ import annotations

from asyncio import CancelledError
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.worker import get_current_worker

from tui import audit_data, formatting
from tui.actions import Place, own
from tui.audit_export import (
    Table,
    certificate_table,
    constraint_table,
    curve_table,
    firm_table,
    metric_table,
    table_csv,
)
from tui.export import write_new
from tui.messages import CertificateMade, ConstraintsFound, CurveDrawn, FileWritten, Measuring, MetricsMeasured
from tui.screens.audit_panes import AuditPane, CertificatePane, ConstraintsPane, CurvePane, MetricsPane
from tui.screens.desk_screen import DeskScreen
from tui.screens.quote import QuoteScreen
from tui.session import Session
from tui.widgets.rows import Rows
from tui.widgets.words import Words

if TYPE_CHECKING:
    from actuarial.certificate import Certificate
    from tui.audit_view import MetricLine
    from underwriting.constraint_table import ConstraintRow

PANES: tuple[type[AuditPane], ...] = (CertificatePane, MetricsPane, CurvePane, ConstraintsPane)  # keys 1 to 4
SHORT = 12  # digits of a digest that are shown


class AuditScreen(DeskScreen):
    """One pane at a time. Certificate and constraints are asked for at once; the curve, and the metrics, which read the
    whole book, when their pane is first shown."""

    PLACE = Place.AUDIT
    BINDINGS = own(Place.AUDIT)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.certificate: Certificate | None = None
        self.rows: tuple[ConstraintRow, ...] = ()
        self.metrics: tuple[MetricLine, ...] = ()
        self.measuring: Measuring | None = None
        self.drawn: CurveDrawn | None = None
        self.wanted: tuple[int, str | None] = (0, None)  # place in the book and peril of the curve that is asked for
        self.name_shown = PANES[0].NAME

    @property
    def pane(self) -> AuditPane:
        """The pane that is shown."""
        return self.query_one(f"#{self.name_shown}", AuditPane)

    def body(self) -> ComposeResult:
        """Tabs above the panes."""
        yield Words(id="tabs")
        with Container(id="audit"):
            for pane in PANES:
                yield pane()

    def begin(self) -> None:
        """Ask what comes at once."""
        self._go(CertificatePane)
        self.ask("constraints", partial(audit_data.constrained, self.session.desk))

    def title_line(self) -> Content:
        """What is audited, and whether its certificate is valid."""
        parts: list[tuple[str, str]] = [(f" Waarborg · {self.say('audit.title')}  ", "bold")]
        found = self.certificate
        if found is not None:
            glyph, style = (formatting.OK, "$success") if found.valid else (formatting.STOP, "$error")
            parts.append((f"{glyph} {self.say('audit.valid' if found.valid else 'audit.refuted')}  ", style))
        of = self.say("audit.of", calibration=found.calibration_sha256[:SHORT] if found else "…")
        return Content.assemble(*parts, (f"{of} · {self.session.desk.regime.id}", "$muted"))

    def paint(self) -> None:
        """All panes."""
        super().paint()
        lang = self.session.lang
        self.query_one("#tabs", Words).put(self._tabs())
        self.query_one(CertificatePane).show(self.certificate, lang)
        self.query_one(MetricsPane).show(self.metrics, self._progress(), lang)
        self.query_one(CurvePane).show(self.drawn, lang)
        self.query_one(ConstraintsPane).show(self.rows, lang)

    def _progress(self) -> str:
        """How far the measuring is: the replays take longest, and the figures come at the end."""
        if self.measuring is None:
            return self.say("audit.reading")
        if self.measuring.done >= self.measuring.total:
            return self.say("audit.computing")
        lang = self.session.lang
        done, total = (formatting.count(number, lang) for number in (self.measuring.done, self.measuring.total))
        return self.say("audit.measuring", done=done, total=total)

    def _tabs(self) -> Content:
        parts = []
        for number, pane in enumerate(PANES, 1):
            current = self.name_shown == pane.NAME
            style = "bold $block-cursor-foreground on $block-cursor-background" if current else "$muted"
            parts.append(Content.styled(f" {number} {self.say(f'tab.{pane.NAME}')} ", style))
        return Content(" ").join(parts)

    def _go(self, wanted: type[AuditPane]) -> None:
        self.name_shown = wanted.NAME
        for pane in self.query(AuditPane):
            pane.set_class(pane.NAME == wanted.NAME, "-current")
        self.pane.target().focus()
        self.query_one("#tabs", Words).put(self._tabs())
        self._ask_for(wanted.NAME)

    def _ask_for(self, name: str) -> None:
        """Ask for what a pane lacks, unless it is on its way."""
        desk = self.session.desk
        if any(worker.group == name and worker.is_running for worker in self.workers):
            return
        if name == CertificatePane.NAME and self.certificate is None:
            self.ask(name, partial(audit_data.certified, desk))
        elif name == MetricsPane.NAME and not self.metrics:
            self.ask(name, partial(audit_data.measured, desk, self._tell))
        elif name == CurvePane.NAME and self.drawn is None:
            self._draw(*self.wanted)
        elif name == ConstraintsPane.NAME and not self.rows:
            self.ask(name, partial(audit_data.constrained, desk))

    def _tell(self, done: int, total: int, what: str) -> None:
        """Called in the worker that measures; it ends there when the screen is left."""
        if get_current_worker().is_cancelled:
            raise CancelledError
        if what == audit_data.REPLAYS:
            self.post_message(Measuring(done, total))

    def _draw(self, place: int, peril: str | None) -> None:
        self.wanted = (place, peril)
        self.ask(CurvePane.NAME, partial(audit_data.curved, self.session.desk, place, peril))

    def on_certificate_made(self, event: CertificateMade) -> None:
        """The certificate is there."""
        self.certificate = event.certificate
        self.paint()

    def on_constraints_found(self, event: ConstraintsFound) -> None:
        """The constraints are there."""
        self.rows = event.rows
        self.paint()

    def on_measuring(self, event: Measuring) -> None:
        """The measuring goes on."""
        self.measuring = event
        self.query_one(MetricsPane).show(self.metrics, self._progress(), self.session.lang)

    def on_metrics_measured(self, event: MetricsMeasured) -> None:
        """The metrics are there."""
        self.metrics = event.lines
        self.paint()

    def on_curve_drawn(self, event: CurveDrawn) -> None:
        """Show the curve, unless a later key asked for another."""
        if (event.place, event.curve.peril) == self.wanted:
            self.drawn = event
            self.query_one(CurvePane).show(event, self.session.lang)

    def on_file_written(self, event: FileWritten) -> None:
        """Say where the export is."""
        self.tell(self.say("audit.exported", records=event.records, path=event.path))

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        """Another peril draws another curve."""
        curve = self.query_one(CurvePane)
        if event.rows is curve.table.list and self.drawn and curve.peril != self.wanted[1]:
            self._draw(self.wanted[0], curve.peril)

    def on_rows_chosen(self) -> None:
        """A second click goes in."""
        self.action_look()

    def list_in_use(self) -> Widget:
        """The table, or what is open beside it."""
        return self.pane.target()

    def action_look(self) -> None:
        """Into what stands behind the row under the cursor; from a firm to its quote."""
        pane = self.pane
        if not pane.table.list.row_count():
            return  # what it is about is still on its way
        if not pane.opened:
            pane.open(True)
        elif isinstance(pane, MetricsPane) and (firm := pane.firms.current()):
            if firm.quote_id:
                self.app.push_screen(QuoteScreen(self.session, firm.quote_id))
            else:
                self.tell(self.say("audit.no_quote", name=firm.name))

    def action_back(self) -> None:
        """Out of the detail, or of the screen."""
        if self.pane.opened:
            self.pane.open(False)
        else:
            super().action_back()

    def action_export(self) -> None:
        """Write the table that is shown as CSV."""
        table = self._table()
        if table is not None:
            self.ask("export", partial(_exported, table, Path.cwd()))

    def _table(self) -> Table | None:
        pane = self.pane
        match pane:
            case CertificatePane() if self.certificate:
                return certificate_table(self.certificate)
            case MetricsPane() if self.metrics:
                line = pane.table.list.current()
                return firm_table(line) if pane.opened else metric_table(self.metrics)
            case CurvePane() if self.drawn:
                return curve_table(self.drawn)
            case ConstraintsPane() if self.rows:
                return constraint_table(self.rows)
        return None

    def action_certificate(self) -> None:
        """To the certificate."""
        self._go(CertificatePane)

    def action_metrics(self) -> None:
        """To the metrics."""
        self._go(MetricsPane)

    def action_curve(self) -> None:
        """To the curve."""
        self._go(CurvePane)

    def action_constraints(self) -> None:
        """To the constraints."""
        self._go(ConstraintsPane)

    def action_next_firm(self) -> None:
        """The curve of the quote after this one in the book."""
        self._step(1)

    def action_previous_firm(self) -> None:
        """The curve of the quote before this one."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if self.drawn and isinstance(self.pane, CurvePane):
            place, peril = self.wanted
            self._draw(min(max(place + step, 0), self.drawn.total - 1), peril)


def _exported(table: Table, folder: Path) -> FileWritten:
    return FileWritten(write_new(folder, table.name, ".csv", table_csv(table)), len(table.rows))

"""One quote: risk, premium, levers, findings. Levers move the premium at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content

from policies.regimes import Regime
from tui import formatting
from tui.actions import Place, own
from tui.export import write_new
from tui.labels import finding_content
from tui.messages import FileWritten, QuoteFound, QuotePriced, QuoteSaved, Replayed
from tui.screens.desk_screen import DeskScreen
from tui.session import Session
from tui.widgets.lever_list import LeverList
from tui.widgets.price_panel import PricePanel
from tui.widgets.risk_text import RiskText
from tui.widgets.rows import Rows
from tui.widgets.waterfall import Waterfall, explained
from tui.widgets.words import Words
from underwriting.export import quote_data, to_json
from underwriting.intake.text import safe
from underwriting.quote import Quote

if TYPE_CHECKING:
    from underwriting.desk import Desk

PANES = ("premium", "levers", "risk", "findings")  # keys 1 to 4


class QuoteScreen(DeskScreen):
    """`base` is the quote, `shown` the same with the levers of `priced`; `pulled` are those that the user wants. On a
    narrow screen one pane shows at a time."""

    PLACE = Place.QUOTE
    BINDINGS = own(Place.QUOTE)

    def __init__(self, session: Session, quote_id: str, unsaved: Quote | None = None) -> None:
        super().__init__(session)
        self.quote_id = quote_id
        self._unsaved = unsaved
        self.saved = unsaved is None
        self.base: Quote | None = None
        self.shown: Quote | None = None
        self.regime: Regime | None = None
        self.pulled: frozenset[str] = frozenset()
        self.priced: frozenset[str] = frozenset()
        self.pane = PANES[0]

    def body(self) -> ComposeResult:
        """The panes; the style sheet lays them out."""
        with Container(id="panes"):
            yield Words(id="tabs")
            with VerticalScroll(id="risk"):
                yield RiskText(id="risk-text")
            with Vertical(id="premium"):
                yield Waterfall(id="waterfall")
                yield Words(id="line-text")
            yield PricePanel(id="price")
            with Vertical(id="levers"):
                yield LeverList(id="lever-list")
                yield Words(id="lever-text")
            with VerticalScroll(id="findings"):
                yield Words(id="findings-text")

    def begin(self) -> None:
        """Fetch the quote."""
        self._go(self.pane)
        self.ask("find", partial(_found, self.session.desk, self.quote_id, self._unsaved))

    def title_line(self) -> Content:
        """Which quote, of whom, for what."""
        quote = self.base
        if quote is None:
            return Content.assemble((f" {safe(self.quote_id)}", "bold"), f"  {self.say('quote.loading')}")
        terms, lang = quote.profile.cover.terms, self.session.lang
        state = self.say("quote.scratch" if self.pulled else "quote.saved_mark" if self.saved else "quote.unsaved")
        mark = "$muted" if self.saved and not self.pulled else "$accent"
        texts = {"limit": formatting.whole(terms.limit, lang), "deductible": formatting.whole(terms.deductible, lang)}
        tail = f" · {quote.obliged_class} · {self.say('quote.excess', **texts)} · {quote.regime_id}"
        return Content.assemble(
            (f" {safe(quote.id)} ", "bold"),
            (f"● {state}  ", mark),
            formatting.plain(quote.profile.firm.name, "bold"),
            formatting.plain(tail),
        )

    def paint(self) -> None:
        """All panes."""
        super().paint()
        for name in (*PANES, "price"):
            self.query_one(f"#{name}").border_title = self.say(f"pane.{name}")
        self.query_one("#tabs", Words).put(self._tabs())
        if self.base and self.regime:
            self.query_one(LeverList).show(self.base, self.regime, self.pulled, self.session.lang)
            self._paint_shown()

    def _paint_shown(self) -> None:
        """What the levers move."""
        if self.base and self.shown and self.regime:
            lang = self.session.lang
            self.query_one("#title", Words).put(self.title_line())
            self.query_one(PricePanel).show(self.base, self.shown, lang)
            self.query_one(Waterfall).show(self.shown.breakdown, lang)
            self.query_one("#findings-text", Words).put(self._findings(self.shown))
            self.query_one(RiskText).show(self.shown, self.regime, lang)
            self._explain()

    def _explain(self) -> None:
        levers = self.query_one(LeverList)
        self.query_one("#line-text", Words).put(explained(self.query_one(Waterfall).current(), self.session.lang))
        none = "" if levers.row_count() else self.say("quote.no_levers")
        self.query_one("#lever-text", Words).put(none or levers.explained())

    def _findings(self, quote: Quote) -> Content:
        if not quote.findings:
            return Content.styled(self.say("quote.no_findings"), "$success")
        return Content("\n").join(finding_content(finding, self.session.lang) for finding in quote.findings)

    def _tabs(self) -> Content:
        parts = []
        for number, name in enumerate(PANES, 1):
            style = "bold $block-cursor-foreground on $block-cursor-background" if name == self.pane else "$muted"
            parts.append(Content.styled(f" {number} {self.say(f'pane.{name}')} ", style))
        return Content(" ").join(parts)

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        """Explain the line or lever under the cursor."""
        event.stop()
        self._explain()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """A second click on a lever pulls it."""
        if event.rows.id == "lever-list":
            self.action_pull()

    def on_quote_found(self, event: QuoteFound) -> None:
        """The quote is there."""
        self.base, self.shown, self.regime = event.quote, event.quote, event.regime
        self.paint()
        self.ask("warm", partial(_warmed, self.session.desk, event.quote))

    def on_quote_priced(self, event: QuotePriced) -> None:
        """Show the new premium, unless a later key asked for other levers."""
        if event.levers == self.pulled:
            self.priced, self.shown = event.levers, event.quote
            self._paint_shown()

    def on_quote_saved(self) -> None:
        """Say so."""
        self.saved = True
        key = "quote.saved_base" if self.pulled else "quote.saved"
        self.tell(self.say(key, id=self.quote_id))
        self.paint()

    def on_replayed(self, event: Replayed) -> None:
        """Say whether it came out the same."""
        replay = event.replay
        key = "quote.identical" if replay.identical else "quote.differs"
        text = self.say(key, id=self.quote_id, difference=replay.difference)
        self.tell(text, "information" if replay.identical else "error")

    def on_file_written(self, event: FileWritten) -> None:
        """Say where the export is."""
        self.tell(self.say("quote.exported", path=event.path))

    def failed(self, error: BaseException) -> None:
        """The boxes go back to what was last priced; a quote that cannot be opened closes its screen."""
        super().failed(error)
        self.pulled = self.priced
        if self.base is None:
            self.app.pop_screen()
        else:
            self.paint()

    def _pull(self, levers: frozenset[str]) -> None:
        if self.base is None:
            return
        self.pulled = levers
        self.ask("price", partial(_priced, self.session.desk, self.base, levers))
        self.query_one(LeverList).tick(levers)

    def _go(self, pane: str) -> None:
        self.pane = pane
        for name in PANES:
            self.query_one(f"#{name}").set_class(name == pane, "-current")
        target = self.query_one(f"#{pane}")
        (target if target.can_focus else target.query_one(Rows)).focus()
        self.query_one("#tabs", Words).put(self._tabs())

    def action_pull(self) -> None:
        """Pull or release the lever under the cursor; from another pane, go to the levers first."""
        if self.focused is self.query_one(LeverList):
            self._pull(self.query_one(LeverList).toggled())
        else:
            self._go("levers")

    def action_reset(self) -> None:
        """Release all levers."""
        self._pull(frozenset())

    def action_save(self) -> None:
        """Save the quote, without the levers."""
        if self.base is not None:
            self.ask("save", partial(_saved, self.session.desk, self.base))

    def action_replay(self) -> None:
        """Recompute the saved quote."""
        self.ask("replay", partial(_replayed, self.session.desk, self.quote_id))

    def action_export(self) -> None:
        """Write what is shown as JSON."""
        if self.shown is not None and self.regime is not None:
            self.ask("export", partial(_exported, self.shown, self.regime, Path.cwd()))

    def action_premium(self) -> None:
        """To the waterfall."""
        self._go("premium")

    def action_levers(self) -> None:
        """To the levers."""
        self._go("levers")

    def action_risk(self) -> None:
        """To the risk."""
        self._go("risk")

    def action_findings(self) -> None:
        """To the findings."""
        self._go("findings")


def _found(desk: Desk, quote_id: str, unsaved: Quote | None) -> QuoteFound:
    quote = unsaved or desk.find(quote_id)
    return QuoteFound(quote, desk.regime_of(quote))


def _warmed(desk: Desk, quote: Quote) -> None:
    """Price once unseen, so that the first lever need not wait for the tariff to be read."""
    desk.what_if(quote, frozenset())


def _priced(desk: Desk, base: Quote, levers: frozenset[str]) -> QuotePriced:
    return QuotePriced(levers, desk.what_if(base, levers) if levers else base)


def _saved(desk: Desk, quote: Quote) -> QuoteSaved:
    desk.save(quote)
    return QuoteSaved()


def _replayed(desk: Desk, quote_id: str) -> Replayed:
    return Replayed(desk.replay(quote_id))


def _exported(quote: Quote, regime: Regime, folder: Path) -> FileWritten:
    name = quote.id.replace(" ", "-")  # a quote with levers is called what-if
    return FileWritten(write_new(folder, name, ".json", to_json(quote_data(quote, regime)) + "\n"), 1)

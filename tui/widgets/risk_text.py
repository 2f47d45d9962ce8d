"""The risk in thirty seconds: firm, cover, and per system its class, evidence, compliance and danger."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from policies.regimes import Regime
from policies.risk import AISystem
from tui import formatting
from tui.labels import class_label
from tui.texts import Lang, say
from tui.widgets.danger_bars import danger_bars
from tui.widgets.rows import cell, hanging
from tui.widgets.words import Words
from underwriting.quote import Quote, SystemResult
from underwriting.texts import text

NAME = 13
COMPLIANCE = 8  # cells of the compliance bar


class RiskText(Words):
    """The risk, wrapped anew whenever its width changes."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._shown: tuple[Quote, Regime, Lang] | None = None

    def show(self, quote: Quote, regime: Regime, lang: Lang) -> None:
        """Show the risk of this quote."""
        self._shown = (quote, regime, lang)
        self.on_resize()

    def on_resize(self) -> None:
        """Wrap to the width there is."""
        if self._shown and self.size.width:
            quote, regime, lang = self._shown
            self.put(risk_text(quote, regime, self.size.width, lang))


def risk_text(quote: Quote, regime: Regime, width: int, lang: Lang) -> Content:
    """The whole text for so many cells."""
    declared = {system.id: system for system in quote.profile.systems}
    blocks = [
        _block(quote.profile.firm.name, _firm(quote, regime, lang), width),
        _block(say("risk.cover", lang), _cover(quote, lang), width),
    ]
    for result in quote.systems:
        rows = _system(result, declared[result.id], regime, lang)
        head = _block(f"{result.name} ({result.id})", rows, width)
        title = Content.styled(say("risk.danger", lang), "$muted")
        blocks.append(Content("\n").join([head, title, danger_bars(result.danger, width, lang)]))
    return Content("\n\n").join(blocks)


def _block(title: str, rows: Iterable[tuple[str, Content]], width: int) -> Content:
    lines = (hanging(cell(name, NAME, "$muted"), value, width) for name, value in rows)
    return Content("\n").join([formatting.plain(title, "bold $primary"), *lines])


def _firm(quote: Quote, regime: Regime, lang: Lang) -> Iterable[tuple[str, Content]]:
    firm = quote.profile.firm
    yield regime.business_number_name, formatting.plain(f"{firm.kvk} {firm.country}")
    yield say("risk.size", lang), Content(text(f"size.{firm.size_class}", lang))
    yield say("risk.turnover", lang), Content(formatting.whole(firm.turnover_nl, lang))
    yield say("risk.incidents", lang), Content(formatting.count(len(quote.profile.incidents), lang))


def _cover(quote: Quote, lang: Lang) -> Iterable[tuple[str, Content]]:
    cover = quote.profile.cover
    yield say("risk.limit", lang), Content(formatting.whole(cover.terms.limit, lang))
    yield say("risk.aggregate", lang), Content(formatting.whole(cover.terms.aggregate_limit, lang))
    yield say("risk.deductible", lang), Content(formatting.whole(cover.terms.deductible, lang))
    day = formatting.day(cover.inception, lang)
    yield say("risk.inception", lang), Content(say("risk.months", lang, day=day, months=cover.term_months))
    yield say("risk.heads", lang), formatting.plain(" ".join(cover.heads))


def _system(result: SystemResult, system: AISystem, regime: Regime, lang: Lang) -> Iterable[tuple[str, Content]]:
    yield say("risk.class", lang), _class(result, regime, lang)
    persons = formatting.count(system.persons_per_month, lang)
    yield say("risk.persons", lang), Content(say("risk.monthly", lang, number=persons))
    yield say("risk.model", lang), formatting.plain(system.foundation_model)
    runs = len(system.runs)
    none = Content.styled(say("risk.none", lang), "$warning")
    yield say("risk.evidence", lang), Content(formatting.count(runs, lang)) if runs else none
    yield say("risk.compliance", lang), _compliance(result.compliance, lang)


def _class(result: SystemResult, regime: Regime, lang: Lang) -> Content:
    if result.priced_class == result.obliged_class:
        return Content(class_label(result.obliged_class, regime, lang))
    priced = class_label(result.priced_class, regime, lang)
    return Content(say("risk.priced", lang, asked=result.obliged_class, priced=priced))


def _compliance(share: float, lang: Lang) -> Content:
    full = round(share * COMPLIANCE)
    bar = (("█" * full, "$success"), ("░" * (COMPLIANCE - full), "$muted"))
    return Content.assemble(*bar, f" {formatting.percent(share, lang)}")

"""The premium due in large digits, with its range, its instalments and what the levers save."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Digits

from policies.money import ZERO, Money
from tui import formatting
from tui.labels import decision_label
from tui.texts import Lang, say
from tui.widgets.words import Words
from underwriting.quote import Quote

MONTHLY = 12


class PricePanel(Vertical):
    """The panel; `show` fills it."""

    def compose(self) -> ComposeResult:
        """Digits above a few lines."""
        yield Digits(id="due")
        yield Words(id="price-lines")

    def show(self, base: Quote, shown: Quote, lang: Lang) -> None:
        """Show the premium of `shown`, and what it saves against `base`."""
        due = shown.breakdown.due
        self.query_one("#due", Digits).update(formatting.money(due, lang))
        lines = [
            _saving(base.breakdown.due, due, lang),
            decision_label(shown.decision, lang),
            Content(_instalments(shown.instalments, lang)),
            Content.assemble(
                (f"{formatting.ESTIMATE} ", "$accent"), _range(shown, lang), (f" {say('price.effect', lang)}", "$muted")
            ),
            Content(say("price.tax", lang, tax=formatting.money(shown.breakdown.tax, lang))).stylize("$muted"),
        ]
        self.query_one("#price-lines", Words).put(Content("\n").join(lines))


def _saving(before: Money, due: Money, lang: Lang) -> Content:
    if before == due:
        return Content()
    texts = {"before": formatting.money(before, lang), "saving": formatting.money(before - due, lang)}
    return Content.styled(say("price.was", lang, **texts), "$success")


def _range(quote: Quote, lang: Lang) -> str:
    low, high = sorted((quote.due_low, quote.due_high))
    return say("price.range", lang, low=formatting.whole(low, lang), high=formatting.whole(high, lang))


def _instalments(parts: tuple[Money, ...], lang: Lang) -> str:
    amount = formatting.money(parts[-1] if parts else ZERO, lang)
    if len(parts) <= 1:
        return say("price.once", lang)
    return say(
        "price.monthly" if len(parts) == MONTHLY else "price.instalments", lang, number=len(parts), amount=amount
    )

"""The changes the firm could make, each with its saving, to be pulled and released."""

from __future__ import annotations

from textual.content import Content

from policies.regimes import Regime
from tui import formatting
from tui.labels import lever_label, lever_sentence
from tui.texts import Lang
from tui.widgets.rows import Rows, cell
from underwriting.quote import Lever, Quote

SAVING = 11


class LeverList(Rows):
    """A box per lever; `pulled` are the ids of those that are on."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self.pulled: frozenset[str] = frozenset()
        self._offer: tuple[Quote, Regime] | None = None
        self._lang: Lang = "en"

    @property
    def levers(self) -> tuple[Lever, ...]:
        """The levers on offer."""
        return self._offer[0].levers if self._offer else ()

    def show(self, quote: Quote, regime: Regime, pulled: frozenset[str], lang: Lang) -> None:
        """Show the levers of this quote."""
        self._offer, self.pulled, self._lang = (quote, regime), pulled, lang
        self.rows_changed()

    def tick(self, pulled: frozenset[str]) -> None:
        """Show other boxes ticked."""
        changed = self.pulled ^ pulled
        self.pulled = pulled
        for index, lever in enumerate(self.levers):
            if lever.id in changed:
                self.refresh_line(index)

    def row_count(self) -> int:
        """How many levers there are."""
        return len(self.levers)

    def toggled(self) -> frozenset[str]:
        """What `pulled` becomes when the lever under the cursor changes; of deductibles one can be on at a time."""
        if not self.levers:
            return self.pulled
        lever = self.levers[self.cursor]
        if lever.id in self.pulled:
            return self.pulled - {lever.id}
        rivals = {other.id for other in self.levers if other.kind == lever.kind == "deductible"}
        return self.pulled - rivals | {lever.id}

    def paint(self, index: int, width: int) -> Content:
        """Box, change, saving."""
        if self._offer is None:
            return Content()
        lever = self.levers[index]
        on = lever.id in self.pulled
        saving = cell(formatting.amount(-lever.saving, self._lang), SAVING, "$success", right=True)
        label = cell(lever_label(lever, *self._offer, self._lang), max(width - SAVING - 5, 1))
        box = ("[x] ", "bold $success") if on else ("[ ] ", "$muted")
        return Content.assemble(box, label, " ", saving)

    def explained(self) -> Content:
        """The lever under the cursor in full."""
        if self._offer is None or not self.levers:
            return Content()
        return lever_sentence(self.levers[self.cursor], *self._offer, self._lang)

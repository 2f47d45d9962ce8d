"""The premium as a waterfall: a row per line with its factor, a bar and its amount, and the running totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.content import Content

from actuarial.breakdown import Line, PremiumBreakdown, Stage
from policies.money import ZERO, Money
from tui import formatting
from tui.labels import line_label
from tui.texts import Lang
from tui.widgets.rows import Rows, cell
from underwriting.texts import text

EIGHTHS = " ▏▎▍▌▋▊▉█"
LABEL, FACTOR, BAR = 25, 9, 6


@dataclass(frozen=True, slots=True)
class Step:
    """A row: a line of the breakdown from running total `start` to `end`, or a total (no line)."""

    stage: Stage
    line: Line | None
    amount: Money
    start: Money
    end: Money


def steps(breakdown: PremiumBreakdown) -> Iterator[Step]:
    """The lines that do something, with the running total after each stage."""
    running = ZERO
    for stage in Stage:
        for line in (line for line in breakdown.lines if line.stage is stage):
            before, running = running, running + line.amount
            if line.amount != ZERO or line.factor is not None:
                yield Step(stage, line, line.amount, before, running)
        yield Step(stage, None, running, ZERO, running)


class Waterfall(Rows):
    """The waterfall as a list: the cursor picks the line that the screen explains."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._steps: tuple[Step, ...] = ()
        self._lang: Lang = "en"
        self._widest = ZERO
        self._figure = 0

    def show(self, breakdown: PremiumBreakdown, lang: Lang) -> None:
        """Show this premium."""
        self._steps, self._lang = tuple(steps(breakdown)), lang
        self._widest = max(max(step.start, step.end) for step in self._steps)
        self._figure = max(len(formatting.amount(step.amount, lang)) for step in self._steps)
        self.rows_changed()

    def row_count(self) -> int:
        """Lines and totals."""
        return len(self._steps)

    def current(self) -> Step | None:
        """The row under the cursor."""
        return self._steps[self.cursor] if self._steps else None

    def paint(self, index: int, width: int) -> Content:
        """Label, factor, bar, amount."""
        step, lang = self._steps[index], self._lang
        figure = cell(formatting.amount(step.amount, lang), self._figure, right=True)
        label_width = max(min(LABEL, width - FACTOR - self._figure - BAR - 2), 8)
        bar = bar_of(step, self._widest, max(width - label_width - FACTOR - self._figure - 2, 0))
        if step.line is None:
            label = cell(step_label(step, lang), label_width + FACTOR + 1, "bold")
            return Content.assemble(label, (bar, "$primary"), " ", figure.stylize("bold"))
        label = cell(step_label(step, lang), label_width)
        factor = cell(_factor(step.line, lang), FACTOR, "$muted", right=True)
        return Content.assemble(label, factor, " ", (bar, "$success" if step.amount < ZERO else "$bar"), " ", figure)


def step_label(step: Step, lang: Lang) -> str:
    """The name of a line, or of a total after an equals sign."""
    return f"= {text(f'total.{step.stage}', lang)}" if step.line is None else line_label(step.line.code, lang)


def _factor(line: Line, lang: Lang) -> str:
    if line.factor is None:
        return ""
    return formatting.percent(line.factor, lang) if line.stage is Stage.TAX else formatting.factor(line.factor, lang)


def bar_of(step: Step, widest: Money, width: int) -> str:
    """The bar from `start` to `end` on a scale of 0 to `widest`, in exactly `width` cells: solid when it adds,
    shaded when it takes off, an eighth of a cell at least."""
    if widest <= ZERO or width <= 0 or step.start == step.end:
        return " " * max(width, 0)
    ends = (step.start.cents / widest.cents, step.end.cents / widest.cents)
    left, right = sorted(min(max(end, 0.0), 1.0) * width for end in ends)
    first = min(int(left), width - 1)
    if step.end < step.start:
        length = max(round(right) - first, 1)
        return (" " * first + "░" * length).ljust(width)[:width]
    full, rest = divmod(max(round((right - first) * 8), 1), 8)
    return (" " * first + "█" * full + EIGHTHS[rest].strip()).ljust(width)[:width]


def explained(step: Step | None, lang: Lang) -> Content:
    """The line under the cursor in words: what it is, what it did, where its parameters are."""
    if step is None:
        return Content()
    if step.line is None:
        return Content.styled(step_label(step, lang), "bold")
    return Content.assemble(
        (step_label(step, lang), "bold"),
        f"  {formatting.amount(step.start, lang)} → {formatting.amount(step.end, lang)}\n",
        formatting.plain(step.line.source, "$muted"),
    )

"""What a user takes along: the filtered list as CSV, a quote as JSON; machine form, written in one go."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from policies.money import CENTS_PER_EURO, Money
from underwriting.intake.text import is_formula, safe

if TYPE_CHECKING:
    from underwriting.records import QuoteRow

HEADER = ("quote_id", "firm", "obliged_class", "limit_eur", "due_eur", "decision", "at", "inception")


def quotes_csv(rows: Iterable[QuoteRow]) -> str:
    """The list as CSV: decimal points, ISO dates, no cell that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for row in rows:
        amounts = (_euros(row.limit), _euros(row.due))
        writer.writerow(
            (
                guarded(row.id),
                guarded(row.firm),
                guarded(row.obliged_class),
                *amounts,
                row.decision,
                row.at,
                row.inception,
            )
        )
    return text.getvalue()


def guarded(cell: str) -> str:
    """A cell of text, with an apostrophe before what a spreadsheet would take for a formula."""
    clean = safe(cell)
    return f"'{clean}" if is_formula(clean) else clean


def write_new(folder: Path, name: str, suffix: str, text: str) -> Path:
    """Write a file that was not there before: name.csv, else name-2.csv and so on. Raises OSError."""
    for number in count(1):
        path = folder / (f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")
        try:
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise AssertionError("count never ends")


def _euros(amount: Money) -> str:
    return f"{amount.cents // CENTS_PER_EURO}.{amount.cents % CENTS_PER_EURO:02d}"

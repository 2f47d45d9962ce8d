"""What the commands print, and the exit code that a quote gives."""

from __future__ import annotations

import click

from policies.regimes import Regime
from underwriting import settings
from underwriting.export import quote_data, to_json
from underwriting.intake.text import safe
from underwriting.quote import Decision, Quote

LONGEST_LINE = 1000


def say(line: str) -> None:
    """One line on stdout, made safe for a terminal."""
    click.echo(safe(line, LONGEST_LINE))


def print_quote(quote: Quote, regime: Regime, *, as_json: bool, lang: str | None) -> None:
    """A quote on stdout: as one JSON object or in full as text."""
    if as_json:
        click.echo(to_json(quote_data(quote, regime)))
        return
    from underwriting.report import quote_text  # noqa: PLC0415 - babel is for people, JSON does without

    click.echo(quote_text(quote, regime, lang or settings.language()))


def exit_code(quote: Quote) -> int:
    """0 for a quote that may be bound, 1 for one that is referred or declined."""
    return 0 if quote.decision is Decision.QUOTED else 1

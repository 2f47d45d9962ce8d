"""What the commands print, and the exit code that a quote gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from policies.findings import BadInputError, Finding, WaarborgError
from policies.regimes import Regime
from underwriting import settings
from underwriting.cli import LONGEST_LINE
from underwriting.export import quote_data, to_json
from underwriting.intake.text import safe
from underwriting.quote import Decision, Quote
from underwriting.texts import finding_title, text


def say(line: str, *, err: bool = False) -> None:
    """One line on stdout, or with `err` on stderr, made safe for a terminal."""
    click.echo(safe(line, LONGEST_LINE), err=err)


def print_quote(quote: Quote, regime: Regime, *, as_json: bool, lang: str | None) -> None:
    """A quote on stdout: as one JSON object or in full as text."""
    if as_json:
        click.echo(to_json(quote_data(quote, regime)))
        return
    from underwriting.report import quote_text  # noqa: PLC0415 - babel is for people, JSON does without

    click.echo(quote_text(quote, regime, lang or settings.language()))


def finding_line(finding: Finding, lang: str) -> str:
    """A finding as one line; the title stands before the English detail in a language that is not English."""
    if lang == "en":
        return finding.line()
    told = replace(finding, message=f"{finding_title(finding, lang)}: {finding.message}").line()
    return text(f"severity.{finding.severity}", lang) + told.removeprefix(finding.severity)


@contextmanager
def errors_in(lang: str) -> Iterator[None]:
    """Within it, bad input is told in that language."""
    try:
        yield
    except BadInputError as error:
        raise WaarborgError("\n".join(finding_line(finding, lang) for finding in error.findings)) from error


def exit_code(quote: Quote) -> int:
    """0 for a quote that may be bound, 1 for one that is referred or declined."""
    return 0 if quote.decision is Decision.QUOTED else 1

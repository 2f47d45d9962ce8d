"""Commands that price and check dossiers, and print the catalogue."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from policies.findings import BadInputError, Severity
from policies.regimes import load_regime
from underwriting import settings
from underwriting.cli import Options, lang_option
from underwriting.commands.printing import errors_in, exit_code, finding_line, print_quote, say
from underwriting.export import catalogue_data, to_json
from underwriting.texts import text

DAY = click.DateTime(["%Y-%m-%d"])
FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--at", type=DAY, help="Quote as of this day, YYYY-MM-DD; by default today.")
@click.option("--save", is_flag=True, help="Write the quote into the book.")
@lang_option()
@click.pass_obj
def quote(options: Options, folder: Path, as_json: bool, at: datetime | None, save: bool, lang: str | None) -> int:
    """Quote the dossier in FOLDER.

    Exit code: 0 quoted, 1 referred or declined, 2 bad input.
    """
    desk = options.desk()
    with errors_in("en" if as_json else lang or settings.language()):
        made = desk.quote(folder, at.date() if at else None)
    if save:
        desk.save(made)
    print_quote(made, desk.regime, as_json=as_json, lang=lang)
    return exit_code(made)


@click.group()
def dossier() -> None:
    """Work with dossiers."""


@dossier.command()
@click.argument("folder", type=FOLDER)
@click.option("--at", type=DAY, help="Check as of this day, YYYY-MM-DD; by default today.")
@lang_option()
@click.pass_obj
def check(options: Options, folder: Path, at: datetime | None, lang: str | None) -> int:
    """Check the dossier in FOLDER without quoting it.

    Errors go to stderr, every other finding to stdout. Exit code: 0 read without errors, 2 it holds errors.
    """
    submission = options.desk().read(folder, at.date() if at else None)
    spoken, found = lang or settings.language(), submission.findings
    for finding in found:
        if finding.severity is not Severity.ERROR:
            say(finding_line(finding, spoken))
    if submission.profile is None:
        with errors_in(spoken):
            raise BadInputError(finding for finding in found if finding.severity is Severity.ERROR)
    systems = len(submission.profile.systems)
    say(text("check.sound", spoken, folder=folder, systems=systems, findings=len(found)))
    return 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def catalogue(as_json: bool) -> int:
    """Print perils with the battery that the regime requires, harm heads, and safety tests."""
    data = catalogue_data(load_regime(settings.regime_id()))
    if as_json:
        click.echo(to_json(data))
        return 0
    for peril in data["perils"]:
        battery = ", ".join(f"{entry.test} {entry.weight:.0%}" for entry in peril["battery"])
        say(f"peril {peril['id']}  {peril['title']}: {battery or 'no test required'}")
    for head in data["heads"]:
        say(f"head {head['id']}  {head['title']}")
    for test in data["tests"]:
        say(f"test {test['id']}  {test['peril'] or 'utility'}, {test['minimum_trials']} trials at least")
    return 0

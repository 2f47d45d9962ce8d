"""Commands on calibrations: fit, list, show, compare, impact, report, approve, and which one is in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from policies.findings import Severity
from underwriting import settings
from underwriting.approval import person
from underwriting.cli import Options, lang_option
from underwriting.commands import calibration_text as lines
from underwriting.commands.calibration_data import approval_data, impact_data, row_data
from underwriting.commands.printing import say
from underwriting.desk import IN_FORCE, SHORT, Desk, findings_of
from underwriting.export import SCHEMA_VERSION, to_json
from underwriting.records import CalibrationRow, in_force

if TYPE_CHECKING:
    from actuarial.calibration import TestReference
    from actuarial.fitting.experience import Experience

DAY = click.DateTime(["%Y-%m-%d"])
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
NAME = click.argument("name", metavar="ID")
T = TypeVar("T")
FIRMS_A_LINE = 2000  # of a large book, while it is priced twice
MOST_CHANGED = 10  # parameters that `calibrate` tells of; `compare` has them all


@click.command()
@click.option("--from-db", is_flag=True, help="Fit on the newest quotes of the book; so it does without --experience.")
@click.option("--experience", type=click.Path(path_type=Path), help="Fit on this file (docs/experience.md).")
@click.option("--prior", metavar="ID", default=IN_FORCE, help="The calibration to start from; by default in-force.")
@click.option("--regime", metavar="ID", help="The regime to fit under, instead of the one in force.")
@click.option("--by", metavar="NAME", help="Who fits it; by default the name you are logged in under.")
@JSON
@click.pass_obj
def calibrate(
    options: Options,
    from_db: bool,
    experience: Path | None,
    prior: str,
    regime: str | None,
    by: str | None,
    as_json: bool,
) -> int:
    """Fit a calibration on experience, validate it and keep it in the book. It prices nothing until it is approved.

    Exit code: 0 it may be approved, 1 its validation holds errors, 2 it could not be fitted.
    """
    if from_db and experience:
        raise click.UsageError("give --from-db or --experience FILE, not both")
    from underwriting import comparison, recalibration  # noqa: PLC0415 - they load what fits

    desk = options.desk(regime) if experience else options.existing(regime)
    name = person(settings.user_name() if by is None else by)
    start, known = desk.calibration_row(prior), {row.sha256 for row in desk.calibrations()}
    read, tests = _experience(desk, experience, start)
    row = recalibration.calibrate(desk, read, name, start.sha256, told(), tests)
    findings = findings_of(desk.validation(row))
    before, after = (desk.calibration_data(sha256) for sha256 in (start.sha256, row.sha256))
    most = comparison.largest(comparison.compare(before, after), MOST_CHANGED)
    if as_json:
        click.echo(to_json({**row_data(desk, row), "changed_most": most}))
    else:
        if row.sha256 in known:
            say(f"calibration {row.sha256[:SHORT]} is in the book already; it stays as it was first fitted", err=True)
        show_lines(lines.heading(row, after, lines.standing(row, desk.approvals(), desk.today())))
        show_lines(("", *lines.finding_lines(findings), "", "What changed most", *lines.change_lines(most), ""))
        show_lines(_next_steps(row))
    return int(any(finding.severity is Severity.ERROR for finding in findings))


@click.group()
def calibration() -> None:
    """Work with calibrations.

    ID is the start of a digest, "shipped" for the one that comes with the program, or "in-force".
    """


@calibration.command("list")
@JSON
@click.pass_obj
def list_(options: Options, as_json: bool) -> int:
    """List the calibrations: who fitted them, what was found, which is in force and which comes next."""
    desk = options.existing()
    rows = desk.calibrations()
    if as_json:
        click.echo(to_json([row_data(desk, row) for row in rows]))
        return 0
    approvals, today = desk.approvals(), desk.today()
    show_lines(
        lines.list_lines(
            (
                row,
                desk.calibration_data(row.sha256)["as_of"],
                lines.counted(findings_of(desk.validation(row))),
                lines.standing(row, approvals, today),
            )
            for row in rows
        )
    )
    return 0


@calibration.command()
@NAME
@JSON
@click.pass_obj
def show(options: Options, name: str, as_json: bool) -> int:
    """Print every parameter of a calibration with its interval, its findings and its approvals."""
    from underwriting.comparison import estimates  # noqa: PLC0415 - it loads what fits

    desk = options.existing()
    row = desk.calibration_row(name)
    data, findings = desk.calibration_data(row.sha256), findings_of(desk.validation(row))
    found = estimates(data)
    if as_json:
        told = {**row_data(desk, row), "warnings": data["warnings"], "parameters": found}
        click.echo(to_json({**told, "sources": data["sources"]}))
        return 0
    approvals = desk.approvals()
    own = [approval for approval in approvals if approval.calibration_sha256 == row.sha256]
    show_lines(lines.heading(row, data, lines.standing(row, approvals, desk.today())))
    show_lines(("", *lines.finding_lines(findings), "", *lines.approval_lines(own), ""))
    show_lines(lines.parameter_lines(found))
    return 0


@calibration.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@JSON
@click.pass_obj
def compare(options: Options, a: str, b: str, as_json: bool) -> int:
    """Print every parameter of A and B side by side with its interval, those that differ first."""
    from underwriting.comparison import compare as side_by_side  # noqa: PLC0415 - it loads what fits

    desk = options.existing()
    left, right = desk.calibration_row(a), desk.calibration_row(b)
    found = side_by_side(desk.calibration_data(left.sha256), desk.calibration_data(right.sha256))
    if as_json:
        told = {"schema_version": SCHEMA_VERSION, "a": left.sha256, "b": right.sha256, "parameters": found}
        click.echo(to_json(told))
    else:
        show_lines((f"A {left.sha256}", f"B {right.sha256}", "", *lines.comparison_lines(found)))
    return 0


@calibration.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@JSON
@click.pass_obj
def impact(options: Options, a: str, b: str, as_json: bool) -> int:
    """Price the newest quote of every firm under A and under B: what changes, for whom most, and why."""
    from underwriting.impact import impact as rated_twice  # noqa: PLC0415 - NumPy costs 0.1 s, and a list does without

    desk = options.existing()
    left, right = desk.calibration_row(a).sha256, desk.calibration_row(b).sha256
    at, currency, parsed = desk.today(), desk.regime.currency, (desk.calibration_of(left), desk.calibration_of(right))
    found = rated_twice(counting(desk.newest_profiles()), at, desk.regime, *parsed)
    if as_json:
        told = {"schema_version": SCHEMA_VERSION, "a": left, "b": right, "at": at, "currency": currency}
        click.echo(to_json({**told, **impact_data(found)}))
    else:
        show_lines(lines.impact_lines(found, currency, at, (left[:SHORT], right[:SHORT])))
    return 0


@calibration.command()
@NAME
@click.option("--by", metavar="NAME", required=True, help="Who approves it: someone else than who fitted it.")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for those who read it later.")
@click.option("--from", "start", type=DAY, help="The day from which it is in force, YYYY-MM-DD; by default today.")
@JSON
@click.pass_obj
def approve(options: Options, name: str, by: str, reason: str, start: datetime | None, as_json: bool) -> int:
    """Put a calibration in force from a day on. An approval is never taken back; a later one replaces it."""
    desk = options.existing()
    given = desk.approve(name, by, reason, start.date() if start else None)
    row = desk.calibration_row(given.calibration_sha256)
    if as_json:
        click.echo(to_json({"schema_version": SCHEMA_VERSION, **approval_data(given)}))
        return 0
    say(f"{row.sha256[:SHORT]} approved by {given.approved_by}, in force from {given.effective_from}")
    certificate = desk.certificate(desk.calibration_of(row.sha256))  # kept since the approval asked it
    say(f"its certificate under {desk.regime.id} was checked and is valid ({len(certificate.claims)} claims)")
    if findings := findings_of(desk.validation(row)):
        show_lines(lines.finding_lines(findings))
    return 0


@calibration.command("in-force")
@click.option("--at", type=DAY, help="The day asked about, YYYY-MM-DD; by default today.")
@JSON
@click.pass_obj
def in_force_(options: Options, at: datetime | None, as_json: bool) -> int:
    """Print which calibration is in force on a day, by whose approval, and what comes next."""
    desk = options.existing()
    day = at.date() if at else desk.today()
    found, approvals = desk.in_force(day), desk.approvals()
    approval = in_force(approvals, day)
    later = sorted({other.effective_from for other in approvals if other.effective_from > day})
    coming = in_force(approvals, later[0]) if later else None
    if as_json:
        told = {"schema_version": SCHEMA_VERSION, "at": day, "calibration": found.sha256}
        both = {"approval": approval, "next": coming}
        click.echo(to_json(told | {name: value and approval_data(value) for name, value in both.items()}))
        return 0
    say(f"{found.sha256} on {day}")
    if approval is None:
        say("  it ships with the program; no approval has taken effect")
    for word, given in (("since", approval), ("then", coming)):
        if given:
            who = f"approved by {given.approved_by} on {given.approved_at}: {given.reason}"
            say(f"  {word} {given.effective_from} {given.calibration_sha256[:SHORT]}, {who}")
    return 0


@calibration.command()
@NAME
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write into; by default beside the book.")
@lang_option()
@click.pass_obj
def report(options: Options, name: str, out: Path | None, lang: str | None) -> int:
    """Write the report of a calibration as HTML and PDF, and print where they are."""
    from underwriting.documents.calibration_report import write_report  # noqa: PLC0415 - it loads what draws

    desk = options.existing()
    row = desk.calibration_row(name)
    empty: dict[str, Any] = {"calibration": row.sha256, "champion": None, "findings": [], "tables": {}}
    own = [given for given in desk.approvals() if given.calibration_sha256 == row.sha256]
    written = write_report(
        out or desk.book.parent / "reports" / row.sha256[:SHORT],
        desk.calibration_data(row.sha256),
        desk.validation(row) or empty,
        row.fitted_by,
        row.fitted_at,
        [(given.approved_by, given.reason, given.effective_from) for given in own],
        lang or settings.language(),
    )
    for path in written:
        say(str(path))
    return 0


def told() -> Callable[[int, int, str, str], None]:
    """Progress on stderr, a line a step with the seconds that it took."""
    last = time.perf_counter()

    def tell(done: int, steps: int, name: str, found: str) -> None:
        nonlocal last
        now = time.perf_counter()
        say(f"[{done}/{steps}] {name}: {found} ... {now - last:.1f} s", err=True)
        last = now

    return tell


def counting(firms: Iterable[T]) -> Iterator[T]:
    """The same firms, with a line on stderr every so many."""
    for number, firm in enumerate(firms, start=1):
        if number % FIRMS_A_LINE == 0:
            say(f"{number} firms read", err=True)
        yield firm


def show_lines(printed: Iterable[str]) -> None:
    """Lines on stdout, each made safe."""
    for line in printed:
        say(line)


def _experience(
    desk: Desk, file: Path | None, start: CalibrationRow
) -> tuple[Experience, Mapping[str, TestReference] | None]:
    """The experience of the book, whose dossiers are measured anew, or of a file, whose warnings go to stderr.

    Also the references of tests that danger was measured by, None where they are those of the calibration.
    """
    if file is None:
        from underwriting.experience_book import experience_from_book  # noqa: PLC0415 - pandas costs a second
        from underwriting.recalibration import measured_anew  # noqa: PLC0415 - it loads what fits

        measure = measured_anew(desk.calibration_of(start.sha256))
        return experience_from_book(desk, measure), measure.tests
    from underwriting.experience_file import check_experience  # noqa: PLC0415 - pandas costs a second

    read, warnings = check_experience(file, desk.today(), desk.regime, desk.calibration)
    for finding in warnings:
        say(finding.line(), err=True)
    return read, None


def _next_steps(row: CalibrationRow) -> tuple[str, ...]:
    short = row.sha256[:SHORT]
    return (
        "Next",
        f"  waarborg calibration impact {IN_FORCE} {short}",
        f"  waarborg calibration report {short}",
        f"  waarborg calibration approve {short} --by NAME --reason TEXT    (not {row.fitted_by})",
    )

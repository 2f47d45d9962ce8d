"""The command line. Data goes to stdout, every error to stderr as one line; exit codes are in docs/cli.md."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policies.findings import WaarborgError
from underwriting import settings
from underwriting.intake.text import safe

if TYPE_CHECKING:
    from underwriting.desk import Desk

BAD_INPUT = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
LONGEST_LINE = 1000
COMMANDS = {  # name: where the command is, and its line in --help; the module is loaded when the command is called
    "quote": ("underwriting.commands.pricing:quote", "Quote the dossier in a folder."),
    "quotes": ("underwriting.commands.book:quotes", "List the saved quotes that hold all of these words."),
    "show": ("underwriting.commands.book:show", "Print a saved quote."),
    "replay": ("underwriting.commands.book:replay", "Quote again from the archive and compare."),
    "path": ("underwriting.commands.advice:path", "Print the cheapest actions that bring a premium to a target."),
    "letter": ("underwriting.commands.advice:letter", "Write a letter of one page to the board of a firm."),
    "dossier": ("underwriting.commands.pricing:dossier", "Check a dossier."),
    "catalogue": ("underwriting.commands.pricing:catalogue", "Print perils, harm heads and safety tests."),
    "calibrate": ("underwriting.commands.calibration:calibrate", "Fit a calibration on experience."),
    "calibration": (
        "underwriting.commands.calibration:calibration",
        "List, show, compare, report and approve calibrations.",
    ),
    "audit": ("underwriting.commands.audit:audit", "Audit the incentives of a tariff on the book."),
    "sample": ("underwriting.commands.market:sample", "Draw a market of fictional firms and load it into the book."),
    "tui": ("underwriting.commands.screen:tui", "Open the screen; so does no command at all on a terminal."),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the command."""

    book: Path | None

    def desk(self, regime: str | None = None) -> Desk:
        """A desk over the chosen book, under a regime where one is named."""
        opened: Desk = import_module("underwriting.desk").open_desk(self.book, regime=regime)
        return opened

    def existing(self, regime: str | None = None) -> Desk:
        """A desk over a book to read from; a named book must be there."""
        if self.book is not None and not self.book.exists():
            raise click.UsageError(f"no book at {self.book}; 'waarborg --book FILE quote DIR --save' starts one")
        return self.desk(regime)


class LazyGroup(click.Group):
    """A group whose commands are loaded on demand, so that one command does not pay for another."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of the commands, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands of --help, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True)
@click.option("--book", type=click.Path(path_type=Path), help="The book to use, instead of the one of WAARBORG_HOME.")
@click.version_option(package_name="waarborg", prog_name="waarborg")
@click.pass_context
def waarborg(ctx: click.Context, book: Path | None) -> int | None:
    """Underwrite compulsory AI liability: from a dossier to an explained premium."""
    ctx.obj = Options(book)
    if ctx.invoked_subcommand:
        return None
    if settings.on_terminal():
        return int(ctx.invoke(import_module("underwriting.commands.screen").tui))
    click.echo(ctx.get_help())
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    return guarded(lambda: waarborg.main(args=arguments, prog_name="waarborg", standalone_mode=False))


def guarded(run: Callable[[], int | None]) -> int:
    """Run something; what goes wrong for a user becomes lines on stderr and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = run()
        sys.stdout.flush()
        return code or 0
    except WaarborgError as error:
        return fail(str(error).splitlines())
    except click.ClickException as error:
        return fail([" ".join(error.format_message().split())])
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click exits so when nobody reads its output any more
        _abandon_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _abandon_stdout()
        return fail([f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)])


def lang_option() -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option that chooses the language of a report."""
    return click.option("--lang", type=click.Choice(settings.LANGUAGES), help="Language; by default that of LANG.")


def fail(lines: Sequence[str]) -> int:
    """Errors on stderr, one line each; returns the exit code for bad input."""
    for line in lines:
        click.echo(f"waarborg: {safe(line, LONGEST_LINE)}", err=True)
    return BAD_INPUT


def _abandon_stdout() -> None:
    """Let the interpreter flush what is left of stdout into nothing, instead of failing once more at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

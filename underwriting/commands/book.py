"""Commands on the book: list, show and replay quotes."""

from __future__ import annotations

import click

from policies.findings import TamperedError
from underwriting import settings
from underwriting.cli import Options, fail, lang_option
from underwriting.commands.printing import exit_code, print_quote, say
from underwriting.export import row_data, to_json
from underwriting.report import list_text


@click.command()
@click.argument("words", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@lang_option()
@click.pass_obj
def quotes(options: Options, words: tuple[str, ...], as_json: bool, lang: str | None) -> int:
    """List the saved quotes, newest first, that hold all WORDS in firm, id, class or decision."""
    desk = options.existing()
    rows = desk.quotes(" ".join(words))
    if as_json:
        click.echo(to_json([row_data(row) for row in rows]))
    elif rows:
        click.echo(list_text(rows, desk.regime.currency, lang or settings.language()))
    else:
        say(f"no quotes in {desk.book}" if not words else "no quote holds all of these words", err=True)
    return 0


@click.command()
@click.argument("quote_id", metavar="QUOTE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@lang_option()
@click.pass_obj
def show(options: Options, quote_id: str, as_json: bool, lang: str | None) -> int:
    """Print the saved quote whose id starts with QUOTE."""
    desk = options.existing()
    found = desk.find(quote_id)
    print_quote(found, desk.regime_of(found), as_json=as_json, lang=lang)
    return exit_code(found)


@click.command()
@click.argument("quote_ids", metavar="QUOTE...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Replay every quote of the book.")
@click.pass_obj
def replay(options: Options, quote_ids: tuple[str, ...], everything: bool) -> int:
    """Quote again from the archived inputs, and say identical or name the first thing that differs.

    Exit code: 0 all identical or none there, 1 one differs, 2 one is absent or has been altered.
    """
    if bool(quote_ids) == everything:
        raise click.UsageError("name the quotes to replay, or give --all")
    desk = options.existing()
    chosen = tuple(row.id for row in desk.quotes()) if everything else quote_ids
    if not chosen:
        say(f"no quotes in {desk.book}", err=True)
    code = 0
    for quote_id in chosen:
        try:
            result = desk.replay(quote_id)
        except TamperedError as error:
            code = fail([f"{quote_id}: {error}"])
            continue
        say(f"{quote_id} {'identical' if result.identical else f'differs: {result.difference}'}")
        code = max(code, 0 if result.identical else 1)
    return code

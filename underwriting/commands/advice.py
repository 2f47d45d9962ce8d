"""Commands that advise a firm: the cheapest path to a premium, and the letter to its board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import click

from policies.findings import WaarborgError
from underwriting import settings
from underwriting.cli import Options, lang_option
from underwriting.commands.printing import errors_in, say
from underwriting.export import SCHEMA_VERSION, to_json
from underwriting.quote import Decision, Quote

if TYPE_CHECKING:
    from policies.regimes import Regime
    from underwriting.advice import Action
    from underwriting.cheapest_path import Path
    from underwriting.desk import Desk
    from underwriting.documents.letter_texts import Voice

STEPS, LISTED = ("due", "saving", "cost"), ("due", "instalment", "saving")  # amounts of an action that are printed
FILE = click.Path(path_type=File)
SUBJECT = click.argument("subject", metavar="QUOTE|DIR")


@click.command()
@SUBJECT
@click.option("--target", metavar="EUR", help="The premium due to reach; without it every single action is listed.")
@click.option("--costs", "file", type=FILE, help="The firm's own costs: a CSV file with columns action and eur.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@lang_option()
@click.pass_obj
def path(options: Options, subject: str, target: str | None, file: File | None, as_json: bool, lang: str | None) -> int:
    """Print the fewest (with --costs the cheapest) actions that bring the premium of QUOTE or DIR to a target.

    Exit code: 0 found, 1 the target is out of reach, 2 bad input.
    """
    from underwriting.advice import marginals  # noqa: PLC0415 - NumPy costs 0.1 s, and --help does without
    from underwriting.costs import amount, read_costs  # noqa: PLC0415
    from underwriting.documents.letter_texts import Voice  # noqa: PLC0415 - babel costs 0.2 s

    spoken = "en" if as_json else lang or settings.language()
    sought = None if target is None else amount(target)
    with errors_in(spoken):
        desk, quote = _found(options, subject)
        costs = None if file is None else read_costs(file)
    if quote.decision is Decision.DECLINED:
        raise WaarborgError(f"{quote.id} is declined, so it has no premium to lower; 'waarborg letter' says why")
    law = desk.regime_of(quote), desk.calibration_of(quote.calibration_sha256)
    voice = Voice(spoken, law[0].currency)
    if sought is None:
        actions = marginals(quote, *law, costs)
        _print(_list_data(quote, actions, law[0], voice) if as_json else _list_lines(quote, actions, law[0], voice))
        return 0
    from underwriting.cheapest_path import cheapest_path  # noqa: PLC0415 - cvxpy costs two seconds

    found = cheapest_path(quote, sought, *law, costs)
    _print(_path_data(found, quote, law[0], voice) if as_json else _path_lines(found, quote, law[0], voice))
    return 0 if found.reached else 1


@click.command()
@SUBJECT
@click.option("--out", type=FILE, help="The file to write; by default in letters, beside the book.")
@click.option("--text", "as_text", is_flag=True, help="Print the letter as plain text instead.")
@lang_option()
@click.pass_obj
def letter(options: Options, subject: str, out: File | None, as_text: bool, lang: str | None) -> int:
    """Write a letter of one page about QUOTE, or about the dossier in DIR, to the board of the firm.

    It says what is paid, what drives it, what would save most and what hiding an incident costs; to a firm that is
    declined, why. Prints where the PDF is.
    """
    from underwriting.documents import letter as letters  # noqa: PLC0415 - babel and typst cost 0.3 s

    spoken = lang or settings.language()
    with errors_in(spoken):
        desk, quote = _found(options, subject)
    law = desk.regime_of(quote), desk.calibration_of(quote.calibration_sha256)
    written = letters.letter(quote, *law, spoken)
    if as_text and out is None:
        _print(letters.letter_text(written).splitlines())
        return 0
    place = out or desk.book.parent / "letters" / f"{quote.id}-{spoken}.pdf"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(f"{letters.letter_text(written)}\n".encode() if as_text else letters.printed(written))
    say(str(place))
    return 0


def _found(options: Options, subject: str) -> tuple[Desk, Quote]:
    """The quote of a dossier folder, or the saved quote whose id starts so.

    Raises WaarborgError for one that another engine made: its premium and the advice would not be of one tariff.
    """
    from underwriting.quoting import ENGINE  # noqa: PLC0415 - SciPy costs 0.3 s, and --help does without

    if File(subject).is_dir():
        desk = options.desk()
        return desk, desk.quote(File(subject))
    desk = options.existing()
    quote = desk.find(subject)
    if quote.engine != ENGINE:
        raise WaarborgError(f"{quote.id} was made by engine {quote.engine}, this is {ENGINE}; quote its dossier anew")
    return desk, quote


def _print(found: Mapping[str, Any] | Iterator[str] | list[str]) -> None:
    if isinstance(found, Mapping):
        click.echo(to_json(found))
        return
    for line in found:
        say(line)


def _list_data(quote: Quote, actions: tuple[Action, ...], regime: Regime, voice: Voice) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "quote_id": quote.id,
        "currency": regime.currency,
        "due_cents": quote.breakdown.due.cents,
        "instalment_cents": quote.instalments[0].cents,
        "actions": [_action_data(action, quote, regime, voice) for action in actions],
    }


def _path_data(found: Path, quote: Quote, regime: Regime, voice: Voice) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "quote_id": quote.id,
        "currency": regime.currency,
        "target_cents": found.target.cents,
        "reached": found.reached,
        "proved": found.proved,
        "sought": "fewest actions" if found.by_count else "least cost",
        "before_cents": found.before.cents,
        "after_cents": found.after.cents,
        "cost_cents": found.cost.cents,
        "payback_months": _months(found.payback_months),
        "steps": [_action_data(action, quote, regime, voice) for action in found.steps],
    }


def _action_data(action: Action, quote: Quote, regime: Regime, voice: Voice) -> dict[str, Any]:
    from underwriting.documents.letter_texts import action_line  # noqa: PLC0415 - babel costs 0.2 s

    return {
        "id": action.id,
        "kind": action.kind,
        "action": action_line(action, quote, regime, voice),
        "due_cents": action.due.cents,
        "saving_cents": action.saving.cents,
        "saving_a_year_cents": action.saving_a_year.cents,
        "instalment_cents": action.instalment.cents,
        "cost_cents": action.cost.cents,
        "payback_months": _months(action.payback_months),
    }


def _months(months: float | None) -> float | None:
    return None if months is None else round(months, 1)


def _list_lines(quote: Quote, actions: tuple[Action, ...], regime: Regime, voice: Voice) -> Iterator[str]:
    due, first = voice.money(quote.breakdown.due), voice.money(quote.instalments[0])
    yield voice.says("path.all", id=quote.id, due=due, instalment=first)
    yield from _table(actions, quote, regime, voice, LISTED) if actions else (f"  {voice.says('path.none')}",)


def _path_lines(found: Path, quote: Quote, regime: Regime, voice: Voice) -> Iterator[str]:
    values = {"before": voice.money(found.before), "target": voice.money(found.target)}
    sought = "by_count" if found.by_count else "by_cost"
    yield voice.says(f"path.title_{sought}", id=quote.id, firm=quote.profile.firm.name, **values)
    if not found.steps:
        key = "path.nothing_to_do" if found.reached else "path.nothing_helps"
        yield voice.says(key, lowest=voice.money(found.after))
        return
    if not found.reached:
        yield voice.says(f"path.out_of_reach_{sought}", lowest=voice.money(found.after))
    yield from _table(found.steps, quote, regime, voice, STEPS)
    saving, months = voice.money(found.before - found.after), voice.number(found.payback_months or 0)
    yield voice.says("path.sum", saving=saving, cost=voice.money(found.cost), months=months)
    yield voice.says(f"path.{sought}")
    yield voice.says(f"path.{'proved' if found.proved else 'not_proved'}_{sought}")


def _table(
    actions: tuple[Action, ...], quote: Quote, regime: Regime, voice: Voice, amounts: tuple[str, ...]
) -> Iterator[str]:
    from underwriting.columns import table  # noqa: PLC0415
    from underwriting.documents.letter_texts import action_line  # noqa: PLC0415 - babel costs 0.2 s

    rows = [[voice.says(f"path.{name}") for name in ("step", "action", *amounts, "payback")]]
    for number, action in enumerate(actions, 1):
        months = "" if action.payback_months is None else voice.number(action.payback_months)
        what = f"{action_line(action, quote, regime, voice)} [{action.id}]"
        rows.append([str(number), what, *(voice.money(getattr(action, name)) for name in amounts), months])
    return table(rows, f">~{'>' * len(amounts)}>")

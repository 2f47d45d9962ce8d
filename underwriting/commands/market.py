"""The command that draws the sample market."""

from __future__ import annotations

from pathlib import Path

import click

from underwriting.cli import Options
from underwriting.desk import Desk
from underwriting.sample import write_market

STEP = 25  # firms between two lines of progress


@click.command()
@click.option("--firms", type=click.IntRange(min=1), required=True, help="How many firms.")
@click.option("--seed", type=click.IntRange(min=0), required=True, help="The same seed draws the same market.")
@click.option("--out", type=click.Path(path_type=Path), help="Only write the dossiers, into this folder.")
@click.option("--experience", type=click.Path(path_type=Path), help="Only write experience, into this folder or .zip.")
@click.pass_obj
def sample(options: Options, firms: int, seed: int, out: Path | None, experience: Path | None) -> int:
    """Draw a market of fictional firms, quote them all and save the quotes.

    The dossiers are kept beside the book, in samples/. With --experience there are none: five years of experience of
    the market, as it would show itself, are written for `waarborg calibrate`.
    """
    if out and experience:
        raise click.UsageError("give --out or --experience, not both")
    desk = options.desk()
    if experience:
        write_measured(desk, firms, seed, experience)
    elif out is None:
        desk.load_sample(firms, seed, told)
    else:
        market = write_market(out, firms, seed, desk.today(), desk.regime, desk.calibration)
        for done, dossier in enumerate(market, start=1):
            told(done, firms, dossier.name)
    return 0


def write_measured(desk: Desk, firms: int, seed: int, path: Path) -> None:
    """Draw the experience of so many firms as of today and write it; a line on stderr before and after."""
    from actuarial.fitting.sample_experience import sample_experience  # noqa: PLC0415 - pandas costs a second
    from underwriting.experience_file import write_experience  # noqa: PLC0415

    click.echo(f"sample market: drawing the experience of {firms} firms", err=True)
    found = sample_experience(firms, seed, desk.today(), desk.regime, desk.calibration)
    write_experience(path, found)
    click.echo(f"sample market: {len(found.years)} years at risk and {len(found.claims)} claims in {path}", err=True)


def told(done: int, total: int, name: str) -> None:
    """Progress on stderr, a line every few firms."""
    if done % STEP == 0 or done == total:
        click.echo(f"sample market: {done} of {total} firms, {name}", err=True)

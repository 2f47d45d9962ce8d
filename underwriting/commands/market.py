"""The command that draws the sample market."""

from __future__ import annotations

from pathlib import Path

import click

from underwriting.cli import Options
from underwriting.sample import write_market

STEP = 25  # firms between two lines of progress


@click.command()
@click.option("--firms", type=click.IntRange(min=1), required=True, help="How many firms.")
@click.option("--seed", type=click.IntRange(min=0), required=True, help="The same seed draws the same market.")
@click.option("--out", type=click.Path(path_type=Path), help="Only write the dossiers, into this folder.")
@click.pass_obj
def sample(options: Options, firms: int, seed: int, out: Path | None) -> int:
    """Draw a market of fictional firms, quote them all and save the quotes.

    The dossiers are kept beside the book, in samples/.
    """
    desk = options.desk()
    if out is None:
        desk.load_sample(firms, seed, told)
    else:
        market = write_market(out, firms, seed, desk.today(), desk.regime, desk.calibration)
        for done, dossier in enumerate(market, start=1):
            told(done, firms, dossier.name)
    return 0


def told(done: int, total: int, name: str) -> None:
    """Progress on stderr, a line every few firms."""
    if done % STEP == 0 or done == total:
        click.echo(f"sample market: {done} of {total} firms, {name}", err=True)

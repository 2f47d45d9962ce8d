"""What `make run` starts: the sample market loaded on first use, then the screen, or one quote in full."""

from __future__ import annotations

import sys

import click

from underwriting import settings
from underwriting.cli import guarded, main
from underwriting.desk import open_desk

FIRMS = 200
SEED = 1


def showcase() -> int:
    """Load the sample market unless it is there; open the screen on a terminal, else print one quote in full."""
    desk = open_desk()
    if desk.count() < FIRMS:
        click.echo(f"sample market: {FIRMS} fictional firms, quoted into {desk.book}", err=True)
        code = main(["sample", "--firms", str(FIRMS), "--seed", str(SEED)])
        if code:
            return code
    if settings.on_terminal():
        return main(["tui"])
    shown = desk.quotes("quoted", 0, 1) or desk.quotes("", 0, 1)
    main(["show", shown[0].id])
    return 0


if __name__ == "__main__":
    sys.exit(guarded(showcase))

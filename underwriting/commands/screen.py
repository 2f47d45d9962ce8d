"""The command that opens the screen. The screen is named, not imported: it stands a storey higher."""

from __future__ import annotations

from importlib import import_module

import click

from policies.findings import WaarborgError
from underwriting import settings
from underwriting.cli import Options


@click.command()
@click.pass_obj
def tui(options: Options) -> int:
    """Open the screen."""
    if not settings.on_terminal():
        raise WaarborgError("the screen needs a terminal; `waarborg quote DIR` and `waarborg quotes` do without")
    return int(import_module("tui.app").run(options.desk) or 0)

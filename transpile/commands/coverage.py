"""`transpile coverage PATH...`."""

from __future__ import annotations

from pathlib import Path

import click

from transpile.commands._options import PATHS, rulebook
from transpile.commands._output import say
from transpile.project.plan import plan
from transpile.report.coverage import measure, table


@click.command("coverage")
@PATHS
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: tuple[Path, ...], style: str) -> int:
    """Count the torch APIs that the paths use, and which of them are left as they are."""
    say(table(measure(plan(paths, None), rulebook()), style))
    return 0

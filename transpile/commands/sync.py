"""`transpile sync`: the twins of [tool.transpile.pairs], kept in step with their sources."""

from __future__ import annotations

from pathlib import Path

import click

from transpile.commands._options import read_options
from transpile.commands._output import say
from transpile.diagnostics import Severity
from transpile.project.config import read
from transpile.sync.run import State, pairs, sync


@click.command("sync")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Say which twins are stale; write nothing.")
@click.option("--force", is_flag=True, help="Write over what was changed by hand.")
@click.option(
    "--data-format", type=click.Choice(["channels_last", "channels_first"]), default="channels_last"
)
@click.option("--exact-training", is_flag=True, help="Train with torch's own parametrization.")
@click.option(
    "--rules", multiple=True, type=click.Path(path_type=Path), help="A rule table of your own (YAML)."
)
def command(
    paths: tuple[Path, ...],
    check: bool,
    force: bool,
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
) -> int:
    """Renew the TensorFlow twins that pyproject.toml names, where their sources have changed.

    With PATHS only the pairs of which a file is among them. What was changed in a twin by hand is merged, and kept
    where it cannot be. Exit status 1 where a twin was stale, as pre-commit expects of a hook that writes.
    """
    options = read_options(data_format, rules, exact_training)
    config = read(paths[0] if paths and paths[0].exists() else Path.cwd())
    status = 0
    for state in sync(pairs(config, paths), options, check=check, force=force):
        if not state.fresh:
            status = 1
            say(state.text + _remarks(state) + "\n")
    return status


def _remarks(state: State) -> str:
    serious = sum(found.severity is not Severity.INFO for found in state.diagnostics)
    if not serious or state.word == "failed":
        return ""
    remarks = "1 remark" if serious == 1 else f"{serious} remarks"
    return f" ({remarks}: transpile check {state.pair.shown[0]})"

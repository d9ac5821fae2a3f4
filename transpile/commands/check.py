"""`transpile check PATH...`: what a translation would say."""

from __future__ import annotations

from pathlib import Path

import click

from transpile.commands._options import PATHS, read_options, translation_options
from transpile.commands._output import exit_status, file_report, refuse_unusable, say
from transpile.project.plan import plan
from transpile.project.run import translate_unit
from transpile.report import render


@click.command("check")
@PATHS
@translation_options
def command(
    paths: tuple[Path, ...],
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
    style: str,
    fail_on: str,
    jobs: int | None,
) -> int:
    """Say what a translation would say; write nothing."""
    options = read_options(data_format, rules, exact_training)
    reports = []
    for unit in plan(paths, None):
        for file, outcome in translate_unit(unit, options, jobs):
            if len(paths) == 1 and unit.root is None:
                refuse_unusable(outcome)
            reports.append(file_report(file, outcome))
    say(render(style, reports))
    return exit_status(reports, fail_on)

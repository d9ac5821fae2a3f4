"""`transpile check PATH...`: what a translation would say, and what is risky in files that are TensorFlow already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from transpile.commands._options import PATHS, read_options, translation_options
from transpile.commands._output import exit_status, file_report, refuse_unusable, say
from transpile.project.job import Outcome
from transpile.project.plan import File, plan
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
    """Say what a translation would say, and what is risky in TensorFlow source; write nothing."""
    options = read_options(data_format, rules, exact_training)
    reports = []
    for unit in plan(paths, None):
        for file, outcome in translate_unit(unit, options, jobs):
            if len(paths) == 1 and unit.root is None:
                refuse_unusable(outcome)
            reports.append(file_report(file, with_tensorflow(file, outcome)))
    say(render(style, reports))
    return exit_status(reports, fail_on)


def with_tensorflow(file: File, outcome: Outcome) -> Outcome:
    """The outcome with the hazards of a file's TensorFlow code."""
    from transpile.diagnostics import SourceError
    from transpile.hazards import check_tensorflow
    from transpile.source.text import decode

    try:
        text = decode(file.source.read_bytes()).text
    except (OSError, SourceError):  # said already
        return outcome
    return replace(outcome, diagnostics=(*outcome.diagnostics, *check_tensorflow(text, file.shown)))

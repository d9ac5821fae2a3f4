"""`transpile check PATH...`: what a translation would say, and what is risky in files that are TensorFlow already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from transpile.commands._options import PATHS, translation_options
from transpile.commands._output import refuse_unusable
from transpile.commands._session import Session
from transpile.project.job import Options, Outcome
from transpile.project.plan import File, plan
from transpile.project.run import translate_unit


@click.command("check")
@PATHS
@translation_options
def command(paths: tuple[Path, ...], options: Options, session: Session, jobs: int | None) -> int:
    """Say what a translation would say, and what is risky in TensorFlow source; write nothing."""
    units = plan(paths, None)
    with session.progress(sum(len(unit.python) for unit in units)) as advance:
        for unit in units:
            for file, outcome in translate_unit(unit, options, jobs):
                if len(paths) == 1 and unit.root is None:
                    refuse_unusable(outcome)
                session.found(file, with_tensorflow(file, outcome))
                advance()
    return session.end()


def with_tensorflow(file: File, outcome: Outcome) -> Outcome:
    """The outcome with the hazards of a file's TensorFlow code."""
    from transpile.diagnostics import SourceError
    from transpile.source.roots import concerns_tensorflow
    from transpile.source.text import decode

    if file.source.suffix != ".py":  # a notebook: its cells are not one text
        return outcome
    try:
        text = decode(file.source.read_bytes()).text
    except (OSError, SourceError):  # said already
        return outcome
    if not concerns_tensorflow(text):  # as are most that a hook is given: nothing more is loaded for them
        return outcome
    from transpile.hazards import check_tensorflow

    return replace(outcome, diagnostics=(*outcome.diagnostics, *check_tensorflow(text, file.shown)))

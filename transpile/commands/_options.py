"""The options that translating commands share, and what is made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from transpile.project.job import Options
from transpile.project.plan import UnusableCall
from transpile.report import FORMATS

if TYPE_CHECKING:
    from transpile.rulebook import Rulebook

Function = TypeVar("Function", bound=Callable[..., Any])

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


def translation_options(function: Function) -> Function:
    """The options that every translating command takes; it is given `options`, `session` and `jobs`."""
    options = [
        click.option(
            "--data-format",
            type=click.Choice(["channels_last", "channels_first"]),
            default="channels_last",
            show_default=True,
            help="Where images have their channels in the output.",
        ),
        click.option("--exact-training", is_flag=True, help="Train with torch's own parametrization."),
        click.option(
            "--rules",
            multiple=True,
            type=click.Path(path_type=Path),
            help="A rule table of your own (YAML); may be given more than once.",
        ),
        click.option("--format", "style", type=click.Choice(FORMATS), default="text", show_default=True),
        click.option(
            "--html",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write a page with source and output side by side.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["error", "warning", "never"]),
            default="error",
            show_default=True,
            help="The severity that makes the exit status 1.",
        ),
        click.option("--jobs", type=click.IntRange(min=1), help="Processes; chosen by size if not given."),
        click.option("-q", "--quiet", is_flag=True, help="Say no notes, and not what is written."),
        click.option("-v", "--verbose", is_flag=True, help="Say of every file what became of torch's uses."),
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
        ),
    ]

    @functools.wraps(function)
    def packed(
        data_format: str,
        exact_training: bool,
        rules: tuple[Path, ...],
        style: str,
        html: Path | None,
        fail_on: str,
        quiet: bool,
        verbose: bool,
        color: str,
        **rest: Any,
    ) -> Any:
        from transpile.commands._session import Session

        session = Session(style, fail_on, html, verbose - quiet, color)
        return function(options=read_options(data_format, rules, exact_training), session=session, **rest)

    decorated: Any = packed
    for option in reversed(options):
        decorated = option(decorated)
    result: Function = decorated
    return result


def read_options(data_format: str, rules: tuple[Path, ...], exact_training: bool) -> Options:
    """The options of a translation; raises UnusableCall for a rule table that is missing or wrong."""
    if rules:
        for table in rules:
            if not table.is_file():
                raise UnusableCall(f"{table}: no such rule table")
        rulebook(rules)
    return Options(data_format, tuple(table.resolve() for table in rules), exact_training)


def rulebook(extra: Sequence[Path] = ()) -> Rulebook:
    """The rules with the user's own; a mistake in a table is one line with its file and line."""
    from transpile.rulebook import RuleError, load

    try:
        return load(extra)
    except RuleError as error:
        raise UnusableCall(str(error)) from None

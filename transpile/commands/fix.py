"""`transpile fix FILE --line N`: the rewrite of one place, for an editor or by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from transpile.commands._options import read_options
from transpile.commands._output import say
from transpile.diagnostics import SourceError
from transpile.project.job import Options
from transpile.project.plan import UnusableCall
from transpile.source.text import SourceText, decode

SCOPES = ("place", "function", "class", "file")


@click.command("fix")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--line", type=click.IntRange(min=1), help="The line, from 1.")
@click.option("--column", type=click.IntRange(min=1), help="The column, from 1, in characters.")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="place",
    show_default=True,
    help="What is rewritten around the place.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the edits as LSP has them.")
@click.option("--apply", is_flag=True, help="Write the file; a dash goes to standard output.")
@click.option("--filename", help="What standard input is called in what is said.")
@click.option(
    "--data-format",
    type=click.Choice(["channels_last", "channels_first"]),
    default="channels_last",
    show_default=True,
    help="Where images have their channels in the output.",
)
@click.option("--exact-training", is_flag=True, help="Train with torch's own parametrization.")
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A rule table of your own (YAML); may be given more than once.",
)
def command(
    file: Path,
    line: int | None,
    column: int | None,
    scope: str,
    as_json: bool,
    apply: bool,
    filename: str | None,
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
) -> int:
    """Show the rewrite of one place as a diff, print it as edits, or write it.

    The place is the expression around the column, or the statement on the line; the header of a class or a
    function means all of it. Where nothing is to be translated, as in TensorFlow source, it is the fix of a
    finding there that `transpile check` reports. A dash reads standard input.
    """
    from transpile.editor.fix import fix_at
    from transpile.editor.source import Settings, Source

    if line is None and scope != "file":
        raise UnusableCall("fix: name the place with --line, or say --scope file")
    options = read_options(data_format, rules, exact_training)
    shown = (filename or "<stdin>") if file == Path("-") else file.as_posix()
    try:
        source = decode(_read(file))
        lines = source.text.split("\n")
        if line is not None and line > len(lines):
            raise UnusableCall(f"{shown}: has {len(lines)} lines, and no line {line}")
        settings = Settings(shown, options.data_format, options.rules, options.exact_training)
        found = fix_at(Source(source.text, settings), line or 1, column, scope=scope)
    except SourceError as error:
        raise UnusableCall(f"{shown}:{error.line}:{error.column}: {error}") from None
    _show(found, source, file, shown, options, as_json, apply)
    return 0


def _read(file: Path) -> bytes:
    if file == Path("-"):
        return sys.stdin.buffer.read()
    if file.is_dir():
        raise UnusableCall(f"{file}: is a folder; name a file in it")
    if not file.is_file():
        raise UnusableCall(f"{file}: no such file")
    return file.read_bytes()


def _show(
    found: object, source: SourceText, file: Path, shown: str, options: Options, as_json: bool, apply: bool
) -> None:
    from transpile.editor.fix import Fix
    from transpile.report import FileReport, render

    assert found is None or isinstance(found, Fix)
    piped = file == Path("-")
    code = found.code if found is not None else source.text
    changed = found is not None and bool(found.edits)
    if as_json:
        from transpile.editor.as_lsp import fix_json

        say(fix_json(found, source, shown))
    if apply and changed and not piped:
        from transpile.project.writing import write

        write(file, source.encode(code), file)
    elif apply and piped and not as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(source.encode(code))
        sys.stdout.buffer.flush()
    elif changed and not as_json:
        from transpile.report.diff import unified

        say(unified(source.encode(source.text), source.encode(code), shown, shown))
    if as_json:
        return
    diagnostics = found.diagnostics if found is not None else ()
    say(render("text", [FileReport(shown, None, diagnostics)]), sys.stderr)
    if not changed:
        say(f"{shown}: nothing to translate or to fix there\n", sys.stderr)

"""The command line: one thin function per command.

The first word decides: the name of a command is that command, anything else begins the paths to translate
(a path that is also a command's name is written `./rules`). Exit status: 0 done; 1 done, with diagnostics of
the severity of --fail-on; 2 the call or the single input is unusable, and nothing was written.

Everything that is not needed by every command is imported where it is used: the start of the command is part
of its cost (benchmarks/startup.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from transpile import __version__
from transpile.diagnostics import Diagnostic, Severity, worst
from transpile.project.config import defaults
from transpile.project.job import Job, Options, Outcome, work
from transpile.project.plan import File, Unit, UnusableCall, plan
from transpile.report import FORMATS, FileReport, render

if TYPE_CHECKING:
    from transpile.rulebook import Rulebook

Function = TypeVar("Function", bound=Callable[..., Any])

_PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


def _translation_options(function: Function) -> Function:
    """The options that every translating command takes."""
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
            "--fail-on",
            type=click.Choice(["error", "warning", "never"]),
            default="error",
            show_default=True,
            help="The severity that makes the exit status 1.",
        ),
        click.option("--jobs", type=click.IntRange(min=1), help="Processes; chosen by size if not given."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


class _Main(click.Command):
    """The command without a name; its help lists the named ones."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands (transpile COMMAND --help)"):
            formatter.write_dl([(name, command.get_short_help_str(80)) for name, command in COMMANDS.items()])


@click.command(cls=_Main)
@_PATHS
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file or folder to write.")
@_translation_options
@click.option("--diff", is_flag=True, help="Show what would change; write nothing.")
@click.version_option(__version__, prog_name="transpile")
def translate_paths(
    paths: tuple[Path, ...],
    out: Path | None,
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
    style: str,
    fail_on: str,
    jobs: int | None,
    diff: bool,
) -> int:
    """Translate PyTorch source to TensorFlow/Keras source.

    One file goes to standard output, or to the file of -o; a folder goes to the folder of -o, whose name is
    the new package's; several paths go into the folder of -o. A dash reads standard input.
    """
    options = _options(data_format, rules, exact_training)
    target = None if out == Path("-") else out
    if paths == (Path("-"),):
        stdin = Path("<stdin>")
        unit = Unit((File(stdin, target, stdin.name),))
        if target is not None and target.is_dir():
            raise UnusableCall(f"{target}: is a folder; name the file")
        return _translate_one(unit, options, style, fail_on, diff, sys.stdin.buffer.read())
    units = plan(paths, target)
    if len(units) == 1 and units[0].root is None:
        return _translate_one(units[0], options, style, fail_on, diff, None)
    if target is None and not diff:
        what = f"{paths[0]}: is a folder" if len(paths) == 1 else "several paths"
        raise UnusableCall(f"{what}: name the folder to write with -o")
    if diff:
        return _show_diffs(units, options, style, fail_on, jobs)
    return _translate_many(units, options, style, fail_on, jobs, target if len(units) > 1 else None)


@click.command()
@_PATHS
@_translation_options
def check(
    paths: tuple[Path, ...],
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
    style: str,
    fail_on: str,
    jobs: int | None,
) -> int:
    """Say what a translation would say; write nothing."""
    from transpile.project.run import translate_unit

    options = _options(data_format, rules, exact_training)
    reports = []
    for unit in plan(paths, None):
        for file, outcome in translate_unit(unit, options, jobs):
            if len(paths) == 1 and unit.root is None:
                _refuse_unusable(outcome)
            reports.append(_report(file, outcome))
    _say(render(style, reports))
    return _status(reports, fail_on)


@click.command()
@click.argument("code")
def explain(code: str) -> int:
    """Explain a diagnostic code (API001) or a rule (TR0412)."""
    from transpile.report.codes import load

    pages = load()
    page = pages.get(code.upper())
    if page is not None:
        _say(f"{page.code}: {page.title}\n\n{page.text}\n")
        return 0
    if code.upper().startswith("TR"):
        return _show_rule(code.upper(), "text")
    raise UnusableCall(_unknown(code, pages, "code"))


@click.command()
@click.argument("words", nargs=-1, metavar="[list | show ID|NAME]")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rules(words: tuple[str, ...], style: str) -> int:
    """List the rules, or show one by its id or its torch name."""
    if len(words) == 2 and words[0] == "show":
        return _show_rule(words[1], style)
    if words not in ((), ("list",)):
        raise UnusableCall("rules: say `list`, or `show` and an id or a torch name")
    from transpile.report.rules import listing

    _say(listing(_rulebook().rules(), style))
    return 0


@click.command()
@_PATHS
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def coverage(paths: tuple[Path, ...], style: str) -> int:
    """Count the torch APIs that the paths use, and which of them are left as they are."""
    from transpile.report.coverage import measure, table

    _say(table(measure(plan(paths, None), _rulebook()), style))
    return 0


COMMANDS: dict[str, click.Command] = {
    "check": check,
    "coverage": coverage,
    "explain": explain,
    "rules": rules,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Every failure of the call is one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = COMMANDS.get(words[0]) if words else None
    command, name = (translate_paths, "transpile") if named is None else (named, f"transpile {words.pop(0)}")
    try:
        settings = defaults(Path.cwd())
        status = command.main(words, prog_name=name, standalone_mode=False, default_map=settings)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        return _complain(f"{error.format_message()} (see {name} --help)")
    except UnusableCall as error:
        return _complain(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return 141
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except (click.Abort, KeyboardInterrupt):
        return 130


def _complain(message: str) -> int:
    line = " ".join(message.split("\n"))
    print(f"transpile: error: {line}", file=sys.stderr)
    return 2


def _options(data_format: str, rules: tuple[Path, ...], exact_training: bool) -> Options:
    if rules:
        for table in rules:
            if not table.is_file():
                raise UnusableCall(f"{table}: no such rule table")
        _rulebook(rules)
    return Options(data_format, tuple(table.resolve() for table in rules), exact_training)


def _rulebook(extra: Sequence[Path] = ()) -> Rulebook:
    """The rules with the user's own; a mistake in a table is one line with its file and line."""
    from transpile.rulebook import RuleError, load

    try:
        return load(extra)
    except RuleError as error:
        raise UnusableCall(str(error)) from None


def _translate_one(
    unit: Unit, options: Options, style: str, fail_on: str, diff: bool, data: bytes | None
) -> int:
    """One file: an unusable input ends the call before anything is written."""
    (file,) = unit.python
    outcome = work(Job(file.source, file.shown, options, data=data))
    _refuse_unusable(outcome)
    assert outcome.data is not None
    to_stdout = diff or file.target is None
    if diff:
        from transpile.report.diff import unified

        before = file.source.read_bytes() if data is None else data
        _say(unified(before, outcome.data, file.shown, str(file.target or file.shown)))
    elif file.target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(outcome.data)
        sys.stdout.buffer.flush()
    else:
        from transpile.project.writing import write

        write(file.target, outcome.data, file.source)
    report = _report(file, outcome, None if to_stdout else file.target)
    _say(render(style, [report]), sys.stderr if to_stdout else sys.stdout)
    return _status([report], fail_on)


def _translate_many(
    units: Sequence[Unit], options: Options, style: str, fail_on: str, jobs: int | None, parent: Path | None
) -> int:
    """Folders and several files; in text style every file is reported as soon as it is written."""
    from transpile.project.run import write_unit
    from transpile.project.writing import make_folder
    from transpile.report.text import file_text, summary

    if parent is not None:
        make_folder(parent)
    reports = []
    for unit in units:
        for result in write_unit(unit, options, jobs):
            report = _report(result.file, result.outcome, result.written)
            if result.file.source.suffix == ".py" or report.diagnostics:
                reports.append(report)
            if style == "text":
                _say(file_text(report))
    _say(summary(reports) if style == "text" else render(style, reports))
    return _status(reports, fail_on)


def _show_diffs(units: Sequence[Unit], options: Options, style: str, fail_on: str, jobs: int | None) -> int:
    from transpile.project.run import translate_unit
    from transpile.report.diff import unified

    reports = []
    for unit in units:
        for file, outcome in translate_unit(unit, options, jobs):
            reports.append(_report(file, outcome))
            if outcome.data is not None and outcome.changed:
                name = str(file.target or file.shown)
                _say(unified(file.source.read_bytes(), outcome.data, file.shown, name))
    _say(render(style, reports), sys.stderr)
    return _status(reports, fail_on)


def _refuse_unusable(outcome: Outcome) -> None:
    """Raise UnusableCall for a single input of which nothing can be made."""
    if outcome.data is not None:
        return
    if outcome.traceback is not None:
        sys.stderr.write(outcome.traceback)
    (found,) = outcome.diagnostics
    raise UnusableCall(f"{found.filename}:{found.line}:{found.column}: {found.message}")


def _report(file: File, outcome: Outcome, written: Path | None = None) -> FileReport:
    output = None if written is None else written.as_posix()
    return FileReport(file.shown, output, outcome.diagnostics, outcome.signatures)


def _status(reports: Iterable[FileReport], fail_on: str) -> int:
    diagnostics: list[Diagnostic] = [found for report in reports for found in report.diagnostics]
    highest = worst(diagnostics)
    if fail_on == "never" or highest is None:
        return 0
    return int(highest.rank >= Severity(fail_on).rank)


def _show_rule(name: str, style: str) -> int:
    from transpile.report.rules import details

    book = _rulebook()
    rule = book.by_name(name) or next((rule for rule in book.rules() if rule.id == name), None)
    if rule is None:
        raise UnusableCall(
            _unknown(name, [n for rule in book.rules() for n in (rule.id, rule.torch)], "rule")
        )
    _say(details(rule, style))
    return 0


def _unknown(word: str, known: Iterable[str], kind: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, list(known), 1)
    return f"{word}: no such {kind}" + (f"; did you mean {near[0]}?" if near else "")


def _say(text: str, stream: Any = None) -> None:
    """Write a text where it goes, with whatever the stream's encoding lacks escaped."""
    stream = sys.stdout if stream is None else stream
    if text:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


if __name__ == "__main__":
    sys.exit(main())

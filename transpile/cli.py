"""The command line: translating, which has no name of its own, and the way to the named commands.

The first word decides: the name of a command is that command, anything else begins the paths to translate
(a path that is also a command's name is written `./rules`). Exit status: 0 done; 1 done, with diagnostics of
the severity of --fail-on; 2 the call or the single input is unusable, and nothing was written.

Everything that is not needed by every command is imported where it is used: the start of the command is part
of its cost (benchmarks/startup.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from transpile import __version__
from transpile.commands import find, load, names
from transpile.commands._options import PATHS, read_options, translation_options
from transpile.commands._output import exit_status, file_report, refuse_unusable, say
from transpile.project.config import defaults
from transpile.project.job import Job, Options, work
from transpile.project.plan import File, Unit, UnusableCall, plan
from transpile.report import render


class _Main(click.Command):
    """The command without a name; its help lists the named ones."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands (transpile COMMAND --help)"):
            formatter.write_dl([(name, load(name).get_short_help_str(80)) for name in names()])


@click.command(cls=_Main)
@PATHS
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file or folder to write.")
@translation_options
@click.option(
    "--example", metavar="FACTORY", help="Run the torch model once for facts: Net(8). CODE OF FILE RUNS."
)
@click.option(
    "--input", "inputs", multiple=True, metavar="SPEC", help="With --example: as in `transpile verify`."
)
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
    example: str | None,
    inputs: tuple[str, ...],
    diff: bool,
) -> int:
    """Translate PyTorch source to TensorFlow/Keras source.

    One file goes to standard output, or to the file of -o; a folder goes to the folder of -o, whose name is
    the new package's; several paths go into the folder of -o. A dash reads standard input.
    """
    options = read_options(data_format, rules, exact_training)
    target = None if out == Path("-") else out
    if paths == (Path("-"),):
        stdin = Path("<stdin>")
        unit = Unit((File(stdin, target, stdin.name),))
        if target is not None and target.is_dir():
            raise UnusableCall(f"{target}: is a folder; name the file")
        return _translate_one(unit, options, style, fail_on, diff, sys.stdin.buffer.read())
    units = plan(paths, target)
    if len(units) == 1 and units[0].root is None:
        seen = None if example is None else _observed(paths[0], example, inputs)
        return _translate_one(units[0], options, style, fail_on, diff, None, seen)
    if example is not None:
        raise UnusableCall("--example: takes one file")
    if target is None and not diff:
        what = f"{paths[0]}: is a folder" if len(paths) == 1 else "several paths"
        raise UnusableCall(f"{what}: name the folder to write with -o")
    if diff:
        return _show_diffs(units, options, style, fail_on, jobs)
    return _translate_many(units, options, style, fail_on, jobs, target if len(units) > 1 else None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Every failure of the call is one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = find(words[0]) if words else None
    command, name = (translate_paths, "transpile") if named is None else (named, f"transpile {words.pop(0)}")
    try:
        settings = defaults(_place(command, words))
        status = command.main(words, prog_name=name, standalone_mode=False, default_map=settings)
        if not sys.stdout.closed:  # as the language server leaves it
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


def _place(command: click.Command, words: list[str]) -> Path:
    """Where the search for a project's settings begins: at the first path of the call, or where it is made."""
    try:
        found, *_ = command.make_parser(click.Context(command)).parse_args(list(words))
    except click.ClickException:
        return Path.cwd()  # what is wrong with the call is said in a moment
    paths = [found.get(name) for name in ("paths", "file")]
    named = [path for value in paths for path in (value if isinstance(value, (list, tuple)) else [value])]
    first = next((Path(path) for path in named if isinstance(path, str)), Path.cwd())
    return first if first.exists() else Path.cwd()


def _complain(message: str) -> int:
    line = " ".join(message.split("\n"))
    print(f"transpile: error: {line}", file=sys.stderr)
    return 2


def _observed(path: Path, example: str, inputs: Sequence[str]) -> dict[Any, Any]:
    """What the expressions of a file are in a run of its model; raises UnusableCall where it cannot be run."""
    from transpile.verify.evidence import observed
    from transpile.verify.result import StageError
    from transpile.verify.spec import SpecError, given, target

    try:
        return observed(target(f"{path}:{example}"), [given(text) for text in inputs])
    except (StageError, SpecError) as error:
        raise UnusableCall(f"--example: {error}") from None


def _translate_one(
    unit: Unit,
    options: Options,
    style: str,
    fail_on: str,
    diff: bool,
    data: bytes | None,
    seen: dict[Any, Any] | None = None,
) -> int:
    """One file: an unusable input ends the call before anything is written."""
    (file,) = unit.python
    outcome = work(Job(file.source, file.shown, options, data=data, seen=seen))
    refuse_unusable(outcome)
    if seen is not None:
        alone = work(Job(file.source, file.shown, options)).diagnostics
        settled = [d for d in alone if d not in outcome.diagnostics and d.code != "IGN001"]
        places = ", ".join(f"{d.line} {d.code}" for d in settled)
        say(f"the run settled {len(settled)} open questions{f': {places}' if places else ''}\n", sys.stderr)
    assert outcome.data is not None
    to_stdout = diff or file.target is None
    if diff:
        from transpile.report.diff import unified

        before = file.source.read_bytes() if data is None else data
        say(unified(before, outcome.data, file.shown, str(file.target or file.shown)))
    elif file.target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(outcome.data)
        sys.stdout.buffer.flush()
    else:
        from transpile.project.writing import write

        write(file.target, outcome.data, file.source)
    report = file_report(file, outcome, None if to_stdout else file.target)
    say(render(style, [report]), sys.stderr if to_stdout else sys.stdout)
    return exit_status([report], fail_on)


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
            report = file_report(result.file, result.outcome, result.written)
            if result.file.source.suffix == ".py" or report.diagnostics:
                reports.append(report)
            if style == "text":
                say(file_text(report))
    say(summary(reports) if style == "text" else render(style, reports))
    return exit_status(reports, fail_on)


def _show_diffs(units: Sequence[Unit], options: Options, style: str, fail_on: str, jobs: int | None) -> int:
    from transpile.project.run import translate_unit
    from transpile.report.diff import unified

    reports = []
    for unit in units:
        for file, outcome in translate_unit(unit, options, jobs):
            reports.append(file_report(file, outcome))
            if outcome.data is not None and outcome.changed:
                name = str(file.target or file.shown)
                say(unified(file.source.read_bytes(), outcome.data, file.shown, name))
    say(render(style, reports), sys.stderr)
    return exit_status(reports, fail_on)


if __name__ == "__main__":
    sys.exit(main())

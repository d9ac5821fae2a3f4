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

import click

from transpile import __version__
from transpile.collection import uncollected
from transpile.commands import COMPLETION, find, names, summary
from transpile.commands._options import PATHS, translation_options
from transpile.commands._session import Session
from transpile.project.config import defaults
from transpile.project.job import Options
from transpile.project.plan import UnusableCall

# What a command may ask for that not every installation has, and the extra that brings it.
_EXTRAS = {
    "torch": ("torch", "tf"),
    **dict.fromkeys(("tensorflow", "keras", "numpy", "h5py", "safetensors"), ("tf",)),
}


class _Main(click.Command):
    """The command without a name; its help lists the named ones."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands (transpile COMMAND --help)"):
            formatter.write_dl([(name, summary(name)) for name in names()])


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
@click.option(
    "--follow-imports",
    "follow",
    is_flag=True,
    help="From one file take what it imports of its package along.",
)
@click.option(
    "--with",
    "along",
    multiple=True,
    metavar="PACKAGE",
    help="Translate a package that is imported along, beside -o: installed, or a folder.",
)
@click.option("--diff", is_flag=True, help="Show what would change; write nothing.")
@click.option("--watch", is_flag=True, help="Translate again whenever a source changes.")
@click.version_option(__version__, prog_name="transpile")
def translate_paths(
    paths: tuple[Path, ...],
    out: Path | None,
    options: Options,
    session: Session,
    jobs: int | None,
    example: str | None,
    inputs: tuple[str, ...],
    along: tuple[str, ...],
    follow: bool,
    diff: bool,
    watch: bool,
) -> int:
    """Translate PyTorch source to TensorFlow/Keras source.

    One file goes to standard output, or to the file of -o; a folder goes to the folder of -o, whose name is
    the new package's; several paths go into the folder of -o. A dash reads standard input.
    """
    from transpile.commands._translate import Call, translate_once, translate_whenever

    call = Call(paths, out, options, jobs, diff, example, inputs, along, follow)
    if watch:
        return translate_whenever(call, session)
    with uncollected(for_good=click.get_current_context().obj is True):
        return translate_once(call, session)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Every failure of the call is one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if COMPLETION in os.environ:
        from transpile.commands._completion import complete

        return complete()
    name = f"transpile {words[0]}" if words and words[0] in names() else "transpile"
    try:
        named = find(words[0]) if words else None
        command = translate_paths if named is None else named
        words = words if named is None else words[1:]
        settings = defaults(_place(command, words))
        ends = arguments is None  # the process, with this command
        status = command.main(words, prog_name=name, standalone_mode=False, default_map=settings, obj=ends)
        if not sys.stdout.closed:  # as the language server leaves it
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        return _complain(f"{error.format_message()} (see {name} --help)")
    except UnusableCall as error:
        return _complain(str(error) + _meant(words, str(error)))
    except ModuleNotFoundError as error:
        extras = _EXTRAS.get((error.name or "").partition(".")[0])
        if extras is None:
            raise
        from transpile.commands._needs import install

        return _complain(f"{name}: needs {error.name}: {install(*extras)}")
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


def _meant(words: list[str], error: str) -> str:
    """The command that a first word was meant for, where it is the name of no path."""
    if not words or not error.startswith(f"{words[0]}: no such file"):
        return ""
    import difflib

    near = difflib.get_close_matches(words[0], names(), 1)
    return f"; did you mean the command `{near[0]}`?" if near else ""


def _complain(message: str) -> int:
    line = " ".join(message.split("\n"))
    print(f"transpile: error: {line}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

"""The command without a name: one file, several, a folder; once, or whenever a source changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transpile.commands._output import refuse_unusable, say
from transpile.commands._session import Session
from transpile.project.job import Job, Options, Outcome, work
from transpile.project.plan import File, Unit, UnusableCall, plan

__all__ = ["Call", "translate_once", "translate_whenever"]

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for: the arguments of the command, without how things are said."""

    paths: tuple[Path, ...]
    out: Path | None
    options: Options
    jobs: int | None = None
    diff: bool = False
    example: str | None = None
    inputs: tuple[str, ...] = ()
    along: tuple[str, ...] = ()
    follow: bool = False


def translate_once(call: Call, session: Session) -> int:
    """Translate the paths; returns the exit status. Raises UnusableCall."""
    paths, diff = call.paths, call.diff
    target = None if call.out == STDIN else call.out
    if paths == (STDIN,):
        if call.follow or call.along:
            raise UnusableCall("standard input: imports nothing that could be followed")
        stdin = Path("<stdin>")
        unit = Unit((File(stdin, target, stdin.name),))
        if target is not None and target.is_dir():
            raise UnusableCall(f"{target}: is a folder; name the file")
        return _one(unit, call, session, sys.stdin.buffer.read())
    units = _planned(call, target)
    if len(units) == 1 and units[0].root is None:
        return _one(units[0], call, session, None)
    if call.example is not None:
        raise UnusableCall("--example: takes one file")
    if target is None and not diff:
        what = f"{paths[0]}: is a folder" if len(paths) == 1 else "several paths"
        raise UnusableCall(f"{what}: name the folder to write with -o")
    if diff:
        return _diffs(units, call, session)
    return _many(units, call, session, target if len(paths) > 1 else None)


def _planned(call: Call, target: Path | None) -> list[Unit]:
    """The units of the paths, and those of the packages that are translated along."""
    from transpile.project.along import found

    along = [found(name) for name in call.along]
    if not call.follow:
        return plan(call.paths, target, along)
    from transpile.project.following import followed
    from transpile.project.plan import beside, refuse_collisions

    if len(call.paths) != 1:
        raise UnusableCall("--follow-imports: starts from one file")
    units = [followed(call.paths[0], target), *beside(along, target)]
    refuse_collisions(units)
    return units


def translate_whenever(call: Call, session: Session) -> int:
    """The same now and after every change of a source, until the user ends it."""
    if STDIN in call.paths:
        raise UnusableCall("--watch: standard input does not change")
    units = _planned(call, call.out)  # what is wrong with the call is said before the waiting begins
    watched = {*call.paths, *(unit.root for unit in units if unit.root is not None)}
    from watchfiles import PythonFilter, watch

    def once() -> None:
        fresh = Session(session.style, session.fail_on, session.html, session.level, session.color)
        try:
            translate_once(call, fresh)
        except UnusableCall as error:
            say(f"{error}\n", sys.stderr)

    once()
    say("watching; Ctrl-C ends it\n", sys.stderr)
    own = None if call.out is None else call.out.resolve()
    for changes in watch(*sorted(watched), watch_filter=PythonFilter(), raise_interrupt=False):
        changed = sorted({Path(name) for _, name in changes})
        if own is not None:
            changed = [path for path in changed if path != own and own not in path.parents]
        if changed:
            say(f"{time.strftime('%H:%M:%S')} {', '.join(path.name for path in changed)}\n", sys.stderr)
            once()
    return 0


def _one(unit: Unit, call: Call, session: Session, data: bytes | None) -> int:
    """One file: an unusable input ends the call before anything is written."""
    (file,) = unit.python
    seen = None if call.example is None else _observed(file.source, call.example, call.inputs)
    outcome = work(Job(file.source, file.shown, call.options, data=data, seen=seen))
    refuse_unusable(outcome)
    if seen is not None:
        _say_what_was_settled(file, outcome, call.options)
    assert outcome.data is not None
    to_stdout = call.diff or file.target is None
    if call.diff:
        before = file.source.read_bytes() if data is None else data
        _show_diff(session, before, outcome.data, file)
    elif file.target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(outcome.data)
        sys.stdout.buffer.flush()
    else:
        from transpile.project.writing import write

        write(file.target, outcome.data, file.source)
    if to_stdout:
        session.stream = sys.stderr
    session.found(file, outcome, None if to_stdout else file.target, data)
    return session.end()


def _observed(path: Path, example: str, inputs: Sequence[str]) -> dict[Any, Any]:
    """What the expressions of a file are in a run of its model; raises UnusableCall where it cannot be run."""
    from transpile.verify.evidence import observed
    from transpile.verify.result import StageError
    from transpile.verify.spec import SpecError, givens, target

    try:
        return observed(target(f"{path}:{example}"), givens(inputs))
    except (StageError, SpecError) as error:
        raise UnusableCall(f"--example: {error}") from None


def _say_what_was_settled(file: File, outcome: Outcome, options: Options) -> None:
    """Which questions the run of the model has answered."""
    alone = work(Job(file.source, file.shown, options)).diagnostics
    settled = [d for d in alone if d not in outcome.diagnostics and d.code != "IGN001"]
    places = ", ".join(f"{d.line} {d.code}" for d in settled)
    say(f"the run settled {len(settled)} open questions{f': {places}' if places else ''}\n", sys.stderr)


def _many(units: Sequence[Unit], call: Call, session: Session, parent: Path | None) -> int:
    """Folders and several files."""
    from transpile.project.run import write_units
    from transpile.project.writing import make_folder

    if parent is not None:
        make_folder(parent)
    with session.progress(sum(len(unit.python) for unit in units)) as advance:
        for result in write_units(units, call.options, call.jobs, together=bool(call.along)):
            session.found(result.file, result.outcome, result.written)
            if result.file.source.suffix == ".py":
                advance()
    return session.end()


def _diffs(units: Sequence[Unit], call: Call, session: Session) -> int:
    from transpile.project.run import translate_units

    session.stream = sys.stderr
    for _, file, outcome in translate_units(units, call.options, call.jobs, together=bool(call.along)):
        if outcome.data is not None and outcome.changed:
            _show_diff(session, file.source.read_bytes(), outcome.data, file)
        session.found(file, outcome)
    return session.end()


def _show_diff(session: Session, before: bytes, after: bytes, file: File) -> None:
    from transpile.report.diff import unified

    text = unified(before, after, file.shown, str(file.target or file.shown))
    say(session.look(sys.stdout).diff(text))

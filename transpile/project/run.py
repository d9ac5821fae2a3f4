"""Many files: one outcome per file, in the same order and with the same bytes for any number of processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from transpile.diagnostics import UNREADABLE, Diagnostic, Severity
from transpile.project.facts import gather
from transpile.project.job import Job, Options, Outcome, work
from transpile.project.plan import File, Unit
from transpile.project.writing import copy_atomically, make_folder, write

# Below this many bytes of source the start of the processes costs more than they save (about 5,000 lines)
_WORTH_PROCESSES = 200_000


@dataclass(frozen=True, slots=True)
class Result:
    """A file of the call and what came of it; `written` is where its output stands, None where it has none."""

    file: File
    outcome: Outcome
    written: Path | None = None


def translate_unit(unit: Unit, options: Options, jobs: int | None = None) -> Iterator[tuple[File, Outcome]]:
    """The outcome of every Python file of a unit, in the unit's order. `jobs` None chooses by size."""
    facts = gather(unit)
    todo = [
        Job(
            file.source,
            file.shown,
            options,
            support_module=unit.support_module(file),
            renaming=unit.renaming,
            facts=facts.get(file.source),
        )
        for file in unit.python
    ]
    for file in unit.unreadable:
        message = "cannot be read: no permission, or a link that leads nowhere"
        yield file, Outcome(None, (_left_out(file, message),))
    yield from zip(unit.python, _run(todo, jobs), strict=True)


def _run(todo: Sequence[Job], jobs: int | None) -> Iterator[Outcome]:
    count = min(jobs if jobs is not None else _default_jobs(todo), len(todo))
    if count <= 1:
        yield from map(work, todo)
        return
    import_module("transpile.translate")  # once, before the processes are forked from this one
    # the largest first, so that no process is left with a long file at the end
    order = sorted(range(len(todo)), key=lambda i: -_size(todo[i]))
    with ProcessPoolExecutor(count, mp_context=_context()) as pool:
        futures = {i: pool.submit(work, todo[i]) for i in order}
        for i in range(len(todo)):
            yield futures[i].result()


def _default_jobs(todo: Sequence[Job]) -> int:
    if _context().get_start_method() != "fork" or sum(map(_size, todo)) < _WORTH_PROCESSES:
        return 1  # a new interpreter would run the caller's main module again
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _context() -> multiprocessing.context.BaseContext:
    """fork where that is safe: on Linux, and as long as no framework has started its threads."""
    safe = sys.platform == "linux" and not {"tensorflow", "torch"} & sys.modules.keys()
    return multiprocessing.get_context("fork" if safe else "spawn")


def _size(job: Job) -> int:
    try:
        return job.source.stat().st_size
    except OSError:
        return 0


def write_unit(unit: Unit, options: Options, jobs: int | None = None) -> Iterator[Result]:
    """Translate a unit and write it to its targets, file by file; what cannot be read is left out and said.

    Raises UnusableCall where the output cannot be written at all.
    """
    supports: set[str] = set()
    if unit.out is not None:
        make_folder(unit.out)
    for file, outcome in translate_unit(unit, options, jobs):
        supports |= outcome.supports
        written = None
        if outcome.data is not None and file.target is not None:
            if unit.root is not None:
                make_folder(file.target.parent)
            write(file.target, outcome.data, file.source)
            written = file.target
        yield Result(file, outcome, written)
    for file in unit.other:
        if file.target is not None:
            yield _copy(file)
    if supports and unit.support_target is not None:
        write(unit.support_target, support_text(supports, options).encode(), None)


def support_text(names: set[str], options: Options) -> str:
    """The source of a folder's support module with the given definitions."""
    from transpile.translate import support_source

    return support_source(frozenset(names), options.data_format)


def _copy(file: File) -> Result:
    assert file.target is not None
    try:
        file.target.parent.mkdir(parents=True, exist_ok=True)
        copy_atomically(file.source, file.target)
    except OSError as error:
        found = _left_out(file, f"cannot be copied: {error.strerror or error}")
        return Result(file, Outcome(None, (found,)))
    return Result(file, Outcome(None), file.target)


def _left_out(file: File, message: str) -> Diagnostic:
    advice = "The file is left out of the output."
    return Diagnostic(UNREADABLE, Severity.ERROR, message, file.shown, 1, 1, 1, 2, advice)

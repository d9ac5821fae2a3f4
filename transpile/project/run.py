"""Many files: one outcome per file, in the same order and with the same bytes for any number of processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transpile.collection import uncollected
from transpile.diagnostics import UNREADABLE, Diagnostic, Severity
from transpile.project.job import Job, Options, Outcome, work
from transpile.project.plan import File, Unit
from transpile.project.writing import copy_atomically, make_folder, write

if TYPE_CHECKING:
    from transpile.project.folder import Folder

# Below this many bytes of source the start of the processes costs more than they save (about 5,000 lines)
_WORTH_PROCESSES = 200_000
_EMPTIED = b"# The files that were translated take no name of this one.\n"


@dataclass(frozen=True, slots=True)
class Result:
    """A file of the call and what came of it; `written` is where its output stands, None where it has none."""

    file: File
    outcome: Outcome
    written: Path | None = None


def translate_unit(unit: Unit, options: Options, jobs: int | None = None) -> Iterator[tuple[File, Outcome]]:
    """The outcome of every Python file of a unit, in the unit's order. `jobs` None chooses by size."""
    return ((file, outcome) for _, file, outcome in translate_units([unit], options, jobs))


def translate_units(
    units: Sequence[Unit], options: Options, jobs: int | None = None, *, together: bool = False
) -> Iterator[tuple[Unit, File, Outcome]]:
    """The same for the units of a call, one after the other. Folders tell each other what they know.

    With `together` single files do so as well, rather than each standing alone.
    """
    with uncollected():
        for group in _groups(units, together):
            folder = _folder(group, options) if together or group[0].root is not None else None
            outcomes = _run(folder, jobs) if folder is not None else None
            for unit in group:
                for file, outcome in _unit(unit, options, outcomes):
                    yield unit, file, outcome


def _folder(group: Sequence[Unit], options: Options) -> Folder:
    from transpile.project.folder import Folder  # and what translates: a single file may need nothing of it

    return Folder(*group, options=options)


def _unit(unit: Unit, options: Options, outcomes: Iterator[Outcome] | None) -> Iterator[tuple[File, Outcome]]:
    """The files of one unit, those of a folder with the next of its outcomes."""
    for file in unit.unreadable:
        message = "cannot be read: no permission, or a link that leads nowhere"
        yield file, Outcome(None, (_left_out(file, message),))
    for file in unit.python:
        alone = Job(file.source, file.shown, options)
        yield file, next(outcomes) if outcomes is not None else work(alone)
    for file in unit.emptied:
        yield file, Outcome(_EMPTIED, changed=True)
    if unit.root is not None:
        for file in unit.notebooks:
            yield file, work(Job(file.source, file.shown, options))


def _groups(units: Sequence[Unit], together: bool) -> Iterator[list[Unit]]:
    """Units that follow each other and can be inferred as one: no two modules of the same name."""
    group: list[Unit] = []
    names: set[str] = set()
    for unit in units:
        own = {unit.module_name(file)[0] for file in (*unit.python, *unit.emptied)}
        if group and (names & own or not (together or unit.root is not None is not group[-1].root)):
            yield group
            group, names = [], set()
        group.append(unit)
        names |= own
    if group:
        yield group


_FOLDER: Folder | None = None  # what forked processes find in their memory


def _outcome(number: int) -> Outcome:
    assert _FOLDER is not None
    return _FOLDER.outcome(_FOLDER.files[number])


def _run(folder: Folder, jobs: int | None) -> Iterator[Outcome]:
    global _FOLDER
    files = folder.files
    count = min(jobs if jobs is not None else _default_jobs(files), len(files))
    if count <= 1 or not _can_fork():
        yield from map(folder.outcome, files)
        return
    import multiprocessing  # as much to import as the rest of a small call
    from concurrent.futures import ProcessPoolExecutor

    folder.infer(count)  # once, before the processes are forked from this one
    _FOLDER = folder
    order = _order(files)
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork")) as pool:
        futures = {i: pool.submit(_outcome, i) for i in order}
        for i in range(len(files)):
            yield futures[i].result()
    _FOLDER = None


def _order(files: Sequence[File]) -> list[int]:
    """The large files first, so that no process is left with one at the end; the others as they are waited for."""
    sizes = [_size(file) for file in files]
    large = sum(sizes) / 100
    return sorted(range(len(files)), key=lambda i: (-sizes[i] if sizes[i] > large else 0, i))


def _default_jobs(files: Sequence[File]) -> int:
    if sum(map(_size, files)) < _WORTH_PROCESSES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _can_fork() -> bool:
    """On Linux, and as long as no framework has started its threads. A new interpreter would infer all again."""
    return sys.platform == "linux" and not {"tensorflow", "torch"} & sys.modules.keys()


def _size(file: File) -> int:
    try:
        return file.source.stat().st_size
    except OSError:
        return 0


def write_unit(unit: Unit, options: Options, jobs: int | None = None) -> Iterator[Result]:
    """Translate a unit and write it to its targets, file by file; what cannot be read is left out and said.

    Raises UnusableCall where the output cannot be written at all.
    """
    return write_units([unit], options, jobs)


def write_units(
    units: Sequence[Unit], options: Options, jobs: int | None = None, *, together: bool = False
) -> Iterator[Result]:
    """The same for the units of a call."""
    for unit in units:
        if unit.root is not None and unit.out is not None:
            make_folder(unit.out)
    supports: dict[int, set[str]] = {}
    for unit, file, outcome in translate_units(units, options, jobs, together=together):
        supports.setdefault(id(unit), set()).update(outcome.supports)
        written = None
        if outcome.data is not None and file.target is not None:
            if unit.root is not None:
                make_folder(file.target.parent)
            write(file.target, outcome.data, file.source)
            written = file.target
        yield Result(file, outcome, written)
    for unit in units:
        for file in unit.other:
            if file.target is not None:
                yield _copy(file)
        if (found := supports.get(id(unit))) and unit.support_target is not None:
            write(unit.support_target, support_text(found, options).encode(), None)


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

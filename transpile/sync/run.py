"""Bringing twins into step with their sources."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transpile import __version__
from transpile.diagnostics import Diagnostic, SourceError
from transpile.project.config import Config
from transpile.project.job import Job, Options, Outcome, work
from transpile.project.plan import File, Unit, UnusableCall, plan
from transpile.project.writing import make_folder, write
from transpile.source.text import decode
from transpile.sync import base
from transpile.sync.header import Stamp, Twin, compose, digest, split

if TYPE_CHECKING:
    from transpile.project.folder import Folder

__all__ = ["Pair", "State", "pairs", "sync"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and its twin; `shown` are their names in what is said."""

    source: Path
    twin: Path
    shown: tuple[str, str]
    unit: Unit
    file: File


@dataclass(frozen=True, slots=True)
class State:
    """What became of a pair: `word` says it in one word, `text` in a line; `done` where nothing remains to do."""

    pair: Pair
    word: str  # fresh, written, stale, merged, overwritten, conflict, foreign, failed
    text: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def fresh(self) -> bool:
        return self.word == "fresh"


def pairs(config: Config, named: Iterable[Path] = ()) -> list[Pair]:
    """The pairs of a project; those alone of which a file is named, unless its pyproject.toml is.

    Raises UnusableCall for a source that is missing, and for a twin that is a source.
    """
    if config.file is None or not config.pairs:
        where = config.file or "pyproject.toml"
        raise UnusableCall(f"{where}: [tool.transpile.pairs] names no source and twin")
    root = config.file.parent
    found: list[Pair] = []
    for source, twin in config.pairs.items():
        if not (root / source).exists():
            raise UnusableCall(f"{config.file}: [tool.transpile.pairs] {source}: no such file or folder")
        for planned in plan([root / source], root / twin):
            unit = replace(planned, support=None)  # each twin stands alone
            for file in unit.python:
                assert file.target is not None
                shown = _relative(file.source, root), _relative(file.target, root)
                found.append(Pair(file.source, file.target, shown, unit, file))
    sources = {os.path.realpath(pair.source) for pair in found}
    for pair in found:
        if os.path.realpath(pair.twin) in sources:
            raise UnusableCall(f"{config.file}: [tool.transpile.pairs] {pair.shown[1]}: is a source itself")
    wanted = {os.path.realpath(path) for path in named}
    if not wanted or os.path.realpath(config.file) in wanted:
        return found
    return [pair for pair in found if wanted & {os.path.realpath(pair.source), os.path.realpath(pair.twin)}]


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def sync(
    found: Iterable[Pair], options: Options, *, check: bool = False, force: bool = False
) -> Iterator[State]:
    """Bring each twin into step; with `check` only say which are not, with `force` drop hand edits."""
    rules: str | None = None
    folders: dict[int, Folder] = {}  # by unit; inferred when one of its twins is stale
    for pair in found:
        rules = rules or _rules_version(options)
        try:
            yield _one(pair, options, rules, folders, check, force)
        except SourceError as error:  # a source that cannot be read is an outcome: this is the twin
            yield State(pair, "failed", f"{pair.shown[1]}:{error.line}:{error.column}: {error}")


def _one(
    pair: Pair, options: Options, rules: str, folders: dict[int, Folder], check: bool, force: bool
) -> State:
    source, name = pair.shown[0], pair.shown[1]
    data = pair.source.read_bytes()
    stamp = Stamp(source, digest(data), rules, _options_text(options))
    old: Twin | None = None
    if pair.twin.exists():
        text = decode(pair.twin.read_bytes()).text
        old = split(text)
        if old is None and not force:
            return State(
                pair, "foreign",
                f"{name}: stands there already, and is no twin of {source}; move it away, or --force",
            )  # fmt: skip
        if old is not None and old.stamp == stamp:
            return State(pair, "fresh")
    if check:
        return State(pair, "stale", f"{name}: {_why(old, stamp)}")
    outcome = _outcome(pair, options, folders, data)
    if outcome.data is None:
        (said,) = outcome.diagnostics
        return State(pair, "failed", f"{said.filename}:{said.line}:{said.column}: {said.message}")
    return _write(pair, old, stamp, outcome, force)


def _outcome(pair: Pair, options: Options, folders: dict[int, Folder], data: bytes) -> Outcome:
    if pair.unit.root is None:
        return work(Job(pair.source, pair.shown[0], options, data=data))
    from transpile.project.folder import Folder

    folder = folders.get(id(pair.unit))
    if folder is None:
        folder = folders[id(pair.unit)] = Folder(pair.unit, options=options)
    return folder.outcome(pair.file)


def _write(pair: Pair, old: Twin | None, stamp: Stamp, outcome: Outcome, force: bool) -> State:
    source, name = pair.shown
    assert outcome.data is not None
    made = decode(outcome.data)
    new = made.text if made.text.endswith("\n") or not made.text else made.text + "\n"
    body, word, text = new, "written", f"{name}: written from {source}"
    if old is not None and old.edited and digest(new) == old.output:
        body, text = old.body, f"{name}: the translation is the same; your changes stay"
    elif old is not None and old.edited and force:
        word, text = (
            "overwritten",
            f"{name}: written from {source}; what was changed in it by hand is gone (--force)",
        )
    elif old is not None and old.edited:
        from transpile.sync.merge import merged

        before = base.find(pair.twin, old.output)
        result = None if before is None else merged(old.body, before, new)
        if result is None:
            why = (
                "what it was changed from is neither cached nor in git"
                if before is None
                else "git is missing"
            )
            text = f"{name}: stale, changed by hand, and not merged: {why}; --force drops the changes"
            return State(pair, "conflict", text, outcome.diagnostics)
        body, conflicts = result
        if conflicts:
            text = (
                f"{name}: stale, and {conflicts} of the changes by hand {'meets' if conflicts == 1 else 'meet'} "
                f"changes of {source}; nothing is written (--force drops them)"
            )
            return State(pair, "conflict", text, outcome.diagnostics)
        word, text = "merged", f"{name}: written from {source}, with what was changed in it by hand"
    base.keep(new)
    whole = compose(stamp, digest(new), body, old.own if old is not None else "")
    make_folder(pair.twin.parent)
    write(pair.twin, made.encode(whole), pair.source)
    return State(pair, word, text, outcome.diagnostics)


def _why(old: Twin | None, stamp: Stamp) -> str:
    if old is None:
        return f"is to be written from {stamp.path}"
    if old.stamp.source != stamp.source:
        return f"is stale: {stamp.path} has changed"
    if old.stamp.rules != stamp.rules:
        return f"is stale: written with the rules {old.stamp.rules}, which are now {stamp.rules}"
    return "is stale: the options have changed"


def _options_text(options: Options) -> str:
    return options.data_format + (",exact_training" if options.exact_training else "")


def _rules_version(options: Options) -> str:
    """The version of transpile with a digest of every rule table."""
    from transpile.rulebook.store import packaged_tables

    tables = [*packaged_tables(), *options.rules]
    return f"{__version__}-{digest(b''.join(table.read_bytes() for table in tables))[:8]}"

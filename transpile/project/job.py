"""One file on its way: what is read of it, and what is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.diagnostics import INTERNAL, UNREADABLE, Diagnostic, Severity, SourceError
from transpile.emit import is_translated
from transpile.project.renaming import Renamed, Renaming, rename_imports
from transpile.source.roots import BRINGS_TORCH
from transpile.source.text import SourceText, decode
from transpile.source.third_party import needs_torch

if TYPE_CHECKING:
    from transpile.translate import Translation

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Options:
    """How to translate; the same for every file of a call."""

    data_format: str = "channels_last"
    rules: tuple[Path, ...] = ()
    exact_training: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One file to translate. `data` stands for its content where that does not come from `source`."""

    source: Path
    shown: str
    options: Options
    support_module: str | None = None
    renaming: Renaming | None = None
    data: bytes | None = None
    seen: dict[Any, Any] | None = None  # what a run of the original has shown (transpile.verify.evidence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: the bytes to write, or None where nothing can be written.

    `changed` is false for a file that goes out byte for byte. `traceback` is set where transpile itself failed.
    """

    data: bytes | None
    diagnostics: tuple[Diagnostic, ...] = ()
    translation: Translation | None = None
    changed: bool = False
    traceback: str | None = None

    @property
    def signatures(self) -> dict[str, Any]:
        return self.translation.signatures if self.translation is not None else {}

    @property
    def supports(self) -> frozenset[str]:
        return frozenset(self.translation.supports) if self.translation is not None else frozenset()


class Reading:
    """A file that was read: its bytes, its text, and the text with the package's new name."""

    def __init__(self, job: Job) -> None:
        """Raises SourceError for what is not text, OSError for what cannot be read."""
        self.job = job
        self.data = job.source.read_bytes() if job.data is None else job.data
        self.source: SourceText = decode(self.data)
        self._renamed: Renamed | None = None

    @property
    def renamed(self) -> Renamed:
        if self._renamed is None:
            text = self.source.text
            self._renamed = rename_imports(text, self.job.renaming) if self.job.renaming else Renamed(text)
        return self._renamed

    def outcome(self, translation: Translation | None) -> Outcome:
        """The file as it is written: translated, or as it was but for what it calls its own package."""
        if translation is None:
            return self._carried()
        diagnostics = tuple(self.renamed.restore(diagnostic) for diagnostic in translation.diagnostics)
        if translation.code == self.source.text:
            return Outcome(self.data, diagnostics, translation)
        return Outcome(self.source.encode(translation.code), diagnostics, translation, True)

    def _carried(self) -> Outcome:
        exact = self.source.exact
        renamed = rename_imports(exact, self.job.renaming) if self.job.renaming else Renamed(exact)
        if renamed.text == exact:
            return Outcome(self.data)
        return Outcome(self.source.encode_exact(renamed.text), changed=True)


def work(job: Job) -> Outcome:
    """Translate one file that stands alone, a notebook too."""
    if job.source.suffix == ".ipynb":
        from transpile.project import notebook

        return guarded(job, lambda: notebook.translated(job, job.source.read_bytes()))
    return guarded(job, lambda: _alone(Reading(job)))


def _alone(reading: Reading) -> Outcome:
    if is_carried(reading) or _has_no_torch(reading.source.text):
        return reading.outcome(None)
    from transpile.translate import translate

    options = reading.job.options
    translation = translate(
        reading.renamed.text,
        filename=reading.job.shown,
        data_format=options.data_format,
        rules=options.rules,
        exact_training=options.exact_training,
        support_module=reading.job.support_module,
        seen=reading.job.seen,
    )
    return reading.outcome(translation)


def guarded(job: Job, make: Callable[[], Outcome]) -> Outcome:
    """The outcome; every failure is one with an error diagnostic: the other files go on."""
    try:
        return make()
    except SourceError as error:
        return _failed(job, error.code, str(error), error.line, error.column)
    except OSError as error:
        return _failed(job, UNREADABLE, f"cannot be read: {error.strerror or error}", 1, 1)
    except Exception as error:
        import traceback

        # a defect of transpile; one file must not sink the folder, and it is said loudly
        failed = _failed(job, INTERNAL, f"transpile failed: {type(error).__name__}: {error}", 1, 1)
        return replace(failed, traceback=traceback.format_exc())


def is_carried(reading: Reading) -> bool:
    """Whether a file is sound and says nothing of torch, so that there is nothing to translate in it alone."""
    return not concerns_torch(reading.source.exact) and parses(reading.source.exact)


def _has_no_torch(text: str) -> bool:
    """Whether a sound file that says torch has none: it is a translation, or no import anywhere in it could bring any.

    Only of a file that stands alone: in a folder its siblings may hand on what is torch's.
    """
    if is_translated(text):
        return parses(text)
    if BRINGS_TORCH.search(text) or "transpile:" in text:  # or a comment that is for the translator
        return False
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            imported += [node.module or "", *(alias.name for alias in node.names)]
    return not any("torch" in name or "einops" in name or needs_torch(name) for name in imported)


def concerns_torch(text: str) -> bool:
    """Whether a source may have anything to translate: it says torch or einops, or imports what needs torch."""
    if "torch" in text or "einops" in text:
        return True
    for match in _IMPORT.finditer(text):
        for name in (match[1] or match[2]).split(","):
            if needs_torch(name.strip().partition(".")[0].partition(" ")[0]):
                return True
    return False


def parses(text: str) -> bool:
    """Whether the running Python takes the source; where it does not, the translator says what is wrong."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _failed(job: Job, code: str, message: str, line: int, column: int) -> Outcome:
    advice = "Nothing was written for this file."
    found = Diagnostic(code, Severity.ERROR, message, job.shown, line, column, line, column + 1, advice)
    return Outcome(None, (found,))

"""The work on one file, in whichever process it runs: read, rename, translate, encode."""

from __future__ import annotations

import ast
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.diagnostics import INTERNAL, UNREADABLE, Diagnostic, Severity, SourceError
from transpile.project.renaming import Renamed, Renaming, rename_imports
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
    """One file to translate. `data` stands for its content where that does not come from `source`.

    `facts` is what the other files of the folder have told about what this one imports (see facts.py).
    """

    source: Path
    shown: str
    options: Options
    support_module: str | None = None
    renaming: Renaming | None = None
    data: bytes | None = None
    facts: Mapping[str, Any] | None = None


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


def work(job: Job) -> Outcome:
    """Translate one file. Every failure is an outcome with an error diagnostic: the other files go on."""
    try:
        data = job.source.read_bytes() if job.data is None else job.data
        return _translated(job, data)
    except SourceError as error:
        return _failed(job, error.code, str(error), error.line, error.column)
    except OSError as error:
        return _failed(job, UNREADABLE, f"cannot be read: {error.strerror or error}", 1, 1)
    except Exception as error:
        # a defect of transpile; one file must not sink the folder, and it is said loudly
        failed = _failed(job, INTERNAL, f"transpile failed: {type(error).__name__}: {error}", 1, 1)
        return replace(failed, traceback=traceback.format_exc())


def _translated(job: Job, data: bytes) -> Outcome:
    source = decode(data)
    if not concerns_torch(source.exact) and _parses(source.exact):
        return _carried(job, source, data)
    from transpile.translate import translate

    renamed = rename_imports(source.text, job.renaming) if job.renaming else Renamed(source.text)
    translation = translate(
        renamed.text,
        filename=job.shown,
        data_format=job.options.data_format,
        rules=job.options.rules,
        exact_training=job.options.exact_training,
        support_module=job.support_module,
        facts=job.facts,
    )
    diagnostics = tuple(renamed.restore(diagnostic) for diagnostic in translation.diagnostics)
    changed = translation.code != source.text
    return Outcome(source.encode(translation.code) if changed else data, diagnostics, translation, changed)


def _carried(job: Job, source: SourceText, data: bytes) -> Outcome:
    """A file without torch: as it is, except for what it calls its own package."""
    renamed = rename_imports(source.exact, job.renaming) if job.renaming else Renamed(source.exact)
    if renamed.text == source.exact:
        return Outcome(data)
    return Outcome(source.encode_exact(renamed.text), changed=True)


def concerns_torch(text: str) -> bool:
    """Whether a source may have anything to translate: it says torch or einops, or imports what needs torch."""
    if "torch" in text or "einops" in text:
        return True
    for match in _IMPORT.finditer(text):
        for name in (match[1] or match[2]).split(","):
            if needs_torch(name.strip().partition(".")[0].partition(" ")[0]):
                return True
    return False


def _parses(text: str) -> bool:
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

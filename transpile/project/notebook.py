"""Notebooks: their code cells are one module, translated as such and put back cell by cell.

Everything else stays: text cells, outputs, metadata, magics (`%matplotlib inline`, `!pip install …`, `%%bash`). Cells
that cannot be parsed stay too, and are reported. What the support section holds becomes a cell of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from transpile.diagnostics import UNDECODABLE, UNPARSABLE, Diagnostic, Severity, SourceError
from transpile.emit import END, HEADING
from transpile.project.job import Job, Outcome

__all__ = ["ENDING", "translated"]

ENDING = ".ipynb"
_MARK = "__transpile_cell__"
_MAGIC = "__transpile_magic__"
# Cell magics whose cell is Python all the same.
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python3")
_LINE_MAGIC = re.compile(
    r"^(?P<head>[ \t]*(?:[\w.,\[\] ()]+=[ \t]*)?)(?P<magic>[%!](?![=\s]).*|\?{1,2}\w.*)$"
)
_QUESTION = re.compile(r"^(?P<head>[ \t]*)(?P<magic>[\w.]+\?{1,2})[ \t]*$")
# Line magics whose line is Python: it is translated, with the magic in a comment behind it.
_TIMED = re.compile(r"^(?P<indent>[ \t]*)(?P<magic>%(?:time|timeit|prun)[ \t]+)(?P<code>[^-\s].*)$")
_BEHIND = re.compile(rf"^([ \t]*)(.*?)[ ]*# {_MAGIC}\((\d+)\)$", re.MULTILINE)
_PLACE = re.compile(rf"^{_MARK}\((\d+)\)\n?", re.MULTILINE)
_USES_TF = re.compile(r"\btf\.")


@dataclass
class _Cell:
    """A code cell: its number in the notebook (from 0), its Python, and what stands for its magics."""

    number: int
    head: str  # a cell magic that is put back above
    text: str
    magics: list[str] = field(default_factory=list)
    first_line: int = 0  # in the module, from 1


def translated(job: Job, data: bytes) -> Outcome:
    """The notebook with its code translated. Raises SourceError for what is no notebook."""
    from transpile.translate import translate

    nbformat: Any = import_module("nbformat")

    try:
        notebook = nbformat.reads(data.decode("utf-8"), as_version=4)
    except Exception as error:  # nbformat raises of many kinds
        raise SourceError(f"the file is no notebook: {error}".split("\n")[0], 1, 1, UNDECODABLE) from None
    cells, broken = _cells(notebook.cells, job.shown)
    text = _module(cells)
    result = translate(
        text,
        filename=job.shown,
        data_format=job.options.data_format,
        rules=job.options.rules,
        exact_training=job.options.exact_training,
    )
    diagnostics = (*broken, *(_in_cell(found, cells, job.shown) for found in result.diagnostics))
    if result.code == text:
        return Outcome(data, diagnostics, result)
    _put_back(notebook, cells, result.code)
    written: str = nbformat.writes(notebook)
    return Outcome((written.rstrip("\n") + "\n").encode(), diagnostics, result, True)


def _cells(all_cells: Sequence[Any], shown: str) -> tuple[list[_Cell], list[Diagnostic]]:
    """The cells that are Python, and what is wrong with those that cannot be parsed."""
    cells: list[_Cell] = []
    broken: list[Diagnostic] = []
    for number, cell in enumerate(all_cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        head, source = "", cell.source
        if source.lstrip().startswith("%%"):
            head, _, source = source.lstrip().partition("\n")
            if not head.startswith(_PYTHON_CELLS):
                continue
            head += "\n"
        found = _Cell(number, head, "")
        found.text = _without_magics(source, found.magics)
        try:
            ast.parse(found.text)
        except (SyntaxError, ValueError) as error:
            line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
            message = f"the cell is left as it is: {getattr(error, 'msg', error)}"
            broken.append(
                Diagnostic(
                    UNPARSABLE, Severity.WARNING, message, _name(shown, number), line, column, line, column + 1, ""
                )
            )  # fmt: skip
            continue
        cells.append(found)
    return cells, broken


def _without_magics(source: str, magics: list[str]) -> str:
    """The source with a call in the place of each magic; a magic that is continued goes with its lines."""
    lines: list[str] = []
    waiting: list[str] = []
    for line in source.split("\n"):
        timed = None if waiting else _TIMED.match(line)
        if timed is not None:
            lines.append(f"{timed['indent']}{timed['code']}  # {_MAGIC}({len(magics)})")
            magics.append(timed["magic"])
            continue
        if waiting:
            waiting.append(line)
        else:
            match = _LINE_MAGIC.match(line) or _QUESTION.match(line)
            if match is None:
                lines.append(line)
                continue
            lines.append(f"{match['head']}{_MAGIC}({len(magics)})")
            waiting = [match["magic"]]
        if not waiting[-1].endswith("\\"):
            magics.append("\n".join(waiting))
            waiting = []
    if waiting:
        magics.append("\n".join(waiting))
    return "\n".join(lines)


def _module(cells: Sequence[_Cell]) -> str:
    parts: list[str] = []
    line = 1
    for index, cell in enumerate(cells):
        cell.first_line = line + 1
        parts.append(f"{_MARK}({index})\n{cell.text}\n")
        line += parts[-1].count("\n")
    return "".join(parts)


def _put_back(notebook: Any, cells: Sequence[_Cell], code: str) -> None:
    """Give each cell its part of the code; the support section gets a cell in front of the one that it stands in."""
    pieces = _PLACE.split(code)
    before, texts = pieces[0], {int(pieces[at]): pieces[at + 1] for at in range(1, len(pieces), 2)}
    section = ""
    at = 0
    for index in sorted(texts):
        text = _headed(before.strip("\n"), texts[index]) if index == 0 else texts[index]
        start, end = text.find(HEADING), text.find(END)
        if start >= 0 and end >= 0:
            section = text[start : end + len(END)]
            text = text[:start].rstrip("\n") + "\n\n" + text[end + len(END) :].lstrip("\n")
            at = cells[index].number
        cell = cells[index]
        notebook.cells[cell.number].source = cell.head + _with_magics(text.strip("\n"), cell.magics)
    if section:
        notebook.cells.insert(at, _support_cell(notebook, section))


def _with_magics(text: str, magics: Sequence[str]) -> str:
    """The text with its magics where their stand-ins are."""
    text = _BEHIND.sub(lambda match: match[1] + magics[int(match[3])] + match[2], text)
    return re.sub(rf"{_MAGIC}\((\d+)\)", lambda match: magics[int(match[1])], text)


def _headed(head: str, text: str) -> str:
    """Lines that go to the top of a cell: behind the magics and comments that it begins with."""
    if not head:
        return text
    lines = text.split("\n")
    at = 0
    while at < len(lines) and (not lines[at].strip() or lines[at].startswith((_MAGIC, "#"))):
        at += 1
    above = "\n".join(lines[:at]).strip("\n")
    below = "\n".join(lines[at:]).strip("\n")
    return "\n".join(filter(None, [above, head])) + (f"\n\n{below}" if below else "")


def _support_cell(notebook: Any, section: str) -> Any:
    nbformat: Any = import_module("nbformat")
    if _USES_TF.search(section) and "import tensorflow as tf" not in section:
        section = f"import tensorflow as tf\n\n{section}"
    cell = nbformat.v4.new_code_cell(section)
    if notebook.nbformat_minor >= 5:
        cell.id = "transpile-support"  # a random one would be another in each run
    else:
        cell.pop("id", None)
    return cell


def _in_cell(found: Diagnostic, cells: Sequence[_Cell], shown: str) -> Diagnostic:
    """The diagnostic at its place in its cell."""
    cell = max((c for c in cells if c.first_line <= found.line), key=lambda c: c.first_line, default=None)
    if cell is None:
        return found
    above = cell.first_line - 1 - cell.head.count("\n")
    return replace(
        found, filename=_name(shown, cell.number), line=found.line - above, end_line=found.end_line - above
    )


def _name(shown: str, number: int) -> str:
    """What a cell is called; they count from 1."""
    return f"{shown}:cell {number + 1}"

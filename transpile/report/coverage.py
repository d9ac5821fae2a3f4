"""Which torch APIs a source uses by name, and which of those uses the translation leaves or changes.

Counted are names that an import leads to (`nn.Conv2d`, `F.relu`, `torch.cat`). Methods of tensors are not:
what a receiver is, is known to the translation alone, and what it leaves there is in its diagnostics.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from transpile.diagnostics import Diagnostic, Severity, SourceError
from transpile.project.job import Options
from transpile.project.plan import Unit
from transpile.project.run import translate_unit
from transpile.rulebook import Rulebook
from transpile.source.text import decode


@dataclass(frozen=True, slots=True)
class Row:
    """One API: how often it is used, how many of those uses lie in an API warning or error, and its rule.

    `rule` is None for what no table holds: constructs such as nn.Module and nn.Sequential, and unknown APIs.
    """

    api: str
    uses: int
    left: int
    rule: str | None = None


def measure(units: Sequence[Unit], book: Rulebook) -> list[Row]:
    """A row for every torch API used in the units, the most used first."""
    uses: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for unit in units:
        for file, outcome in translate_unit(unit, Options()):
            try:
                found = list(named_uses(decode(file.source.read_bytes()).text))
            except (SourceError, SyntaxError, OSError):
                continue
            places = _left(outcome.diagnostics)
            for api, line in found:
                uses[api] += 1
                left[api] += any(first <= line <= last and _names(api, text) for first, last, text in places)
    rows = []
    for api, count in sorted(uses.items(), key=lambda row: (-row[1], row[0])):
        rule = book.by_name(api)
        rows.append(Row(api, count, left[api], None if rule is None else rule.id))
    return rows


def table(rows: Sequence[Row], style: str) -> str:
    """The rows as text, with the total on top, or as JSON."""
    uses, left = sum(row.uses for row in rows), sum(row.left for row in rows)
    if style == "json":
        listed = [asdict(row) for row in rows]
        return json.dumps({"uses": uses, "left": left, "apis": listed}, indent=1) + "\n"
    clean = sum(not row.left for row in rows)
    lines = [f"{len(rows)} torch APIs, {clean} translated wherever they stand; {uses} uses, {left} left\n"]
    for row in rows:
        left_here = f"{row.left} left" if row.left else ""
        lines.append(f"{row.uses:6}  {left_here:9}  {row.rule or '-':8}  {row.api}\n")
    return "".join(lines)


def named_uses(source: str) -> Iterator[tuple[str, int]]:
    """Every use of a torch name in a source, as (qualified name, line); raises SyntaxError."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in inner or not isinstance(node, (ast.Attribute, ast.Name)):
            continue
        parts: list[str] = []
        at: ast.expr = node
        while isinstance(at, ast.Attribute):
            parts.insert(0, at.attr)
            at = at.value
            inner.add(at)
        if isinstance(at, ast.Name) and at.id in names:
            qualified = ".".join([names[at.id], *parts])
            if qualified != "torch" and isinstance(at.ctx, ast.Load):
                yield qualified, node.lineno


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "torch":
                    yield (alias.asname, alias.name) if alias.asname else ("torch", "torch")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").partition(".")[0] != "torch":
                continue
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _left(diagnostics: Iterable[Diagnostic]) -> list[tuple[int, int, str]]:
    return [
        (found.line, found.end_line, found.message)
        for found in diagnostics
        if found.code.startswith(("API", "SYN")) and found.severity is not Severity.INFO
    ]


def _names(api: str, message: str) -> bool:
    """Whether a diagnostic speaks of this API; its last component is what every message names."""
    return api.rpartition(".")[2] in message

"""What a project thinks of the findings: severities of its own, and codes that it does not want to hear of.

[tool.transpile]
ignore = ["API004"]                       # a code, or a family: "NUM"
severity = { SHP001 = "error" }

[tool.transpile.per-file-ignores]         # patterns of paths, relative to the pyproject.toml
"tests/*" = ["API001", "LAY"]

What keeps a file from being read at all (SYN) is said in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from transpile.diagnostics import Diagnostic, Severity

__all__ = ["applied"]


def applied(
    found: Iterable[Diagnostic], source: Path, table: Mapping[str, Any], root: Path | None
) -> list[Diagnostic]:
    """The findings of one file as the project's table has them; `root` is the folder of its pyproject.toml."""
    ignored = [*table.get("ignore", ()), *_of_file(source, table.get("per-file-ignores", {}), root)]
    severities = table.get("severity", {})
    kept = []
    for diagnostic in found:
        is_sound = not diagnostic.code.startswith("SYN")
        if is_sound and any(_means(entry, diagnostic.code) for entry in ignored):
            continue
        wanted = severities.get(diagnostic.code, severities.get(diagnostic.code[:3]))
        if wanted is not None and is_sound:
            diagnostic = replace(diagnostic, severity=Severity(wanted))
        kept.append(diagnostic)
    return kept


def _means(entry: str, code: str) -> bool:
    return entry.upper() in (code, code[:3])


def _of_file(source: Path, patterns: Mapping[str, Sequence[str]], root: Path | None) -> list[str]:
    if not patterns or root is None:
        return []
    path = source.resolve()
    folder = root.resolve()
    shown = path.relative_to(folder).as_posix() if folder in path.parents else path.as_posix()
    matching = [
        codes for pattern, codes in patterns.items() if fnmatch(shown, pattern) or fnmatch(path.name, pattern)
    ]
    return [code for codes in matching for code in codes]

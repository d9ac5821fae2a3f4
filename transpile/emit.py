"""Support definitions as source text: what an output needs, with what that needs, in order."""

from __future__ import annotations

import ast
import functools
import re
from importlib import resources

__all__ = ["HEADING", "section", "support_source"]

HEADING = "# --- torch's semantics on TensorFlow, copied in by transpile: only what this file uses ---"


class Definition:
    """One top-level definition of transpile/support."""

    __slots__ = ("name", "text", "needs", "place")

    def __init__(self, name: str, text: str, needs: set[str], place: tuple[str, int]) -> None:
        self.name = name
        self.text = text
        self.needs = needs
        self.place = place


@functools.cache
def _library() -> tuple[dict[str, dict[str, Definition]], dict[str, str], dict[str, str]]:
    """Definitions by file and name; the file that exports each name; stdlib imports by name."""
    files: dict[str, dict[str, Definition]] = {}
    exported: dict[str, str] = {}
    imports: dict[str, str] = {}
    folder = resources.files("transpile.support")
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".py") or entry.name == "__init__.py":
            continue
        text = entry.read_text(encoding="utf-8")
        tree = ast.parse(text)
        lines = text.splitlines()
        own: dict[str, Definition] = {}
        for node in tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    local = alias.asname or alias.name.split(".")[0]
                    imports[local] = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
            elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("transpile."):
                for alias in node.names:
                    imports[alias.asname or alias.name] = f"from {node.module} import {alias.name}"
            names: list[str] = []
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names = [node.name]
            elif isinstance(node, ast.Assign):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if not names:
                continue
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            body = "\n".join(lines[start - 1 : node.end_lineno])
            needs = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            for name in names:
                own[name] = Definition(name, body, needs - {name}, (entry.name, start))
        files[entry.name] = own
        for name in own:
            exported.setdefault(name, entry.name)
    return files, exported, imports


def _closure(names: frozenset[str]) -> list[Definition]:
    """The definitions and what they need, each before what needs it while the module loads."""
    files, exported, _ = _library()
    ordered: list[Definition] = []
    seen: set[str] = set()

    def add(name: str, trail: tuple[str, ...]) -> None:
        if name in seen or name not in exported:
            return
        seen.add(name)
        definition = files[exported[name]][name]
        for other in sorted(definition.needs):
            add(other, (*trail, name))
        ordered.append(definition)

    for name in sorted(names):
        add(name, ())
    return ordered


def known(name: str) -> bool:
    """Whether transpile/support defines it."""
    return name in _library()[1]


def support_source(names: frozenset[str], data_format: str) -> str:
    """One module with these definitions, for a folder."""
    body = _bodies(_closure(names), data_format, {})
    head = '"""torch\'s semantics on TensorFlow: the definitions that the translated files use."""\n\n'
    return head + "\n".join(_import_lines(body)) + "\n\n\n" + body + "\n"


def section(names: dict[str, str], data_format: str, have: set[str]) -> str:
    """The definitions as one section of a file; `names` maps definition → its name there."""
    if not names:
        return ""
    body = _bodies(_closure(frozenset(names)), data_format, {k: v for k, v in names.items() if k != v})
    lines = [line for line in _import_lines(body) if line not in have]
    return "\n" + HEADING + "\n" + "\n".join(lines) + ("\n\n\n" if lines else "\n") + body + "\n\n# --- end of the copied section ---\n"


def _import_lines(body: str) -> list[str]:
    _, _, imports = _library()
    return sorted(
        (line for local, line in imports.items() if re.search(rf"\b{local}\b[.(]", body) or (line.startswith("from") and re.search(rf"\b{local}\b", body))),
        key=lambda line: (line.startswith("from"), "tensorflow" in line or "numpy" in line, line),
    )


def _bodies(definitions: list[Definition], data_format: str, renamed: dict[str, str]) -> str:
    parts = []
    for definition in definitions:
        text = definition.text
        if definition.name == "DATA_FORMAT":
            text = f'DATA_FORMAT = "{data_format}"'
        for old, new in renamed.items():
            if re.search(rf"\b{old}\b", text):
                text = re.sub(rf"(?<![\w.\"'`]){old}\b(?!\s*=[^=])", new, text)
        parts.append(text)
    joined: list[str] = []
    for i, part in enumerate(parts):
        simple = not part.startswith(("def ", "class ", "@"))
        joined.append(part)
        if i < len(parts) - 1:
            joined.append("" if simple and not parts[i + 1].startswith(("def ", "class ", "@")) else "\n")
    return "\n".join(joined)

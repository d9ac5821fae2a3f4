"""Which files of a package import which, as a drawing: what is imported stands left of what imports it."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping, Sequence

from markupsafe import escape

__all__ = ["drawn", "folder_of", "imports"]

_WIDE, _HIGH, _GAP = 190, 30, 46
_LONGEST = 24  # characters of a name


def imports(files: Sequence[tuple[str, str]]) -> dict[int, set[int]]:
    """For each file (by its number) the files that it imports; `files` are (path, text)."""
    paths = {path: number for number, (path, _) in enumerate(files)}
    found: dict[int, set[int]] = {number: set() for number in range(len(files))}
    for number, (path, text) in enumerate(files):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            for name in _names(node, path):
                target = _file_of(name, paths)
                if target is not None and target != number:
                    found[number].add(target)
    return found


def _names(node: ast.AST, path: str) -> list[str]:
    """The files that an import may mean, as paths without an ending."""
    if isinstance(node, ast.Import):
        return [alias.name.replace(".", "/") for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = (node.module or "").replace(".", "/")
    if node.level:
        folder = posixpath.dirname(path)
        for _ in range(node.level - 1):
            folder = posixpath.dirname(folder)
        base = posixpath.join(folder, base) if base else folder
    return [base, *(posixpath.join(base, alias.name) for alias in node.names)]


def _file_of(name: str, paths: Mapping[str, int]) -> int | None:
    for ending in (".py", "/__init__.py"):
        found = paths.get(name + ending)
        if found is not None:
            return found
        for path, number in paths.items():  # an absolute import of a package somewhere above
            if path.endswith(f"/{name}{ending}") and name:
                return number
    return None


def drawn(files: Sequence[tuple[str, str]], states: Sequence[str]) -> str:
    """The graph as SVG, each file a link to its section; empty where no file imports another."""
    edges = imports(files)
    linked = {n for number, targets in edges.items() if targets for n in (number, *targets)}
    if not linked:
        return ""
    columns: dict[int, list[int]] = {}
    depth: dict[int, int] = {}
    for number in sorted(linked):
        columns.setdefault(_depth(number, edges, depth, set()), []).append(number)
    places = {
        number: (12 + column * (_WIDE + _GAP), 12 + row * (_HIGH + 10))
        for column, numbers in columns.items()
        for row, number in enumerate(sorted(numbers, key=lambda n: files[n][0]))
    }
    width = 24 + len(columns) * (_WIDE + _GAP) - _GAP
    height = 14 + max(map(len, columns.values())) * (_HIGH + 10)
    common = folder_of([path for path, _ in files])
    parts = [f'<svg role="img" aria-label="import graph" viewBox="0 0 {width} {height}" width="{width}">']
    for number, targets in sorted(edges.items()):
        for target in sorted(targets):
            (x, y), (u, v) = places[number], places[target]
            y, v, u = y + _HIGH // 2, v + _HIGH // 2, u + _WIDE
            parts.append(
                f'<path class="edge" data-from="{number}" data-to="{target}" '
                f'd="M{u} {v} C{u + 30} {v} {x - 30} {y} {x} {y}"/>'
            )
    for number, (x, y) in sorted(places.items()):
        name = files[number][0]
        label = name[len(common) :]
        short = label if len(label) <= _LONGEST else "…" + label[1 - _LONGEST :]
        parts.append(
            f'<a href="#f{number}" class="node {escape(states[number])}" data-node="{number}">'
            f"<title>{escape(name)}</title>"
            f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="5"/>'
            f'<text x="{x + 10}" y="{y + 20}">{escape(short)}</text></a>'
        )
    return "".join([*parts, "</svg>"])


def folder_of(paths: Sequence[str]) -> str:
    """The folder that all paths are in, with its slash; "" where there is none."""
    folders = {posixpath.dirname(path) for path in paths}
    if not folders or "" in folders or len({path.startswith("/") for path in paths}) > 1:
        return ""
    common = posixpath.commonpath(folders)
    return common + "/" if common and common != "/" else common


def _depth(number: int, edges: Mapping[int, set[int]], known: dict[int, int], above: set[int]) -> int:
    """How many imports stand between a file and one that imports none; a cycle is cut where it closes."""
    if number not in known:
        inner = [
            _depth(target, edges, known, above | {number}) for target in edges[number] if target not in above
        ]
        known[number] = max(inner, default=-1) + 1
    return known[number]

"""How far warnings can be believed: read from what a scorer has left behind; no model is run.

    python benchmarks/warning_precision.py SCORES [SCORES ...] --manifest models.json [--data-format F]

SCORES is a folder with two files per package: `PACKAGE.F.diagnostics.json`, what `transpile PACKAGE --format json`
said, and `PACKAGE.F.json`, a list with the `index`, `verdict` (equal, differs, failed) and, where it was measured,
`graph` (open where every size may be unknown) of each model. The manifest has each model's `imports` and `factory`.

What a model consists of is read from its source: the definitions that its factory names, and those that they name in
turn, across files. Precision: the warnings in the definitions of models that are equal in every measured mode, per
source line of these. Recall: of every other model the warnings in its definitions, one of which should name the
reason. Models without a reference are left out.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from transpile.project.closure import module_file


class Definition(NamedTuple):
    """A class, a function or a constant at the top of a file: where it stands."""

    file: Path
    first: int
    last: int


class Module:
    """A source file: what its top binds, by definition or by import."""

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.name = name
        self.lines = file.read_text(encoding="utf-8", errors="replace").split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        try:
            return ast.parse("\n".join(self.lines))
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """The statements that bind each name at the top of the module, in branches too."""
        found: dict[str, list[ast.stmt]] = {}
        todo = list(self.tree.body)
        while todo:
            node = todo.pop(0)
            if isinstance(node, (ast.If, ast.Try)):
                todo += [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt)]
            for name in _bound(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def imports(self) -> list[tuple[str, str, str | None]]:
        """Local name, module, and the name in it (None: the module itself; "*" as both names: all of it)."""
        package = self.name.split(".") if self.file.name == "__init__.py" else self.name.split(".")[:-1]
        return list(_imported(self.tree, package))


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _imported(tree: ast.AST, package: Sequence[str]) -> Iterator[tuple[str, str, str | None]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name, None) if alias.asname else (top, top, None)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((alias.asname or alias.name, source, alias.name) for alias in node.names)


class Library:
    """The packages in a folder, as sources."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        if name not in self._modules:
            file = module_file(self.folder, name.split(".")) if name else None
            self._modules[name] = Module(file, name) if file is not None else None
        return self._modules[name]

    def consists_of(self, statements: Iterable[str], factory: str) -> set[Definition]:
        """The definitions that an expression means, directly or not, after some import statements."""
        given = list(_imported(ast.parse("\n".join(statements)), ()))
        found: set[Definition] = set()
        seen: set[tuple[str, str]] = set()
        todo: list[tuple[str, str]] = []  # a module, and a name in it
        todo += _meant(given, _names(ast.parse(factory)))
        while todo:
            place = todo.pop()
            module = self.module(place[0])
            if place in seen or module is None:
                continue
            seen.add(place)
            for node in module.definitions.get(place[1], ()):
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
                found.add(Definition(module.file, first, node.end_lineno or first))
                names = _names(node)
                todo += ((module.name, name) for name in names & module.definitions.keys())
                todo += _meant(module.imports, names)
            if place[1] not in module.definitions:
                todo += _meant(module.imports, {place[1]})
        return found


def _meant(imported: Iterable[tuple[str, str, str | None]], names: set[str]) -> Iterator[tuple[str, str]]:
    """What names mean by some imports: pairs of a module and a name in it."""
    for local, source, member in imported:
        if member is None or local == "*":
            yield from ((source, name) for name in names)
        elif local in names:
            yield source, member
            yield from ((f"{source}.{member}", name) for name in names - {local})


def _names(node: ast.AST) -> set[str]:
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


@dataclass
class Counts:
    """What was found: warnings by place, in models that are equal, and model by model in the others."""

    models: int = 0
    lines: set[tuple[Path, int]] = field(default_factory=set)
    doubted: dict[tuple[Path, int, str], str] = field(default_factory=dict)
    others: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list)


def is_equal(row: dict[str, Any]) -> bool:
    """Whether a model is equal in every mode that was measured."""
    return row["verdict"] == "equal" and row.get("graph", "open") in ("open", "not tried")


def count(folder: Path, manifest: dict[int, dict[str, Any]], data_format: str, counts: Counts) -> None:
    """Add what one folder of scores says."""
    said: dict[Path, list[dict[str, Any]]] = {}
    for report in sorted(folder.glob(f"*.{data_format}.diagnostics.json")):
        try:
            files = json.loads(report.read_text())["files"]
        except ValueError:
            print(f"{report.name}: is no report")
            continue
        for file in files:
            said[Path(file["path"])] = [d for d in file["diagnostics"] if d["severity"] != "info"]
    libraries: dict[Path, Library] = {}
    for score in sorted(folder.glob(f"*.{data_format}.json")):
        package = score.name.removesuffix(f".{data_format}.json")
        root = next((p for path in said for p in path.parents if p.name == package), None)
        if root is None:
            print(f"{score.name}: no diagnostics beside it")
            continue
        library = libraries.setdefault(root.parent, Library(root.parent))
        for row in json.loads(score.read_text()):
            entry = manifest.get(row["index"])
            if entry is None or row["verdict"] == "no_reference":
                continue
            parts = library.consists_of(entry["imports"], entry["factory"].replace("{LIB}", str(root.parent)))
            found = {(p.file, d["line"], d["code"]): d["message"] for p in parts for d in said.get(p.file, ())
                     if p.first <= d["line"] <= p.last}  # fmt: skip
            if is_equal(row):
                counts.models += 1
                counts.lines.update((p.file, n) for p in parts for n in range(p.first, p.last + 1))
                counts.doubted.update(found)
            else:
                places = sorted(found.items())
                counts.others.append((row, [f"{f.name}:{n}: {c} {text}" for (f, n, c), text in places]))


def read_by_hand(table: Path, counts: Counts) -> str:
    """How many of the warnings in equal models have a verdict, and how many of these are false alarms."""
    import yaml

    verdicts = {(row["place"], row["code"]): row["verdict"] for row in yaml.safe_load(table.read_text())}
    found = []
    for file, line, code in counts.doubted:
        ends = ["/".join(file.parts[-depth:]) for depth in range(1, len(file.parts))]
        found.append(
            next((verdicts[f"{e}:{line}", code] for e in ends if (f"{e}:{line}", code) in verdicts), "")
        )
    false = sum(verdict == "false alarm" for verdict in found)
    read = sum(bool(verdict) for verdict in found)
    return f"{read} of these {len(found)} were read by hand: {false} false alarms" + (
        f", {100 * false / read:.0f} %" if read else ""
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scores", nargs="+", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--data-format", default="channels_last")
    parser.add_argument("--table", type=Path, help="verdicts of people on these warnings: warning_table.yaml")
    arguments = parser.parse_args()
    manifest = {entry["index"]: entry for entry in json.loads(arguments.manifest.read_text())}
    counts = Counts()
    for folder in arguments.scores:
        count(folder, manifest, arguments.data_format, counts)
    texts = {file: file.read_text(encoding="utf-8", errors="replace").split("\n") for file, _ in counts.lines}
    lines = sum(bool(texts[file][number - 1].strip()) for file, number in counts.lines)
    print(
        f"{counts.models} models equal in every measured mode: {len(counts.doubted)} warnings in {lines} lines",
        end="",
    )
    print(f", one in {lines / len(counts.doubted):.0f}" if counts.doubted else "")
    for (file, line, code), message in sorted(counts.doubted.items()):
        print(f"  {file.parent.name}/{file.name}:{line}: {code} {message}")
    if arguments.table is not None:
        print(read_by_hand(arguments.table, counts))
    warned = sum(bool(places) for _, places in counts.others)
    print(f"{len(counts.others)} other models, {warned} with a warning in what they consist of")
    for row, places in counts.others:
        why = row.get("graph_why") if row["verdict"] == "equal" else row.get("why")
        reason = " ".join(str(why or "").split())[:110]
        verdict = f"equal, graph {row.get('graph')}" if row["verdict"] == "equal" else row["verdict"]
        print(f"{row['index']} {row['package']} {row['factory'][:60]}: {verdict}: {reason}")
        for place in places or ["NO WARNING"]:
            print(f"  {place[:150]}")


if __name__ == "__main__":
    main()

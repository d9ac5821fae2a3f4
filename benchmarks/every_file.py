"""Every Python file of the packages in a folder, translated: what fails, what is silent, and what it costs.

    python benchmarks/every_file.py LIBRARY [PACKAGE ...] [--data-format F] [--verbose]

LIBRARY is a folder with packages in it, as `site-packages` is. Of each package: files, lines, and lines per second of
CPU in one process; and counts that should all be zero: crashes of the translator, outputs that Python cannot parse
though their source can be, torch names left in an output without a diagnostic where the source says them, and files
that a second translation changes. Nothing of the packages is run.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transpile.diagnostics import Diagnostic
from transpile.project.job import Options
from transpile.project.plan import plan
from transpile.project.run import write_unit


@dataclass
class Counts:
    """What one package gave; the lists name the places."""

    files: int = 0
    lines: int = 0
    seconds: float = 0.0
    left: int = 0
    crashes: list[str] = field(default_factory=list)
    unparsable: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Source lines per second of CPU."""
        return self.lines / self.seconds if self.seconds else 0.0


def parsed(text: str | bytes) -> ast.Module | None:
    """The syntax tree; None for what is not Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def torch_uses(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The qualified torch names that a module uses, with their lines; an import alone is no use."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "torch":
                    bound[alias.asname or "torch"] = alias.name if alias.asname else "torch"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            package = node.module or ""
            if package.partition(".")[0] == "torch":
                for alias in node.names:
                    bound[alias.asname or alias.name] = f"{package}.{alias.name}"
    inner: set[ast.expr] = set()
    for node in ast.walk(tree):  # outer expressions come before those in them
        if not isinstance(node, (ast.Attribute, ast.Name)) or node in inner:
            continue
        parts: list[str] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            parts.insert(0, root.attr)
            root = root.value
            inner.add(root)
        if isinstance(root, ast.Name) and root.id in bound and isinstance(node.ctx, ast.Load):
            yield ".".join([bound[root.id], *parts]), node.lineno


def is_reported(name: str, source: list[str], diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether a diagnostic stands at lines of the source that say a part of the name that is its own."""
    own = [part for part in name.split(".") if part not in ("torch", "nn")] or [name.split(".")[-1]]
    words = re.compile(r"\b(?:" + "|".join(map(re.escape, own)) + r")\b")
    return any(words.search("\n".join(source[d.line - 1 : d.end_line])) for d in diagnostics)


def measure(package: Path, data_format: str) -> Counts:
    """Translate a package twice in this process."""
    counts = Counts()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, package.name)
        twice = Path(name, "twice", package.name)
        begun = time.process_time()
        results = [r for u in plan([package], out) for r in write_unit(u, Options(data_format), jobs=1)]
        counts.seconds = time.process_time() - begun
        for result in results:
            if result.file.source.suffix != ".py":
                continue
            data = result.file.source.read_bytes()
            counts.files += 1
            counts.lines += data.count(b"\n")
            where = str(result.file.source.relative_to(package.parent))
            if result.outcome.traceback is not None:
                counts.crashes.append(f"{where}: {result.outcome.traceback.strip().splitlines()[-1]}")
            if result.written is None or not result.outcome.changed:
                continue
            tree = parsed(result.written.read_bytes())
            if tree is None:
                if parsed(data) is not None:
                    counts.unparsable.append(where)
                continue
            source = data.decode(errors="replace").splitlines()
            for torch_name, line in torch_uses(tree):
                counts.left += 1
                if not is_reported(torch_name, source, result.outcome.diagnostics):
                    counts.silent.append(f"{where}: {torch_name} (line {line} of the output)")
        for unit in plan([out], twice):
            for again in write_unit(unit, Options(data_format), jobs=1):
                if again.written and again.written.read_bytes() != again.file.source.read_bytes():
                    counts.changed.append(str(again.file.source.relative_to(name)))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--data-format", default="channels_last")
    parser.add_argument("--verbose", action="store_true", help="name every place that is counted")
    arguments = parser.parse_args()
    names = arguments.packages or sorted(
        p.name for p in arguments.library.iterdir() if p.is_dir() and any(p.rglob("*.py"))
    )
    print(f"{'package':32} files   lines  lines/s  left  crashes  unparsable  unreported  changed twice")
    total = Counts()
    for name in names:
        counts = measure(arguments.library / name, arguments.data_format)
        row(name, counts)
        if arguments.verbose:
            for places in (counts.crashes, counts.unparsable, counts.silent, counts.changed):
                print("".join(f"    {place}\n" for place in places), end="")
        for key, value in vars(counts).items():
            setattr(total, key, getattr(total, key) + value)
    row("all", total)
    sys.exit(bool(total.crashes or total.unparsable or total.silent or total.changed))


def row(name: str, counts: Counts) -> None:
    """One line of the table."""
    print(
        f"{name:32} {counts.files:5} {counts.lines:7} {counts.speed:8.0f} {counts.left:5} {len(counts.crashes):8}"
        f" {len(counts.unparsable):11} {len(counts.silent):11} {len(counts.changed):14}",
        flush=True,
    )


if __name__ == "__main__":
    main()

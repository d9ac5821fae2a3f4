"""One module from its tree to facts and plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import libcst as cst

from transpile.infer import branches, calls, define, iteration, ops  # noqa: F401  (they register handlers)
from transpile.infer.definitions import FunctionInfo
from transpile.infer.functions import analyze
from transpile.infer.run import Run
from transpile.infer.statements import module

__all__ = ["infer"]

ROUNDS = 4
# Without an import of torch, or of what stands on it, nothing in a module is torch's.
BRINGS_TORCH = re.compile(r"^[ \t]*(?:from|import)\b[^\n#]*(?:torch|einops)", re.MULTILINE)


def infer(
    tree: cst.Module, source: str, rules: Any, *, data_format: str, facts: Mapping[str, Any] | None = None
) -> Run:
    """Run the module abstractly until nothing new is learnt, decide what stayed open, run once more."""
    run = Run(rules, data_format=data_format)
    run.evaluated = list((facts or {}).get("evaluated", ()))
    run.star_imports = dict((facts or {}).get("star_imports", {}))
    if not BRINGS_TORCH.search(source) and not run.star_imports:
        return run
    module(run, tree)
    for _ in range(2):
        for _ in range(ROUNDS):
            progress = run.progress()
            _round(run)
            if run.progress() == progress:
                break
        if not run.decide():
            break
        for function in run.functions:
            function.dirty = True
    _round(run)
    return run


def _order(run: Run) -> list[FunctionInfo]:
    """Constructors first: they say what `self` holds."""
    return sorted(run.functions, key=lambda f: (f.name != "__init__", f.name != "forward"))


def _round(run: Run) -> None:
    for function in _order(run):
        if function.state == "new" or function.dirty:
            before = run.progress()
            analyze(run, function)
            if run.progress() != before:
                function.dirty = True
                for dependent in function.dependents:
                    dependent.dirty = True
                if function.owner is not None:
                    for method in function.owner.methods.values():
                        method.dirty = True
                    for dependent in function.owner.dependents:
                        dependent.dirty = True

"""A project from its trees to facts and plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transpile.infer import branches, calls, define, iteration, ops  # noqa: F401  (they register handlers)
from transpile.infer.channel_layers import answer
from transpile.infer.definitions import FunctionInfo
from transpile.infer.functions import analyze, is_told
from transpile.infer.imports import again, load
from transpile.infer.layout import Open, settle
from transpile.infer.modules import Modules
from transpile.infer.run import Run
from transpile.infer.uncalled import call_returned

__all__ = ["infer"]

ROUNDS = 4


def infer(
    modules: Modules,
    roots: Sequence[str],
    rules: Any,
    *,
    data_format: str,
    evaluated: Sequence[str] = (),
    evidence: Any = None,
) -> Run:
    """Run the modules abstractly until nothing new is learnt, decide what stayed open, run once more.

    `roots` are the modules to begin with; what they import of `modules` is read on the way. `evaluated` names the
    layers of torch.nn that the project's data files mention; `evidence` is what a run of the original has shown.
    """
    run = Run(rules, modules, data_format=data_format)
    run.evaluated = list(evaluated)
    run.evidence = evidence
    for name in roots:
        root = modules.find(name)
        if root is not None:
            load(run, root)
    if not any(module.concerns_torch for module in modules.loaded()):
        return run
    _rounds(run)
    run.learning = False
    if run.postponed:
        _again(run)
        _rounds(run)
    if run.decide(answer):
        _rounds(run)
        run.decide(answer)
    _round(run)
    return run


def _rounds(run: Run) -> None:
    """Analyze what is not up to date until nothing new is learnt."""
    loose = True
    for _ in range(ROUNDS):
        progress = run.progress()
        loose = _round(run, loose)
        if run.progress() == progress:
            break


def _again(run: Run) -> None:
    """Run those again who have left a question open, and whoever calls them: they may give more by now."""
    waiting = [function for function in run.all_functions() if function.postponed]
    for function in waiting:
        function.dirty = True
    while waiting:
        for caller in waiting.pop().dependents:
            if not caller.dirty:
                caller.dirty = True
                waiting.append(caller)


def _those_who_asked(run: Run) -> None:
    """What is known by now concerns the functions that have found it open."""
    for layout, functions in list(run.readers.items()):
        if not isinstance(settle(layout), Open):
            del run.readers[layout]
            for function in functions:
                function.dirty = True
    for function in run.function_of.values():
        if any(map(is_told, function.found_open)):
            (function.written_in or function).dirty = True


def _order(run: Run) -> list[FunctionInfo]:
    """Constructors first: they say what `self` holds."""
    return sorted(run.all_functions(), key=lambda f: (f.name != "__init__", f.name != "forward"))


def _round(run: Run, loose: bool = True) -> bool:
    """One round, with `loose` over what modules do themselves, too; says whether that has taught something."""
    run.round += 1
    _those_who_asked(run)
    progress = run.progress()
    if loose:
        for module in run.modules.loaded():
            again(run, module)
    taught = run.progress() != progress
    for function in _order(run):
        if function.module.failure is None and (function.state == "new" or function.dirty):
            before = run.progress()
            analyze(run, function)
            function.dirty = function.dirty or run.progress() != before
    call_returned(run)
    return taught

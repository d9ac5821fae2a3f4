"""The arguments of a call, evaluated."""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.expressions import evaluate
from transpile.infer.facts import Dict, Sequence, Spread, resolve
from transpile.infer.iteration import element_of
from transpile.infer.run import Run

__all__ = ["arguments", "items_in"]


def arguments(run: Run, node: cst.Call) -> tuple[list[Operand], dict[str, Operand], bool]:
    """Evaluated arguments: positional, by keyword, and whether any is starred."""
    positional: list[Operand] = []
    keywords: dict[str, Operand] = {}
    starred = False
    for arg in node.args:
        fact = evaluate(run, arg.value)
        if arg.star:
            resolved = resolve(fact)
            if arg.star == "**":
                if isinstance(resolved, Dict):
                    for name, entry in resolved.entries.items():
                        keywords.setdefault(name, (None, entry))
            elif isinstance(resolved, Sequence) and resolved.items is not None:
                positional += [(None, item) for item in resolved.items]
            else:
                positional.append((arg.value, Spread("tuple", None, element_of(run, fact, arg.value))))
            starred = True
        elif arg.keyword is not None:
            keywords[arg.keyword.value] = (arg.value, fact)
        else:
            positional.append((arg.value, fact))
    return positional, keywords, starred


def items_in(run: Run, arg: cst.Arg) -> int | None:
    """How many arguments `*pair` stands for, where that is known and `pair` may be written once for each of them."""
    written: cst.BaseExpression = arg.value
    while isinstance(written, cst.Attribute):
        written = written.value
    fact = run.fact(arg.value)
    if arg.star != "*" or not isinstance(written, cst.Name) or not isinstance(fact, Sequence):
        return None
    return len(fact.items) if fact.items is not None and fact.type in ("tuple", "list") else None

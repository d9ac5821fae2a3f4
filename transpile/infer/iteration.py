"""What a loop variable is, given what is iterated."""

from __future__ import annotations

import libcst as cst

from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Python, Sequence, Tensor, Var, resolve
from transpile.infer.run import Run

__all__ = ["element_of"]


def element_of(run: Run, iterable: Fact, node: cst.CSTNode) -> Fact:
    """The fact of one item."""
    fact = resolve(iterable)
    if isinstance(fact, Sequence):
        element = fact.any()
        resolved = resolve(element)
        if isinstance(resolved, Python) and resolved.type == "int":
            return Python("int", None, Dim.symbol(f"item{id(node)}"))
        return element
    if isinstance(fact, Layer) and fact.site is not None:
        run.opened.add(fact.site)
    if isinstance(fact, Layer) and fact.members is not None:
        return fact.members.any()
    if isinstance(fact, Layer):
        return run.var(("item", fact.name), f"{fact.name}[]")
    if isinstance(fact, Tensor):
        from transpile.infer.ops.index import drop_axis

        return drop_axis(run, fact, 0, node if isinstance(node, cst.BaseExpression) else None)
    if isinstance(fact, Dict):
        return Python("str")
    if isinstance(fact, Var):
        if fact.element is None:
            fact.element = Var(f"{fact.name}[]", fact.tensorlike)
        return fact.element
    return UNKNOWN

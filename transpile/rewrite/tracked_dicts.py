"""`self.table.update(width=4)`: a dict that a Keras layer holds is Keras' own, whose update takes one mapping."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Dict, Var
from transpile.rewrite.code import source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

__all__: list[str] = []

PAIRS = (cst.GeneratorExp, cst.ListComp, cst.List, cst.Tuple, cst.Set)  # what has no `items`


@on(cst.Call)
def one_mapping(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """table.update(width=4, **more) → table.update(dict(width=4, **more)), which any dict takes."""
    func = original.func
    if not (isinstance(func, cst.Attribute) and func.attr.value == "update" and original.args):
        return None
    if not isinstance(func.value, cst.Attribute) or not isinstance(updated.func, cst.Attribute):
        return None  # a dict that no object holds is Python's
    one = len(original.args) == 1 and original.args[0].keyword is None and not original.args[0].star
    if (one and not isinstance(original.args[0].value, PAIRS)) or not _is_dict(context, func.value):
        return None
    return updated.with_changes(args=[cst.Arg(updated.with_changes(func=cst.Name("dict")))])


def _is_dict(context: Context, holder: cst.Attribute) -> bool:
    fact = context.fact(holder)
    if isinstance(fact, Dict):
        return True
    # nobody knows whose attribute it is: the function itself may say what it has stored there
    if not isinstance(fact, Var) or not context.functions:
        return False
    text = source(holder)
    return any(
        isinstance(node, cst.Assign)
        and _makes_dict(node.value)
        and any(source(target.target) == text for target in node.targets)
        for node in descendants(context.functions[-1])
    )


def _makes_dict(value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.Call):
        return isinstance(value.func, cst.Name) and value.func.value in ("dict", "OrderedDict")
    return isinstance(value, (cst.Dict, cst.DictComp))

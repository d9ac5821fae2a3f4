"""`getattr(layer, "forward")`, `"forward" in cls.__dict__`: strings that name the method that is called `call` now."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Class, Layer, Var, resolve
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []

READERS = frozenset({"getattr", "hasattr", "setattr", "delattr", "getattr_static"})


@on(cst.Call)
def named_in_call(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """getattr(layer, "forward") → getattr(layer, "call"), vars(cls).get("forward") → vars(cls).get("call")"""
    func = original.func
    name = (
        func.value
        if isinstance(func, cst.Name)
        else func.attr.value if isinstance(func, cst.Attribute) else ""
    )
    if name in READERS and len(original.args) > 1:
        place, holder = 1, original.args[0].value
    elif name in ("get", "pop") and original.args and isinstance(func, cst.Attribute):
        place, found = 0, _holder(func.value)
        if found is None:
            return None
        holder = found
    else:
        return None
    if not _is_forward(original.args[place].value) or not _is_layer(context, holder):
        return None
    args = list(updated.args)
    args[place] = args[place].with_changes(value=_call(original.args[place].value))
    return updated.with_changes(args=args)


@on(cst.Comparison)
def named_in_test(context: Context, original: cst.Comparison, updated: cst.Comparison) -> Any:
    """ "forward" in cls.__dict__ → "call" in cls.__dict__"""
    target = original.comparisons[0]
    if len(original.comparisons) > 1 or not isinstance(target.operator, (cst.In, cst.NotIn)):
        return None
    holder = _holder(target.comparator)
    if holder is None or not _is_forward(original.left) or not _is_layer(context, holder):
        return None
    return updated.with_changes(left=_call(original.left))


@on(cst.Subscript)
def named_in_subscript(context: Context, original: cst.Subscript, updated: cst.Subscript) -> Any:
    """cls.__dict__["forward"] → cls.__dict__["call"]"""
    holder = _holder(original.value)
    index = original.slice[0].slice if len(original.slice) == 1 else None
    if holder is None or not isinstance(index, cst.Index) or not _is_forward(index.value):
        return None
    if not _is_layer(context, holder):
        return None
    return updated.with_deep_changes(updated.slice[0].slice, value=_call(index.value))


def _holder(table: cst.BaseExpression) -> cst.BaseExpression | None:
    """Whose attributes `cls.__dict__`, `vars(cls)` and `dir(cls)` are."""
    if isinstance(table, cst.Attribute) and table.attr.value == "__dict__":
        return table.value
    if isinstance(table, cst.Call) and isinstance(table.func, cst.Name) and len(table.args) == 1:
        return table.args[0].value if table.func.value in ("vars", "dir") else None
    return None


def _is_forward(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString) and node.evaluated_value == "forward"


def _call(node: cst.BaseExpression) -> cst.SimpleString:
    assert isinstance(node, cst.SimpleString)
    return cst.SimpleString(node.value.replace("forward", "call"))


def _is_layer(context: Context, holder: cst.BaseExpression) -> bool:
    """Whether it is a layer or a class of layers, or unknown where nothing else of the project has a forward."""
    fact = resolve(context.fact(holder))
    if isinstance(fact, (Class, Layer)):
        return fact.info is None or fact.info.is_module
    others = (info for info in context.run.definers.get("forward", ()) if not info.is_autograd)
    return isinstance(fact, Var) and all(info.is_module for info in others)

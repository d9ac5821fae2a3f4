"""Functions that draw numbers and let Python decide by them: they run while a graph is traced, and not in it.

    @untraced
    def kept(layers, p):
        drop = tf.random.uniform((len(layers),)) < p
        return [layer for layer, d in zip(layers, tf.unstack(drop)) if not d]

No operation of a graph can choose between Python's objects. What depends on no input has its values anyway.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.facts import Layer, Ref, Self, Tensor, resolve
from transpile.infer.open_sizes import reached
from transpile.infer.traced import is_value, leaves
from transpile.rewrite.code import expression
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__ = ["prepare"]

QUANTIFIERS = frozenset({"builtins.all", "builtins.any"})


def prepare(context: Context) -> None:
    """Find the functions that are given no tensors and decide by the values of some that they make."""
    for info in reached(context.run):
        plain = isinstance(info.node, cst.FunctionDef) and info.owner is None and not info.generator
        if plain and id(info.node) not in context.traced and _stands_alone(context, info):
            tests = [node for node in info.own_nodes if _decides(context, node)]
            if tests:
                context.untraced.add(id(info.node))
                context.untraced.update(map(id, tests))


def _decides(context: Context, node: cst.CSTNode) -> bool:
    """`if not d` in a comprehension, a test that AutoGraph is not given, all(tensor)."""
    if isinstance(node, (cst.If, cst.While, cst.IfExp, cst.CompIf)):
        return any(is_value(context.run, leaf) for leaf in leaves(node.test))
    if not isinstance(node, cst.Call) or len(node.args) != 1:
        return False
    callee = context.fact(node.func)
    return (
        isinstance(callee, Ref)
        and callee.name in QUANTIFIERS
        and isinstance(context.fact(node.args[0].value), Tensor)
    )


def _stands_alone(context: Context, info: FunctionInfo) -> bool:
    """Whether nothing reaches a function but what is there when a graph is traced: no tensors, no weights of layers."""
    if any(isinstance(resolve(fact), (Tensor, Self)) for fact in info.facts.values()):
        return False
    parameters = {parameter.name for parameter in info.parameters}
    for node in info.own_nodes:
        fact = context.fact(node)
        if isinstance(node, cst.Call):
            called = node.func.value if isinstance(node.func, cst.Name) else ""
            if isinstance(context.fact(node.func), Layer) or called in parameters or info.binds(called):
                return False
        elif isinstance(fact, Tensor) and isinstance(node, (cst.Attribute, cst.Name)):
            foreign = isinstance(node, cst.Name) and not info.binds(node.value)
            if fact.is_parameter or foreign:
                return False
    return True


@on(cst.FunctionDef)
def function(context: Context, original: cst.FunctionDef, updated: cst.FunctionDef) -> Any:
    """@untraced, next to the function itself."""
    if id(original) not in context.untraced:
        return None
    decorator = cst.Decorator(expression(context.support("untraced")))
    return updated.with_changes(decorators=[*updated.decorators, decorator])

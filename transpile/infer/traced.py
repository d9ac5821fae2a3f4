"""Tests on what has no value while a graph is traced: sizes that are open, and the values of tensors."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.infer.facts import Class, Function, Layer, Python, Ref, Self, Sequence, Tensor
from transpile.infer.open_sizes import Flow
from transpile.infer.run import Run

__all__ = [
    "compares_sizes",
    "is_graphed",
    "is_logic",
    "is_python",
    "is_value",
    "leaves",
    "quantified",
    "test_is_open",
]

KINDS = frozenset({"isinstance", "callable", "hasattr", "issubclass"})
IDENTITY = (cst.Is, cst.IsNot, cst.In, cst.NotIn)


def leaves(test: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The operands of `and`, `or` and `not`, down to what is neither."""
    if isinstance(test, cst.BooleanOperation):
        yield from leaves(test.left)
        yield from leaves(test.right)
    elif isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        yield from leaves(test.expression)
    elif isinstance(test, cst.NamedExpr):
        yield from leaves(test.value)
    else:
        yield test


def is_value(run: Run, node: cst.BaseExpression) -> bool:
    """Whether a condition surely is one number in a tensor.

    torch refuses the truth of more than one element: what is known to have some, or may be a list or None (a
    bare name of unknown rank), is not meant as a tensor here.
    """
    tensor = run.fact(node)
    if not isinstance(tensor, Tensor):
        return False
    if tensor.rank is None:
        sides = (
            [node.left, *(c.comparator for c in node.comparisons)]
            if isinstance(node, cst.Comparison)
            else [node]
        )
        return any(
            isinstance(side, (cst.Call, cst.BinaryOperation)) and isinstance(run.fact(side), Tensor)
            for side in sides
        )
    ones = tensor.dims is not None and all(dim is not None and dim.value == 1 for dim in tensor.dims)
    return tensor.rank == 0 or ones


def test_is_open(flow: Flow, test: cst.BaseExpression) -> bool:
    """Whether a test asks for an open size or for the value of a tensor."""
    return any(_leaf_is_open(flow, leaf) for leaf in leaves(test))


def _leaf_is_open(flow: Flow, leaf: cst.BaseExpression) -> bool:
    if is_value(flow.run, leaf) or quantified(flow, leaf) is not None:
        return True
    if isinstance(leaf, cst.Comparison) and compares_sizes(flow, leaf):
        return True
    if isinstance(flow.run.fact(leaf), Tensor):
        return False
    plan = flow.run.plans.get(id(leaf))
    if isinstance(leaf, cst.Call) and plan is not None and plan.op == "own_function":
        return any(flow.is_open(arg.value) for arg in leaf.args)
    return flow.is_open(leaf)


def is_graphed(flow: Flow, test: cst.BaseExpression) -> bool:
    """Whether the open parts of a test are such as a graph can make: comparisons of numbers, truths in tensors."""
    return all(_leaf_is_graphed(flow, leaf) for leaf in leaves(test) if _leaf_is_open(flow, leaf))


def _leaf_is_graphed(flow: Flow, leaf: cst.BaseExpression) -> bool:
    fact = flow.run.fact(leaf)
    if isinstance(fact, Tensor):
        return fact.dtype == "bool"
    if isinstance(leaf, cst.Comparison):
        sides = (leaf.left, leaf.comparisons[0].comparator)
        shapes = any(flow.is_shape(side) or isinstance(flow.run.fact(side), Sequence) for side in sides)
        return len(leaf.comparisons) == 1 and (not shapes or compares_sizes(flow, leaf))
    if isinstance(leaf, cst.Call):
        return quantified(flow, leaf) is None
    return isinstance(fact, Python) and fact.type == "bool"


def compares_sizes(flow: Flow, node: cst.Comparison) -> bool:
    """`x.shape[1:] != (h, w)`, but not two shapes of tensors, which are compared as far as they are known."""
    if len(node.comparisons) != 1 or not isinstance(node.comparisons[0].operator, (cst.Equal, cst.NotEqual)):
        return False
    sides = (node.left, node.comparisons[0].comparator)
    shapes = [side for side in sides if flow.is_shape(side)]
    listed = all(flow.is_shape(side) or isinstance(flow.run.fact(side), Sequence) for side in sides)
    return listed and len(shapes) == 1 and (flow.shape_is_open(shapes[0]) or any(map(flow.is_open, sides)))


def quantified(flow: Flow, node: cst.BaseExpression) -> str | None:
    """The name of all(…) or any(…) over open sizes: `any(n < 2 for n in x.shape[2:])`."""
    if not isinstance(node, cst.Call) or len(node.args) != 1:
        return None
    callee, only = flow.run.fact(node.func), node.args[0].value
    if not isinstance(callee, Ref) or not isinstance(only, (cst.GeneratorExp, cst.ListComp)):
        return None
    over = only.for_in.iter
    name = callee.name.removeprefix("builtins.")
    return name if name in ("all", "any") and (flow.is_open(over) or flow.shape_is_open(over)) else None


def is_logic(flow: Flow, test: cst.BaseExpression) -> bool:
    """Whether a test can be made of all its operands at once: none of them guards another, as a test of None does."""
    return all(
        quantified(flow, leaf) is not None or (_leaf_is_open(flow, leaf) and _leaf_is_graphed(flow, leaf))
        for leaf in leaves(test)
    )


def is_python(flow: Flow, test: cst.BaseExpression) -> bool:
    """Whether a test surely is one of Python's, in a graph too: of kinds, of None, of what a layer was made with."""
    return all(_leaf_is_python(flow, leaf) for leaf in leaves(test))


def _leaf_is_python(flow: Flow, leaf: cst.BaseExpression) -> bool:
    if isinstance(leaf, cst.Comparison):
        if any(isinstance(target.operator, IDENTITY) for target in leaf.comparisons):
            return True
        return all(
            _leaf_is_python(flow, side)
            for side in (leaf.left, *(target.comparator for target in leaf.comparisons))
        )
    if isinstance(leaf, cst.Call) and isinstance(leaf.func, cst.Name) and leaf.func.value in KINDS:
        return True
    fact = flow.run.fact(leaf)
    if isinstance(fact, Python):
        known = fact.value is not None or fact.type in ("str", "bool", "none")
        return known or (fact.type in ("int", "float") and not flow.is_open(leaf))
    if isinstance(fact, (Class, Function, Layer, Sequence)):
        return True
    while isinstance(leaf, (cst.Attribute, cst.Subscript)):
        leaf = leaf.value
    return isinstance(flow.run.fact(leaf), Self) and not isinstance(fact, Tensor)

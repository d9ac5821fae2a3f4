"""Sizes that are scalar tensors while a graph is traced, where Python asks for numbers: assertions, int(), math."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Python, Ref, Tensor
from transpile.infer.open_sizes import ITEM, MADE_FOR_SIZES, Flow, reached, visit
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__ = ["asked_of_sizes"]

SUPPORT = {
    "int": "int_of",
    "float": "float_of",
    "round": "rounded",
    "max": "largest",
    "min": "smallest",
    "math.sqrt": "square_root",
    "math.ceil": "ceiling",
    "math.floor": "floor_of",
}


def asked_of_sizes(context: Context) -> dict[int, str]:
    """The calls and assertions that are given open sizes: id of the node → the support definition for it."""
    found: dict[int, str] = {}
    origins: dict[str, bool] = {}
    for info in reached(context.run):
        flow = Flow(context.run, origins, info, wide=True)

        def tell(node: cst.CSTNode, flow: Flow = flow) -> None:
            if isinstance(node, cst.Call):
                name = _called(context, node)
                plan = context.plan(node)
                if name in SUPPORT and _plain(node) and flow.is_open(node):
                    found[id(node)] = SUPPORT[name]
                elif plan is not None and plan.rule is not None and plan.rule.torch == ITEM:
                    found[id(node)] = "item_of"
            elif isinstance(node, cst.Subscript):
                steps = [part.slice.step for part in node.slice if isinstance(part.slice, cst.Slice)]
                if isinstance(context.fact(node.value), Tensor) and any(
                    s is not None and flow.is_open(s) for s in steps
                ):
                    context.stepped.add(id(node))
            elif isinstance(node, cst.BinaryOperation):
                _mixed(context, flow, node)
            elif isinstance(node, cst.Assert):
                parts = conjuncts(node.test)
                alternatives = any(isinstance(part, cst.BooleanOperation) for part in parts)
                if not alternatives and any(_tests_a_size(context, flow, part) for part in parts):
                    found[id(node)] = "check"
                    found.update({id(part): "equal_sizes" for part in parts if _compares_shapes(flow, part)})

        if isinstance(info.node, cst.FunctionDef):
            visit(flow, info.node.body, tell)
    return found


def _mixed(context: Context, flow: Flow, node: cst.BinaryOperation) -> None:
    """Note where an open size, an int32 or float64 tensor in a graph, meets a tensor or a float."""
    sides = {"left": (node.left, node.right), "right": (node.right, node.left)}
    for side, (mine, other) in sides.items():
        fact, beside = context.fact(mine), context.fact(other)
        if isinstance(fact, Tensor) or not flow.is_open(mine):
            continue
        if isinstance(beside, Tensor):
            context.promoted.add(id(node))
        elif isinstance(fact, Python) and fact.type == "int" and _is_float(context, other):
            context.floated[id(node)] = side


def _is_float(context: Context, node: cst.BaseExpression) -> bool:
    fact = context.fact(node)
    divided = isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide)
    return isinstance(fact, Python) and (fact.type == "float" or (divided and fact.type in ("int", "object")))


@on(cst.BinaryOperation)
def floated(context: Context, original: cst.BinaryOperation, updated: Any) -> Any:
    """h * 0.5 → float_of(h) * 0.5"""
    side = context.floated.get(id(original))
    if side is None or not isinstance(updated, cst.BinaryOperation):
        return None
    number = getattr(updated, side).with_changes(lpar=(), rpar=())
    return updated.with_changes(**{side: expression(f"{context.support('float_of')}({source(number)})")})


def conjuncts(test: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The operands of `and`."""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        return [*conjuncts(test.left), *conjuncts(test.right)]
    return [test]


def _all_of(context: Context, part: cst.BaseExpression) -> Any:
    """The generator or comprehension of `all(… for n in x.shape[2:])`."""
    if not isinstance(part, cst.Call) or len(part.args) != 1:
        return None
    callee, only = context.fact(part.func), part.args[0].value
    called = isinstance(callee, Ref) and callee.name == "builtins.all"
    return only if called and isinstance(only, (cst.GeneratorExp, cst.ListComp)) else None


def _unranked(context: Context, shape: cst.BaseExpression) -> bool:
    """Whether a shape is one of a tensor whose rank, and so which axes stay, is not known."""
    plan = context.plan(shape)
    tensor = plan.data.get("tensor") if plan is not None else None
    return isinstance(tensor, Tensor) and tensor.rank is None and not tensor.is_parameter


def _compares_shapes(flow: Flow, part: cst.BaseExpression) -> bool:
    """`x.shape[1:] == (c, h, w)`, but not two shapes, which are compared as far as they are known."""
    if not isinstance(part, cst.Comparison) or not isinstance(part.comparisons[0].operator, cst.Equal):
        return False
    sides = (part.left, part.comparisons[0].comparator)
    shapes = [side for side in sides if flow.is_shape(side)]
    return len(shapes) == 1 and flow.shape_is_open(shapes[0])


def _called(context: Context, node: cst.Call) -> str:
    callee = context.fact(node.func)
    name = callee.name.removeprefix("builtins.") if isinstance(callee, Ref) else ""
    return name if name in MADE_FOR_SIZES else ""


def _plain(node: cst.Call) -> bool:
    return bool(node.args) and not any(arg.star or arg.keyword is not None for arg in node.args)


def _tests_a_size(context: Context, flow: Flow, part: cst.BaseExpression) -> bool:
    """`h % 8 == 0`, `divides(8, h)`: a comparison of an open size, or a function of the project asked of one."""
    if isinstance(part, cst.Comparison):
        ordering = (cst.Is, cst.IsNot, cst.In, cst.NotIn)
        if len(part.comparisons) != 1 or isinstance(part.comparisons[0].operator, ordering):
            return False
        sides = (part.left, part.comparisons[0].comparator)
        return any(map(flow.is_open, sides)) or _compares_shapes(flow, part)
    every = _all_of(context, part)
    if every is not None:
        over = every.for_in.iter
        return (
            flow.is_open(over)
            or flow.shape_is_open(over)
            or (flow.is_shape(over) and _unranked(context, over))
        )
    plan = context.plan(part)
    if isinstance(part, cst.Call) and plan is not None and plan.op == "own_function":
        return any(flow.is_open(arg.value) for arg in part.args)
    return False


@on(cst.Call)
def call(context: Context, original: cst.Call, updated: Any) -> Any:
    """int(math.sqrt(h * w)) → int_of(square_root(h * w))"""
    name = context.open_sizes.get(id(original))
    if name is None or not isinstance(updated, cst.Call):
        return None
    if name == "item_of":  # the rule has made x.numpy().item() of it
        read = updated.func.value if isinstance(updated.func, cst.Attribute) else None
        if not isinstance(read, cst.Call) or not isinstance(read.func, cst.Attribute):
            return None
        return expression(f"{context.support(name)}({source(read.func.value)})")
    return updated.with_changes(func=expression(context.support(name)))


@on(cst.Comparison)
def comparison(context: Context, original: cst.Comparison, updated: Any) -> Any:
    """x.shape[1:] == (c, h, w) → equal_sizes(shape(x)[1:], (c, h, w))"""
    name = context.open_sizes.get(id(original))
    if name is None or not isinstance(updated, cst.Comparison):
        return None
    sides = source(updated.left), source(updated.comparisons[0].comparator)
    return expression(f"{context.support(name)}({', '.join(sides)})")


@on(cst.Assert)
def assertion(context: Context, original: cst.Assert, updated: cst.Assert) -> Any:
    """assert h % 8 == 0 and w % 8 == 0, "text" → check(h % 8 == 0, w % 8 == 0, message="text")"""
    name = context.open_sizes.get(id(original))
    if name is None:
        return None
    parts = [
        (
            f"*{source(after.args[0].value)}"
            if _all_of(context, before) is not None and isinstance(after, cst.Call)
            else source(after)
        )
        for before, after in zip(conjuncts(original.test), conjuncts(updated.test), strict=True)
    ]
    if updated.msg is not None:
        parts.append(f"message={source(updated.msg)}")
    return cst.Expr(expression(f"{context.support(name)}({', '.join(parts)})"))

"""Stores into tensors: x[…] = v, x[mask] = v, x[…] += v, and methods that change their receiver."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Layer, Tensor, resolve
from transpile.infer.layout import PLAIN, Open
from transpile.infer.plans import Plan
from transpile.rewrite.code import source, statement
from transpile.rewrite.context import Context
from transpile.rewrite.conversions import turned
from transpile.rewrite.modules import in_the_output
from transpile.rewrite.registry import on, operation
from transpile.source.walk import descendants

__all__ = ["is_in_torch_order", "written"]

AUGMENTED = {"AddAssign": "+", "SubtractAssign": "-", "MultiplyAssign": "*", "DivideAssign": "/",
             "FloorDivideAssign": "//", "PowerAssign": "**", "ModuloAssign": "%", "BitAndAssign": "&",
             "BitOrAssign": "|", "BitXorAssign": "^", "MatrixMultiplyAssign": "@"}  # fmt: skip


@on(cst.Assign)
def store(context: Context, original: cst.Assign, updated: cst.Assign) -> Any:
    """`x[index] = value` → `x = slice_update(x, index, value)`; `x.data = value` → `x.assign(value)`."""
    if len(original.targets) != 1:
        return None
    if isinstance(original.targets[0].target, cst.Attribute):
        return data_store(context, original.targets[0].target, updated)
    if not isinstance(original.targets[0].target, cst.Subscript):
        return None
    plan = context.plan(original.targets[0].target)
    if plan is None or plan.op != "store":
        return None
    target = updated.targets[0].target
    if not isinstance(target, cst.Subscript):
        return None
    return written(context, original.targets[0].target, target, source(updated.value), plan)


def data_store(context: Context, original: cst.Attribute, updated: cst.Assign) -> Any:
    """A new value for what a tensor holds."""
    target = updated.targets[0].target
    owner = original.value
    if original.attr.value != "data" or not isinstance(target, cst.Attribute) or target.attr.value != "data":
        return None
    if not isinstance(resolve(context.fact(owner)), Tensor) or not isinstance(
        owner, (cst.Name, cst.Attribute)
    ):
        return None
    return kept(context, owner, source(target.value), source(updated.value))


def kept(context: Context, original: cst.BaseExpression, target: str, value: str) -> Any:
    """The statement that gives a tensor a new value: a variable stays the same variable."""
    fact = resolve(context.fact(original))
    plan = context.plan(original)
    weight = plan is not None and plan.op == "layer_weight"
    if isinstance(fact, Tensor) and fact.is_parameter and not weight:
        if context.is_own_parameter(original):  # callers may bring what a layer shows of its kernel
            return statement(f"{target} = {context.support('assigned')}({target}, {value})")
        return statement(f"{target}.assign({value})")
    return statement(f"{target} = {value}")


@on(cst.AugAssign)
def augmented_store(context: Context, original: cst.AugAssign, updated: cst.AugAssign) -> Any:
    """`x[index] += v`, and `x += v` on a buffer of a layer."""
    operator = AUGMENTED.get(type(original.operator).__name__)
    if operator is None:
        return None
    value = updated.value
    if isinstance(original.target, cst.Subscript) and isinstance(updated.target, cst.Subscript):
        plan = context.plan(original.target)
        if plan is None or plan.op != "store":
            return None
        guarded = (
            source(value)
            if isinstance(value, (cst.Name, cst.Call, cst.Attribute, cst.Integer, cst.Float, cst.Subscript))
            else f"({source(value)})"
        )
        read = read_for_store(context, updated.target, plan)
        if id(original.target) in context.stepped:
            read = f"{context.support('index')}({source(updated.target.value)}, {key_text(updated.target)})"
        return written(context, original.target, updated.target, f"{read} {operator} {guarded}", plan)
    if isinstance(original.target, cst.Attribute) and operator in "+-*/":
        fact = resolve(context.fact(original.target))
        owner = resolve(context.fact(original.target.value))
        if isinstance(fact, Tensor) and isinstance(owner, Layer) and not isinstance(updated.target, cst.Name):
            text = source(updated.target)
            guarded = (
                source(value)
                if isinstance(value, (cst.Name, cst.Call, cst.Attribute, cst.Integer, cst.Float))
                else f"({source(value)})"
            )
            return statement(f"{text} = {text} {operator} {guarded}")
    return None


def read_for_store(context: Context, target: cst.Subscript, plan: Any) -> str:
    """The part that `x[index] += v` changes, in the order in which it is stored."""
    index = plan.data["index"]
    if index is None or not is_in_torch_order(index):
        return source(target)
    owner, facts = in_torch_order(context, plan, source(target.value)), index.data["facts"]
    if owner == source(target.value) and len(facts) == 1 and isinstance(facts[0], Tensor):
        return source(target)  # one mask, which TensorFlow takes between brackets too
    return f"{context.support('index')}({owner}, {key_text(target)})"


def is_in_torch_order(index: Any) -> bool:
    """Whether a subscript counts torch's axes even of an image: with index tensors, masks or new axes."""
    return index.op == "advanced_index" or "in_torch_order" in index.data


def in_torch_order(context: Context, plan: Any, owner: str) -> str:
    """A tensor that index tensors and masks pick from: they are in torch's order, whatever it is in."""
    tensor = plan.data["tensor"]
    layout = context.run.layout(tensor)
    return turned(context, owner, tensor, layout, PLAIN) if isinstance(layout, tuple) and layout else owner


def written(context: Context, original: cst.Subscript, target: cst.Subscript, value: str, plan: Any) -> Any:
    owner = source(target.value)
    index = plan.data["index"]
    key = key_text(target)
    function = context.support("slice_update")
    tensor = plan.data["tensor"]
    if (
        isinstance(context.run.layout(tensor), Open)
        and tensor.rank is None
        and context.channels_last
        and len(target.slice) > 1  # axis 0 is the same in every layout
    ):
        context.say(
            "LAY003", original,
            "the rank and layout of the tensor stored into are not known; the index is taken in torch's order",
        )  # fmt: skip
    if not isinstance(original.value, (cst.Name, cst.Attribute, cst.Subscript)):
        context.say(
            "STA001", original, "stores into a temporary view: TensorFlow has no views, so the store is lost"
        )
        return statement(f"{function}({owner}, {key}, {value})")
    layout = context.run.layout(tensor)
    if index is not None and is_in_torch_order(index) and isinstance(layout, tuple) and layout:
        # the mask is in torch's order: so is the tensor while it is stored into
        text = f"{function}({in_torch_order(context, plan, owner)}, {key}, {value})"
        return statement(f"{owner} = {turned(context, text, tensor, PLAIN, layout)}")
    return kept(context, original.value, owner, f"{function}({owner}, {key}, {value})")


def key_text(target: cst.Subscript) -> str:
    """A subscript as a value: np.s_ spells slices as they are written."""
    parts = []
    for element in target.slice:
        if isinstance(element.slice, cst.Slice):
            lower = source(element.slice.lower) if element.slice.lower is not None else "None"
            upper = source(element.slice.upper) if element.slice.upper is not None else "None"
            step = f", {source(element.slice.step)}" if element.slice.step is not None else ""
            parts.append(f"slice({lower}, {upper}{step})")
        else:
            parts.append(source(element.slice))
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


@on(cst.Expr)
def in_place(context: Context, original: cst.Expr, updated: cst.Expr) -> Any:
    """`x.add_(1)`, `x.mul_(2).add_(1)`, `F.relu_(x)`, `F.relu(x, inplace=True)` as statements: the result is stored."""
    call = original.value
    if not isinstance(call, cst.Call) or updated.value is call or not changes_operand(context, call):
        return None
    target = operand_of(context, call)
    while isinstance(target, cst.Call) and changes_operand(context, target):
        target = operand_of(context, target)
    while isinstance(target, (cst.Attribute, cst.Call)) and _shows(context, target):
        target = target.value if isinstance(target, cst.Attribute) else operand_of(context, target)
    part = changed_part(context, target, updated) if isinstance(target, cst.Subscript) else None
    if part is not None:
        return part
    if not isinstance(target, (cst.Name, cst.Attribute)):
        context.say(
            "STA001",
            original,
            "changes a temporary tensor in place: TensorFlow has no views, so the change is lost",
        )
        return None
    return kept(context, target, in_the_output(context, target), source(updated.value))


def _shows(context: Context, node: cst.Attribute | cst.Call) -> bool:
    """Whether what is changed in place is changed in what it is taken from: x.data, and a variable's x.detach().

    A tensor that is changed behind the gradient's back keeps its gradient in torch: that has no word here.
    """
    if isinstance(node, cst.Attribute):
        return node.attr.value == "data"
    plan, operand = context.plan(node), operand_of(context, node)
    held = resolve(context.fact(operand)) if operand is not None else None
    detached = plan is not None and plan.op == "rule" and plan.rule.torch == "torch.detach"
    return detached and isinstance(held, Tensor) and held.is_parameter


@operation("changed_argument")
def changed_argument(context: Context, original: cst.Expr, updated: Any) -> Any:
    """`add_to(x, y)`, which changes x and returns it → `x = add_to(x, y)`"""
    plan = context.plan(original)
    if plan is None or not isinstance(updated, cst.Expr):
        return None
    target = plan.data["argument"]
    return kept(context, target, in_the_output(context, target), source(updated.value))


def changed_part(context: Context, target: cst.Subscript, updated: cst.Expr) -> Any:
    """`x[a:b].zero_()`: what is left of x is stored into it, as `x[a:b] = …` would be."""
    plan = context.plan(target)
    run = context.run
    converted = id(target) in run.inner or id(target) in run.convert or id(target.value) in run.convert
    if plan is None or plan.op != "index" or converted:
        return None
    if not isinstance(target.value, (cst.Name, cst.Attribute)):
        return None
    owner = source(target.value)
    places = [n for n in descendants(updated) if isinstance(n, cst.Subscript) and source(n.value) == owner]
    if not places:
        return None
    stored = Plan("store", tensor=plan.data["tensor"], index=plan)
    return written(context, target, places[0], source(updated.value), stored)


def changes_operand(context: Context, call: cst.Call) -> bool:
    """Whether torch changes the operand of this call in place."""
    plan = context.plan(call)
    if plan is None or plan.op != "rule":
        return False
    name = (
        call.func.attr.value
        if isinstance(call.func, cst.Attribute)
        else call.func.value if isinstance(call.func, cst.Name) else ""
    )
    if name.endswith("_") and not name.endswith("__"):
        return True
    return any(
        arg.keyword is not None
        and arg.keyword.value == "inplace"
        and isinstance(arg.value, cst.Name)
        and arg.value.value == "True"
        for arg in call.args
    )


def operand_of(context: Context, call: cst.Call) -> cst.BaseExpression | None:
    plan = context.plan(call)
    if plan is not None and "method" in plan.data and isinstance(call.func, cst.Attribute):
        return call.func.value
    return call.args[0].value if call.args else None

"""Calls of the project's own functions and classes: forward → call, positions → keywords where Keras asks for it."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.definitions import ClassInfo, FunctionInfo
from transpile.infer.facts import Class, Layer, Python, Self, Sequence, Tensor, Var, resolve
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on, operation

__all__ = ["by_keyword"]


def by_keyword(
    context: Context, original: cst.Call, updated: cst.Call, forward: FunctionInfo, info: ClassInfo
) -> cst.Call:
    """A plain Keras layer takes only tensors by position: others get their parameter's name."""
    if info in context.module_based or any(arg.star for arg in original.args):
        return updated
    names = [p.name for p in forward.own_parameters if not p.star and not p.keyword_only]
    args = list(updated.args)
    changed = False
    for place, (before, after) in enumerate(zip(original.args, args, strict=True)):
        if before.keyword is not None:
            continue
        fact = context.fact(before.value)
        plain = (
            isinstance(fact, (Tensor, Var))
            or (isinstance(fact, Python) and fact.type == "none")
            or _tensors(fact)
        )
        if (changed or not plain) and 0 < place < len(names):
            args[place] = after.with_changes(
                keyword=cst.Name(names[place]),
                equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            )
            changed = True
    return updated.with_changes(args=args) if changed else updated


def _tensors(fact: Any) -> bool:
    return isinstance(fact, Sequence) and isinstance(resolve(fact.any()), (Tensor, Var))


@operation("own_function")
def own_function(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """self.forward(x) → self.call(x); inside a constructor a model that runs itself runs as torch does: training."""
    plan = context.plan(original)
    assert plan is not None
    info: FunctionInfo = plan.data["info"]
    if info.owner is None or not info.owner.is_module or info.name != "forward":
        return None
    if info in context.run.training_users and context.functions:
        # a direct call of `call` does not pass Keras' own __call__, so the flag is handed on here
        if context.functions[0].name.value == "forward":
            context.signature_training.add(id(context.functions[0]))
            flag = cst.Name("training")
            updated = updated.with_changes(
                args=_commas([*updated.args, cst.Arg(flag, keyword=cst.Name("training"), equal=_tight())])
            )
        elif context.functions[0].name.value != "__init__":
            flag_text = expression("self.training")
            updated = updated.with_changes(
                args=_commas(
                    [*updated.args, cst.Arg(flag_text, keyword=cst.Name("training"), equal=_tight())]
                )
            )
    if not isinstance(original.func, cst.Attribute) or original.func.attr.value != "forward":
        return updated
    assert isinstance(updated.func, cst.Attribute)
    owner = resolve(context.fact(original.func.value))
    if isinstance(owner, Self) and context.functions and context.functions[0].name.value == "__init__":
        args = [*updated.args, cst.Arg(cst.Name("True"), keyword=cst.Name("training"), equal=_tight())]
        return updated.with_changes(func=updated.func.value, args=_commas(args))
    return updated.with_changes(func=updated.func.with_changes(attr=cst.Name("call")))


def _tight() -> cst.AssignEqual:
    return cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _commas(args: list[cst.Arg]) -> list[cst.Arg]:
    return [
        (
            arg
            if i == len(args) - 1 or isinstance(arg.comma, cst.Comma)
            else arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)
        )
        for i, arg in enumerate(args)
    ]


@on(cst.Attribute)
def forward_attribute(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """Detect.forward, m.forward = …: the method's new name."""
    if (
        original.attr.value != "forward"
        or not isinstance(updated, cst.Attribute)
        or updated.attr.value != "forward"
    ):
        return None
    owner = resolve(context.fact(original.value))
    if isinstance(owner, (Layer, Class)) and (owner.info is None or owner.info.is_module):
        return updated.with_changes(attr=cst.Name("call"))
    return None


@operation("super_call")
def super_call(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """super().__init__(…) in every form, super().forward(x)."""
    assert isinstance(original.func, cst.Attribute) and isinstance(updated.func, cst.Attribute)
    name = original.func.attr.value
    if name == "forward":
        return updated.with_changes(func=updated.func.with_changes(attr=cst.Name("call")))
    return None


@operation("base_init")
def base_init(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """nn.Module.__init__(self, …) → super().__init__(…)"""
    return updated.with_changes(func=expression("super().__init__"), args=list(updated.args[1:]))


@operation("super")
def super_(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """super(Net, self) → super()."""
    return updated.with_changes(args=[]) if updated.args else None


@operation("copy")
def copy(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    fact = resolve(context.fact(original.args[0].value))
    if isinstance(fact, Tensor):
        context.needs("tf")
        return expression(f"tf.identity({source(updated.args[0].value)})")
    plan = context.plan(original)
    if isinstance(fact, Layer) and plan is not None and plan.data["name"] == "copy.deepcopy":
        return expression(f"{context.support('clone')}({source(updated.args[0].value)})")
    return None

"""What stays torch: reported at its place; local imports in functions, placeholders at module level."""

from __future__ import annotations

import libcst as cst

from transpile.infer.calls import AMBIGUOUS
from transpile.infer.facts import UNKNOWN, Ref, Var, resolve
from transpile.rewrite.context import Context
from transpile.rewrite.registry import operation

__all__: list[str] = []


@operation("left", "refused", "unknown_method", "unknown_attribute")
def left(context: Context, original: cst.CSTNode, updated: cst.CSTNode) -> None:
    plan = context.plan(original)
    assert plan is not None
    if plan.op == "refused":
        hint = plan.rule.instead or ""
        name = plan.rule.torch
        if isinstance(original, cst.Call):
            called = context.run.fact(original.func)
            if isinstance(called, Ref) and called.name in plan.rule.aliases:
                name = called.name  # one reason may stand for several
        context.say("API005", original, f"{name}: {plan.rule.refuse}", hint)
    elif plan.op == "unknown_method":
        context.say("API001", original, f"Tensor.{plan.data['name']} has no rule; the call stays as it is")
    elif plan.op == "unknown_attribute":
        context.say("API001", original, f"Tensor.{plan.data['name']} has no rule; it stays as it is")
    elif plan.rule is not None:
        context.say(
            "API002",
            original,
            f"{plan.rule.torch}: {plan.data.get('reason', 'not translated')}; it stays as it is",
        )
    else:
        fact = context.run.facts.get(id(original.func)) if isinstance(original, cst.Call) else None
        name = fact.name if isinstance(fact, Ref) else "this torch call"
        context.say("API001", original, f"{name} has no rule; it stays as it is")


@operation("unknown_call")
def unknown_receiver(context: Context, original: cst.CSTNode, updated: cst.CSTNode) -> None:
    """x.float() on something of which nothing is known stays, and is said."""
    if not isinstance(original, cst.Call) or not isinstance(original.func, cst.Attribute):
        return
    name = original.func.attr.value
    if name not in SUSPECT or not context.functions:
        return
    owner = resolve(context.run.facts.get(id(original.func.value), UNKNOWN))
    if owner is UNKNOWN or isinstance(owner, Var):
        context.say(
            "INF001", original,
            f"nothing says whether the receiver of .{name}() is a tensor; the call stays as it is",
            "Annotate it (`x: torch.Tensor`), or pass it to a function that only takes tensors.",
        )  # fmt: skip


SUSPECT = (
    AMBIGUOUS
    - frozenset(dir(str))
    - frozenset(dir(list))
    - frozenset(dir(dict))
    - {"dim", "size", "add", "type", "item", "backward"}
)

"""Statements of which the rewriting leaves nothing to do: `model.eval()` becomes `model`, and goes."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Ref
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []


@on(cst.SimpleStatementLine)
def idle_statement(context: Context, original: cst.SimpleStatementLine, updated: Any) -> Any:
    """A call whose rewriting is its operand, or a constant, does nothing."""
    if not isinstance(updated, cst.SimpleStatementLine) or len(updated.body) != len(original.body):
        return None
    kept = [new for old, new in zip(original.body, updated.body, strict=True) if not _idle(old, new)]
    if len(kept) == len(updated.body):
        return None
    comments = [line for line in updated.leading_lines if line.comment is not None]
    if kept or comments or updated.trailing_whitespace.comment is not None:
        return updated.with_changes(body=kept or [cst.Pass()])
    return cst.RemoveFromParent()


@on(cst.Assign)
def setting(context: Context, original: cst.Assign, updated: Any) -> Any:
    """torch.backends.cudnn.benchmark = True: a setting of torch itself, of which TensorFlow knows nothing."""
    target = original.targets[0].target
    if len(original.targets) != 1 or not isinstance(target, cst.Attribute):
        return None
    fact = context.run.facts.get(id(target.value))
    if type(fact) is not Ref or not fact.name.startswith("torch."):
        return None
    context.say("API006", original, f"a setting of torch itself is left out: {fact.name}.{target.attr.value}")
    return cst.RemoveFromParent()


def _idle(original: cst.BaseSmallStatement, updated: cst.BaseSmallStatement) -> bool:
    if not isinstance(original, cst.Expr) or not isinstance(updated, cst.Expr):
        return False
    if not isinstance(original.value, cst.Call):
        return False
    value = updated.value
    while isinstance(value, cst.Attribute):
        value = value.value
    return isinstance(value, (cst.Name, cst.SimpleString, cst.Integer))


@on(cst.IndentedBlock)
def emptied_block(context: Context, original: cst.IndentedBlock, updated: Any) -> Any:
    """A block of which every statement went."""
    if not original.body or updated.body:
        return None
    return updated.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])

"""New tensors without contents that are handed out or computed with as they are."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []
HELP = "Write torch.zeros, zeros_like or new_zeros if zeros are meant."
NAMES = ("torch.empty", "torch.empty_like", "torch.Tensor.new_empty")


@on(cst.Return)
def handed_out(context: Context, original: cst.Return, updated: Any) -> None:
    """return torch.empty_like(x)"""
    if original.value is not None:
        _look(context, original.value)


@on(cst.BinaryOperation)
def computed_with(context: Context, original: cst.BinaryOperation, updated: Any) -> None:
    """torch.empty(3) + x"""
    _look(context, original.left)
    _look(context, original.right)


def _look(context: Context, node: cst.BaseExpression) -> None:
    plan = context.plan(node) if isinstance(node, cst.Call) else None
    if plan is not None and plan.rule is not None and plan.rule.torch in NAMES:
        name = plan.rule.torch
        context.say("STA007", node, f"{name} holds what the memory held; the translation gives zeros", HELP)

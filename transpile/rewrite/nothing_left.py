"""Statements of which the rewriting leaves nothing to do.

`model.eval()` becomes `model`, and goes; `x = x.contiguous()` becomes `x = x`, and goes with its comments kept.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Ref
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

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
def given_to_themselves(context: Context, original: cst.IndentedBlock, updated: Any) -> Any:
    """`x = x` in a function, where `x = x.permute(0, 2, 3, 1)` was; in a class it would make an attribute."""
    if updated is original or not context.functions:
        return None
    own = {id(statement) for statement in original.body}
    idle = [s for s in updated.body if id(s) not in own and _is_own_value(s)]
    if not idle or any(isinstance(node, cst.ClassDef) for node in descendants(context.functions[-1])):
        return None
    body: list[cst.BaseStatement] = []
    lines: list[cst.EmptyLine] = []  # what stood above and behind what has gone
    for statement in updated.body:
        above = [*lines, *statement.leading_lines]
        if any(statement is other for other in idle):
            lines = above
            if statement.trailing_whitespace.comment is not None:
                lines = [*above, cst.EmptyLine(comment=statement.trailing_whitespace.comment)]
        else:
            body.append(statement.with_changes(leading_lines=above) if lines else statement)
            lines = []
    return updated.with_changes(body=body, footer=[*lines, *updated.footer])


@on(cst.IfExp)
def decided(context: Context, original: cst.IfExp, updated: Any) -> Any:
    """`"cuda" if torch.cuda.is_available() else "cpu"`, whose test has become False, is "cpu"."""
    if not isinstance(updated, cst.IfExp) or not isinstance(updated.test, cst.Name):
        return None
    if isinstance(original.test, cst.Name) or updated.test.value not in ("False", "True"):
        return None
    kept = updated.body if updated.test.value == "True" else updated.orelse
    return kept.with_changes(lpar=[*updated.lpar, *kept.lpar], rpar=[*kept.rpar, *updated.rpar])


def _is_own_value(statement: cst.BaseStatement) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    assign = statement.body[0]
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return False
    target, value = assign.targets[0].target, assign.value
    return isinstance(target, cst.Name) and isinstance(value, cst.Name) and target.value == value.value


@on(cst.IndentedBlock)
def emptied_block(context: Context, original: cst.IndentedBlock, updated: Any) -> Any:
    """A block of which every statement went."""
    if not original.body or updated.body:
        return None
    return updated.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])

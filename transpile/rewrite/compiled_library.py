"""Checks that a compiled library of operators was loaded: what is translated needs none.

The operators of such a library are written in TensorFlow where a rule knows them, and elsewhere stay and raise when
they are reached. A function that does nothing but raise where the library is missing would keep the former from
running, so that calls of it are left out.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.facts import AnyCallable, Function, Ref, resolve
from transpile.infer.run import Run
from transpile.rewrite.code import source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

__all__: list[str] = []

LOADERS = ("torch.ops.load_library", "torch.classes.load_library")


@on(cst.SimpleStatementLine)
def library_check(context: Context, original: cst.SimpleStatementLine, updated: Any) -> Any:
    """assert_library() → nothing"""
    statement = original.body[0]
    if len(original.body) != 1 or not isinstance(statement, cst.Expr):
        return None
    call = statement.value
    if not isinstance(call, cst.Call) or call.args or not isinstance(updated, cst.SimpleStatementLine):
        return None
    function = resolve(context.run.fact(call.func))
    if not isinstance(function, Function) or not _only_checks(context.run, function.info):
        return None
    context.say(
        "API006", call, f"{source(call.func)}() asks for a compiled library, of which nothing is needed here"
    )
    return cst.RemoveFromParent()


def _only_checks(run: Run, function: FunctionInfo) -> bool:
    """Whether a function is `if not library_is_there(): raise …` in a module that loads a compiled library."""
    body = function.node.body
    if function.parameters or not isinstance(body, cst.IndentedBlock):
        return False
    statements = [node for node in body.body if not _is_text(node)]
    if len(statements) != 1 or not isinstance(statements[0], cst.If) or statements[0].orelse is not None:
        return False
    test, then = statements[0].test, statements[0].body.body
    if len(then) != 1 or not isinstance(then[0], cst.SimpleStatementLine):
        return False
    if not isinstance(then[0].body[0], cst.Raise):
        return False
    if not isinstance(test, cst.UnaryOperation) or not isinstance(test.operator, cst.Not):
        return False
    if not isinstance(test.expression, cst.Call) or test.expression.args:
        return False
    asked = resolve(run.fact(test.expression.func))
    answers = asked.choices if isinstance(asked, AnyCallable) else [asked]
    return all(isinstance(one, Function) and _answers(one.info) for one in answers) and _loads(run, function)


def _is_text(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and all(
        isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))
        for small in node.body
    )


def _answers(function: FunctionInfo) -> bool:
    """Whether a function says a constant yes or no."""
    body = function.node.body.body if isinstance(function.node.body, cst.IndentedBlock) else []
    last = body[-1].body[0] if len(body) == 1 and isinstance(body[-1], cst.SimpleStatementLine) else None
    value = last.value if isinstance(last, cst.Return) else None
    return isinstance(value, cst.Name) and value.value in ("True", "False")


def _loads(run: Run, function: FunctionInfo) -> bool:
    """Whether the module of a function loads a compiled library."""
    for node in descendants(function.module.tree):
        if isinstance(node, cst.Attribute) and node.attr.value == "load_library":
            fact = run.fact(node)
            if type(fact) is Ref and fact.name in LOADERS:
                return True
    return False

"""Calls that a module makes while it loads, of functions that need torch: they must not keep it from loading."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.facts import Class, Function, Ref, resolve
from transpile.infer.imports import dotted
from transpile.infer.run import Run
from transpile.rewrite.code import source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

__all__ = ["needs_torch"]


@on(cst.SimpleStatementLine)
def call_at_load(context: Context, original: cst.SimpleStatementLine, updated: Any) -> Any:
    """register_ops() → with contextlib.suppress(ImportError): register_ops(); value = make() → a placeholder."""
    if context.functions or len(original.body) != 1 or not isinstance(updated, cst.SimpleStatementLine):
        return None
    (statement,) = original.body
    call = statement.value if isinstance(statement, (cst.Expr, cst.Assign)) else None
    if not isinstance(call, cst.Call):
        return None
    function = _function(context.run, call.func)
    if function is None or not needs_torch(context.run, function, set()):
        return None
    name = source(call.func)
    if isinstance(statement, cst.Assign):
        context.say(
            "API006",
            call,
            f"{name}() is called while the module loads, and needs torch: a placeholder instead",
        )
        placeholder = cst.Call(
            cst.Name(context.support("Placeholder")), [cst.Arg(cst.SimpleString(repr(f"{name}()")))]
        )
        return updated.with_changes(body=[statement.with_changes(value=placeholder)])
    context.say(
        "API006",
        call,
        f"{name}() is called while the module loads, and needs torch: skipped where torch is absent",
    )
    context.needs("contextlib")
    guard = cst.parse_statement("with contextlib.suppress(ImportError):\n    pass\n")
    assert isinstance(guard, cst.With)
    return guard.with_changes(
        leading_lines=updated.leading_lines,
        body=guard.body.with_changes(body=[updated.with_changes(leading_lines=[])]),
    )


@on(cst.With)
def guarded_already(context: Context, original: cst.With, updated: Any) -> Any:
    """A call that the source suppresses ImportError of itself, as our own output does, needs no second guard."""
    inner = _guarded(updated)
    if context.functions or inner is None or len(inner.body) != 1:
        return None
    again = _guarded(inner.body[0])
    return updated.with_changes(body=again) if again is not None else None


def _guarded(node: cst.CSTNode) -> cst.IndentedBlock | None:
    """The block below `with contextlib.suppress(ImportError):`; None for anything else."""
    if not isinstance(node, cst.With) or len(node.items) != 1 or not isinstance(node.body, cst.IndentedBlock):
        return None
    return node.body if source(node.items[0].item) == "contextlib.suppress(ImportError)" else None


def _function(run: Run, callee: cst.BaseExpression) -> FunctionInfo | None:
    fact = resolve(run.fact(callee))
    if isinstance(fact, Function):
        return fact.info
    return fact.info.find_method("__init__") if isinstance(fact, Class) else None


def needs_torch(run: Run, function: FunctionInfo, seen: set[FunctionInfo]) -> bool:
    """Whether a function, or one that it calls, uses a name of torch that has no translation."""
    if function in seen:
        return False
    seen.add(function)
    for node in descendants(function.node.body):
        if isinstance(node, (cst.Name, cst.Attribute)):
            fact = run.facts.get(id(node))
            if type(fact) is Ref and _is_left(run, fact.name):
                return True
        elif isinstance(node, cst.ImportFrom) and node.module is not None and not node.relative:
            package = dotted(node.module)
            if package.split(".")[0] == "torch" and not isinstance(node.names, cst.ImportStar):
                names = [f"{package}.{dotted(alias.name)}" for alias in node.names]
                if any(_is_left(run, name) for name in names):
                    return True
        if isinstance(node, cst.Call):
            callee = _function(run, node.func)
            if callee is not None and needs_torch(run, callee, seen):
                return True
    return False


def _is_left(run: Run, name: str) -> bool:
    """Whether this is a function or class of torch without a rule; modules on the way to one are neither."""
    if not name.startswith("torch.") or run.rules.by_name(name) is not None:
        return False
    return not run.rules.is_namespace(name)

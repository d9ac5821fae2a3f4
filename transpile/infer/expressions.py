"""Expressions: one handler per node type, each returns and records a fact."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Dict, Fact, Python, Ref, Tensor, Var
from transpile.infer.join import join
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__ = ["evaluate", "expression_handler"]

Handler = Callable[[Run, Any], Fact]
EXPRESSIONS: dict[type, Handler] = {}
RAISE = "TRANSPILE_RAISE" in os.environ  # an error of the translator itself ends the translation
BUILTINS = frozenset(dir(builtins))


def expression_handler(*types: type) -> Callable[[Handler], Handler]:
    """Register the handler of a node type."""

    def register(handler: Handler) -> Handler:
        for type_ in types:
            EXPRESSIONS[type_] = handler
        return handler

    return register


def evaluate(run: Run, node: cst.CSTNode) -> Fact:
    """What an expression is; its children are evaluated on the way."""
    handler = EXPRESSIONS.get(type(node))
    run.convert.pop(id(node), None)  # the consumer asks anew
    try:
        fact = handler(run, node) if handler is not None else UNKNOWN
    except RecursionError:
        raise
    except Exception as error:
        fact = _failed(run, node, error)
    if run.evidence is not None:
        fact = run.evidence.refined(run, node, fact)
    run.facts[id(node)] = fact
    if type(fact) is Var or type(fact) is Tensor:  # before the call: most are neither
        run.met(fact)
    return fact


def _failed(run: Run, node: cst.CSTNode, error: Exception) -> Fact:
    """A defect of a handler costs one expression, not the file; it is said where it stands."""
    if RAISE:
        raise error
    run.plans[id(node)] = Plan("failed", None)
    run.remark("SYN901", node, f"transpile failed here: {type(error).__name__}: {error}; it stays as it is")
    return UNKNOWN


@expression_handler(cst.Name)
def name(run: Run, node: cst.Name) -> Fact:
    text = node.value
    fact = run.env.find(text)
    if fact is not None:
        if (
            type(fact) is Ref
            and text in run.imported
            and run.function is not None
            and run.function.binds(text)
            and not run.env.binds_below(text, run.function.env)
        ):
            return UNKNOWN  # a local name before it is bound
        return fact
    if text == "None":
        return Python("none")
    if text in ("True", "False"):
        return Python("bool", text == "True")
    if text in BUILTINS:
        return Ref("builtins." + text)
    return UNKNOWN


@expression_handler(cst.Integer)
def integer(run: Run, node: cst.Integer) -> Fact:
    value = int(node.value.replace("_", ""), 0)
    return Python("int", value, Dim(value))


@expression_handler(cst.Float)
def floating(run: Run, node: cst.Float) -> Fact:
    return Python("float", float(node.value.replace("_", "")))


@expression_handler(cst.Imaginary)
def imaginary(run: Run, node: cst.Imaginary) -> Fact:
    return Python("complex")


@expression_handler(cst.SimpleString)
def string(run: Run, node: cst.SimpleString) -> Fact:
    text = node.value
    if "\\" in text or text[0] not in "\"'" or text[:3] in ('"""', "'''"):
        return Python("str")
    return Python("str", text[1:-1])


@expression_handler(cst.ConcatenatedString)
def concatenated(run: Run, node: cst.ConcatenatedString) -> Fact:
    evaluate(run, node.left)
    evaluate(run, node.right)
    return Python("str")


@expression_handler(cst.FormattedString)
def formatted(run: Run, node: cst.FormattedString) -> Fact:
    for part in node.parts:
        if isinstance(part, cst.FormattedStringExpression):
            evaluate(run, part.expression)
            for nested in part.format_spec or ():
                if isinstance(nested, cst.FormattedStringExpression):
                    evaluate(run, nested.expression)
    return Python("str")


@expression_handler(cst.Ellipsis)
def ellipsis(run: Run, node: cst.Ellipsis) -> Fact:
    return Python("ellipsis")


@expression_handler(cst.Dict)
def dictionary(run: Run, node: cst.Dict) -> Fact:
    value: Fact | None = None
    entries: dict[str, Fact] = {}
    for element in node.elements:
        key = evaluate(run, element.key) if isinstance(element, cst.DictElement) else None
        fact = evaluate(run, element.value)
        if key is not None:
            value = fact if value is None else join(value, fact)
            if isinstance(key, Python) and isinstance(key.value, str):
                entries[key.value] = fact
    result = Dict(value if value is not None else UNKNOWN, entries, empty=not node.elements)
    if len(entries) == len(node.elements):
        result.written = frozenset(entries)
    return result


@expression_handler(cst.NamedExpr)
def walrus(run: Run, node: cst.NamedExpr) -> Fact:
    fact = evaluate(run, node.value)
    if isinstance(node.target, cst.Name):
        run.env[node.target.value] = fact
        run.facts[id(node.target)] = fact
    return fact


@expression_handler(cst.Await)
def await_(run: Run, node: cst.Await) -> Fact:
    evaluate(run, node.expression)
    return UNKNOWN


@expression_handler(cst.Yield)
def yield_(run: Run, node: cst.Yield) -> Fact:
    if node.value is not None:
        value = node.value.item if isinstance(node.value, cst.From) else node.value
        fact = evaluate(run, value)
        if run.function is not None:
            run.function.generator = True
            if not isinstance(node.value, cst.From):
                run.returned.append((value, fact))
    return UNKNOWN


@expression_handler(cst.BooleanOperation)
def boolean(run: Run, node: cst.BooleanOperation) -> Fact:
    left, right = evaluate(run, node.left), evaluate(run, node.right)
    return join(left, right)


@expression_handler(cst.Index)
def index(run: Run, node: cst.Index) -> Fact:
    return evaluate(run, node.value)

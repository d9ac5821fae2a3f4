"""Expressions: one handler per node type, each returns and records a fact."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.definitions import Env
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Dict, Fact, Function, Python, Ref, Sequence, Tensor, resolve
from transpile.infer.join import join
from transpile.infer.run import Run

__all__ = ["evaluate", "expression_handler"]

Handler = Callable[[Run, Any], Fact]
EXPRESSIONS: dict[type, Handler] = {}
BUILTINS = frozenset(dir(builtins))
DISPLAYS: dict[type, str] = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}
COMPREHENSIONS: dict[type, str] = {cst.ListComp: "list", cst.SetComp: "set"}


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
    fact = handler(run, node) if handler is not None else UNKNOWN
    run.facts[id(node)] = fact
    return fact


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
            and text not in run.env
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


@expression_handler(cst.Tuple, cst.List, cst.Set)
def display(run: Run, node: cst.Tuple | cst.List | cst.Set) -> Fact:
    items: list[Fact] | None = []
    loose: Fact | None = None
    for element in node.elements:
        fact = evaluate(run, element.value)
        if isinstance(element, cst.StarredElement):
            inner = resolve(fact)
            if isinstance(inner, Sequence) and inner.items is not None and items is not None:
                items += inner.items
            else:
                from transpile.infer.iteration import element_of

                item = element_of(run, fact, element.value)
                loose = item if loose is None else join(loose, item)
                for known in items or ():
                    loose = join(loose, known)
                items = None
        elif items is not None:
            items.append(fact)
        else:
            loose = fact if loose is None else join(loose, fact)
    return Sequence(DISPLAYS[type(node)], items, loose if loose is not None else UNKNOWN)


@expression_handler(cst.Dict)
def dictionary(run: Run, node: cst.Dict) -> Fact:
    value: Fact | None = None
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            evaluate(run, element.key)
        fact = evaluate(run, element.value)
        if isinstance(element, cst.DictElement):
            value = fact if value is None else join(value, fact)
    return Dict(value if value is not None else UNKNOWN)


@expression_handler(cst.IfExp)
def conditional(run: Run, node: cst.IfExp) -> Fact:
    from transpile.infer.statements import narrow, replace_env

    evaluate(run, node.test)
    before = run.env
    saved = dict(before)
    narrow(run, node.test, True)
    body = evaluate(run, node.body)
    replace_env(run, before, Env(before.parent, dict(saved)))
    narrow(run, node.test, False)
    orelse = evaluate(run, node.orelse)
    replace_env(run, before, Env(before.parent, dict(saved)))
    result = join(body, orelse)
    if isinstance(result, Tensor) and result.source == "conflict":
        return _same_layout(run, node, body, orelse, result)
    return result


def _same_layout(run: Run, node: cst.IfExp, body: Fact, orelse: Fact, joined: Tensor) -> Fact:
    """Two branches in two layouts: one of them is converted."""
    first, second = resolve(body), resolve(orelse)
    assert isinstance(first, Tensor) and isinstance(second, Tensor)
    target = run.layout(first)
    if isinstance(target, tuple) and run.want(node.orelse, second, target):
        return Tensor(joined.rank, joined.dims, joined.dtype, target)
    return joined


@expression_handler(cst.NamedExpr)
def walrus(run: Run, node: cst.NamedExpr) -> Fact:
    fact = evaluate(run, node.value)
    if isinstance(node.target, cst.Name):
        run.env[node.target.value] = fact
        run.facts[id(node.target)] = fact
    return fact


@expression_handler(cst.Lambda)
def lambda_(run: Run, node: cst.Lambda) -> Fact:
    from transpile.infer.functions import analyze, register

    info = register(run, node, None)
    info.env = run.env
    analyze(run, info)
    return Function(info)


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


@expression_handler(cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp)
def comprehension(run: Run, node: Any) -> Fact:
    from transpile.infer.iteration import element_of
    from transpile.infer.statements import assign, narrow

    outer = run.env
    run.env = Env(outer)
    count: Sequence | None = None
    clause = node.for_in
    while clause is not None:
        iterable = evaluate(run, clause.iter)
        resolved = resolve(iterable)
        if (
            count is None
            and clause.inner_for_in is None
            and not clause.ifs
            and isinstance(resolved, Sequence)
        ):
            count = resolved
        assign(run, clause.target, element_of(run, iterable, clause.iter), None)
        for condition in clause.ifs:
            evaluate(run, condition.test)
            narrow(run, condition.test, True)
        clause = clause.inner_for_in
    if isinstance(node, cst.DictComp):
        evaluate(run, node.key)
        value = evaluate(run, node.value)
        run.env = outer
        return Dict(value)
    element = evaluate(run, node.elt)
    run.env = outer
    type_ = COMPREHENSIONS.get(type(node), "generator")
    resolved_element = resolve(element)
    if count is not None and count.items is not None and not isinstance(resolved_element, Python):
        return Sequence(type_, [element] * len(count.items), element)
    return Sequence(type_, None, element)


@expression_handler(cst.Attribute)
def attribute(run: Run, node: cst.Attribute) -> Fact:
    from transpile.infer.attributes import attribute_of

    owner = evaluate(run, node.value)
    return attribute_of(run, node, owner)


@expression_handler(cst.Subscript)
def subscript(run: Run, node: cst.Subscript) -> Fact:
    from transpile.infer.ops.index import load

    return load(run, node)


@expression_handler(cst.Call)
def call(run: Run, node: cst.Call) -> Fact:
    from transpile.infer.calls import call_expression

    return call_expression(run, node)


@expression_handler(cst.BinaryOperation)
def binary(run: Run, node: cst.BinaryOperation) -> Fact:
    from transpile.infer.operators import binary_operation

    return binary_operation(run, node)


@expression_handler(cst.UnaryOperation)
def unary(run: Run, node: cst.UnaryOperation) -> Fact:
    from transpile.infer.operators import unary_operation

    return unary_operation(run, node)


@expression_handler(cst.BooleanOperation)
def boolean(run: Run, node: cst.BooleanOperation) -> Fact:
    left, right = evaluate(run, node.left), evaluate(run, node.right)
    return join(left, right)


@expression_handler(cst.Comparison)
def comparison(run: Run, node: cst.Comparison) -> Fact:
    from transpile.infer.operators import compare

    return compare(run, node)


@expression_handler(cst.Index)
def index(run: Run, node: cst.Index) -> Fact:
    return evaluate(run, node.value)

"""Tensors that a layer keeps from one call for the next, as long as their sizes are the ones that are needed.

    if self.grid.shape[2:4] != x.shape[2:4]:
        self.grid = self.make_grid(x)
    if n not in self.tables:
        self.tables[n] = self.scale * torch.arange(n)

A tensor that was kept while a graph was traced belongs to that graph, and its sizes may be open there: no other
graph, and no eager call, can use it. It is made again then, which is what the test is for; where it is kept under a
key, only if it is made of nothing but the layer and the key: the first call's tensor is none that another can make.
(That the store itself happens once per trace is said by transpile/hazards/state.py.)
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import libcst as cst

from transpile.infer.facts import Self, Sequence, Tensor, resolve
from transpile.infer.open_sizes import reached
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.modules import in_the_output
from transpile.rewrite.registry import on
from transpile.source.walk import children, descendants

__all__ = ["prepare"]

SIZES = frozenset({"shape", "size", "ndim", "numel", "dim"})


def prepare(context: Context) -> None:
    """Find the tests of kept tensors, and in them the comparisons of their sizes with others, which may be open."""
    for info in reached(context.run):
        if not isinstance(info.node, cst.FunctionDef):
            continue
        for node in descendants(info.node.body):
            if not isinstance(node, cst.If):
                continue
            keyed = _kept_by_key(context, node)
            if keyed is not None:
                context.kept[id(node)] = [keyed]
            elif asked := _asked(context, node):
                context.kept[id(node)] = asked
                for part in (node.test, *descendants(node.test)):
                    if isinstance(part, cst.Comparison) and _differ(context, part, asked):
                        context.open_sizes[id(part)] = "may_differ"


def _differ(context: Context, node: cst.Comparison, asked: list[str]) -> bool:
    unequal = len(node.comparisons) == 1 and isinstance(node.comparisons[0].operator, cst.NotEqual)
    return unequal and any(text in asked for text in _measured(context, node))


@on(cst.If)
def kept(context: Context, original: cst.If, updated: cst.If) -> Any:
    """if self.grid.shape != …: self.grid = … → if outdated(self.grid) or self.grid.shape != …: self.grid = …"""
    asked = context.kept.get(id(original))
    if asked is None:
        return None
    tests = [f"{context.support('outdated')}({text})" for text in asked]
    rest = source(updated.test)
    if isinstance(updated.test, (cst.IfExp, cst.NamedExpr, cst.Lambda)) and not updated.test.lpar:
        rest = f"({rest})"
    space = updated.whitespace_before_test
    if space.empty:
        space = cst.SimpleWhitespace(" ")
    return updated.with_changes(test=expression(" or ".join([*tests, rest])), whitespace_before_test=space)


def _kept_by_key(context: Context, node: cst.If) -> str | None:
    """What is kept under `key`, where the test is `key not in self.tables` and the body makes and stores it."""
    test = node.test
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or node.orelse is not None:
        return None
    key, place = test.left, test.comparisons[0].comparator
    names = {part.value for part in (key, *descendants(key)) if isinstance(part, cst.Name)}
    plain = all(isinstance(part, (cst.Name, cst.Tuple, cst.Element)) for part in (key, *descendants(key)))
    if not isinstance(test.comparisons[0].operator, cst.NotIn) or not plain or not _is_own(context, place):
        return None
    stored = f"{source(place)}[{source(key)}]"
    if not isinstance(node.body, cst.IndentedBlock):
        return None
    for line in node.body.body:
        only = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if (
            not isinstance(only, cst.Assign)
            or len(only.targets) != 1
            or not _made_of(context, only.value, names)
        ):
            return None
        target = only.targets[0].target
        if source(target) == stored:
            return (
                f"{in_the_output(context, place)}.get({source(key)})"
                if _is_tensor(context, only.value)
                else None
            )
        if not isinstance(target, cst.Name):
            return None
        names.add(target.value)
    return None


def _made_of(context: Context, value: cst.BaseExpression, names: set[str]) -> bool:
    """Whether an expression is made of these names, the layer and what the module defines; a device is no part."""
    if isinstance(value, cst.Attribute):
        return value.attr.value == "device" or _made_of(context, value.value, names)
    if isinstance(value, cst.Name):
        of_the_module = value.value in context.run.module.env or hasattr(builtins, value.value)
        return value.value in names or of_the_module or isinstance(context.run.fact(value), Self)
    if isinstance(value, cst.Arg):
        return (value.keyword is not None and value.keyword.value == "device") or _made_of(
            context, value.value, names
        )
    return all(_made_of(context, part, names) for part in children(value))


def _is_tensor(context: Context, value: cst.BaseExpression) -> bool:
    fact = context.run.fact(value)
    members = fact.items or [] if isinstance(fact, Sequence) else [fact]
    return any(isinstance(resolve(member), Tensor) for member in members)


def _asked(context: Context, node: cst.If) -> list[str]:
    """The kept tensors whose sizes the test asks for and that its body makes."""
    stored = {source(target) for target in _stored(context, node.body)}
    return (
        list(dict.fromkeys(text for text in _measured(context, node.test) if text in stored))
        if stored
        else []
    )


def _stored(context: Context, body: cst.BaseSuite) -> Iterator[cst.BaseExpression]:
    """What the statements of a block store in attributes of the layer itself, and in their items."""
    for line in body.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            for target in statement.targets if isinstance(statement, cst.Assign) else ():
                value = target.target
                parts = value.elements if isinstance(value, (cst.Tuple, cst.List)) else [target]
                for part in parts:
                    place = part.value if isinstance(part, cst.BaseElement) else part.target
                    if _is_own(context, place):
                        yield place


def _is_own(context: Context, place: cst.BaseExpression) -> bool:
    while isinstance(place, cst.Subscript):
        place = place.value
    return isinstance(place, cst.Attribute) and isinstance(context.run.fact(place.value), Self)


def _measured(context: Context, test: cst.BaseExpression) -> Iterator[str]:
    """The texts of tensors whose sizes a test asks for; not of variables, which every graph can use."""
    for node in (test, *descendants(test)):
        if isinstance(node, cst.Attribute) and node.attr.value in SIZES:
            fact = context.fact(node.value)
            if isinstance(fact, Tensor) and not fact.is_parameter:
                yield source(node.value)

"""Loops, displays and comprehensions: what one item is, given what is iterated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.branches import merge, replace_env
from transpile.infer.definitions import Env
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Python, Sequence, Tensor, Var, resolve
from transpile.infer.join import join
from transpile.infer.narrowing import narrow
from transpile.infer.ops.index import drop_axis
from transpile.infer.run import Run
from transpile.infer.sameness import same
from transpile.infer.statements import assign, statement, suite

__all__ = ["element_of", "item", "lengths"]

DISPLAYS: dict[type, str] = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}
COMPREHENSIONS: dict[type, str] = {cst.ListComp: "list", cst.SetComp: "set"}


def element_of(run: Run, iterable: Fact, node: cst.CSTNode) -> Fact:
    """The fact of one item."""
    fact = resolve(iterable)
    run.unstacked.discard(id(node))
    if isinstance(fact, Sequence):
        element = fact.any()
        resolved = resolve(element)
        if isinstance(resolved, Python) and resolved.type == "int":
            return Python("int", None, Dim.symbol(f"item{id(node)}"))
        run.met(element)
        return element
    if isinstance(fact, Layer):
        run.look_into(fact)
    if isinstance(fact, Layer) and fact.members is not None:
        return fact.members.any()
    if isinstance(fact, Layer):
        return run.var(("item", fact.name), f"{fact.name}[]")
    if isinstance(fact, Tensor):
        if run.function is not None and (fact.is_parameter or fact.rank):
            run.unstacked.add(id(node))
        return drop_axis(run, fact, 0, node if isinstance(node, cst.BaseExpression) else None)
    if isinstance(fact, Dict):
        return Python("str")
    if isinstance(fact, Var):
        if fact.element is None:
            fact.element = Var(f"{fact.name}[]", fact.tensorlike)
        run.met(fact.element)
        return fact.element
    return UNKNOWN


def lengths(facts: list[Fact]) -> int | None:
    """How many items come out of iterables taken together; None unless each has its items apart."""
    counts = [len(fact.items) for fact in facts if isinstance(fact, Sequence) and fact.items is not None]
    return min(counts) if counts and len(counts) == len(facts) else None


def item(fact: Fact, place: int) -> Fact:
    """One item of a sequence whose items are known apart."""
    assert isinstance(fact, Sequence) and fact.items is not None
    return fact.items[place]


@statement(cst.For)
def for_(run: Run, node: cst.For) -> bool:
    iterable = evaluate(run, node.iter)
    loop(run, node.body, lambda: assign(run, node.target, element_of(run, iterable, node.iter), None))
    if node.orelse is not None:
        suite(run, node.orelse.body)
    return False


@statement(cst.While)
def while_(run: Run, node: cst.While) -> bool:
    loop(run, node.body, lambda: evaluate(run, node.test))
    if node.orelse is not None:
        suite(run, node.orelse.body)
    return False


def loop(run: Run, body: cst.BaseSuite, start: Callable[[], Any]) -> None:
    before = run.env
    for _ in range(2):
        run.env = Env(before.parent, dict(before))
        start()
        suite(run, body)
        after = merge(run, Env(before.parent, dict(before)), run.env)
        stable = all(same(after[name], fact) for name, fact in before.items())
        replace_env(run, before, after)
        if stable:
            return


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
                item = element_of(run, fact, element.value)
                loose = item if loose is None else join(loose, item)
                for known in items or ():
                    loose = join(loose, known)
                items = None
        elif items is not None:
            items.append(fact)
        else:
            loose = fact if loose is None else join(loose, fact)
    shown = Sequence(DISPLAYS[type(node)], items, loose if loose is not None else UNKNOWN)
    if items is not None and len(items) == len(node.elements):
        shown.places = [id(element.value) for element in node.elements]
    shown.made_in = (run.function, tuple(run.within))
    return shown


@expression_handler(cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp)
def comprehension(run: Run, node: Any) -> Fact:
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
        several = Sequence(type_, [element] * len(count.items), element)
        places = [hash((id(node), i)) for i in range(len(count.items))]
        several.places = [*places]
        run.copies[id(node)] = places
        run.written_at.update(dict.fromkeys(places, id(node.elt)))
        return several
    result = Sequence(type_, None, element)
    result.places = [id(node.elt)]
    return result

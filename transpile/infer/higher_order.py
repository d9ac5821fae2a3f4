"""Functions that call functions: map over lists, functools.partial, and what a callable gives away from its call."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.apply import Operand, apply, image_result
from transpile.infer.facts import (
    UNKNOWN,
    AnyCallable,
    Class,
    Fact,
    Function,
    Layer,
    Partial,
    Ref,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.iteration import element_of, item, lengths
from transpile.infer.join import AnyLayer, join
from transpile.infer.layers import call_layer
from transpile.infer.layout import IMAGE, PLAIN
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.summaries import call

__all__ = ["called", "called_value", "counts_axes", "mapped", "partial", "takes_image"]

Keywords = dict[str, Operand]


def called(
    run: Run, callee: Fact, positional: list[Operand], keywords: Keywords, place: cst.Call | None = None
) -> Fact:
    """What a callable returns where no expression names it; `place` is the functools.partial that it comes from."""
    callee = resolve(callee)
    if isinstance(callee, Partial):
        everything = {**callee.keywords, **keywords}
        return called(run, callee.callee, [*callee.positional, *positional], everything, callee.node)
    if isinstance(callee, AnyCallable):
        result: Fact | None = None
        for choice in callee.choices:
            fact = _one_called(run, choice, positional, keywords)
            if resolve(fact) is UNKNOWN and any(isinstance(resolve(f), Tensor) for _, f in positional):
                continue  # one that cannot be read is taken to return what the others do
            result = fact if result is None else join(result, fact)
        return result if result is not None else UNKNOWN
    if isinstance(callee, Function):
        return call(run, callee.info, positional, keywords, False)
    if isinstance(callee, Layer):
        return call_layer(run, None, callee, positional, keywords, False)
    if isinstance(callee, Class):
        callee.info.instantiated = True
        init = callee.info.find_method("__init__")
        if init is not None:
            call(run, init, positional, keywords, False)
        return Layer(callee.info.name, callee.info)
    if isinstance(callee, Ref):
        return _called_reference(run, callee, positional, keywords, place)
    return UNKNOWN


def _one_called(run: Run, choice: Fact, positional: list[Operand], keywords: Keywords) -> Fact:
    """What one of several callables returns: those of torch's that work on images say no number of axes."""
    rule = run.rules.by_name(choice.name) if isinstance(choice, Ref) else None
    if rule is not None and takes_image(rule) and positional:
        return _on_image(run, rule, positional, keywords, None)
    return called(run, choice, positional, keywords)


def _called_reference(
    run: Run, callee: Ref, positional: list[Operand], keywords: Keywords, place: cst.Call | None
) -> Fact:
    rule = run.rules.by_name(callee.name)
    if rule is None:
        return UNKNOWN
    if rule.kind == "layer":
        names = [p.name for p in rule.params if p.kind == "positional"]
        given = {name: fact for name, (_, fact) in zip(names, positional, strict=False)}
        return Layer(rule.torch, None, None, {**given, **{k: fact for k, (_, fact) in keywords.items()}})
    if rule.kind != "function" or not positional:
        return UNKNOWN
    if place is not None and id(place) in run.extended:
        return _in_torchs_order(run, rule, [*positional, *keywords.values()])
    if place is not None:
        fact = apply(run, place, rule, positional, keywords, None)
        run.plans[id(place)] = Plan("partial", applied=run.plans.get(id(place)))
        return fact
    first = resolve(positional[0][1])
    if rule.layout == "elementwise" and isinstance(first, Tensor):
        return Tensor(first.rank, first.dims, rule.dtype or first.dtype, first.layout)
    if takes_image(rule):
        return _on_image(run, rule, positional, keywords, _image_rank(rule))
    if counts_axes(rule):
        return _in_torchs_order(run, rule, [*positional, *keywords.values()])
    return UNKNOWN


_ANY_ORDER = (
    "elementwise",
    "any",
    "image",
    "hook:create",
    "hook:distribution",
    "hook:same",
    "hook:cast",
    "hook:like",
)


def counts_axes(rule: Any) -> bool:
    """Whether a function of torch, called by a name of the project's, takes its operands in torch's order."""
    return rule.kind == "function" and rule.layout is not None and not rule.layout.startswith(_ANY_ORDER)


def takes_image(rule: Any) -> bool:
    """Whether a function of torch, called by a name of the project's, takes its operand with channels last."""
    return rule.kind == "function" and rule.layout == "image" and _image_rank(rule) is not None


def _image_rank(rule: Any) -> int | None:
    """The axes of what conv2d, max_pool2d and their kin take; None for functions that take any number of them."""
    found = re.search(r"([123])d$", rule.torch)
    return int(found[1]) + 2 if found is not None else None


def _on_image(run: Run, rule: Any, positional: list[Operand], keywords: Keywords, rank: int | None) -> Fact:
    """A convolution or pool that a variable holds works on channels-last images, its weight in torch's order."""
    node, given = positional[0]
    for place, fact in [*positional[1:], *keywords.values()]:
        other = resolve(fact)
        if isinstance(other, Tensor):
            run.want(place, other, PLAIN)
    tensor = run.as_tensor(given)
    if tensor is None:
        return UNKNOWN
    if (rank is not None or tensor.rank is not None) and node is not None:
        return image_result(run, node, tensor, rank or tensor.rank, node, Plan("called_value"))
    if not run.want(node, tensor, IMAGE) and node is not None:
        run.remark(
            "LAY003", node, f"{rule.torch}, called by another name, takes an image with its channels last"
        )
    return Tensor(None, None, tensor.dtype, IMAGE if run.channels_last else PLAIN)


def _in_torchs_order(run: Run, rule: Any, operands: list[Operand]) -> Fact:
    for node, fact in operands:
        tensor = resolve(fact)
        if isinstance(tensor, Sequence) and node is not None:
            held = [resolve(member) for member in tensor.items or [tensor.any()]]
            if any(
                isinstance(t, Tensor) and run.layout(t) != PLAIN and isinstance(run.layout(t), tuple)
                for t in held
            ):
                run.remark(
                    "LAY003", node, f"{rule.torch}, called by another name, takes these in torch's order"
                )
        elif isinstance(tensor, Tensor) and isinstance(run.layout(tensor), tuple):
            run.want(node, tensor, PLAIN)
    if rule.returns in (None, "tensor", "reduce", "like"):
        return Tensor(None, None, rule.dtype, PLAIN)
    return UNKNOWN


def called_value(
    run: Run, node: cst.Call, callee: Fact, positional: list[Operand], keywords: Keywords
) -> Fact:
    """A call of a variable that holds one of several callables, or a functools.partial."""
    run.plans[id(node)] = Plan("called_value")
    fact = called(run, callee, positional, keywords)
    for layer in fact.choices if isinstance(fact, AnyLayer) else [fact]:
        if isinstance(layer, Layer) and layer.members is None and layer.site is None:
            layer.site = id(node)
    if fact is UNKNOWN:
        tensors = any(isinstance(resolve(f), Tensor) for _, f in positional)
        return run.var(("call", id(node)), f"call{id(node)}", tensorlike=tensors)
    return fact


def mapped(run: Run, node: cst.Call, positional: list[Operand]) -> Fact:
    """map(f, xs, ys): one call per item where the items are known apart, one for any item elsewhere."""
    function, *iterables = positional
    facts = [resolve(fact) for _, fact in iterables]
    length = lengths(facts)
    if length is not None:
        rows: list[list[Operand]] = [
            [(_written(run, node, place, i), item(fact, i)) for place, fact in enumerate(facts)]
            for i in range(length)
        ]
        results = [called(run, function[1], row, {}) for row in rows]
        _say_unmet(run, node, rows)
        return Sequence("generator", results)
    nodes = [arg.value for arg in node.args[1:]]
    elements: list[Operand] = [
        (None, element_of(run, fact, at)) for fact, at in zip(facts, nodes, strict=False)
    ]
    return Sequence("generator", None, called(run, function[1], elements, {}))


def _written(run: Run, node: cst.Call, place: int, number: int) -> cst.BaseExpression:
    """The expression of an item where the iterable is written out; elsewhere one that stands nowhere."""
    iterable = node.args[place + 1].value
    if isinstance(iterable, (cst.Tuple, cst.List)):
        elements = iterable.elements
        if not any(isinstance(element, cst.StarredElement) for element in elements) and number < len(
            elements
        ):
            return elements[number].value
    return run.scratch(hash((id(node), place, number)))


def _say_unmet(run: Run, node: cst.Call, rows: list[list[Operand]]) -> None:
    """An item that nobody writes cannot be converted where it is handed over."""
    for row in rows:
        for operand, _ in row:
            if isinstance(operand, cst.Name) and operand.value == "_" and id(operand) in run.convert:
                run.convert.pop(id(operand))
                run.remark("LAY003", node, "an item of this map is needed in another layout than it has")


def partial(run: Run, node: cst.Call, positional: list[Operand], keywords: Keywords) -> Fact:
    """functools.partial: the callable with what it has been given."""
    run.plans[id(node)] = Plan("partial")
    callee = resolve(positional[0][1])
    if isinstance(callee, Var) or callee is UNKNOWN:
        return callee
    given: Any = {name: (None, fact) for name, (_, fact) in keywords.items()}
    result = Partial(callee, [(None, fact) for _, fact in positional[1:]], given, node)
    if isinstance(callee, Partial) and callee.node is not None:
        run.extended.add(id(callee.node))
    rule = run.rules.by_name(callee.name) if isinstance(callee, Ref) else None
    if rule is not None and rule.kind == "function" and id(node) in run.extended:
        run.plans[id(node)] = Plan("partial", extended=rule)
    elif rule is not None and rule.kind == "function" and not positional[1:]:
        first = run.var(("partial", id(node)), f"partial{id(node)}")
        apply(run, node, rule, [(None, first)], given, None)
        run.plans[id(node)] = Plan("partial", applied=run.plans.get(id(node)))
    return result

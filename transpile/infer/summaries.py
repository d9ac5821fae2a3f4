"""Calls of the project's functions: arguments and parameters learn from each other, results in the caller's terms."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import libcst as cst

from transpile.infer.contextual import handed_on, hands_on
from transpile.infer.definitions import FunctionInfo, Parameter
from transpile.infer.dims import Dim
from transpile.infer.facts import (
    NEVER,
    UNKNOWN,
    Dict,
    Fact,
    Layer,
    Python,
    Sequence,
    Spread,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.functions import analyze, parameter_fact
from transpile.infer.join import link
from transpile.infer.layout import IMAGE, PLAIN, Layout, Open, settle
from transpile.infer.operators import dim_of
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.unification import is_callable, learn, learn_entry

__all__ = ["call"]

Operand = tuple[cst.BaseExpression | None, Fact]
RUNS_AGAIN = 24  # runs of one body at the calls of one round
NO_LAYOUTS: Mapping[int, Layout] = MappingProxyType({})


class Argument(NamedTuple):
    """An argument at its parameter."""

    parameter: Parameter
    node: cst.BaseExpression | None
    fact: Fact


def call(
    run: Run, info: FunctionInfo, positional: list[Operand], keywords: dict[str, Operand], starred: bool
) -> Fact:
    """Call a function of the project: its parameters learn from the arguments, the arguments from its parameters."""
    if run.function is not None:
        info.dependents.add(run.function)
    arguments = _bound(run, info, positional, keywords)
    if hands_on(info) and not starred:
        if info.state == "new":
            analyze(run, info)
        return handed_on(run, info, {argument.parameter.name: argument.fact for argument in arguments})
    _defaults(run, info, {argument.parameter.name for argument in arguments})
    _note_constants(run, info, arguments)
    _note_sizes(info, arguments)
    for argument in arguments:
        learn(run, info, parameter_fact(run, info, argument.parameter), argument.fact, argument.node)
    if info.state == "new" or (info.dirty and info.state == "done" and _may_run_again(run, info)):
        analyze(run, info)
        for argument in arguments:  # the body may have decided what its parameters are
            learn(run, info, parameter_fact(run, info, argument.parameter), argument.fact, argument.node)
    for argument in arguments:
        given = resolve(argument.fact)
        if isinstance(given, Layer) and resolve(parameter_fact(run, info, argument.parameter)) is UNKNOWN:
            run.look_into(given)  # callers give such different things that nobody sees what is done with it
    if info.state == "running" and info.returns is UNKNOWN:
        return NEVER
    tensors = [
        (argument, inner, outer)
        for argument in arguments
        if isinstance(inner := resolve(parameter_fact(run, info, argument.parameter)), Tensor)
        and isinstance(outer := resolve(argument.fact), Tensor)
    ]
    layouts = _own_layouts(run, info, tensors) if run.channels_last else NO_LAYOUTS
    returned = resolve(info.returns)
    if isinstance(returned, Layer):
        for argument in arguments:  # a layer that is handed on is that of this call
            given = resolve(argument.fact)
            if (
                isinstance(given, Layer)
                and resolve(parameter_fact(run, info, argument.parameter)) is returned
            ):
                return given
    if isinstance(returned, Tensor):
        for _, inner, outer in tensors:
            handed = _handed_on(run, inner, outer, returned, layouts)
            if handed is not None:
                return handed
        for _, inner, outer in tensors:
            if returned.rank is None and returned.like is inner:
                given = Tensor(outer.rank, None, returned.dtype, _layout(returned, layouts))
                return given.with_axes_of(outer)
        if run.channels_last and _is_of_each_call(info, arguments, returned, layouts):
            key = ("result", id(info), run.calling)
            own = run.tensors.setdefault(key, Tensor(None, None, None, Open()))
            own.dtype = returned.dtype
            return own
    result = instance_of(returned, _sizes(run, info, arguments), layouts)
    if info.by_rank or info.widened or any(len(values) > 1 for values in info.constants.values()):
        result = _of_this_call(result)
    foreign = {inner.rank for _, inner, outer in tensors if inner.lent and outer.rank != inner.rank}
    return _without_rank(result, foreign) if foreign and isinstance(result, Sequence) else result


def _is_of_each_call(
    info: FunctionInfo, arguments: list[Argument], returned: Tensor, layouts: Mapping[int, Layout]
) -> bool:
    """Whether a function has its result from a layer or function that it is given, of which nothing is known.

    What one caller takes it for says nothing to the others.
    """
    cell = settle(returned.layout)
    if info.owner is not None or returned.rank is not None or not isinstance(cell, Open):
        return False
    if id(cell) in layouts or cell.asked or cell.fresh or cell.made_of is not None:
        return False
    return any(_is_called(argument.fact) for argument in arguments)


def _is_called(fact: Fact) -> bool:
    """Whether this is a layer or a function, or holds some."""
    fact = resolve(fact)
    if isinstance(fact, Sequence):
        return any(map(_is_called, fact.items if fact.items is not None else [fact.element]))
    return isinstance(fact, Layer) or is_callable(fact)


def _may_run_again(run: Run, info: FunctionInfo) -> bool:
    """Whether a call runs a body anew that has learnt something: not without end, the round does so once more."""
    count = info.run_again[1] + 1 if info.run_again[0] == run.round else 1
    info.run_again = run.round, count
    return count <= RUNS_AGAIN


def _note_constants(run: Run, info: FunctionInfo, arguments: list[Argument]) -> None:
    """The numbers that callers write down and the body tests: where they differ, so may the ranks of results."""
    for argument in arguments:
        fact = resolve(argument.fact)
        if argument.parameter.name not in info.tested:
            continue
        if isinstance(fact, Python) and fact.type == "int" and isinstance(fact.value, int):
            values = info.constants.setdefault(argument.parameter.name, set())
            if fact.value not in values:
                values.add(fact.value)
                if len(values) == 2:
                    info.dirty = True
                    run.version += 1


def _note_sizes(info: FunctionInfo, arguments: list[Argument]) -> None:
    """The sizes that callers hand over, which may be open: a number, or numbers in a tuple."""
    for argument in arguments:
        fact = resolve(argument.fact)
        items = fact.items if isinstance(fact, Sequence) else None
        places: list[tuple[int | None, Fact]] = [(None, fact)] if items is None else [*enumerate(items)]
        for place, item in places:
            item = resolve(item)
            if isinstance(item, Python) and item.dim is not None and item.dim.factors:
                info.sizes.setdefault(argument.parameter.name, {}).setdefault(place, set()).add(item.dim)


def _of_this_call(fact: Fact) -> Fact:
    """A result whose rank is not known, apart from those of other calls: what this caller proves holds for it alone."""
    fact = resolve(fact)
    if isinstance(fact, Tensor) and fact.rank is None:
        return Tensor(None, None, fact.dtype, fact.layout)
    if isinstance(fact, Sequence) and fact.items is not None:
        return Sequence(fact.type, [_of_this_call(item) for item in fact.items])
    return fact


def _defaults(run: Run, info: FunctionInfo, given: set[str]) -> None:
    """Classes and functions that are defaults count where a call leaves them out, or while there is no call."""
    for parameter in info.own_parameters:
        if parameter.default is None or parameter.star:
            continue
        default = resolve(run.facts.get(id(parameter.default), UNKNOWN))
        fact = parameter_fact(run, info, parameter)
        if not is_callable(default) or not isinstance(fact, Var):
            continue
        if parameter.name not in given:
            info.assumed.discard(parameter.name)
            learn(run, info, fact, default, None)
        elif parameter.name in info.assumed:
            info.assumed.discard(parameter.name)
            fact.bound = None


def _bound(
    run: Run, info: FunctionInfo, positional: list[Operand], keywords: dict[str, Operand]
) -> list[Argument]:
    """The arguments by parameter, as far as it is known where they go; *args and **kwargs learn theirs at once."""
    parameters = info.own_parameters
    plain = [p for p in parameters if not p.star and not p.keyword_only]
    spread = next((i for i, (_, f) in enumerate(positional) if isinstance(f, Spread)), len(positional))
    sure = positional[:spread]
    found = [Argument(p, node, fact) for p, (node, fact) in zip(plain, sure, strict=False)]
    by_name = {p.name: p for p in parameters if not p.star}
    found += [Argument(by_name[name], *operand) for name, operand in keywords.items() if name in by_name]
    for parameter in parameters:
        holder = parameter_fact(run, info, parameter) if parameter.star else None
        if isinstance(holder, Sequence):
            for node, fact in sure[len(plain) :]:
                learn(run, info, holder.element, fact, node)
        elif isinstance(holder, Dict):
            for name, (_, fact) in keywords.items():
                if name not in by_name:
                    learn_entry(run, info, holder, name, fact)
    return found


def _sizes(run: Run, info: FunctionInfo, arguments: list[Argument]) -> dict[str, Dim | None]:
    """The function's symbols → this call's sizes."""
    known: dict[str, Dim | None] = {}
    for parameter, _, fact in arguments:
        inner, outer = resolve(parameter_fact(run, info, parameter)), resolve(fact)
        if isinstance(inner, Tensor) and isinstance(outer, Tensor) and inner.dims and outer.dims:
            for mine, theirs in zip(inner.dims, outer.dims, strict=False):
                if mine is not None and len(mine.factors) == 1 and mine.coefficient == 1:
                    known[mine.factors[0][0]] = theirs
        else:
            known[f"{info.key}.{parameter.name}"] = dim_of(outer)
    return known


def _handed_on(
    run: Run, inner: Tensor, outer: Tensor, returned: Tensor, layouts: Mapping[int, Layout]
) -> Tensor | None:
    """What a call returns whose argument has another rank than the summary; None where the summary holds."""
    if inner.rank is not None and (outer.rank == inner.rank or not inner.lent):
        return None
    layout = _layout(returned, layouts)
    if inner is returned or (inner.dims is not None and returned.dims == inner.dims):
        # handed on, or changed element by element: what comes out is as what went in
        if outer.rank is None and run.layout(outer) == settle(layout):
            return outer
        return Tensor(outer.rank, outer.dims, outer.dtype, layout).with_axes_of(outer)
    if inner.rank is not None and returned.rank == inner.rank:
        return Tensor(None, None, returned.dtype, layout)
    return None


def _without_rank(fact: Fact, foreign: set[int | None]) -> Fact:
    """Results whose rank may be that of another caller's argument: it is not known."""
    fact = resolve(fact)
    if isinstance(fact, Tensor) and fact.rank in foreign:
        return Tensor(None, None, fact.dtype, fact.layout)
    if isinstance(fact, Sequence) and fact.items is not None:
        return Sequence(fact.type, [_without_rank(item, foreign) for item in fact.items])
    return fact


def _layout(tensor: Tensor, layouts: Mapping[int, Layout]) -> Layout:
    cell = settle(tensor.layout)
    return layouts.get(id(cell), tensor.layout) if isinstance(cell, Open) else tensor.layout


def _own_layouts(
    run: Run, info: FunctionInfo, tensors: list[tuple[Argument, Tensor, Tensor]]
) -> dict[int, Layout]:
    """Undecided cells of a function on which nothing in its body depends → the layout that this call brings.

    Arguments that share a cell (the body adds them) are brought to one layout.
    """
    found: dict[int, Layout] = {}
    for argument, inner, outer in tensors:
        cell = run.layout(inner)
        if isinstance(cell, Open) and any(known is inner for known in info.by_rank):
            plain = outer.rank is not None and outer.rank != 4
            found[id(cell)] = PLAIN if plain else IMAGE if outer.rank == 4 else outer.layout
            continue
        if not isinstance(cell, Open) or cell.asked or cell.fresh:
            continue
        have = run.layout(outer)
        if isinstance(have, tuple):
            cell.brought.add(have)
        known = found.get(id(cell))
        if known is None:
            found[id(cell)] = outer.layout
        elif link(known, outer.layout) is None:
            target = settle(known)
            if isinstance(target, tuple):
                run.want(argument.node, outer, target)
    return found


def instance_of(fact: Fact, known: Mapping[str, Dim | None], layouts: Mapping[int, Layout]) -> Fact:
    """The result of one call: rank, dtype and layout of the summary; sizes in terms of this call's arguments.

    `layouts` are those that the call brings itself, by cell.
    """
    fact = resolve(fact)
    if isinstance(fact, Tensor):
        layout = _layout(fact, layouts)
        if fact.rank is None and fact.lead is not None:
            same = Tensor(None, None, fact.dtype, layout, is_parameter=fact.is_parameter)
            same.lead = substituted(fact.lead, known)
            return same
        if fact.rank is None and fact.dims is None and layout is fact.layout and not fact.mixed:
            return fact
        if fact.mixed:  # what one caller does with it says nothing to the others
            return Tensor(None, None, fact.dtype, layout, is_parameter=fact.is_parameter).with_axes_of(fact)
        dims = tuple(substituted(dim, known) for dim in fact.dims) if fact.dims is not None else None
        source = (
            fact.source if isinstance(fact.source, Plan) else None
        )  # the caller may ask for another layout
        return Tensor(fact.rank, dims, fact.dtype, layout, source, is_parameter=fact.is_parameter)
    if isinstance(fact, Sequence) and fact.items is not None:
        return Sequence(fact.type, [instance_of(item, known, layouts) for item in fact.items])
    return fact


def substituted(dim: Dim | None, known: Mapping[str, Dim | None]) -> Dim | None:
    """A size of the function in the caller's symbols; None where it is the function's own."""
    if dim is None:
        return None
    result = Dim(dim.coefficient)
    for name, power in dim.factors:
        value = known.get(name)
        if value is None:
            return None
        result = result * value**power
    return result

"""A parameter and an argument made to agree: kinds flow in, what a body proves flows out, layouts meet."""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.facts import (
    UNKNOWN,
    AnyCallable,
    Class,
    Dict,
    Fact,
    Function,
    Layer,
    Partial,
    Python,
    Ref,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.join import differ_in_rank, join, link
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Open, Pair, normalize
from transpile.infer.run import Run
from transpile.infer.sameness import same

__all__ = ["is_callable", "learn", "learn_entry"]

INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def learn(
    run: Run, info: FunctionInfo, parameter: Fact, argument: Fact, node: cst.BaseExpression | None
) -> None:
    """Unify a parameter with an argument: kinds flow in, layouts agree or the argument is converted."""
    inner, outer = resolve(parameter), resolve(argument)
    if node is not None:
        run.convert.pop(id(node), None)
    if inner is outer:
        return
    if isinstance(inner, Var):
        if isinstance(outer, Var) or outer is UNKNOWN:
            if isinstance(outer, Var) and outer.tensorlike and not inner.tensorlike:
                inner.tensorlike = True
            return
        if _within(inner, outer):
            return  # `f({name: value})` inside f(value): of no kind that could be written down
        inner.bound = copy(outer)
        info.dirty = True
        run.version += 1
        return
    if isinstance(inner, Tensor) and isinstance(outer, Var):
        if outer.tensorlike or (inner.rank is not None and not inner.lent):
            rank = None if inner.lent else inner.rank
            cell = run.layout(inner)
            free = isinstance(cell, Open) and not cell.asked and not cell.fresh and run.channels_last
            free = free or (run.channels_last and _of_others(run, info, inner))
            # where nothing in the body depends on the layout, every caller keeps its own
            outer.bound = Tensor(rank, None, inner.dtype, Open() if free else inner.layout)
            run.version += 1
        return
    if isinstance(inner, Tensor) and isinstance(outer, Tensor):
        _meet_dtypes(run, info, inner, outer)
        if outer.rank is None and inner.rank is not None and inner.lent:
            # other callers have that rank; what this one has is not known, or not yet
            run.postpone()
            if run.learning and _of_others(run, info, inner):
                return
            if not run.learning:
                inner.rank, inner.dims, inner.lent = None, None, False
                info.widened.append(inner)
                info.dirty = True
                run.version += 1
        elif outer.rank is None and inner.rank is not None:
            if outer.may_have(inner.rank, True):
                outer.settle_rank(inner.rank)
                run.learn("rank", node if node is not None else info.node, inner.rank)
        elif inner.rank is not None and outer.rank != inner.rank and inner.proven:
            _say_other_rank(run, inner, outer, node)
            return
        elif inner.rank is not None and outer.rank != inner.rank:
            if run.channels_last and differ_in_rank(inner, outer):
                inner.layout = BY_RANK
            if not any(tensor is inner for tensor in info.widened):  # or a body gives back what callers take
                info.widened.append(inner)
                run.version += 1
            inner.rank, inner.dims = None, None
            info.dirty = True
        elif (
            inner.rank is None
            and outer.rank is not None
            and (node is not None or info.kind == "context")
            and not any(tensor is inner for tensor in info.widened)
        ):
            inner.rank, inner.lent = outer.rank, True  # until a caller brings another
            info.dirty = True
            run.version += 1
        if outer.is_parameter and not inner.is_parameter:
            inner.is_parameter = info.dirty = True
            run.version += 1
        have, want = run.layout(outer), run.layout(inner)
        if run.channels_last and _by_rank(run, info, inner, outer, node):
            return
        if isinstance(want, Open) and not want.asked and not want.fresh and run.channels_last:
            return  # nothing in the body depends on it: every caller keeps its own
        if outer.rank in (None, inner.rank) and _one_order(have, want, inner.rank):
            return
        foreign = isinstance(have, tuple) and have not in (PLAIN, IMAGE, BY_RANK)
        if isinstance(want, Open) and foreign and node is not None and run.want(node, outer, PLAIN):
            # other layouts belong to the body that they came about in
            outer, have = Tensor(outer.rank, outer.dims, outer.dtype, PLAIN), PLAIN
        if isinstance(want, Open) and have == PLAIN and run.learning and outer.rank in (None, 4, 5):
            run.postpone()  # what the body does with an image says more than where one caller got it from
            return
        if isinstance(have, Open) or isinstance(want, Open):
            if link(outer.layout, inner.layout) is not None and not (
                isinstance(have, Open) and isinstance(want, Open)
            ):
                info.dirty = info.dirty or isinstance(want, Open)
                run.learn("layout", node)
        elif have != want and node is not None:
            run.want(node, outer, want)
        elif have != want and have in (PLAIN, IMAGE, BY_RANK):
            _as_brought(run, info, inner, have)
        return
    if _widened(run, info, parameter, inner, outer):
        return
    if isinstance(inner, Dict) and isinstance(outer, Dict):
        learn(run, info, inner.value, outer.value, None)
        for name, fact in outer.entries.items():
            learn_entry(run, info, inner, name, fact)
        return
    if isinstance(inner, Sequence) and isinstance(outer, Sequence):
        if inner.items is not None and outer.items is not None and len(inner.items) == len(outer.items):
            places = _written_items(node, len(inner.items))
            for a, b, place in zip(inner.items, outer.items, places, strict=True):
                learn(run, info, a, b, place)
        else:
            learn(run, info, inner.any(), outer.any(), None)


def _one_order(have: Layout, want: Layout, rank: int | None) -> bool:
    """Whether two layouts are one at the rank that is taken."""
    if rank is None or not isinstance(have, tuple) or not isinstance(want, tuple):
        return False
    return normalize(have, rank) == normalize(want, rank)


def _say_other_rank(run: Run, inner: Tensor, outer: Tensor, node: cst.BaseExpression | None) -> None:
    """An argument of another rank than the body takes: one of the two is not what it seems, and stays as it is."""
    if node is not None and run.channels_last:
        run.remark(
            "LAY003", node,
            f"this argument seems to have rank {outer.rank}, and what is called works on images of rank {inner.rank}; "
            "its layout is not known",
            "Annotate it, for example `x: Float[Tensor, \"b c h w\"]`.",
        )  # fmt: skip


def _written_items(node: cst.BaseExpression | None, count: int) -> list[cst.BaseExpression | None]:
    """The expressions of a tuple or list that is written out where it is handed over."""
    if not isinstance(node, (cst.Tuple, cst.List)) or len(node.elements) != count:
        return [None] * count
    starred = any(isinstance(element, cst.StarredElement) for element in node.elements)
    return [None if starred else element.value for element in node.elements]


def _as_brought(run: Run, info: FunctionInfo, inner: Tensor, have: Pair) -> None:
    """What nobody can convert where it is handed over (an item of a tuple) keeps its layout: the body converts it."""
    if inner.rank not in (None, 3, 4, 5) or any(known is inner for known in info.brought):
        return
    info.brought.append(inner)
    inner.layout = have
    info.dirty = True
    run.version += 1


def _of_others(run: Run, info: FunctionInfo, inner: Tensor) -> bool:
    """Whether a parameter is an image because other callers bring one: its rank is theirs, or differs among them."""
    return run.layout(inner) == IMAGE and (inner.lent or any(known is inner for known in info.widened))


def _by_rank(
    run: Run, info: FunctionInfo, inner: Tensor, outer: Tensor, node: cst.BaseExpression | None
) -> bool:
    """Images for some callers, and what has another rank and torch's order for others.

    Unless the body itself asks for images it tells its axes by the rank then, when it runs: of rank four they are
    those of an image with its channels last, elsewhere they are torch's.
    """
    have, want = run.layout(outer), run.layout(inner)
    if not any(known is inner for known in info.widened):
        return False
    if any(known is inner for known in info.by_rank):
        if isinstance(want, Open) and outer.rank is not None and isinstance(have, tuple):
            run.want(node, outer, IMAGE if outer.rank == 4 else PLAIN)
        return isinstance(want, Open)
    if want != IMAGE or not (have == PLAIN or isinstance(have, Open)) or outer.rank in (None, 4):
        return False
    info.by_rank.append(inner)
    inner.layout = Open()
    info.dirty = True
    run.version += 1
    return True


def _meet_dtypes(run: Run, info: FunctionInfo, inner: Tensor, outer: Tensor) -> None:
    """What all callers bring as integers is of that dtype: arithmetic beside floats has to know."""
    integer = outer.dtype in INTEGERS
    if inner.dtype is None and not inner.dtype_from:
        inner.dtype, inner.dtype_from = (outer.dtype, "callers") if integer else (None, "others")
    elif inner.dtype is None and integer and inner.dtype_from == "others":
        inner.dtype_from = "both"
    elif inner.dtype is not None and inner.dtype != outer.dtype and (inner.dtype_from or outer.dtype):
        inner.dtype, inner.dtype_from = None, "both" if integer or inner.dtype in INTEGERS else "others"
    else:
        return
    if inner.dtype_from != "others":
        info.dirty = True
        run.version += 1


def learn_entry(run: Run, info: FunctionInfo, holder: Dict, name: str, fact: Fact) -> None:
    """What callers give **kwargs under a name."""
    old = holder.entries.get(name)
    new = copy(fact) if old is None else join(old, fact)
    if old is None or not same(old, new):
        holder.entries[name] = new
        if run.is_new((holder, name), new):
            info.dirty = True
            run.version += 1


def _widened(run: Run, info: FunctionInfo, parameter: Fact, inner: Fact, outer: Fact) -> bool:
    """A parameter that callers give layers, classes, functions or values of different kinds is any of them."""
    if not isinstance(parameter, Var) or outer is UNKNOWN or isinstance(outer, (Var, Self)):
        return False
    several = (Layer, AnyCallable, Class, Function, Partial, Ref)
    alike = isinstance(inner, several) and isinstance(outer, several) and not isinstance(inner, Self)
    if not alike and (type(inner) is type(outer) or isinstance(inner, (Tensor, Self))):
        return False
    joined = join(inner, outer)
    if (
        isinstance(inner, Layer)
        and isinstance(outer, Layer)
        and inner.name == outer.name
        and inner.members is None
    ):
        joined = outer  # a container of which the annotation says nothing more
    if not same(joined, inner):
        last: Var = parameter
        while isinstance(last.bound, Var):
            last = last.bound
        if _within(last, joined):
            return True
        last.bound = joined
        if run.is_new(last, joined):
            info.dirty = True
            run.version += 1
    return True


def _within(var: Var, fact: Fact) -> bool:
    """Whether a variable is held by what it would be bound to."""
    if isinstance(fact, Var):
        return fact is var or (fact.bound is not None and _within(var, fact.bound))
    parts: list[Fact] = []
    if isinstance(fact, Sequence):
        parts = fact.items if fact.items is not None else [fact.element]
    elif isinstance(fact, Dict):
        parts = [fact.value, *fact.entries.values()]
    return any(_within(var, part) for part in parts)


def is_callable(fact: Fact) -> bool:
    """Whether this is a class, a function, or one of torch's."""
    known = isinstance(fact, (AnyCallable, Class, Function, Partial))
    return known or (type(fact) is Ref and fact.name.startswith("torch."))


def copy(fact: Fact) -> Fact:
    """A parameter's own fact: sizes are symbols of the function, not of one caller."""
    fact = resolve(fact)
    if isinstance(fact, Tensor):
        copied = Tensor(fact.rank, None, fact.dtype, Open())
        copied.lent = fact.rank is not None
        copied.is_parameter = fact.is_parameter
        return copied
    if isinstance(fact, Sequence) and fact.items is not None:
        return Sequence(fact.type, [copy(item) for item in fact.items])
    if isinstance(fact, Sequence):
        return Sequence(fact.type, None, copy(fact.element))
    if isinstance(fact, Python):
        return Python(fact.type)
    return fact

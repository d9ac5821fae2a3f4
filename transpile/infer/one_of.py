"""A call of one of several layers: one operand and one result, whichever of them it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from transpile.infer.apply import Operand
from transpile.infer.facts import UNKNOWN, Fact, Layer, Tensor, resolve
from transpile.infer.join import AnyLayer, join, link
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open, Pair
from transpile.infer.run import Run
from transpile.infer.stand_ins import (
    ANY_MODULE,
    NEUTRAL,
    agreed,
    asks_for_images,
    indifferent,
    of_rank,
    return_in,
)
from transpile.infer.torch_layers import keeps_axes

__all__ = ["call_any"]

Call = Callable[..., Fact]  # transpile.infer.layers.call_layer
# what one of the layers returns, the layout it needs its operand in, and the operand where it has one of its own
Result = tuple[Fact, "tuple[Tensor, Any] | None", "Tensor | None"]


def call_any(
    run: Run,
    layer: AnyLayer,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
    call: Call,
) -> Fact:
    """What one of several layers returns, whichever it is."""
    # a module of which nothing is known is taken to do what those do that may stand in its place
    known = [c for c in layer.choices if c.info is not None or c.name != ANY_MODULE] or layer.choices
    operand = positional[0] if positional else None
    shared = operand[0] if operand is not None else None
    known = sorted(known, key=lambda choice: not asks_for_images(choice))  # they say what the operand is
    choices, apart = of_rank(run, known, operand[1]) if operand is not None else (known, None)
    results = [_chosen(run, choice, positional, keywords, starred, apart, call) for choice in choices]
    common = _taken_by_all(run, choices, results) if apart is None else None
    if common is not None and operand is not None:
        # those to whom the layout means nothing are given it, and return it, as the one that needs it
        taken = Tensor(common[0].rank, None, common[0].dtype, common[1]).with_axes_of(common[0])
        given = [(shared, taken), *positional[1:]]
        results = [_chosen(run, choice, given, keywords, starred, None, call) for choice in choices]
        if shared is not None:
            run.convert[id(shared)] = common
        return _with_axes(operand, choices, results, reduce(join, (fact for fact, _, _ in results)))
    result: Fact | None = None
    wanted: list[tuple[Layer, tuple[Tensor, Any] | None]] = []
    owns: list[Tensor] = []
    fixed = False
    for choice, (fact, want, own) in zip(choices, results, strict=True):
        if own is not None:
            owns.append(own)
        wanted.append((choice, want if want is None or apart is None else (apart, want[1])))
        joined = fact if result is None else join(result, fact)
        found = resolve(fact)
        single = choice.members is None and (choice.info is None or asks_for_images(choice))
        turns = want is not None and _returns_at(choice) in run.facts  # it can turn what it returns as well
        fixed = fixed or (single and not turns and isinstance(found, Tensor) and run.layout(found) == IMAGE)
        new = joined is not fact and joined is not result  # a conflict in the operand is none between these
        conflict = new and isinstance(joined, Tensor) and joined.source == "conflict"
        if conflict and isinstance(joined, Tensor):
            if joined.rank in (4, 5) or (fixed and joined.rank in (None, 3)):
                target: Pair = IMAGE  # torch's own layers keep theirs
            elif _an_image(run, result, found):
                target = BY_RANK  # whichever it is tells by its number of axes what it is
            else:
                target = PLAIN
            for other in layer.choices:
                return_in(run, other, target)
            if target == IMAGE:
                joined = Tensor(joined.rank, joined.dims, joined.dtype, IMAGE)
            elif target == BY_RANK:
                joined = Tensor(None, None, joined.dtype, BY_RANK)
        result = joined
    layouts = {run.layout(own) for own in owns}
    if (
        apart is not None
        and len(owns) == len(choices)
        and len(layouts) == 1
        and isinstance(layout := layouts.pop(), tuple)
    ):
        link(apart.layout, layout)
    wants = [want for _, want in wanted]
    if shared is not None and apart is None:
        agreed(run, shared, wanted)
        _give_back(run, choices, results, result)
    elif shared is not None and wants[0] is not None and all(w and w[1] == wants[0][1] for w in wants):
        run.convert[id(shared)] = wants[0]
    return _with_axes(operand, choices, results, result)


def _give_back(run: Run, choices: list[Layer], results: list[Result], result: Fact | None) -> None:
    """A layer of torch, or the last one of a Sequential, brings what it returns into the layout of the others."""
    common = resolve(result) if result is not None else UNKNOWN
    layout = run.layout(common) if isinstance(common, Tensor) else PLAIN
    sites = [_returns_at(choice) for choice in choices]
    certain = all(isinstance(resolve(fact), Tensor) for fact, _, _ in results)
    for site, (fact, _, _) in zip(sites, results, strict=True):
        own = resolve(fact)
        if site is None or site not in run.facts or sites.count(site) > 1 or not isinstance(own, Tensor):
            continue
        have = run.layout(own)
        if have == layout:
            run.given_back.pop(site, None)
        elif isinstance(layout, tuple) and isinstance(have, tuple) and (certain or site in run.arranged):
            run.given_back[site] = (own, layout)


def _returns_at(layer: Layer) -> int | None:
    """The place that makes the layer of torch whose result a layer returns; None for a class of the project."""
    if layer.info is not None:
        return None
    items = layer.members.items if layer.members is not None else None
    if layer.members is None or not items:
        return layer.site if layer.members is None else None
    last, places = resolve(items[-1]), layer.members.places
    if not isinstance(last, Layer) or last.info is not None:
        return None
    return _returns_at(last) if last.members is not None or not places else places[-1]


def _with_axes(
    operand: Operand | None, choices: list[Layer], results: list[Result], result: Fact | None
) -> Fact:
    """The result, which has as many axes as the operand where it has whichever layer it is."""
    if result is None:
        return UNKNOWN
    given, returned = resolve(operand[1]) if operand is not None else UNKNOWN, resolve(result)
    if not isinstance(given, Tensor) or not isinstance(returned, Tensor) or returned is given:
        return result
    if given.rank is None and returned.rank is None and returned.like is None:
        root = given.like or given
        facts = [resolve(fact) for fact, _, _ in results]
        kept = [
            (
                keeps_axes(choice.name)
                if choice.info is None
                else isinstance(fact, Tensor) and (fact.like or fact) is root
            )
            for choice, fact in zip(choices, facts, strict=True)
        ]
        if all(kept):
            return returned.with_axes_of(given)
        if given.mixed:
            returned.arms |= given.arms
    return result


def _chosen(
    run: Run,
    choice: Layer,
    given: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
    apart: Tensor | None,
    call: Call,
) -> Result:
    """What one of several layers returns, the layout that it needs its operand in, and the operand if it is its own."""
    shared = given[0][0] if given else None
    own = None
    if apart is not None and choice.name != NEUTRAL:
        # each has a rank of its own: what one proves says nothing to the others
        layout = Open() if isinstance(run.layout(apart), Open) else apart.layout
        own = Tensor(None, None, apart.dtype, layout)
        given = [(shared, own), *given[1:]]
    fact = call(run, None, choice, given, keywords, starred)
    want = run.convert.pop(id(shared), None) if shared is not None else None
    return fact, want, own


def _taken_by_all(run: Run, choices: list[Layer], results: list[Result]) -> tuple[Tensor, Any] | None:
    """The conversion that some of several layers need, where it means nothing to the others."""
    wants = [want for _, want, _ in results if want is not None]
    if not wants or len(wants) == len(results) or any(want[1] != wants[0][1] for want in wants):
        return None
    others = [choice for choice, (_, want, _) in zip(choices, results, strict=True) if want is None]
    return wants[0] if all(indifferent(run, choice) for choice in others) else None


def _an_image(run: Run, left: Fact | None, right: Fact) -> bool:
    """Whether one of two results is an image of four axes, and the number of the other's is not known."""
    tensors = [t for t in (resolve(left or UNKNOWN), right) if isinstance(t, Tensor)]
    layouts = [run.layout(t) for t in tensors]
    images = [t.rank == 4 and layout == IMAGE for t, layout in zip(tensors, layouts, strict=True)]
    plains = [
        t.rank is None and layout in (PLAIN, BY_RANK) for t, layout in zip(tensors, layouts, strict=True)
    ]
    return len(tensors) == 2 and any(images) and any(plains)

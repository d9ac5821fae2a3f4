"""Layers that stand in for one another: one operand, one result, whichever of them it is."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import UNKNOWN, Fact, Layer, Tensor, resolve
from transpile.infer.functions import analyze
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open, Pair, normalize
from transpile.infer.run import Run
from transpile.infer.torch_layers import IMAGE_LAYERS, SPATIAL, is_elementwise

__all__ = [
    "ANY_MODULE",
    "NEUTRAL",
    "ON_LAST_AXIS",
    "agreed",
    "asks_for_images",
    "indifferent",
    "of_rank",
    "rank_asked",
    "return_images",
    "return_in",
    "take",
    "takes_images",
]

ANY_MODULE = "torch.nn.Module"
NEUTRAL = "torch.nn.Identity"
ON_LAST_AXIS = ("Linear", "LazyLinear", "LayerNorm", "RMSNorm")


def return_in(run: Run, layer: Layer, layout: Pair) -> None:
    """Let a module of the project return its tensor in a layout."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    returned = resolve(forward.returns) if forward is not None else UNKNOWN
    if forward is None or not isinstance(returned, Tensor) or "" in forward.pins:
        return
    if layout == IMAGE and returned.rank is None and forward.widened:
        layout = BY_RANK
    if returned.rank is not None and normalize(layout, returned.rank) == run.layout(returned):
        return
    if run.layout(returned) != layout:
        forward.pins[""] = layout
        forward.dirty = True
        run.version += 1


def agreed(
    run: Run, operand: cst.BaseExpression, wanted: list[tuple[Layer, tuple[Tensor, Any] | None]]
) -> None:
    """One operand for layers that stand in for one another: those that need it in another layout convert it."""
    # what a call of any of several classes makes is one place: it cannot be told for one of them
    sites = [choice.site for choice, _ in wanted]
    wanted = [(choice, want) for choice, want in wanted if want is not None or not indifferent(run, choice)]
    if not wanted:
        return
    first = wanted[0][1]
    if all(want is not None and first is not None and want[1] == first[1] for _, want in wanted):
        if first is not None:
            run.convert[id(operand)] = first
        return
    image = next((want for _, want in wanted if want is not None and want[1] == IMAGE), None)
    if image is not None and all(choice.info is not None for choice, _ in wanted):
        run.convert[id(operand)] = image  # modules of the project all take the image that some of them need
        for choice, want in wanted:
            if want is None:
                take(run, choice, IMAGE)
        return
    for choice, want in wanted:
        if want is None:
            continue
        have = run.layout(want[0])
        if choice.info is not None and isinstance(have, tuple):
            take(run, choice, have)
        elif choice.site in run.facts and sites.count(choice.site) == 1:
            run.arranged[choice.site] = want  # an expression: what stands there can be told to convert
            run.given_back.pop(choice.site, None)


def take(run: Run, layer: Layer, layout: Pair) -> None:
    """Let a module of the project take its first argument in a layout, as if a hint above its forward said so."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    if forward is None or not forward.own_parameters:
        return
    name = forward.own_parameters[0].name
    given = resolve(forward.facts.get(name, UNKNOWN))
    if layout == IMAGE and isinstance(given, Tensor) and (given.rank is None or given.lent):
        layout = BY_RANK  # other callers may bring another rank
    if name not in forward.hints:
        forward.hints[name] = layout
        forward.facts.pop(name, None)
        forward.dirty = True
        run.version += 1


def indifferent(run: Run, layer: Layer) -> bool:
    """Whether a layer takes its first argument in any layout, as far as is known."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    if forward is None:
        return layer.name == ANY_MODULE or (layer.info is None and is_elementwise(layer.name))
    if not forward.own_parameters:
        return True
    fact = resolve(forward.facts.get(forward.own_parameters[0].name, UNKNOWN))
    return not isinstance(fact, Tensor) or isinstance(run.layout(fact), Open)


def of_rank(run: Run, choices: list[Layer], operand: Fact) -> tuple[list[Layer], Tensor | None]:
    """The layers that can take an operand, by its rank; and it, if its rank is open and they ask for several."""
    for choice in choices if len(choices) > 1 else ():
        forward = choice.info.find_method("forward") if choice.info is not None else None
        if forward is not None and forward.state == "new":
            analyze(run, forward)  # what it asks for by itself, before it is given this operand
    ranks = [rank_asked(choice) for choice in choices]
    after = {_rank_after(run, c) for c, rank in zip(choices, ranks, strict=True) if rank is not None}
    if len(after) == 1 and None not in after:
        # what stands for them changes nothing: it is given what they return
        ranks = [
            after.copy().pop() if choice.name == NEUTRAL else r
            for choice, r in zip(choices, ranks, strict=True)
        ]
    if len({rank for rank in ranks if rank is not None}) < 2:
        return choices, None
    tensor = run.as_tensor(operand)
    if tensor is None:
        return choices, None
    if tensor.rank is None or tensor.lent:
        return choices, tensor
    fitting = [c for c, rank in zip(choices, ranks, strict=True) if rank in (None, tensor.rank)]
    return (fitting if tensor.rank in ranks else choices), None


def _rank_after(run: Run, layer: Layer) -> int | None:
    """The rank of what a module of the project returns, if its own is known and it is another."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    returned = resolve(forward.returns) if forward is not None else UNKNOWN
    if not isinstance(returned, Tensor) or returned.rank == rank_asked(layer):
        return None
    return returned.rank


def rank_asked(layer: Layer) -> int | None:
    """The rank that a layer asks of its first argument; None where it asks for none."""
    spatial = SPATIAL.match(layer.name) if layer.info is None else None
    if spatial is not None and not layer.name.rpartition(".")[2].startswith("Dropout"):
        return int(spatial.group(1)) + 2
    forward = layer.info.find_method("forward") if layer.info is not None else None
    if forward is None or not forward.own_parameters:
        return None
    fact = resolve(forward.facts.get(forward.own_parameters[0].name, UNKNOWN))
    return fact.rank if isinstance(fact, Tensor) and not fact.lent else None


def takes_images(layer: Layer) -> bool:
    """Whether a torch layer needs the channels of its input last."""
    short = layer.name.rpartition(".")[2]
    return layer.info is None and (SPATIAL.match(layer.name) is not None or short in IMAGE_LAYERS)


def asks_for_images(layer: Layer) -> bool:
    """Whether a layer is one of torch's that need images, or derives from one."""
    names = [layer.name] if layer.info is None else layer.info.torch_bases()
    return any(takes_images(Layer(name)) for name in names)


def return_images(run: Run, layer: Layer) -> None:
    """Of layers that stand in for one another, those that return a plain map are made to return an image."""
    forward = layer.info.find_method("forward") if layer.info is not None else None
    if forward is None:
        return
    returned = resolve(forward.returns)
    if (
        isinstance(returned, Tensor)
        and returned.rank in (4, 5)
        and run.layout(returned) == PLAIN
        and "" not in forward.pins
    ):
        forward.pins[""] = IMAGE
        forward.dirty = True
        run.version += 1

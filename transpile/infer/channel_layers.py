"""Layers that work along axis 1 at any rank: (N, C), (N, C, L), (N, C, H, W).

An image reaches them with its channels last. What is in torch's order and of unknown rank may have any: where a
layer finds nothing else, it is made for torch's order; where it finds both, its operand is converted at run time.
"""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.definitions import ClassInfo, FunctionInfo
from transpile.infer.facts import Class, Layer, Ref, Tensor, resolve
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open
from transpile.infer.run import Run

__all__ = [
    "CHANNEL_LAYERS",
    "Use",
    "answer",
    "channel_layer",
    "made",
    "made_for_torch_order",
    "say_flattened",
]

CHANNEL_LAYERS = frozenset(
    {"BatchNorm1d", "Dropout1d", "GroupNorm", "SyncBatchNorm", "PReLU", "LocalResponseNorm"}
)


class Use:
    """One call of such a layer, and whether its operand is in torch's order and of unknown rank."""

    __slots__ = ("is_plain", "function", "place")

    def __init__(self, is_plain: bool, function: FunctionInfo | None, place: cst.CSTNode) -> None:
        self.is_plain = is_plain
        self.function = function
        self.place = place


def made(run: Run, node: cst.Call, name: str, starred: bool) -> None:
    """Note where such a layer is constructed by its own name, so that an argument can be added there."""
    func: cst.BaseExpression = node.func
    if name.rpartition(".")[2].removeprefix("Lazy") not in CHANNEL_LAYERS or starred:
        return
    while isinstance(func, cst.Attribute) and isinstance(run.facts.get(id(func.value)), Ref):
        func = func.value
    if isinstance(func, cst.Name) and func.value in run.imported:
        run.channel_layers.setdefault(id(node), node)


def channel_layer(run: Run, operand: Operand, tensor: Tensor, site: cst.CSTNode, layer: Layer) -> Tensor:
    """What such a layer makes of a tensor."""
    place = operand[0] if operand[0] is not None else site
    uses = run.channel_uses.setdefault(layer.site or 0, {})
    if tensor.rank is not None and tensor.rank <= 2:
        uses.pop(id(place), None)
        return Tensor(tensor.rank, tensor.dims, tensor.dtype, PLAIN)
    layout = run.ask(tensor, place)
    plain = tensor.rank is None and layout == PLAIN and run.channels_last
    use = uses[id(place)] = Use(plain, run.function, place)
    if isinstance(layout, Open):
        if tensor.rank is None:
            return tensor
        layout.settle(IMAGE)
        run.version += 1
    elif tensor.rank is not None:
        run.want(operand[0], tensor, IMAGE)
    elif plain:
        if all(other.is_plain for other in uses.values()) and layer.site in run.channel_layers:
            run.convert.pop(id(operand[0]), None)
            return tensor
        if not run.want(operand[0], tensor, IMAGE):
            return tensor
        return Tensor(None, None, tensor.dtype, IMAGE).with_axes_of(tensor)
    if not use.is_plain:
        _run_again(run, [other for other in uses.values() if other.is_plain])
    image = IMAGE if run.channels_last and tensor.rank else tensor.layout
    return Tensor(tensor.rank, tensor.dims, tensor.dtype, image).with_axes_of(tensor)


def made_for_torch_order(run: Run, site: int) -> bool:
    """Whether the layer that is constructed here finds nothing but tensors in torch's order, of unknown rank."""
    uses = run.channel_uses.get(site, {})
    return bool(uses) and site in run.channel_layers and all(use.is_plain for use in uses.values())


def _run_again(run: Run, others: list[Use]) -> None:
    """Functions that took a layer for one of torch's order have to convert after all."""
    for use in others:
        if use.function is not None:
            run.learn("channels", use.place)
            use.function.dirty = True


def answer(run: Run, tensor: Tensor, node: cst.CSTNode, layout: Open) -> bool:
    """Decide the order of what such a layer is given, where nothing else has: an image, with its channels last.

    Whoever calls from outside learns that from the signature; elsewhere it is said. What is flattened may be anything:
    its rank tells.
    """
    if id(node) in run.flattened:
        layout.settle(BY_RANK)
        run.version += 1
        say_flattened(run, run.flattened[id(node)])
        return True
    site = next((site for site, uses in run.channel_uses.items() if id(node) in uses), None)
    if site is None:
        return False
    is_given = any(
        layout is run.layout(own)
        for function in run.all_functions()
        if _is_entry(run, function)
        for fact in function.facts.values()
        if isinstance(own := resolve(fact), Tensor)
    )
    layout.settle(IMAGE)
    run.version += 1
    if not is_given:
        run.remark(
            "LAY003", run.channel_layers.get(site, node),
            "neither rank nor order of what this layer is given are known; it is taken as an image with its channels "
            "last",
            "Annotate the parameter, for example `x: Float[Tensor, \"b c h w\"]`.",
        )  # fmt: skip
    return True


def say_flattened(run: Run, node: cst.CSTNode) -> None:
    """That the rank alone tells, when the output runs, how what is flattened here lies in memory."""
    run.remark(
        "LAY003", node,
        "neither rank nor order of what is flattened here are known: at run time a tensor of rank 4 is taken as an "
        "image with its channels last",
        "Annotate the parameter, for example `x: Float[Tensor, \"b c h w\"]`.",
    )  # fmt: skip


def _is_entry(run: Run, function: FunctionInfo) -> bool:
    """Whether this is the forward of a class that nothing in the project makes or names."""
    owner = function.owner
    return (
        owner is not None
        and function.name == "forward"
        and not function.dependents
        and not owner.instantiated
        and not owner.heirs
        and owner not in _named(run)
    )


def _named(run: Run) -> set[ClassInfo]:
    """The classes of the project that an expression is: looked for once a round, in which nothing of it changes."""
    if run.named is None or run.named[0] != run.round:
        found = {f.info for fact in run.facts.values() if isinstance(f := resolve(fact), Class)}
        run.named = run.round, found
    return run.named[1]

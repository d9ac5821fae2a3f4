"""The layers that a layer holds itself: `children()`, `named_children()`, `_modules`, `get_submodule("conv")`."""

from __future__ import annotations

from functools import reduce

from transpile.infer.computed_names import classes_of
from transpile.infer.containers import own_members
from transpile.infer.facts import UNKNOWN, Fact, Layer, Self, Sequence, resolve
from transpile.infer.join import join
from transpile.infer.run import Run
from transpile.infer.stand_ins import ANY_MODULE

__all__ = ["children_of", "submodule"]


def children_of(run: Run, owner: Layer) -> Sequence:
    """The members of a container in their order, or any of the layers that are attributes."""
    members = own_members(owner)
    if members is not None and (members.items or members.items is None):
        return Sequence(
            "generator", list(members.items) if members.items is not None else None, members.element
        )
    held = [fact for info in classes_of(run, owner) for fact in info.attributes.values()]
    layers: list[Fact] = [
        layer for layer in map(resolve, held) if isinstance(layer, Layer) and not isinstance(layer, Self)
    ]
    return Sequence("generator", None, reduce(join, layers) if layers else Layer(ANY_MODULE))


def submodule(run: Run, owner: Layer, path: object) -> Fact:
    """The layer under a name, or under names with dots between them; UNKNOWN where that is not known."""
    layer: Fact = owner
    for name in path.split(".") if isinstance(path, str) else [""]:
        classes = classes_of(run, layer) if isinstance(layer, Layer) else []
        layer = next((resolve(info.attributes[name]) for info in classes if name in info.attributes), UNKNOWN)
    return layer

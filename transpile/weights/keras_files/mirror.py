"""The objects of a model as tf.train.Checkpoint will see them once the model has been called.

A checkpoint of objects is a graph of attribute names. A tf.keras.Sequential has the attributes that lead to its
layers only after its first call; a model that has just been built from its weights has not been called. So not
the model itself is saved, but a mirror: plain nodes with the same names, which lead to the model's own variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transpile.weights.places import is_sequential, is_variable


class Mirror:
    """Mirrors of objects that may share parts: each object has one node."""

    def __init__(self) -> None:
        self._nodes: dict[int, Any] = {}
        self._kept: list[Any] = []  # an id is only good as long as its object lives

    def of(self, owner: Any) -> Any:
        """The node of an object; a variable is its own."""
        import tensorflow as tf

        if is_variable(owner):
            return owner
        if id(owner) not in self._nodes:
            self._nodes[id(owner)] = node = tf.Module()
            self._kept.append(owner)
            for name, child in self._children(owner):
                node._track_trackable(self.of(child), name=name)
        return self._nodes[id(owner)]

    def children(self, owner: Any) -> dict[str, Any]:
        """The nodes directly below an object."""
        return {name: self.of(child) for name, child in self._children(owner)}

    def _children(self, owner: Any) -> Iterator[tuple[str, Any]]:
        import tensorflow as tf

        children = dict(tf.train.TrackableView(owner).children(owner))
        if is_sequential(owner) and "_functional" not in children:
            children["_functional"] = self._functional(owner)
        yield from children.items()

    def _functional(self, sequential: Any) -> Any:
        """What a Sequential makes of its layers at its first call: an input, then layer after layer."""
        import tensorflow as tf

        functional, operations = tf.Module(), tf.Module()
        functional._track_trackable(operations, name="_operations")
        layers = list({id(layer): layer for layer in sequential.layers}.values())
        for place, layer in enumerate(layers, start=1):
            operations._track_trackable(self.of(layer), name=str(place))
        return functional


def unreached(root: Any, variables: list[Any]) -> list[Any]:
    """The variables that a Checkpoint of this root does not reach: those in plain lists and dicts."""
    import tensorflow as tf

    view = tf.train.TrackableView(root)
    reached: set[int] = set()
    todo = [root]
    while todo:
        found = todo.pop()
        if id(found) not in reached:
            reached.add(id(found))
            todo += view.children(found).values()
    return [variable for variable in variables if not {id(variable), id(inner(variable))} & reached]


def inner(variable: Any) -> Any:
    """The tf.Variable inside a Keras variable."""
    return variable.value if hasattr(variable, "_value") else variable

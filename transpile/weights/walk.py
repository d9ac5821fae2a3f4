"""From a Keras model to the torch names that it expects, with the layer or variable behind each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transpile.weights.layers import family_of
from transpile.weights.layers.family import is_keras
from transpile.weights.paths import axes_of, recurrent_members
from transpile.weights.places import (
    Leaf,
    Site,
    declared,
    is_functional,
    is_layer,
    is_sequential,
    is_variable,
    is_wrapper,
    joined,
)


def walk(model: Any, given: Mapping[str, Any]) -> Iterator[Site | tuple[str, Leaf]]:
    """Every layer of a known family and every variable leaf of a model, under its torch names.

    A shared layer is met under each of its names. `given` decides between two styles where both are possible:
    the layers of a list of LSTMs are l0, l1 of one torch LSTM if the state dict says so, else LSTMs of their
    own.
    """
    yield from _walk(model, "", given, [])


def _walk(
    owner: Any, path: str, given: Mapping[str, Any], above: list[int]
) -> Iterator[Site | tuple[str, Leaf]]:
    if id(owner) in above:
        return
    above = [*above, id(owner)]
    family = family_of(owner)
    hidden: set[int] = set()
    if family is not None:
        yield Site(path, owner, family)
        if is_keras(type(owner)):
            return
        hidden = {id(part) for part in family.parts(owner)}
        hidden |= {id(cell.variable) for slot in family.slots(owner, {}) for cell in slot.cells}
    if joined(path, "weight_ih_l0") in given and (is_sequential(owner) or isinstance(owner, (list, tuple))):
        for depth, (layer, its_family) in enumerate(recurrent_members(owner)):
            yield Site(path, layer, its_family, depth)
        return
    for token, key, child in _children(owner):
        if id(child) in hidden:
            continue
        name = joined(path, token) if token else path
        if is_variable(child):
            yield name, Leaf(owner, key, child, axes_of(owner, token, key))
        elif is_layer(child) or isinstance(child, (list, tuple, Mapping)):
            yield from _walk(child, name, given, above)


def _children(owner: Any) -> Iterator[tuple[str, Any, Any]]:
    """(torch token, attribute or index or key, value) of everything directly below that may hold weights."""
    if isinstance(owner, (list, tuple)):
        yield from ((str(i), i, child) for i, child in enumerate(owner))
        return
    if isinstance(owner, Mapping):
        yield from ((str(key), key, child) for key, child in owner.items())
        return
    renamed = {attribute: name for name, attribute in declared(owner, "torch_names").items()}
    private = _keras_attributes()
    for attribute, child in list(vars(owner).items()):
        if attribute not in private and not (attribute == "layer" and is_wrapper(owner)):
            yield renamed.get(attribute, attribute), attribute, child
    if is_sequential(owner):
        yield from ((str(i), i, layer) for i, layer in enumerate(owner.layers))
    elif is_functional(owner):
        yield from ((layer.name, layer.name, layer) for layer in owner.layers)
    if is_wrapper(owner):
        yield "", "layer", owner.layer


_PRIVATE: set[str] = set()


def _keras_attributes() -> set[str]:
    """The instance attributes that Keras itself gives to layers, models, Sequential and functional models."""
    if not _PRIVATE:
        import keras

        # Named, so that the names that Keras counts up for the model's own layers stay as they are.
        x = keras.Input((1,), name="x")
        samples = (
            keras.layers.Layer(name="layer"),
            keras.Model(name="model"),
            keras.Sequential(name="sequential"),
            keras.Model(x, keras.layers.Activation("relu", name="relu")(x), name="functional"),
        )
        for sample in samples:
            _PRIVATE.update(vars(sample))
    return _PRIVATE

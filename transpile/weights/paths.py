"""From a torch name to its place in a Keras model.

A name is walked over attributes, `torch_names` first, and over containers: lists and dicts, Sequential by
index or layer name, functional models by layer name, wrappers (TimeDistributed) as if they were the wrapped
layer. The walk ends at a layer whose family knows the rest of the name (`conv` knows `weight`), or at a
variable or array itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transpile.weights.layers import Family, family_of
from transpile.weights.layers.recurrent import PARAMETER
from transpile.weights.places import (
    Leaf,
    Site,
    declared,
    is_array,
    is_functional,
    is_sequential,
    is_variable,
    is_wrapper,
)

_NOTHING = object()


def locate(model: Any, name: str) -> tuple[Site, str] | Leaf | None:
    """Where a torch name belongs: a layer with the name it has within the layer, a leaf, or None."""
    return _search(model, name.split("."), 0)


def _search(owner: Any, tokens: list[str], start: int) -> tuple[Site, str] | Leaf | None:
    path, rest = ".".join(tokens[:start]), tokens[start:]
    if not rest:
        return None
    family = family_of(owner)
    if family is not None and ".".join(rest) in family.names(owner):
        return Site(path, owner, family), ".".join(rest)
    if len(rest) == 1 and (found := _stacked(owner, path, rest[0])):
        return found
    for used, key, child in _candidates(owner, rest):
        if used < len(rest):
            if found_below := _search(child, tokens, start + used):
                return found_below
        elif _is_leaf(owner, child) and (family is None or not _belongs_to(family, owner, child)):
            return Leaf(owner, key, child, axes_of(owner, rest[0], key))
    return None


def _stacked(owner: Any, path: str, token: str) -> tuple[Site, str] | None:
    """A torch LSTM of several layers kept in a list: weight_ih_l1 is the second one's weight_ih_l0."""
    match = PARAMETER.match(token)
    if match is None or not (is_sequential(owner) or isinstance(owner, (list, tuple))):
        return None
    members = recurrent_members(owner)
    depth = int(match["layer"])
    if depth >= len(members):
        return None
    site = Site(path, members[depth][0], members[depth][1], depth)
    local = f"{match['kind']}_l0{match['reverse'] or ''}"
    return (site, local) if local in site.family.names(site.layer) else None


def recurrent_members(owner: Any) -> list[tuple[Any, Family]]:
    """The recurrent layers in a list or Sequential; the Dropout between them does not count."""
    families = [(layer, family_of(layer)) for layer in (owner.layers if is_sequential(owner) else owner)]
    return [(layer, f) for layer, f in families if f is not None and "weight_ih_l0" in f.names(layer)]


def _belongs_to(family: Family, layer: Any, variable: Any) -> bool:
    """Whether a variable is one that the family fills: `conv.kernel` is no torch name."""
    return any(cell.variable is variable for slot in family.slots(layer, {}) for cell in slot.cells)


def axes_of(owner: Any, name: str, key: Any) -> tuple[int, ...] | None:
    axes = declared(owner, "torch_axes")
    found = axes.get(name, axes.get(key) if isinstance(key, str) else None)
    return None if found is None else tuple(found)


def _candidates(owner: Any, rest: list[str]) -> Iterator[tuple[int, Any, Any]]:
    """What the next token may stand for, the likeliest first: (tokens used, attribute or key, value)."""
    token = rest[0]
    index = int(token) if token.isdigit() else None
    if isinstance(owner, (list, tuple)):
        if index is not None and index < len(owner):
            yield 1, index, owner[index]
        return
    if isinstance(owner, Mapping):
        # A torch name may hold dots where a plain dict is concerned, so longer keys are tried as well.
        for used in range(1, len(rest) + 1):
            key = ".".join(rest[:used])
            if key in owner:
                yield used, key, owner[key]
        if index is not None and index in owner:
            yield 1, index, owner[index]
        return
    attribute = declared(owner, "torch_names").get(token, token)
    value = own_attribute(owner, attribute)
    if value is not _NOTHING:
        yield 1, attribute, value
    if is_sequential(owner) or is_functional(owner):
        layers = owner.layers
        if is_sequential(owner) and index is not None and index < len(layers):
            yield 1, index, layers[index]
        for used in range(len(rest) - 1, 0, -1):
            wanted = (".".join(rest[:used]), "_".join(rest[:used]))
            yield from ((used, layer.name, layer) for layer in layers if layer.name in wanted)
    if is_wrapper(owner):
        yield 0, "layer", owner.layer


def own_attribute(owner: Any, attribute: str) -> Any:
    """An attribute that the model's author gave to an object, dotted or not; not one of Keras' own."""
    for part in attribute.split("."):
        owner = _own(owner, part)
        if owner is _NOTHING:
            return _NOTHING
    return owner


def _own(owner: Any, attribute: str) -> Any:
    if attribute in getattr(owner, "__dict__", {}):
        return vars(owner)[attribute]
    for cls in type(owner).__mro__:
        if attribute in vars(cls):
            if cls.__module__.partition(".")[0] in ("keras", "tf_keras", "tensorflow", "builtins"):
                return _NOTHING
            try:
                return getattr(owner, attribute)
            except Exception:  # a property of the model's author that needs more than what is there
                return _NOTHING
    return _NOTHING


def _is_leaf(owner: Any, value: Any) -> bool:
    """Whether a value can be filled: a variable, or a buffer whose owner lets it be replaced."""
    return is_variable(value) or (is_array(value) and not isinstance(owner, tuple))

"""The way back: what torch's state_dict() would hold for a Keras model."""

from __future__ import annotations

from typing import Any

import numpy as np

from transpile.weights.arrays import Array, to_numpy
from transpile.weights.places import Site
from transpile.weights.walk import walk


def state_dict(model: Any) -> dict[str, Array]:
    """Torch names → arrays in torch's axis order, of every variable of a model that has a torch name.

    Where Keras has one bias for torch's two (LSTM, RNN), the second comes back as zeros.
    Raises ValueError where a layer has no weights yet.
    """
    found: dict[str, Array] = {}
    for place in walk(model, {}):
        if not isinstance(place, Site):
            name, leaf = place
            if not getattr(leaf.value, "persistent", True):
                continue  # a buffer that torch does not save
            array = to_numpy(leaf.value)
            found[name] = array if leaf.axes is None else array.transpose(np.argsort(leaf.axes))
            continue
        for slot in place.family.slots(place.layer, {}):
            variables = [cell.variable for cell in slot.cells]
            if any(variable is None for variable in variables):
                raise ValueError(f"{place.path or 'the layer'} has no weights yet: call the model once")
            arrays = slot.to_torch(*(to_numpy(variable) for variable in variables))
            found.update(
                {
                    place.torch_name(n): np.asarray(a, order="C")
                    for n, a in zip(slot.names, arrays, strict=True)
                }
            )
    return found


def named_variables(model: Any) -> dict[str, Any]:
    """The variables of a model under their torch names; one that torch keeps in parts has all names, joined by +.

    A variable that torch would not save, or does not know, has its Keras path.
    """
    found: dict[str, Any] = {}
    for place in walk(model, {}):
        if not isinstance(place, Site):
            name, leaf = place
            if leaf.variable is not None and getattr(leaf.value, "persistent", True):
                found[name] = leaf.variable
            continue
        for slot in place.family.slots(place.layer, {}):
            joined = "+".join(place.torch_name(name) for name in slot.names)
            for i, cell in enumerate(slot.cells):
                if cell.variable is not None:
                    found[joined if len(slot.cells) == 1 else f"{joined}:{i}"] = cell.variable
    met = {id(variable) for variable in found.values()}
    found.update({variable.path: variable for variable in model.variables if id(variable) not in met})
    return found


def merged(model: Any) -> list[str]:
    """The torch names that share one Keras variable as its summands: state_dict gives zeros for the second."""
    names = []
    for place in walk(model, {}):
        if isinstance(place, Site):
            for slot in place.family.slots(place.layer, {}):
                wanted = sum(int(np.prod(shape)) for shape in slot.wanted() if shape is not None)
                held = sum(int(np.prod(cell.shape)) for cell in slot.cells if cell.shape is not None)
                if len(slot.names) > 1 and held < wanted:
                    names += [place.torch_name(name) for name in slot.names[1:]]
    return names

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
                    place.torch_name(n): np.ascontiguousarray(a)
                    for n, a in zip(slot.names, arrays, strict=True)
                }
            )
    return found

"""The state dict of an nn.Module that was pickled whole, read from what the pickle gives to its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transpile.weights.files.pickle_machine import Foreign
from transpile.weights.files.tensor import FileTensor


def module_state(module: Foreign, above: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """What state_dict() of a pickled nn.Module holds, by torch's layout of a module's attributes."""
    attributes = module.state[0] if isinstance(module.state, tuple) and module.state else module.state
    if not isinstance(attributes, Mapping) or id(module) in above:
        return
    if module.name.startswith("__torch__."):  # TorchScript keeps parameters, buffers and modules together
        for name, value in attributes.items():
            if isinstance(value, FileTensor):
                yield name, value
            elif isinstance(value, Foreign):
                for inner, item in module_state(value, (*above, id(module))):
                    yield f"{name}.{inner}", item
        return
    unsaved = attributes.get("_non_persistent_buffers_set") or ()
    for kind in ("_parameters", "_buffers"):
        members = attributes.get(kind)
        if isinstance(members, Mapping):
            yield from (
                (str(name), value)
                for name, value in members.items()
                if isinstance(value, FileTensor) and not (kind == "_buffers" and name in unsaved)
            )
    modules = attributes.get("_modules")
    if isinstance(modules, Mapping):
        for name, child in modules.items():
            if isinstance(child, Foreign):
                for inner, item in module_state(child, (*above, id(module))):
                    yield f"{name}.{inner}", item

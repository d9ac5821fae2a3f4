"""What stands where in a checkpoint: the state dict, beside it the optimizer's state, epochs and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from transpile.weights.files.pickle_machine import Foreign
from transpile.weights.files.torch_modules import module_state

# Where training scripts put the weights, the averaged ones last: they are taken only where asked for by
# nobody else.
_WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "generator",
    "params_ema",
    "model_ema",
    "state_dict_ema",
    "ema",
)
_OPTIMIZERS = ("optimizer", "optimizer_state_dict", "optimizer_states", "optim", "optimizer_state")
_PREFIXES = ("module.", "_orig_mod.")  # of DataParallel, of torch.compile


@dataclass
class Contents:
    """A state dict, under which key it stood, and what else there is."""

    state: dict[str, Any]
    key: str
    optimizer: Mapping[str, Any] | None = None
    notes: list[str] = field(default_factory=list)


def contents(tree: Any, key: str | None = None) -> Contents | None:
    """The state dict in a checkpoint, looked for under the usual names, or under `key` (dotted).

    None where there is none. `module.` and `_orig_mod.` are taken off where every name has them.
    """
    wanted = tree if key is None else _under(tree, key)
    found = _unwrapped(wanted, key or "")
    if found is None:
        return None
    state, where, notes = found
    for prefix in _PREFIXES * 2:
        if state and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
            notes.append(f"the prefix {prefix} of every name was taken off")
    if where:
        notes.insert(0, f"the weights stand under {where}")
    others = [name for name in _candidates(tree) if name != where]
    if others:
        notes.append(f"there are more weights under {', '.join(others)} (--key takes them)")
    return Contents(state, where, _optimizer(tree), notes)


def is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _under(tree: Any, key: str) -> Any:
    if not isinstance(tree, Mapping):
        return None
    if key in tree:
        return tree[key]
    head, _, rest = key.partition(".")
    return _under(tree[head], rest) if rest and head in tree else None


def _unwrapped(value: Any, where: str) -> tuple[dict[str, Any], str, list[str]] | None:
    """The innermost mapping of names to arrays, inside the known wrappers, and its key."""
    if isinstance(value, Foreign):
        state = dict(module_state(value))
        if not state:
            return None
        return state, where, [f"taken out of a pickled {value.name}, of which no code was run"]
    if not isinstance(value, Mapping) or not value:
        return None
    for name in _WRAPPERS:
        if name in value:
            found = _unwrapped(value[name], f"{where}.{name}" if where else name)
            if found is not None:
                return found
    if all(isinstance(name, str) for name in value) and any(is_array(item) for item in value.values()):
        return dict(value), where, []
    return None


def _candidates(tree: Any) -> Iterator[str]:
    """The keys under which a state dict stands."""
    if isinstance(tree, Mapping):
        for name in _WRAPPERS:
            found = _unwrapped(tree.get(name), name)
            if found is not None:
                yield found[1]


def _optimizer(tree: Any) -> Mapping[str, Any] | None:
    """The state dict of an optimizer: alone, or under one of the usual names."""
    if not isinstance(tree, Mapping):
        return None
    if "param_groups" in tree and isinstance(tree.get("state"), Mapping):
        return tree
    for name in _OPTIMIZERS:
        found = tree.get(name)
        found = found[0] if isinstance(found, (list, tuple)) and found else found
        if isinstance(found, Mapping) and "param_groups" in found:
            return found
    return None

"""Reading torch checkpoints without running what they contain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

# Where training scripts put the weights, the averaged ones last: they are taken only where asked for by
# nobody else.
_WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "weights",
    "params",
    "params_ema",
    "ema",
)
_PREFIX = "module."


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The state dict in a `.safetensors` file (numpy arrays), or in a `.pth` or `.pt` file (torch tensors).

    A checkpoint of a training script is unwrapped (`state_dict`, `model`, …, `ema`), and `module.`, which
    DataParallel puts before every name, is taken off. Pickled code is never run (`weights_only=True`).

    Raises ValueError where the file holds no state dict, ImportError where torch or safetensors is not
    installed, and what torch raises for a file that needs its pickled code run.
    """
    path = os.fspath(path)
    if path.endswith(".safetensors"):
        loaded = _read_safetensors(path)
    else:
        import torch

        loaded = torch.load(path, map_location="cpu", weights_only=True)
    state = _unwrapped(loaded)
    if state is None:
        raise ValueError(f"{path} holds no state dict: {_contents(loaded)}")
    if all(name.startswith(_PREFIX) for name in state):
        state = {name.removeprefix(_PREFIX): value for name, value in state.items()}
    return state


def _read_safetensors(path: str) -> dict[str, Any]:
    try:
        from safetensors.numpy import load_file

        return dict(load_file(path))
    except (TypeError, AttributeError):  # bfloat16, which numpy does not have
        from safetensors.torch import load_file as load_torch_file

        return dict(load_torch_file(path))


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _unwrapped(value: Any) -> dict[str, Any] | None:
    """The innermost mapping of names to arrays, inside the known wrappers; None where there is none."""
    if not isinstance(value, Mapping) or not value:
        return None
    if all(isinstance(key, str) for key in value) and any(_is_array(item) for item in value.values()):
        return dict(value)
    found = (_unwrapped(value[key]) for key in _WRAPPERS if key in value)
    return next((state for state in found if state is not None), None)


def _contents(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a dict of " + ", ".join(map(repr, list(value)[:8]))
    return f"a {type(value).__name__}"

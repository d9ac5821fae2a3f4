"""Reading the state dict of a checkpoint without running what the file contains."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transpile.weights.contents import Contents, contents
from transpile.weights.files import FileError, open_checkpoint


def read_state_dict(path: str | os.PathLike[str], *, key: str | None = None) -> dict[str, Any]:
    """The state dict in a torch checkpoint, safetensors, .npz or HDF5 file: names → tensors, unread.

    A checkpoint of a training script is unwrapped (`state_dict`, `model`, …, `ema`, or `key`), and `module.`,
    which DataParallel puts before every name, is taken off. Pickled code is never run, and torch need not be
    installed. The tensors have a shape and a dtype, and `numpy()` reads one.

    Raises FileError (a ValueError) where the file is damaged, holds no state dict, or asks for code.
    """
    return dict(read_contents(Path(path), key=key).state)


def read_contents(path: Path, *, key: str | None = None, allow_pickle: bool = False) -> Contents:
    """The state dict with what stands beside it; raises FileError."""
    opened = open_checkpoint(path, allow_pickle)
    found = contents(opened.tree, key)
    if found is None:
        where = f" under {key}" if key else ""
        raise FileError(f"{path}: holds no state dict{where}: it is {_shown(opened.tree)}")
    return found


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a dict of " + ", ".join(map(repr, list(value)[:8])) if value else "an empty dict"
    return f"a {type(value).__name__}"

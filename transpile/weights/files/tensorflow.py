"""TensorFlow checkpoints (both of objects and of names) and the variables of a SavedModel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.registry import Opened, register
from transpile.weights.files.tensor import FileError, FileTensor
from transpile.weights.greeting import tensorflow_quietly

_DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def prefix_of(path: Path) -> Path | None:
    """The prefix of the checkpoint that a path means: itself, one of its files, a folder, a SavedModel."""
    if path.with_name(path.name + ".index").is_file():
        return path
    if path.suffix == ".index" and path.is_file():
        return path.with_suffix("")
    if _DATA.search(path.name) and path.is_file():
        return path.with_name(_DATA.sub("", path.name))
    if not path.is_dir():
        return None
    if (path / "variables" / "variables.index").is_file():
        return path / "variables" / "variables"
    found = re.search(r'^model_checkpoint_path: "(.+)"', _state(path), re.MULTILINE)
    if found:
        return path / found[1]
    inside = sorted(path.glob("*.index"))
    return inside[0].with_suffix("") if len(inside) == 1 else None


def _state(folder: Path) -> str:
    file = folder / "checkpoint"
    return file.read_text(errors="replace") if file.is_file() else ""


@register(lambda path, head: prefix_of(path) is not None)
def open_tensorflow(path: Path, allow_pickle: bool) -> Opened:
    """Opens a checkpoint by its prefix, one of its files or its folder, or a SavedModel's folder."""
    prefix = prefix_of(path)
    assert prefix is not None
    try:
        tensorflow_quietly()
        import tensorflow as tf
    except ImportError:
        raise FileError(f"{path}: reading it needs TensorFlow (pip install tensorflow)") from None
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise FileError(f"{path}: is damaged or cut short: {_line(error)}") from None
    tree = {
        name: _tensor(path, reader, name, tuple(shapes[name]), np.dtype(dtypes[name].as_numpy_dtype))
        for name in sorted(shapes)
        if dtypes[name] != tf.string
    }
    is_saved_model = (path / "saved_model.pb").is_file()
    objects = "of objects" if OBJECT_GRAPH in shapes else "of names"
    return Opened(path, "SavedModel" if is_saved_model else f"TensorFlow checkpoint {objects}", tree)


def _tensor(path: Path, reader: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> FileTensor:
    def read() -> Array:
        try:
            return np.asarray(reader.get_tensor(name))
        except Exception as error:  # TensorFlow's errors of damaged data have no common base of use here
            raise FileError(f"{path}: is damaged: {name}: {_line(error)}") from None

    return FileTensor(shape, dtype, read)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

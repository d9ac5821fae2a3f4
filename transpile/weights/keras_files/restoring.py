"""Any file that holds the variables of a Keras model, back into the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transpile.weights.files.tensorflow import OBJECT_GRAPH, prefix_of
from transpile.weights.keras_files.objects import restore_objects
from transpile.weights.keras_files.weights_h5 import restore_weights


def restore(path: Path, model: Any, allow_pickle: bool = False) -> list[str]:
    """Fills a model from a TensorFlow checkpoint, SavedModel, .weights.h5 or .keras, or from torch names.

    Raises FileError or StateDictError.
    """
    prefix = prefix_of(path)
    if prefix is not None:
        import tensorflow as tf

        if any(name == OBJECT_GRAPH for name, _ in tf.train.list_variables(str(prefix))):
            restore_objects(path, model)
            return [f"restored from {path}"]
    elif path.name.endswith((".weights.h5", ".keras")):
        restore_weights(path, model)
        return [f"restored from {path}"]
    from transpile.weights.checkpoint import read_contents
    from transpile.weights.converting import fill

    return fill(model, read_contents(path, allow_pickle=allow_pickle).state).notes

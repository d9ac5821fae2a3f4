"""Keras' own files: .weights.h5, and .keras with the model's configuration."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transpile.weights.files import FileError, open_checkpoint
from transpile.weights.files.tensor import dtype_named
from transpile.weights.keras_files.registry import Inputs, register, variables_of
from transpile.weights.writing import OutputError
from transpile.weights.writing.hdf5 import room
from transpile.weights.writing.replacing import reserve


@register("Keras weights file", lambda written: written.endswith(".weights.h5"))
def save_weights(model: Any, path: Path, optimizer: Any, inputs: Inputs | None) -> list[str]:
    """Writes .weights.h5, which model.load_weights or keras.saving.load_weights reads, and counts the variables."""
    import keras

    _refuse_optimizer(optimizer)
    _reserve(model, path)
    with _as_built(model):
        keras.saving.save_weights(model, str(path))
    saved, wanted = len(list(open_checkpoint(path).entries())), len(variables_of(model))
    if saved < wanted:  # a variable that layers share is saved with each of them
        raise OutputError(
            f"Keras saved {saved} of {wanted} variables (it takes layers and variables in attributes, lists, "
            "tuples and dicts); a TensorFlow checkpoint takes all"
        )
    how = "model.load_weights" if isinstance(model, keras.Model) else "keras.saving.load_weights(layer, path)"
    return [f"{saved} variables saved, counted in the file; {how} reads it once the layers are built"]


@register("Keras archive", lambda written: written.endswith(".keras"))
def save_keras(model: Any, path: Path, optimizer: Any, inputs: Inputs | None) -> list[str]:
    """Writes .keras, and loads it once: a configuration that does not build the model is of no use."""
    import keras

    _refuse_optimizer(optimizer)
    if not isinstance(model, keras.Model):
        raise OutputError(
            f".keras takes a keras.Model, and {type(model).__name__} is a layer: .weights.h5 takes it"
        )
    _reserve(model, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save(str(path))
            again = keras.models.load_model(str(path))
    except Exception as error:  # whatever the model's own constructor raises
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise OutputError(
            f".keras cannot hold this model (.weights.h5 and SavedModel can): {text[:200]}"
        ) from None
    saved, wanted = len(variables_of(again)), len(variables_of(model))
    if saved != wanted:
        raise OutputError(f".keras gave a model of {saved} variables back where this one has {wanted}")
    return [f"{saved} variables saved, and loaded once from the file"]


@contextlib.contextmanager
def _as_built(model: Any) -> Iterator[None]:
    """Inside, a model that has not been called yet is taken as built: its layers have their variables."""
    before = model.built
    model.built = True
    try:
        yield
    finally:
        model.built = before


def _reserve(model: Any, path: Path) -> None:
    sizes = (
        math.prod(variable.shape) * dtype_named(variable.dtype).itemsize for variable in variables_of(model)
    )
    reserve(path.parent, room(sizes))


def _refuse_optimizer(optimizer: Any) -> None:
    if optimizer is not None:
        raise OutputError("the state of an optimizer goes into a TensorFlow checkpoint: name one with -o")


def restore_weights(path: Path, model: Any) -> None:
    """Reads .weights.h5 or .keras into a model; raises FileError."""
    import keras

    with contextlib.ExitStack() as stack:
        if path.suffix == ".keras":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            try:
                path = Path(zipfile.ZipFile(path).extract("model.weights.h5", folder))
            except (zipfile.BadZipFile, KeyError, OSError) as error:
                raise FileError(f"{path}: is damaged, or no Keras archive: {error}") from None
        try:
            with _as_built(model):
                keras.saving.load_weights(model, os.fspath(path))
        except Exception as error:  # h5py and Keras raise many kinds
            raise FileError(f"{path}: does not fit the model: {' '.join(str(error).split())[:300]}") from None

"""SavedModel: the variables, and where the inputs are known the function of the model."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transpile.weights.keras_files.mirror import Mirror, inner, unreached
from transpile.weights.keras_files.registry import register, variables_of
from transpile.weights.writing import OutputError

_NAMED = re.compile(r"(^|[._-])saved_?model$", re.IGNORECASE)


def _is_folder(written: str) -> bool:
    name = os.path.basename(written.rstrip("/\\"))
    return written.endswith(("/", "\\")) or bool(_NAMED.search(name)) or os.path.isdir(written)


@register("SavedModel", _is_folder, order=1)
def save_saved_model(model: Any, path: Path, optimizer: Any, inputs: Sequence[Any]) -> list[str]:
    """Writes a SavedModel: `loaded.model` has the variables, `loaded(x)` and the signature compute."""
    import tensorflow as tf

    if optimizer is not None:
        raise OutputError("the state of an optimizer goes into a TensorFlow checkpoint: name one with -o")
    root = tf.Module()
    # Functions need the model itself; without one, its mirror has the names that it has after its first call.
    root.model = model if inputs else Mirror().of(model)
    lost = unreached(root, variables_of(model))
    if lost:
        root.left_out = [inner(variable) for variable in lost]
    count = f"{len(variables_of(model))} variables saved"
    if not inputs:
        tf.saved_model.save(root, str(path))
        return [f"{count}; without a function: --input tells what to trace"]
    function, how = _traced(model, inputs)
    root.__call__ = function
    root.serve = function
    tf.saved_model.save(root, str(path), signatures={"serving_default": _flat(function)})
    return [f"{count}; loaded(x) computes, {how}"]


def _traced(model: Any, inputs: Sequence[Any]) -> tuple[Any, str]:
    """The model as a function: any batch and map size where it can be traced so, else as the inputs are."""
    import tensorflow as tf

    @tf.autograph.experimental.do_not_convert
    def call(*args: Any) -> Any:
        return model(*args)

    problem: Exception | None = None
    for how in ("of any batch, height and width", "of any batch", "of these sizes only"):
        specs = [tf.TensorSpec(_opened(tuple(given.shape), how), given.dtype) for given in inputs]
        function = tf.function(call, input_signature=specs)
        try:
            function.get_concrete_function()
            return function, how
        except Exception as error:  # whatever the model's code raises for sizes that it does not know
            problem = error
    raise OutputError(f"the model cannot be traced: {' '.join(str(problem).split())[:300]}")


def _opened(shape: tuple[int, ...], how: str) -> tuple[int | None, ...]:
    if not shape or how.startswith("of these"):
        return shape
    if len(shape) >= 4 and "height" in how:
        return (None, *[None] * (len(shape) - 2), shape[-1])
    return (None, *shape[1:])


def _flat(function: Any) -> Any:
    """A signature gives a dict of tensors, whatever the model gives."""
    import tensorflow as tf

    @tf.function(input_signature=function.input_signature, autograph=False)
    def signature(*args: Any) -> dict[str, Any]:
        flat = [part for part in tf.nest.flatten(function(*args)) if part is not None]
        return {f"output_{i}": part for i, part in enumerate(flat)}

    return signature

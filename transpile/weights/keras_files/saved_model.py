"""SavedModel: the variables, and where the inputs are known the function of the model."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any

from transpile.weights.keras_files.mirror import Mirror, inner, unreached
from transpile.weights.keras_files.registry import Inputs, register, variables_of
from transpile.weights.writing import OutputError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras sets them in its errors
_NAMED = re.compile(r"(^|[._-])saved_?model$", re.IGNORECASE)


def _is_folder(written: str) -> bool:
    name = os.path.basename(written.rstrip("/\\"))
    return written.endswith(("/", "\\")) or bool(_NAMED.search(name)) or os.path.isdir(written)


@register("SavedModel", _is_folder, order=1)
def save_saved_model(model: Any, path: Path, optimizer: Any, inputs: Inputs | None) -> list[str]:
    """Writes a SavedModel: `loaded.model` has the variables, `loaded(x)` and the signature compute."""
    import tensorflow as tf

    if optimizer is not None:
        raise OutputError("the state of an optimizer goes into a TensorFlow checkpoint: name one with -o")
    root = tf.Module()
    # Functions need the model itself; without one, its mirror has the names that it has after its first call.
    root.model = Mirror().of(model) if inputs is None else model
    lost = unreached(root, variables_of(model))
    if lost:
        root.left_out = [inner(variable) for variable in lost]
    count = f"{len(variables_of(model))} variables saved"
    if inputs is None:
        tf.saved_model.save(root, str(path))
        return [f"{count}; without a function: --input tells what to trace"]
    function, specs, how = _traced(model, inputs)
    root.__call__ = function
    root.serve = function
    tf.saved_model.save(root, str(path), signatures={"serving_default": _flat(function, specs)})
    return [f"{count}; loaded(x) computes, {how}"]


def _traced(model: Any, inputs: Inputs) -> tuple[Any, Any, str]:
    """The model as a function of any batch and map size where it can be traced so, else of the inputs' own.

    With it the nest of what it was traced with, [args, kwargs], and which of these it became.
    """
    import tensorflow as tf

    @tf.autograph.experimental.do_not_convert
    def call(*args: Any, **kwargs: Any) -> Any:
        return model(*args, **kwargs)

    problem: Exception | None = None
    for how in ("of any batch, height and width", "of any batch", "of these sizes only"):
        opened = functools.partial(_opened, how=how, channels_last=inputs.channels_last)
        specs = tf.nest.map_structure(opened, _nest(inputs))
        function = tf.function(call)
        try:
            function.get_concrete_function(*specs[0], **specs[1])
            return function, specs, how
        except Exception as error:  # whatever the model's code raises for sizes that it does not know
            problem = error
    text = " ".join(_COLOURS.sub("", f"{type(problem).__name__}: {problem}").split())
    raise OutputError(f"the model cannot be traced: {text[:300]}")


def _nest(inputs: Inputs) -> list[Any]:
    return [list(inputs.args), dict(inputs.kwargs)]


def _opened(leaf: Any, how: str, channels_last: bool) -> Any:
    """The TensorSpec to trace a tensor with; a plain Python value is its own."""
    import tensorflow as tf

    if not tf.is_tensor(leaf):
        return leaf
    shape: list[int | None] = list(leaf.shape)
    if shape and not how.startswith("of these"):
        channels = len(shape) - 1 if channels_last else 1
        is_map = len(shape) >= 4 and "height" in how
        shape = [None if i == 0 or (is_map and i != channels) else n for i, n in enumerate(shape)]
    return tf.TensorSpec(shape, leaf.dtype)


def _flat(function: Any, specs: Any) -> Any:
    """The function as a signature: tensors by name in (args_0, …, or their keywords), a dict of tensors out."""
    import tensorflow as tf

    leaves = tf.nest.flatten(specs)
    tensors = [leaf for leaf in leaves if isinstance(leaf, tf.TensorSpec)]
    by_keyword = {id(leaf): key for key, leaf in specs[1].items() if isinstance(leaf, tf.TensorSpec)}
    names = [by_keyword.get(id(leaf), f"args_{i}") for i, leaf in enumerate(tensors)]

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec(t.shape, t.dtype, name) for t, name in zip(tensors, names, strict=True)
        ],
    )
    def signature(*given: Any) -> dict[str, Any]:
        left = iter(given)
        flat = [next(left) if isinstance(leaf, tf.TensorSpec) else leaf for leaf in leaves]
        args, kwargs = tf.nest.pack_sequence_as(specs, flat)
        results = [part for part in tf.nest.flatten(function(*args, **kwargs)) if part is not None]
        return {f"output_{i}": part for i, part in enumerate(results)}

    return signature

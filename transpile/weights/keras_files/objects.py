"""TensorFlow checkpoints of objects: `tf.train.Checkpoint(model=model)` and `tf.train.Checkpoint(model)` read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transpile.weights.files import FileError
from transpile.weights.files.tensorflow import OBJECT_GRAPH, prefix_of
from transpile.weights.keras_files.mirror import Mirror, inner, unreached
from transpile.weights.keras_files.registry import Inputs, register, variables_of
from transpile.weights.writing import OutputError

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
LEFT_OUT = "left_out"
_OWN = frozenset({"model", "optimizer", "save_counter", LEFT_OUT, "root"})


@register("TensorFlow checkpoint", lambda written: True, order=-1)
def save_objects(model: Any, path: Path, optimizer: Any, inputs: Inputs | None) -> list[str]:
    """Writes a checkpoint, and counts that every variable is in it."""
    import tensorflow as tf

    notes = []
    mirror = Mirror()
    parts: dict[str, Any] = {"model": mirror.of(model)}
    if optimizer is not None:
        parts["optimizer"] = mirror.of(optimizer)
    # The model's own children stand at the root as well, so that a Checkpoint(model) finds them there.
    children = mirror.children(model)
    if _OWN.isdisjoint(children):
        parts |= children
    else:
        notes.append("restore it with tf.train.Checkpoint(model=model)")
    root = tf.train.Checkpoint(**parts)
    lost = unreached(root, variables_of(model))
    if lost:
        setattr(root, LEFT_OUT, [inner(variable) for variable in lost])
        notes.append(
            f"{len(lost)} variables stand in lists or dicts, where tf.train.Checkpoint does not look"
            f" ({', '.join(variable.path for variable in lost[:3])}{', …' if len(lost) > 3 else ''}): restore with"
            f" tf.train.Checkpoint(model=model, {LEFT_OUT}=[…]), in this order"
        )
    _ = root.save_counter  # restore().assert_consumed() asks for one
    root.write(str(path))
    saved = sum(name.endswith(_VALUE) for name, _ in tf.train.list_variables(str(path))) - 1
    wanted = len(variables_of(model)) + (len(optimizer.variables) if optimizer is not None else 0)
    if saved != wanted:
        raise OutputError(f"the checkpoint would have {saved} variables where the model has {wanted}")
    return [*notes, f"{saved} variables saved, counted in the file"]


def restore_objects(path: Path, model: Any) -> None:
    """Restores a checkpoint of objects, or a SavedModel's variables; raises FileError unless all of it is there."""
    import tensorflow as tf

    prefix = str(prefix_of(path))
    names = [name for name, _ in tf.train.list_variables(prefix)]
    if OBJECT_GRAPH not in names:
        raise FileError(f"{path}: is keyed by names, not by objects")
    mirror = Mirror()
    checkpoints = [tf.train.Checkpoint(model=mirror.of(model)), tf.train.Checkpoint(mirror.of(model))]
    lost = unreached(checkpoints[0], variables_of(model))
    if lost:
        setattr(checkpoints[0], LEFT_OUT, [inner(variable) for variable in lost])
    problem = ""
    for checkpoint in checkpoints:
        status = checkpoint.read(prefix)
        try:
            status.assert_existing_objects_matched()
            status.expect_partial()
            return
        except AssertionError as error:
            status.expect_partial()
            problem = problem or " ".join(str(error).split())
    raise FileError(f"{path}: does not fit the model: {problem[:300]}")

"""TensorFlow checkpoints of objects: `tf.train.Checkpoint(model=model)` and `tf.train.Checkpoint(model)` read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transpile.weights.files import FileError
from transpile.weights.files.tensorflow import OBJECT_GRAPH, prefix_of
from transpile.weights.keras_files.registry import register, variables_of
from transpile.weights.writing import OutputError

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
LEFT_OUT = "left_out"
_OWN = frozenset({"model", "optimizer", "save_counter", LEFT_OUT, "root"})


@register("TensorFlow checkpoint", lambda written: True, order=-1)
def save_objects(model: Any, path: Path, optimizer: Any, inputs: Sequence[Any]) -> list[str]:
    """Writes a checkpoint, and counts that every variable is in it."""
    import tensorflow as tf

    notes = []
    parts: dict[str, Any] = {"model": model}
    if optimizer is not None:
        parts["optimizer"] = optimizer
    # The model's own children stand at the root as well, so that a Checkpoint(model) finds them there.
    children = tf.train.TrackableView(model).children(model)
    aliases = {name: child for name, child in children.items() if name not in _OWN}
    if len(aliases) == len(children):
        parts |= aliases
    else:
        notes.append("restore it with tf.train.Checkpoint(model=model)")
    root = tf.train.Checkpoint(**parts)
    lost = left_out(root, model)
    if lost:
        setattr(root, LEFT_OUT, [_inner(variable) for variable in lost])
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


def left_out(root: Any, model: Any) -> list[Any]:
    """The model's variables that a Checkpoint of this root does not reach."""
    reached = {id(_inner(found)) for found in _reachable(root)}
    return [variable for variable in variables_of(model) if id(_inner(variable)) not in reached]


def _inner(variable: Any) -> Any:
    """The tf.Variable inside a Keras variable; both are met among an object's children."""
    return getattr(variable, "value", variable) if hasattr(variable, "_value") else variable


def _reachable(root: Any) -> Iterator[Any]:
    import tensorflow as tf

    view = tf.train.TrackableView(root)
    seen: set[int] = set()
    todo = [root]
    while todo:
        found = todo.pop()
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            todo += view.children(found).values()


def restore_objects(path: Path, model: Any) -> None:
    """Restores a checkpoint of objects, or a SavedModel's variables; raises FileError unless all of it is there."""
    import tensorflow as tf

    prefix = str(prefix_of(path))
    names = [name for name, _ in tf.train.list_variables(prefix)]
    if OBJECT_GRAPH not in names:
        raise FileError(f"{path}: is keyed by names, not by objects")
    checkpoints = [tf.train.Checkpoint(model=model), tf.train.Checkpoint(model)]
    lost = left_out(checkpoints[0], model)
    if lost:
        setattr(checkpoints[0], LEFT_OUT, [_inner(variable) for variable in lost])
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

"""The translation after SavedModel, .keras and TFLite, loaded again from the file and held against torch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.verify.result import SKIPPED, Comparison, StageError
from transpile.verify.sides import stage

if TYPE_CHECKING:
    from transpile.verify.session import Run

__all__ = ["KINDS", "exports"]


def exports(run: Run) -> None:
    """Add one comparison for every export that was asked for; what a model does not allow is said, not failed."""
    for kind in run.request.exports:
        with tempfile.TemporaryDirectory(prefix="transpile-export-") as folder:
            try:
                with stage(kind):
                    got, note = KINDS[kind](run, Path(folder))
            except StageError as error:
                run.add(Comparison(kind, SKIPPED, note=error.message))
                continue
            found = run.judged(kind, got, run.wanted, run.result.tolerance)
            found.note = "; ".join(part for part in (found.note, note) if part)
            run.add(found)


def _function(run: Run) -> tuple[Any, str]:
    """The model as a function with as much unknown as it allows."""
    last: StageError | None = None
    for spatial, note in ((True, ""), (False, "with height and width fixed")):
        try:
            with stage("tracing"):
                return run.keras.function(run.keras.open(run.arguments, spatial), named=True), note
        except StageError as error:
            last = error
    assert last is not None
    raise last


def _flat(run: Run) -> list[Any]:
    import tensorflow as tf

    return [v for v in (*run.arguments[0], *run.arguments[1].values()) if tf.is_tensor(v)]


def _saved_model(run: Run, folder: Path) -> tuple[Any, str]:
    import tensorflow as tf

    from transpile.verify.measure import arrays

    function, note = _function(run)
    module = tf.Module()
    module.model = run.keras.model
    module.kept = [
        v.value for v in getattr(run.keras.model, "variables", ())
    ]  # lists of layers are not tracked
    with run.keras.side.world.entered():
        tf.saved_model.save(module, str(folder / "saved"), signatures={"call": function})
    loaded = tf.saved_model.load(str(folder / "saved")).signatures["call"]
    names = [spec.name for spec in loaded.structured_input_signature[1].values()]
    given = dict(zip(sorted(names, key=_place), _flat(run), strict=True))
    results = loaded(**given)
    return arrays([results[key] for key in sorted(results, key=_place)]), note


def _place(name: str) -> int:
    digits = "".join(c for c in name if c.isdigit())
    return int(digits or 0)


def _keras_file(run: Run, folder: Path) -> tuple[Any, str]:
    import tensorflow as tf

    from transpile.verify.measure import arrays

    model = run.keras.model
    if not isinstance(model, tf.keras.Model):
        raise StageError(".keras", "only a tf.keras.Model has save(); this is a layer")
    with run.keras.side.world.entered():
        model.save(folder / "model.keras")
        known = {cls.__name__: cls for layer in model._flatten_layers() for cls in [type(layer)]}
        loaded = tf.keras.models.load_model(folder / "model.keras", custom_objects=known)
        return arrays(loaded(*run.keras.packed(run.arguments[0]), **run.arguments[1])), ""


def _tflite(run: Run, folder: Path) -> tuple[Any, str]:
    import numpy as np
    import tensorflow as tf
    from tensorflow.lite.python.convert import ConverterError

    function, note = _function(run)
    with run.keras.side.world.entered():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], None)
        try:
            data = converter.convert()
        except ConverterError:  # an operation that TFLite has not
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS,
                tf.lite.OpsSet.SELECT_TF_OPS,
            ]
            data = converter.convert()
            note = "; ".join(
                part for part in (note, "with TensorFlow's own operations beside TFLite's") if part
            )
    interpreter = tf.lite.Interpreter(model_content=data)
    runner = interpreter.get_signature_runner() if interpreter.get_signature_list() else None
    given = _flat(run)
    if runner is not None:
        names = sorted(runner.get_input_details(), key=_place)
        results = runner(**{name: np.asarray(value) for name, value in zip(names, given, strict=True)})
        return [(f".{i}", results[key]) for i, key in enumerate(sorted(results, key=_place))], note
    details = sorted(interpreter.get_input_details(), key=lambda d: _place(d["name"].rpartition("input_")[2]))
    for detail, value in zip(details, given, strict=True):
        interpreter.resize_tensor_input(detail["index"], value.shape)
    interpreter.allocate_tensors()
    for detail, value in zip(details, given, strict=True):
        interpreter.set_tensor(detail["index"], np.asarray(value))
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    return [(f".{i}", interpreter.get_tensor(d["index"])) for i, d in enumerate(outputs)], note


KINDS: dict[str, Callable[[Any, Path], tuple[Any, str]]] = {
    "saved_model": _saved_model,
    "keras": _keras_file,
    "tflite": _tflite,
}

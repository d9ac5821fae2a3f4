"""The part of corpus_checkpoints.py that restores: TensorFlow, the translated packages, no torch and no transpile.

    python benchmarks/corpus_restoring.py JOB.json OUT.jsonl

Every model is built, called, filled with values that are no numbers, restored from a file, and called again: what the
file does not bring shows. A SavedModel is loaded and called; the packages have no part in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus_models import Job, Row, blocked, quiet, said


def restored(job: Job, entry: Row, data: Row) -> Row:
    """For each kind of file, why its outputs are not the reference's; empty where they are."""
    import keras
    import tensorflow as tf

    folder, ranks = job.work / str(entry["index"]), tuple(entry["layout"])
    args, kwargs = job.inputs(data, ranks)
    model = job.built(entry)
    model(*args, **kwargs)

    def from_checkpoint() -> Any:
        status = tf.train.Checkpoint(model=model).restore(str(folder / "ckpt" / "model"))
        status.assert_existing_objects_matched()
        status.assert_consumed()
        return model(*args, **kwargs)

    def from_weights() -> Any:
        keras.saving.load_weights(model, str(folder / "model.weights.h5"))
        return model(*args, **kwargs)

    def from_saved_model() -> Any:
        return tf.saved_model.load(str(folder / "saved_model"))(*args, **kwargs)

    ways = {"checkpoint": from_checkpoint, "weights": from_weights, "saved_model": from_saved_model}
    row = {}
    for kind, way in ways.items():
        spoil(model)
        row[kind] = tried(lambda way=way: job.difference(data, way(), ranks))
    keras.backend.clear_session()
    return row


def spoil(model: Any) -> None:
    """Fills every floating variable with NaN."""
    for variable in model.variables:
        if "float" in str(variable.dtype):
            variable.assign(variable * float("nan"))


def tried(way: Callable[[], str]) -> str:
    try:
        return way()
    except (Exception, SystemExit) as error:
        return said(error)


if __name__ == "__main__":
    blocked("torch", "transpile")
    with quiet():
        work = Job.read(Path(sys.argv[1]))
        sys.path.insert(0, str(work.library))
        work.each(lambda entry, data: restored(work, entry, data), Path(sys.argv[2]))

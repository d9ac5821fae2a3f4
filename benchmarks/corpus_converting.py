"""The part of corpus_checkpoints.py that converts: `.pth` files into TensorFlow's, and back. torch cannot be imported.

    python benchmarks/corpus_converting.py JOB.json OUT.jsonl files|back|both

It does what `transpile weights N.pth --model … -o OUT` and `transpile weights OUT --model … --to-torch -o back.pth` do,
without building a model anew for every output.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from corpus_models import Job, Row, blocked, quiet, said

CHECKPOINT = "ckpt/model"


def saved(job: Job, entry: Row, data: Row) -> Row:
    """Writes the three kinds of files; gives the layout of the inputs and what went wrong where something did."""
    from transpile.weights.keras_files import Inputs

    folder, problem = job.work / str(entry["index"]), ""
    for ranks in job.layouts(data):
        try:
            args, kwargs = job.inputs(data, ranks)
            model = filled(job, entry)
            row: Row = {"layout": ranks}
            # Before its first call, as the command does without --input: the harder case.
            row["checkpoint"] = written(model, folder, CHECKPOINT)
            row["weights"] = written(model, folder, "model.weights.h5")
            difference = job.difference(data, model(*args, **kwargs), ranks)
            if not difference:
                inputs = Inputs(tuple(args), kwargs, job.last)
                row["saved_model"] = written(model, folder, "saved_model", inputs)
                return row
            problem = problem or difference
        except (Exception, SystemExit) as error:
            problem = problem or said(error)
    return {"not_equal": problem}


def filled(job: Job, entry: Row) -> Any:
    """A new model with the weights of its .pth."""
    from transpile.weights.checkpoint import read_contents
    from transpile.weights.converting import fill

    model = job.built(entry)
    fill(model, read_contents(job.work / str(entry["index"]) / "model.pth").state)
    return model


def written(model: Any, folder: Path, name: str, inputs: Any = None) -> str:
    """Writes one output; gives the error, if there is one."""
    from transpile.weights.keras_files import saver_for
    from transpile.weights.writing.replacing import replacing

    try:
        with replacing(folder / name) as path:
            saver_for(name).save(model, path, None, inputs)
    except (Exception, SystemExit) as error:
        return said(error)
    return ""


def back(job: Job, entry: Row) -> Row:
    """Writes `back.pth` from a checkpoint, by a model that has seen nothing else."""
    from transpile.weights import state_dict
    from transpile.weights.files import FileTensor
    from transpile.weights.keras_files.restoring import restore
    from transpile.weights.writing.torch_zip import write_torch

    folder = job.work / str(entry["index"])
    missing = not (folder / f"{CHECKPOINT}.index").exists()
    if missing and (problem := written(filled(job, entry), folder, CHECKPOINT)):
        return {"back": problem}
    model = job.built(entry)
    restore(folder / CHECKPOINT, model)
    tensors = {n: FileTensor(a.shape, a.dtype, lambda a=a: a) for n, a in state_dict(model).items()}
    write_torch(folder / "back.pth", tensors, lambda count: None)
    return {"back": ""}


def converted(job: Job, entry: Row, data: Row, parts: str) -> Row:
    """What of it is wanted."""
    import keras

    row = {} if parts == "back" else saved(job, entry, data)
    if parts != "files" and "not_equal" not in row:
        try:
            row |= back(job, entry)
        except (Exception, SystemExit) as error:
            row["back"] = said(error)
    keras.backend.clear_session()
    return row


if __name__ == "__main__":
    with quiet():
        import tensorflow  # noqa: F401

        import transpile.weights  # noqa: F401  before torch is blocked: see transpile/weights/blocked_torch.py

        blocked("torch")
        work = Job.read(Path(sys.argv[1]))
        sys.path.insert(0, str(work.library))
        work.each(lambda entry, data: converted(work, entry, data, sys.argv[3]), Path(sys.argv[2]))

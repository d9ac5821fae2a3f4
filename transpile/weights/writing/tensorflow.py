"""A TensorFlow checkpoint keyed by names, as tf.compat.v1.train.Saver writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.files import FileTensor
from transpile.weights.writing.registry import OutputError, Step, register

# SaveV2 takes all of its tensors at once. In parts that are merged by MergeV2Checkpoints, as TensorFlow does for
# variables on several devices, a checkpoint of any size needs the memory of two parts.
PART = 48 << 20


@register(".ckpt")
def write_checkpoint(prefix: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes PREFIX.index and PREFIX.data-…, beside which nothing is left."""
    try:
        import tensorflow as tf
    except ImportError:
        raise OutputError(
            "writing a TensorFlow checkpoint needs TensorFlow (pip install tensorflow)"
        ) from None

    def read(names: list[str]) -> list[Any]:
        values = []
        for name in names:
            values.append(tf.constant(np.ascontiguousarray(tensors[name].numpy())))
            tensors[name].release()
        return values

    parts = list(_parts(tensors))
    prefixes = []
    with ThreadPoolExecutor(max_workers=1) as reader:  # the next part is read while this one is written
        coming = reader.submit(read, parts[0])
        for i, names in enumerate(parts):
            values = coming.result()
            if i + 1 < len(parts):
                coming = reader.submit(read, parts[i + 1])
            part = f"{prefix}_part/{i:05d}" if len(parts) > 1 else str(prefix)
            tf.raw_ops.SaveV2(
                prefix=part, tensor_names=names, shape_and_slices=[""] * len(names), tensors=values
            )
            del values
            prefixes.append(part)
            step(sum(tensors[name].nbytes for name in names))
    if len(parts) > 1:
        tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=prefixes, destination_prefix=str(prefix), delete_old_dirs=True
        )


def _parts(tensors: Mapping[str, FileTensor]) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, tensor in tensors.items():
        if names and size + tensor.nbytes > PART:
            yield names
            names, size = [], 0
        names.append(name)
        size += tensor.nbytes
    yield names

"""A TensorFlow checkpoint keyed by names, as tf.compat.v1.train.Saver writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files import FileTensor
from transpile.weights.greeting import tensorflow_quietly
from transpile.weights.writing.pieces import fill
from transpile.weights.writing.registry import OutputError, Step, register

# SaveV2 takes all of its tensors at once. In parts that are merged by MergeV2Checkpoints, as TensorFlow does for
# variables on several devices, a checkpoint of any size needs the memory of two parts.
PART = 48 << 20
_ALIGNMENT = 64  # of the memory that TensorFlow takes as it is


@register(".ckpt")
def write_checkpoint(prefix: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes PREFIX.index and PREFIX.data-…, beside which nothing is left."""
    try:
        tensorflow_quietly()
        import tensorflow as tf
    except ImportError:
        raise OutputError(
            "writing a TensorFlow checkpoint needs TensorFlow (pip install tensorflow)"
        ) from None

    parts = list(_parts(tensors))
    most = max(sum(_room(tensors[name]) for name in names) for names in parts)
    rooms = [_aligned(most) for _ in parts[:2]]  # used again and again: new pages cost more than the copy

    def read(number: int) -> list[Any]:
        values, at = [], 0
        for name in parts[number]:
            tensor = tensors[name]
            room = rooms[number % 2][at : at + tensor.nbytes]
            fill(tensor, room)
            tensor.release()
            values.append(_shared(tf, room.view(tensor.dtype.newbyteorder("<")).reshape(tensor.shape)))
            at += _room(tensor)
        return values

    prefixes = []
    with ThreadPoolExecutor(max_workers=1) as reader:  # the next part is read while this one is written
        coming = reader.submit(read, 0)
        for i, names in enumerate(parts):
            values = coming.result()
            if i + 1 < len(parts):
                coming = reader.submit(read, i + 1)
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


def _room(tensor: FileTensor) -> int:
    return -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT


def _aligned(size: int) -> Array:
    memory: Array = np.empty(size + _ALIGNMENT, np.uint8)
    start = -int(memory.__array_interface__["data"][0]) % _ALIGNMENT
    return memory[start : start + size]


def _shared(tf: Any, array: Array) -> Any:
    """A tensor in the memory of an array, which tf.constant would copy twice."""
    if array.dtype.kind in "fiu" and array.size:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


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

"""HDF5 with one dataset per name (not the layout that Keras loads: that takes a model)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from transpile.weights.files import FileTensor
from transpile.weights.writing.registry import OutputError, Step, register
from transpile.weights.writing.replacing import reserve


@register(".h5", ".hdf5", extended=False)
def write_hdf5(path: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes every tensor as a dataset under its name."""
    try:
        import h5py
    except ImportError:
        raise OutputError("writing HDF5 needs h5py (pip install h5py)") from None
    reserve(path.parent, room(tensor.nbytes for tensor in tensors.values()))
    with h5py.File(path, "w") as file:
        for name, tensor in tensors.items():
            file.create_dataset(name, data=np.asarray(tensor.numpy(), order="C"))
            tensor.release()
            step(tensor.nbytes)


def room(sizes: Iterable[int]) -> int:
    """The bytes of a HDF5 file with datasets of these sizes, generously."""
    return 65536 + sum(size + 8192 for size in sizes)

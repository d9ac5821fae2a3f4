"""HDF5: .weights.h5 and .h5 of Keras, and the weights in a .keras archive."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.registry import Opened, register
from transpile.weights.files.tensor import FileError, FileTensor

_WEIGHTS = "model.weights.h5"


@register(lambda path, head: head[:8] == b"\x89HDF\r\n\x1a\n")
def open_hdf5(path: Path, allow_pickle: bool) -> Opened:
    """Opens a HDF5 file; every dataset in it is a tensor under its path."""
    return Opened(path, "HDF5", _datasets(path, path))


@register(lambda path, head: head[:4] == b"PK\x03\x04" and path.suffix == ".keras")
def open_keras(path: Path, allow_pickle: bool) -> Opened:
    """Opens the weights in a .keras archive; its model is not built."""
    try:
        archive = zipfile.ZipFile(path)
        member = archive.open(_WEIGHTS)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise FileError(f"{path}: is damaged, or no Keras archive: it has no {_WEIGHTS}") from None
    return Opened(path, "Keras archive", _datasets(path, member))


def _datasets(path: Path, source: Any) -> dict[str, FileTensor]:
    try:
        import h5py
    except ImportError:
        raise FileError(f"{path}: reading it needs h5py (pip install h5py)") from None
    tree = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiubcV" and not item.dtype.names:
            tree[name] = _tensor(path, item)

    try:
        h5py.File(source, "r").visititems(visit)
    except (OSError, RuntimeError, KeyError) as error:
        raise FileError(f"{path}: is damaged or cut short: {error}") from None
    return tree


def _tensor(path: Path, dataset: Any) -> FileTensor:
    dtype = np.dtype(dataset.dtype)
    if dataset.attrs.get("dtype") == "bfloat16" or dtype == np.dtype("V2"):
        import ml_dtypes

        dtype = np.dtype(ml_dtypes.bfloat16)

    def read() -> Array:
        try:
            array = np.asarray(dataset[()])
        except OSError as error:
            raise FileError(f"{path}: is damaged: {dataset.name}: {error}") from None
        return array if array.dtype == dtype else array.view(dtype)

    return FileTensor(tuple(dataset.shape), dtype, read, dataset.id.get_offset())

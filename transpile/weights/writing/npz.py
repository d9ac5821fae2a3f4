"""numpy's .npz, not compressed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from transpile.weights.files import FileTensor
from transpile.weights.writing.registry import Step, as_bytes, register
from transpile.weights.writing.zips import store


@register(".npz", extended=False)
def write_npz(path: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes what numpy.load reads."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, tensor in tensors.items():
            header = io.BytesIO()
            entry = {"descr": np.lib.format.dtype_to_descr(tensor.dtype), "fortran_order": False}
            np.lib.format.write_array_header_1_0(header, {**entry, "shape": tensor.shape})
            data = as_bytes(tensor.numpy())
            store(archive, f"{name}.npy", [header.getvalue(), data], len(header.getvalue()) + len(data))
            del data
            tensor.release()
            step(tensor.nbytes)

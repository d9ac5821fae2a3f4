"""numpy's .npz, not compressed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import numpy as np

from transpile.weights.files import FileTensor
from transpile.weights.writing.pieces import pieces
from transpile.weights.writing.registry import Step, register
from transpile.weights.writing.zips import new_zip, store


@register(".npz", extended=False)
def write_npz(path: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes what numpy.load reads."""
    with new_zip(path) as archive:
        for name, tensor in tensors.items():
            header = io.BytesIO()
            entry = {"descr": np.lib.format.dtype_to_descr(tensor.dtype), "fortran_order": False}
            np.lib.format.write_array_header_1_0(header, {**entry, "shape": tensor.shape})
            head = header.getvalue()
            store(archive, f"{name}.npy", chain([head], pieces(tensor)), len(head) + tensor.nbytes)
            tensor.release()
            step(tensor.nbytes)

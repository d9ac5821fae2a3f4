"""Minimum, mean and maximum of a tensor, read in pieces, and how many of its values are no numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from transpile.weights.arrays import Array

_PIECE = 1 << 20


@dataclass(frozen=True)
class Statistics:
    """Of the finite values; nan and inf count the others. All three are None where nothing is finite."""

    minimum: float | None
    mean: float | None
    maximum: float | None
    nan: int = 0
    inf: int = 0


def pieces(array: Array) -> Iterator[Array]:
    """An array in flat pieces of bounded size; a view where the array is contiguous."""
    if array.flags.c_contiguous or array.size <= _PIECE:
        flat = array.reshape(-1)
        yield from (flat[start : start + _PIECE] for start in range(0, flat.size, _PIECE))
    else:
        for part in array:
            yield from pieces(part)


def statistics(array: Array) -> Statistics:
    """The statistics of an array of any dtype; of a complex one, of its absolute values."""
    low, high, total, count, nan, inf = np.inf, -np.inf, 0.0, 0, 0, 0
    for piece in pieces(array):
        values = np.abs(piece) if piece.dtype.kind == "c" else piece
        values = values.astype(np.float64)
        finite = np.isfinite(values)
        if not finite.all():
            nan += int(np.isnan(values).sum())
            inf += int(np.isinf(values).sum())
            values = values[finite]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            total += float(values.sum())
            count += values.size
    if not count:
        return Statistics(None, None, None, nan, inf)
    return Statistics(low, total / count, high, nan, inf)


def count_not_finite(array: Array) -> int:
    """How many values are NaN or infinite; quick where none is, since a sum shows it."""
    if array.dtype.kind not in "fcV" and array.dtype.name not in ("bfloat16", "float16"):
        return 0
    found = 0
    with np.errstate(all="ignore"):
        for piece in pieces(array):
            if piece.dtype.itemsize >= 4 and np.isfinite(np.add.reduce(piece)):
                continue
            found += int(piece.size - np.count_nonzero(np.isfinite(piece)))
    return found

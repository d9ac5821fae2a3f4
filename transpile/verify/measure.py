"""How far two nested results are apart.

A value counts relative to the largest of its channel (the axis that it shares with the weights), and never to less
than a hundredth of the largest of all: a channel that died out may hold noise alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
MOVED = {3: "NLC", 4: "NHWC", 5: "NDHWC"}

__all__ = ["Fit", "arrays", "distance", "error", "fit"]

Fit = tuple[float, bool]  # how far apart, and whether the channels had to be moved for it


def arrays(value: Any, path: str = "", leaf: Callable[[Any], Any] | None = None) -> list[tuple[str, Array]]:
    """Every tensor of a nested result with its path; of numbers only those of arrays count.

    `leaf` makes something else than an array of a tensor.
    """
    if value is None or isinstance(value, (str, bytes, bool, int, float, type)):
        return []
    if isinstance(value, dict):
        return [a for key in sorted(value, key=str) for a in arrays(value[key], f"{path}.{key}", leaf)]
    if isinstance(value, (list, tuple)):
        return [a for i, item in enumerate(value) for a in arrays(item, f"{path}.{i}", leaf)]
    if leaf is not None and (hasattr(value, "detach") or isinstance(value, np.ndarray)):
        return [(path, leaf(value))]
    if hasattr(value, "detach"):
        value = value.detach()
        if hasattr(value, "resolve_conj"):
            value = value.resolve_conj()
        return [(path, value.float().numpy() if "bfloat16" in str(value.dtype) else value.cpu().numpy())]
    if isinstance(value, np.ndarray):
        return [(path, value)]
    if hasattr(value, "numpy") and hasattr(value, "dtype"):
        array = np.asarray(
            value.numpy() if not hasattr(value, "value") or callable(value.value) else value.value
        )
        return [
            (
                path,
                (
                    array.astype(np.float32)
                    if array.dtype.kind == "V" or "bfloat16" in str(array.dtype)
                    else array
                ),
            )
        ]
    if hasattr(value, "__dict__") and not callable(value):
        fields = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        return [a for key in sorted(fields) for a in arrays(fields[key], f"{path}.{key}", leaf)]
    return []


def error(want: Array, got: Array) -> float:
    """The largest difference of two arrays of one shape, relative to their channel; inf where NaNs part."""
    want, got = np.atleast_1d(want), np.atleast_1d(got)
    if want.size == 0:
        return 0.0
    if want.dtype.kind not in "fc":
        return float(np.mean(want != got.astype(want.dtype, copy=False)))
    wide = np.complex128 if "c" in (want.dtype.kind, got.dtype.kind) else np.float64
    w, g = want.astype(wide), got.astype(wide)
    finite = np.isfinite(w)
    if not np.array_equal(finite, np.isfinite(g)):
        return float("inf")
    if not finite.all():
        if wide is np.float64 and not np.array_equal(w[~finite], g[~finite], equal_nan=True):
            return float("inf")
        w, g = np.where(finite, w, 0), np.where(finite, g, 0)
    gap = np.abs(w - g)
    whole = float(np.abs(w).max())
    if whole == 0.0:
        return float(gap.max())
    worst = 0.0
    for axis in {1, w.ndim - 1} if w.ndim > 1 else {0}:
        others = tuple(d for d in range(w.ndim) if d != axis) if w.ndim > 1 else (0,)
        scale = np.maximum(np.abs(w).max(axis=others, keepdims=True), 0.01 * whole)
        worst = max(worst, float((gap / scale).max()))
    return worst


def fit(want: Array, got: Array, *, moved: bool | None = None) -> Fit | None:
    """The error in whichever layout fits better; None where the shapes are not the same in any.

    `moved` True or False allows that layout alone: channels last, or torch's order.
    """
    fits: list[Fit] = []
    if moved is not True and want.shape == got.shape:
        fits.append((error(want, got), False))
    if moved is not False and got.ndim >= 3 and got.ndim == want.ndim:
        back = np.moveaxis(got, -1, 1)
        if back.shape == want.shape:
            fits.append((error(want, back), True))
    return min(fits) if fits else None


def distance(
    want: list[tuple[str, Array]], got: list[tuple[str, Array]], moved: bool | None = None
) -> tuple[float | None, str]:
    """The worst error over all results; (None, why) where they are not of one form."""
    if len(want) != len(got):
        return None, f"{len(got)} results for {len(want)}"
    worst = 0.0
    for (_, w), (path, g) in zip(want, got, strict=True):
        found = fit(w, g, moved=moved if w.ndim >= 4 else None)
        if found is None:
            return None, f"result {path or 'one'}: shape {g.shape} for {w.shape}"
        if w.dtype.kind != g.dtype.kind and "b" in (w.dtype.kind, g.dtype.kind):
            return None, f"result {path or 'one'}: {g.dtype} for {w.dtype}"
        worst = max(worst, found[0])
    return worst, ""

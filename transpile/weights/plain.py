"""Weights without a model: names kept or mapped by a table, tensors as they are or transposed where that is proven."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transpile.weights.arrays import Array, Shape
from transpile.weights.files import FileTensor
from transpile.weights.inspecting.statistics import count_not_finite

_RECURRENT = re.compile(r"(^|\.)weight_(ih|hh|hr)(_l\d+)?(_reverse)?$")


@dataclass
class Decision:
    """What became of one tensor: the axes it was transposed by, and why."""

    name: str
    axes: tuple[int, ...] | None
    why: str
    not_finite: int = 0  # known once it has been read


@dataclass
class PlainWeights:
    """The tensors to be written, and the decision behind each."""

    tensors: dict[str, FileTensor] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def plain_weights(
    state: Mapping[str, Any], transpose: bool, held_as: Callable[[np.dtype[Any]], np.dtype[Any]]
) -> PlainWeights:
    """The tensors of a state dict, in the dtypes and axis orders that are asked for."""
    found = PlainWeights()
    for name, tensor in state.items():
        if not isinstance(tensor, FileTensor):
            found.left_out.append(f"{name} (a {type(tensor).__name__}, no tensor)")
            continue
        axes, why = proven_axes(name, tensor.shape, state) if transpose else (None, "as it is")
        decision = Decision(name, axes, why)
        found.decisions.append(decision)
        found.tensors[name] = changed(tensor, axes, held_as(tensor.dtype), decision)
    return found


def changed(
    tensor: FileTensor, axes: tuple[int, ...] | None, dtype: np.dtype[Any], decision: Decision
) -> FileTensor:
    """The tensor transposed and in another dtype, once it is read; what is not finite in it is counted then."""
    shape = tensor.shape if axes is None else tuple(tensor.shape[axis] for axis in axes)

    def read() -> Array:
        array = tensor.numpy()
        array = array if axes is None else array.transpose(axes)
        with np.errstate(over="ignore"):  # a value beyond float16 becomes infinite, and is counted
            return array if array.dtype == dtype else array.astype(dtype)

    def count(array: Array) -> None:
        decision.not_finite += count_not_finite(array)

    return FileTensor(shape, dtype, read, tensor.storage, tensor.is_parameter, tensor.file, count)


def renamed(state: Mapping[str, Any], table: Mapping[str, str]) -> dict[str, Any]:
    """The state dict under the names of a table: exact ones, or patterns with one `*` that stands for the same.

    Raises ValueError where two tensors would get one name, or an entry of the table meets none.
    """
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name, value in state.items():
        new, entry = _new_name(name, table)
        used |= {entry} if entry is not None else set()
        if new in found:
            raise ValueError(f"{name} and another tensor both get the name {new}")
        found[new] = value
    if unused := [entry for entry in table if entry not in used]:
        raise ValueError(f"the table names {unused[0]}, which is no tensor of the checkpoint")
    return found


def _new_name(name: str, table: Mapping[str, str]) -> tuple[str, str | None]:
    if name in table:
        return table[name], name
    for old, new in table.items():
        head, star, tail = old.partition("*")
        if star and name.startswith(head) and name.endswith(tail) and len(name) >= len(head) + len(tail):
            return new.replace("*", name[len(head) : len(name) - len(tail)], 1), old
    return name, None


def proven_axes(name: str, shape: Shape, state: Mapping[str, Any]) -> tuple[tuple[int, ...] | None, str]:
    """The axis order that TensorFlow wants, where name, rank and the tensor's neighbours leave no doubt."""
    base, _, last = name.rpartition(".")
    if _RECURRENT.search(name) and len(shape) == 2:
        return (1, 0), "a recurrent kernel by its name"
    if last != "weight" or len(shape) < 2:
        return None, "the same in both"
    bias = getattr(state.get(f"{base}.bias" if base else "bias"), "shape", None)
    if bias is not None and len(bias) == len(shape):
        return None, "a LayerNorm, its bias is as large"
    if len(shape) >= 4:
        return (*range(2, len(shape)), 1, 0), "a convolution by its rank"
    if len(shape) == 2:
        if bias is not None and tuple(bias) == (shape[0],):
            return (1, 0), "a Linear by its bias"
        return None, "not proven: a Linear without bias, or an Embedding"
    return None, "not proven: a Conv1d or a Bilinear"

"""A state dict into a model, with everything said that a user of the result should know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transpile.weights.arrays import Array, to_numpy
from transpile.weights.files import FileTensor
from transpile.weights.inspecting.statistics import count_not_finite
from transpile.weights.load import load_state_dict
from transpile.weights.places import Leaf
from transpile.weights.report import LoadReport
from transpile.weights.walk import walk

COUNTER = "num_batches_tracked"


@dataclass
class Filled:
    """What a load into a model did, and what there is to say of it."""

    report: LoadReport
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fill(
    model: Any,
    state: Mapping[str, Any],
    strict: bool = True,
    step: Callable[[int], None] = lambda count: None,
) -> Filled:
    """Loads a state dict of unread tensors; raises StateDictError where a strict load does not fit."""
    not_finite: dict[str, int] = {}
    watched = {name: _watched(name, value, not_finite, step) for name, value in state.items()}
    before = {name: to_numpy(leaf.value) for name, leaf in _plain_buffers(model)}
    filled = Filled(load_state_dict(model, watched, strict=strict))
    report = filled.report
    filled.notes.append(report.summary())
    filled.warnings += not_finite_warnings(not_finite)
    changed = [
        name
        for name, leaf in _plain_buffers(model)
        if name in before and not np.array_equal(before[name], to_numpy(leaf.value), equal_nan=True)
    ]
    if changed:
        filled.warnings.append(
            f"{_some(changed)}: plain tensors in this model, which no TensorFlow file holds, and the weights give"
            " them other values than the model is built with: these are not saved"
        )
    filled.notes += counter_notes(state, report.ignored)
    for kind in ("missing", "unexpected"):
        if names := getattr(report, kind):
            filled.warnings.append(f"{kind}: {_some(names)}")
    if report.mismatched:
        filled.warnings.append(f"another shape: {_some([str(entry) for entry in report.mismatched])}")
    return filled


def not_finite_warnings(counts: Mapping[str, int]) -> list[str]:
    """Names with NaN or infinite values, and how many."""
    return [f"{name}: {count} values are NaN or infinite" for name, count in counts.items() if count]


def counter_notes(state: Mapping[str, Any], dropped: list[str]) -> list[str]:
    """What became of num_batches_tracked."""
    counters = [name for name in state if name.rpartition(".")[2] == COUNTER]
    unused = [name for name in counters if name in dropped]
    notes = []
    if unused:
        notes.append(f"{len(unused)} {COUNTER} dropped: the batches seen weigh only where momentum is None")
    if len(unused) < len(counters):
        notes.append(
            f"{len(counters) - len(unused)} {COUNTER} kept in the model, which uses them where momentum is None"
        )
    return notes


def _watched(name: str, value: Any, not_finite: dict[str, int], step: Callable[[int], None]) -> Any:
    if not isinstance(value, FileTensor):
        return value

    def read() -> Array:
        array = value.numpy()
        not_finite[name] = count_not_finite(array)
        step(value.nbytes)
        return array

    return FileTensor(value.shape, value.dtype, read, value.storage, value.is_parameter, value.file)


def _plain_buffers(model: Any) -> list[tuple[str, Leaf]]:
    """The leaves that are no variables, and that torch would save."""
    places = walk(model, {})
    return [place for place in places if isinstance(place, tuple) and place[1].variable is None]


def _some(names: list[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

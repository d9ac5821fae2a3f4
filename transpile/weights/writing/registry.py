"""What can be written, by suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.files import FileTensor

Step = Callable[[int], None]  # told of every number of bytes that is done
# Writes named tensors to a path that does not exist yet.
Writer = Callable[[Path, Mapping[str, FileTensor], Step], None]


class OutputError(ValueError):
    """What was asked for cannot be written; the text is one line."""


class Output:
    """Where to write and in which format. dtypes: what the format can hold, None for all."""

    def __init__(self, suffixes: tuple[str, ...], write: Writer, lacks: frozenset[str]) -> None:
        self.suffixes = suffixes
        self.write = write
        self.lacks = lacks

    def held_as(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """The dtype in which this format holds values of another: the same, or float32, which holds them all."""
        return np.dtype(np.float32) if dtype.name in self.lacks else dtype


_OUTPUTS: list[Output] = []
_EXTENDED = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})  # not numpy's own


def register(*suffixes: str, extended: bool = True) -> Callable[[Writer], Writer]:
    """The decorated function writes files with these suffixes; extended: whether it can hold bfloat16."""

    def add(write: Writer) -> Writer:
        _OUTPUTS.append(Output(suffixes, write, frozenset() if extended else _EXTENDED))
        return write

    return add


def writer_for(path: Path) -> Output | None:
    """The format of a path's suffix, None for those that are no format of named tensors."""
    for output in _OUTPUTS:
        if path.name.endswith(output.suffixes):
            return output
    return None

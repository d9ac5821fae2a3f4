"""A file mapped into memory: its pages are read when they are touched, and belong to the page cache."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.tensor import FileError


class Mapped:
    """A file as bytes, mapped and kept open as long as arrays look into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.length = file.seek(0, 2)
            self._map: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.length else b""
        self._file: Any = None

    def bytes(self, start: int, count: int) -> bytes:
        """A copy of some bytes; fewer at the end of the file."""
        return bytes(self._map[start : start + count])

    def array(self, start: int, count: int, dtype: np.dtype[Any]) -> Array:
        """Elements of the file, flat, as a view; raises FileError where the file ends before them."""
        if start < 0 or start + count * dtype.itemsize > self.length:
            raise FileError(f"{self.path}: is cut short: a tensor lies beyond its end")
        if not count:
            return np.empty(0, dtype)
        return np.frombuffer(self._map, dtype, count, start)

    def place(self, array: Array) -> int | None:
        """Where in the file the values of an array lie one after the other; None where they do not."""
        if not self.length or not array.flags.c_contiguous:
            return None
        start = _address(array) - _address(np.frombuffer(self._map, np.uint8, 1))
        return start if 0 <= start <= self.length - array.nbytes else None

    def read_into(self, start: int, piece: memoryview) -> None:
        """Fills a piece of memory from the file: half the work of touching new pages of the map one by one."""
        if self._file is None:
            self._file = self.path.open("rb", buffering=0)
        self._file.seek(start)
        while len(piece):
            count = self._file.readinto(piece)
            if not count:
                raise FileError(f"{self.path}: is cut short: a tensor lies beyond its end")
            piece = piece[count:]

    def release(self) -> None:
        """Lets the pages that were touched go: they stay in the page cache, and count for this process no more."""
        if self.length and hasattr(self._map, "madvise"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def stream(self) -> Any:
        """The file from its beginning, to be read piece by piece (`read`, `readline`, `tell`)."""
        if not self.length:
            raise FileError(f"{self.path}: is empty")
        self._map.seek(0)
        return self._map


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])

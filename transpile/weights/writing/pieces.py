"""The bytes of a tensor piece by piece, and a file that takes them while the next piece is read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files import FileTensor

_PIECE = 1 << 20  # read, looked at and written while it lies in the processor's cache


def as_bytes(array: Array) -> memoryview:
    """The memory of an array in C order, little-endian; the array itself where it already is that."""
    array = np.ascontiguousarray(array)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.reshape(-1).view(np.uint8).data


def pieces(tensor: FileTensor) -> Iterator[memoryview]:
    """The bytes of a tensor in C order, little-endian; a piece stays as it is until the one after the next."""
    array = tensor.reader()
    start = None if tensor.file is None or array.dtype.byteorder == ">" else tensor.file.place(array)
    if tensor.file is None or start is None:
        data = as_bytes(array)
        for at in range(0, len(data), _PIECE):
            yield _seen(tensor, data[at : at + _PIECE])
        return
    rooms = [memoryview(bytearray(min(_PIECE, array.nbytes))) for _ in range(2)]
    for number, at in enumerate(range(0, array.nbytes, _PIECE)):
        piece = rooms[number % 2][: array.nbytes - at]
        tensor.file.read_into(start + at, piece)
        yield _seen(tensor, piece)


def fill(tensor: FileTensor, room: Array) -> None:
    """Puts the bytes of a tensor into a flat array of bytes of its size."""
    array = tensor.reader()
    start = None if tensor.file is None or array.dtype.byteorder == ">" else tensor.file.place(array)
    data = None if start is not None else as_bytes(array)
    for at in range(0, room.size, _PIECE):
        piece = room[at : at + _PIECE]
        if data is not None:
            piece[:] = data[at : at + _PIECE]
        elif tensor.file is not None and start is not None:
            tensor.file.read_into(start + at, piece.data)
        _seen(tensor, piece.data)


def _seen(tensor: FileTensor, piece: memoryview) -> memoryview:
    if tensor.watch is not None:
        tensor.watch(np.frombuffer(piece, tensor.dtype.newbyteorder("<")))
    return piece


class Behind:
    """A new file that a thread of its own writes: `write` waits only for the piece that came before."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._position = 0

    def write(self, data: bytes | memoryview) -> int:
        """Takes data that stays as it is until the write after this one."""
        self.flush()
        self._pending = self._thread.submit(_write_all, self._file, memoryview(data))
        self._position += len(data)
        return len(data)

    def flush(self) -> None:
        """Waits until all is written; raises what went wrong."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def tell(self) -> int:
        """Where the next write goes."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to another place."""
        self.flush()
        self._position = self._file.seek(offset, whence)
        return self._position

    def __enter__(self) -> Behind:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self._thread.shutdown()
            self._file.close()


def _write_all(file: Any, data: memoryview) -> None:
    while len(data):  # an unbuffered file may take less than it is given
        data = data[file.write(data) :]

"""A tensor in a file, unread: its shape and dtype are known, its values are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol

import numpy as np

from transpile.weights.arrays import Array, Shape


class Held(Protocol):
    """The file behind a view (transpile.weights.files.mapped)."""

    def place(self, array: Array) -> int | None:
        """Where in the file the values of an array lie one after the other; None where they do not."""

    def read_into(self, start: int, piece: memoryview) -> None:
        """Fills a piece of memory with what the file holds from `start` on."""

    def release(self) -> None:
        """Gives the memory of what was read back to the system."""


class FileTensor:
    """A tensor in a file. `numpy()` reads it, as a view of the mapped file wherever that is possible.

    storage: equal for tensors that are views of one piece of the file (tied weights), None where a file
    cannot tell. is_parameter: what the file says of it; None where it does not tell parameters from buffers.
    file: what the view looks into. watch: is told of the values when they are read.
    """

    __slots__ = ("dtype", "file", "is_parameter", "reader", "shape", "storage", "watch")

    def __init__(
        self,
        shape: Shape,
        dtype: np.dtype[Any],
        reader: Callable[[], Array],
        storage: Hashable = None,
        is_parameter: bool | None = None,
        file: Held | None = None,
        watch: Callable[[Array], None] | None = None,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.reader = reader
        self.storage = storage
        self.is_parameter = is_parameter
        self.file = file
        self.watch = watch

    def numpy(self) -> Array:
        """The values; in the file's own dtype, bfloat16 and the like included."""
        array = self.reader()
        if self.watch is not None:
            self.watch(array)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    @property
    def size(self) -> int:
        """The number of elements, whatever they would overflow."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def as_parameter(self) -> FileTensor:
        """The same tensor, known to be a parameter."""
        return FileTensor(self.shape, self.dtype, self.reader, self.storage, True, self.file, self.watch)

    def release(self) -> None:
        """Gives the memory of what was read back to the system, where the file is mapped; it can be read again."""
        if self.file is not None:
            self.file.release()

    def __repr__(self) -> str:
        return f"FileTensor({self.shape}, {self.dtype})"


class FileError(ValueError):
    """A file that cannot be used as a checkpoint; the text is one line that names it."""


_TORCH = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "complexfloat": "complex64",
    "complexdouble": "complex128",
    "qint8": "int8",
    "quint8": "uint8",
    "qint32": "int32",
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "f8_e4m3": "float8_e4m3fn",
    "f8_e5m2": "float8_e5m2",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u64": "uint64",
    "u32": "uint32",
    "u16": "uint16",
    "u8": "uint8",
    "c64": "complex64",
}


def dtype_named(name: str) -> np.dtype[Any]:
    """The numpy dtype of a name as torch, safetensors or numpy give it; raises KeyError for an unknown one."""
    name = _TORCH.get(name.lower(), name.lower())
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes  # comes with TensorFlow; only these dtypes need it

        found = getattr(ml_dtypes, name, None)
        if not isinstance(found, type):
            raise KeyError(name) from None
        return np.dtype(found)

"""A .pth from before torch 1.6: four pickles in a row, then the bytes of every storage."""

from __future__ import annotations

import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.mapped import Mapped
from transpile.weights.files.pickle_machine import Damaged, PickleMachine, Refused
from transpile.weights.files.registry import Opened, register
from transpile.weights.files.tensor import FileError
from transpile.weights.files.torch_objects import NAMES, Storage, StorageType
from transpile.weights.files.torch_zip import allowed_names, refusal

_MAGIC = 0x1950A86A20F9469CFC6C


def _recognised(path: Path, head: bytes) -> bool:
    return head[:1] == b"\x80" and len(head) > 2 and head[1] <= 5


@register(_recognised)
def open_torch_legacy(path: Path, allow_pickle: bool) -> Opened:
    """Opens a .pth of the old format; what is no torch file at all but a plain pickle is read as well."""
    mapped = Mapped(path)
    stream = mapped.stream()
    storages = _Storages(mapped)
    allows = allowed_names(allow_pickle)

    def load() -> Any:
        return PickleMachine(NAMES, storages.named, allows).load(stream)

    try:
        first = load()
        if first != _MAGIC:
            return Opened(path, "pickle", first)
        _, _, tree, keys = load(), load(), load(), load()
    except Refused as error:
        raise refusal(path, error.name, allow_pickle) from None
    except Damaged as error:
        raise FileError(f"{path}: is damaged or no torch checkpoint: {error}") from None
    storages.find(keys, stream.tell())
    return Opened(path, "torch checkpoint (before 1.6)", tree)


@register(lambda path, head: head[257:262] == b"ustar" and tarfile.is_tarfile(path))
def open_torch_tar(path: Path, allow_pickle: bool) -> Opened:
    """The format of torch 0.1 (a tar), which is not read."""
    raise FileError(f"{path}: is a tar as torch before 0.2 wrote it; load and save it with torch once")


class _Storages:
    """The storages of the file by key; where each of them lies is known once the keys have been read."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._known: dict[str, tuple[np.dtype[Any], int]] = {}
        self._starts: dict[str, int] = {}

    def named(self, identity: Any) -> Any:
        """What a persistent id stands for: a storage, or a class with its source text, which is left unread."""
        if isinstance(identity, tuple) and len(identity) == 4 and identity[0] == "module":
            return identity[1]
        if not (isinstance(identity, tuple) and len(identity) >= 5 and identity[0] == "storage"):
            raise Damaged("an unknown persistent id")
        _, kind, key, _, count, *view = identity
        if not isinstance(kind, StorageType) or kind.dtype is None or not isinstance(count, int) or count < 0:
            raise Damaged("a storage of an unknown kind")
        key, dtype = str(key), kind.dtype
        self._known[key] = dtype, count
        first, length = (view[0][1], view[0][2]) if view and view[0] else (0, count)
        if not (isinstance(first, int) and isinstance(length, int) and 0 <= first <= first + length <= count):
            raise Damaged("a storage that lies outside of another")
        return Storage(
            dtype,
            length,
            f"{key}:{first}",
            lambda: self._array(key)[first : first + length],
            self._mapped,
        )

    def find(self, keys: Any, start: int) -> None:
        """Where every storage begins: each is preceded by its number of elements."""
        path = self._mapped.path
        if not isinstance(keys, list) or set(map(str, keys)) != set(self._known):
            raise FileError(f"{path}: is damaged: its list of storages does not fit its tensors")
        for key in map(str, keys):
            dtype, count = self._known[key]
            head = self._mapped.bytes(start, 8)
            if len(head) < 8:
                raise FileError(f"{path}: is cut short")
            if struct.unpack("<q", head)[0] != count:
                raise FileError(f"{path}: is damaged: a storage has another size than its tensor")
            self._starts[key] = start + 8
            start += 8 + count * dtype.itemsize
        if start > self._mapped.length:
            raise FileError(
                f"{path}: is cut short: {start - self._mapped.length} bytes are missing at its end"
            )

    def _array(self, key: str) -> Array:
        dtype, count = self._known[key]
        return self._mapped.array(self._starts[key], count, dtype)

"""A .pth of torch 1.6 or later: a zip with a pickle, and the bytes of each storage as a file of its own."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.mapped import Mapped
from transpile.weights.files.pickle_machine import Damaged, PickleMachine, Refused
from transpile.weights.files.registry import HARMLESS, RATIO, Opened, register
from transpile.weights.files.tensor import FileError
from transpile.weights.files.torch_objects import NAMES, Storage, StorageType

_LOCAL_HEADER = 30


def _recognised(path: Path, head: bytes) -> bool:
    return head[:4] in (
        b"PK\x03\x04",
        b"PK\x05\x06",
    )  # any zip that is not another format's: formats are asked by name


@register(_recognised)
def open_torch_zip(path: Path, allow_pickle: bool) -> Opened:
    """Opens a .pth, .pt or .bin; nothing but its pickle is read."""
    archive = _Archive(path)
    kind = "TorchScript archive" if archive.is_script else "torch checkpoint"
    return Opened(path, kind, archive.tree(allow_pickle))


def refusal(path: Path, name: str, allow_pickle: bool) -> FileError:
    """The complaint about a pickle that asks for more than tensors."""
    text = f"{path}: refused, nothing of it was run: its pickle asks for {name}, which is no tensor"
    if not allow_pickle:
        text += (
            "; --allow-pickle takes the tensors out of pickled objects (in torch, loading such a file "
            "would run the code that it names)"
        )
    return FileError(text)


def allowed_names(allow_pickle: bool) -> Callable[[str], bool]:
    """Which names outside the table may become foreign objects; TorchScript's own classes always may."""
    return lambda name: allow_pickle or name.startswith("__torch__.")


class _Archive:
    """The zip: its members are looked up in the central directory and mapped, not unpacked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mapped = Mapped(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise FileError(f"{path}: is damaged or cut short: its list of members cannot be read") from None
        self._members = {info.filename: info for info in self._zip.infolist()}
        pickles = [name for name in self._members if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise FileError(f"{path}: is a zip without a torch pickle (data.pkl)")
        self._root = pickles[0].removesuffix("data.pkl")
        self._refuse_bombs()
        self.is_script = any(name.startswith(f"{self._root}code/") for name in self._members)
        order = self._member("byteorder")
        self._big = order is not None and self._unpacked(order) == b"big"

    def _refuse_bombs(self) -> None:
        size = self.path.stat().st_size
        total = sum(info.file_size for info in self._members.values())
        if total > RATIO * size + HARMLESS:
            raise FileError(
                f"{self.path}: refused: its {size} bytes unpack to {total}, {total / size:.0f} times as many"
            )

    def _member(self, name: str) -> zipfile.ZipInfo | None:
        return self._members.get(self._root + name)

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(info) as file:
                return file.read(info.file_size + 1)
        except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged members
            raise FileError(f"{self.path}: is damaged: {info.filename}: {error}") from None

    def tree(self, allow_pickle: bool) -> Any:
        info = self._member("data.pkl")
        assert info is not None
        machine = PickleMachine(NAMES, self._storage, allowed_names(allow_pickle or self.is_script))
        try:
            return machine.load(self._unpacked(info))
        except Refused as error:
            raise refusal(self.path, error.name, allow_pickle) from None
        except Damaged as error:
            raise FileError(f"{self.path}: is damaged: its pickle cannot be read: {error}") from None

    def _storage(self, identity: Any) -> Storage:
        if not (isinstance(identity, tuple) and len(identity) >= 5 and identity[0] == "storage"):
            raise Damaged("an unknown persistent id")
        _, kind, key, _, count = identity[:5]
        if not isinstance(kind, StorageType) or not isinstance(count, int) or count < 0:
            raise Damaged("a storage of an unknown kind")
        dtype = np.dtype(np.uint8) if kind.dtype is None else kind.dtype
        dtype = dtype.newbyteorder(">") if self._big else dtype
        info = self._member(f"data/{key}")
        if info is None:
            raise FileError(f"{self.path}: is damaged: the storage data/{key} is missing")
        if info.file_size < count * dtype.itemsize:
            raise FileError(
                f"{self.path}: is damaged: data/{key} has {info.file_size} bytes, not {count * dtype.itemsize}"
            )
        return Storage(dtype, count, str(key), lambda: self._array(info, count, dtype), self._mapped)

    def _array(self, info: zipfile.ZipInfo, count: int, dtype: np.dtype[Any]) -> Array:
        if info.compress_type != zipfile.ZIP_STORED:
            return np.frombuffer(self._unpacked(info), dtype, count)
        header = self._mapped.bytes(info.header_offset, _LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise FileError(f"{self.path}: is damaged: {info.filename} is not where the zip says")
        name, extra = struct.unpack("<HH", header[26:30])
        return self._mapped.array(info.header_offset + _LOCAL_HEADER + name + extra, count, dtype)

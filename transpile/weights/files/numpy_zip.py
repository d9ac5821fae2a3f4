"""numpy's .npz (each member is mapped where it is not compressed) and .npy."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.registry import Opened, register
from transpile.weights.files.tensor import FileError, FileTensor


def _recognised(path: Path, head: bytes) -> bool:
    # Every zip that is not another format's: an empty .npz has no member at all.
    return (head[:4] in (b"PK\x03\x04", b"PK\x05\x06")) and (path.suffix == ".npz" or b".npy" in head[:600])


@register(_recognised)
def open_npz(path: Path, allow_pickle: bool) -> Opened:
    """Opens a .npz; of each member only the header is read. Arrays of Python objects are refused."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError):
        raise FileError(f"{path}: is damaged or cut short: its list of members cannot be read") from None
    tree = {}
    for info in archive.infolist():
        if info.filename.endswith(".npy"):
            tree[info.filename.removesuffix(".npy")] = _tensor(path, archive, info)
    return Opened(path, "npz", tree)


def _tensor(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> FileTensor:
    try:
        with archive.open(info) as file:
            shape, _, dtype = _header(file)
    except Exception as error:  # zipfile, zlib and numpy raise many kinds
        raise FileError(f"{path}: is damaged: {info.filename}: {error}") from None
    if dtype.hasobject:
        raise FileError(f"{path}: refused: {info.filename} is a pickle of Python objects, not an array")

    def read() -> Array:
        try:
            with archive.open(info) as file:
                return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
        except Exception as error:
            raise FileError(f"{path}: is damaged: {info.filename}: {error}") from None

    return FileTensor(shape, dtype, read, info.filename)


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


@register(lambda path, head: head[:6] == b"\x93NUMPY")
def open_npy(path: Path, allow_pickle: bool) -> Opened:
    """Opens a single array under the file's own name."""
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise FileError(f"{path}: cannot be read: {error}") from None
    return Opened(path, "npy", {path.stem: FileTensor(array.shape, array.dtype, lambda: array)})

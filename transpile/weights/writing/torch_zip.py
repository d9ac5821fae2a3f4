"""A .pth as torch.save writes it, without torch: a zip with a pickle of tensors, and the bytes of each storage."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Mapping
from pathlib import Path

from transpile.weights.files import FileTensor
from transpile.weights.writing.pieces import pieces
from transpile.weights.writing.registry import OutputError, Step, register
from transpile.weights.writing.zips import new_zip, store

_STORAGES = {
    "float64": "Double",
    "float32": "Float",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "int64": "Long",
    "int32": "Int",
    "int16": "Short",
    "int8": "Char",
    "uint8": "Byte",
    "bool": "Bool",
    "complex64": "ComplexFloat",
    "complex128": "ComplexDouble",
}


@register(".pth", ".pt", ".bin")
def write_torch(path: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes a state dict that torch.load(weights_only=True) reads; tensors that are one stay one."""
    keys: dict[Hashable, int] = {}
    placed: list[FileTensor] = []
    entries = []
    for name, tensor in tensors.items():
        if tensor.dtype.name not in _STORAGES:
            raise OutputError(f"{name} is {tensor.dtype.name}, which is not written as a torch tensor")
        identity = (name,) if tensor.storage is None else (tensor.storage, tensor.shape)
        if identity not in keys:
            keys[identity] = len(placed)
            placed.append(tensor)
        entries.append(_text(name) + _tensor(tensor, keys[identity]))
    # An OrderedDict, filled with the names and tensors between the mark "(" and the "u".
    pickled = b"\x80\x02ccollections\nOrderedDict\n)R(" + b"".join(entries) + b"u."
    root = path.name.partition(".")[0] or "archive"
    with new_zip(path) as archive:
        store(archive, f"{root}/data.pkl", [pickled], len(pickled))
        store(archive, f"{root}/byteorder", [b"little"], 6)
        for key, tensor in enumerate(placed):
            store(archive, f"{root}/data/{key}", pieces(tensor), tensor.nbytes)
            tensor.release()
            step(tensor.nbytes)
        store(archive, f"{root}/version", [b"3\n"], 2)


def _tensor(tensor: FileTensor, key: int) -> bytes:
    """The call of _rebuild_tensor_v2(storage, 0, shape, strides, requires_grad, hooks)."""
    strides: list[int] = []
    step = 1
    for length in reversed(tensor.shape):
        strides.insert(0, step)
        step *= max(length, 1)
    kind = f"ctorch\n{_STORAGES[tensor.dtype.name]}Storage\n".encode()
    storage = b"(" + _text("storage") + kind + _text(str(key)) + _text("cpu") + _number(tensor.size) + b"tQ"
    sizes = b"(" + b"".join(map(_number, tensor.shape)) + b"t(" + b"".join(map(_number, strides)) + b"t"
    hooks = b"ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + sizes + b"\x89" + hooks + b"tR"


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    if value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    return b"\x8a\x08" + struct.pack("<q", value)

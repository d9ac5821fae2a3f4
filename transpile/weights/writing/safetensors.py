"""safetensors: a header in JSON, then the values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from transpile.weights.files import FileTensor
from transpile.weights.writing.pieces import Behind, pieces
from transpile.weights.writing.registry import OutputError, Step, register

_NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
    "complex64": "C64",
}


@register(".safetensors")
def write_safetensors(path: Path, tensors: Mapping[str, FileTensor], step: Step) -> None:
    """Writes tensor after tensor; the library's own writer would hold all of them in memory."""
    # Wide dtypes first, as the format's own library orders them: every tensor is then aligned.
    ordered = sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, tensor in ordered:
        if tensor.dtype.name not in _NAMES:
            raise OutputError(f"{name} is {tensor.dtype.name}, which safetensors cannot hold")
        offsets = [start, start + tensor.nbytes]
        header[name] = {
            "dtype": _NAMES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        start = offsets[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with Behind(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in ordered:
            for piece in pieces(tensor):
                file.write(piece)
                step(len(piece))
            tensor.release()

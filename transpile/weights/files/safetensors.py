"""safetensors, one file or several with an index (`model.safetensors.index.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.mapped import Mapped
from transpile.weights.files.registry import Opened, open_checkpoint, register
from transpile.weights.files.tensor import FileError, FileTensor, dtype_named

_INDEX = ".index.json"


def _recognised(path: Path, head: bytes) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000


@register(_recognised)
def open_safetensors(path: Path, allow_pickle: bool) -> Opened:
    """Opens one file; safetensors checks its header, and the values are mapped (bfloat16 too)."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
    except (SafetensorError, OSError, ValueError) as error:
        raise FileError(f"{path}: is damaged or cut short: {error}") from None
    mapped = Mapped(path)
    length = int.from_bytes(mapped.bytes(0, 8), "little")
    header = json.loads(mapped.bytes(8, length))
    return Opened(
        path, "safetensors", {name: _tensor(mapped, 8 + length, header[name], name) for name in names}
    )


def _tensor(mapped: Mapped, base: int, entry: dict[str, Any], name: str) -> FileTensor:
    try:
        dtype = dtype_named(entry["dtype"])
    except KeyError:
        raise FileError(f"{mapped.path}: {name} has the dtype {entry['dtype']}, which is not known") from None
    shape = tuple(entry["shape"])
    start = base + entry["data_offsets"][0]

    def read() -> Array:
        return mapped.array(start, int(np.prod(shape, dtype=np.int64)), dtype).reshape(shape)

    return FileTensor(shape, dtype, read, start, file=mapped)


def _is_index(path: Path, head: bytes) -> bool:
    return path.name.endswith(_INDEX) or (path.is_dir() and len(list(path.glob(f"*{_INDEX}"))) == 1)


@register(_is_index)
def open_sharded(path: Path, allow_pickle: bool) -> Opened:
    """Opens the files that an index names (or a folder with one index in it) as one."""
    index = path if path.is_file() else next(path.glob(f"*{_INDEX}"))
    try:
        places = json.loads(index.read_bytes())["weight_map"]
        files = sorted(set(places.values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FileError(f"{index}: is no index of a sharded checkpoint (no weight_map)") from None
    shards: dict[str, Any] = {}
    for name in files:
        if not isinstance(name, str) or Path(name).name != name:
            raise FileError(f"{index}: names a file outside of its folder: {name!r}")
        if not (index.parent / name).is_file():
            raise FileError(f"{index}: the file {name} is missing")
        shards[name] = open_checkpoint(index.parent / name, allow_pickle).tree
    tree = {}
    for name, file in places.items():
        if not isinstance(shards[file], dict) or name not in shards[file]:
            raise FileError(f"{index.parent / file}: {name} is missing, which {index.name} promises")
        tree[name] = shards[file][name]
    return Opened(path, f"sharded checkpoint of {len(files)} files", tree)

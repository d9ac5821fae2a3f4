"""How a checkpoint's format is recognised, and what opening one gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transpile.weights.files.pickle_machine import Foreign
from transpile.weights.files.tensor import FileError, FileTensor
from transpile.weights.files.torch_modules import module_state


@dataclass
class Opened:
    """An open checkpoint. `tree` is a mapping of names to tensors, or whatever a torch file holds."""

    path: Path
    format: str
    tree: Any
    notes: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every tensor and every plain value by its path through the tree: `model.conv.weight`, `epoch`."""
        return flattened(self.tree)


@dataclass(frozen=True)
class Format:
    """recognises: by path and first bytes (none for a folder or a prefix); open: with whether to allow pickles."""

    recognises: Callable[[Path, bytes], bool]
    open: Callable[[Path, bool], Opened]


FORMATS: list[Format] = []
# Weights hardly shrink by compression: what unpacks to twenty times its size is made to fill a disk or a memory.
RATIO = 20
HARMLESS = 64 << 20
_HEAD = 4096  # bytes that tell the format
_MOST = 1_000_000  # entries; a pickle of a few bytes can describe more than there are atoms


def register(recognises: Callable[[Path, bytes], bool]) -> Callable[[Any], Any]:
    """The decorated function opens the files that `recognises` says."""

    def add(function: Callable[[Path, bool], Opened]) -> Callable[[Path, bool], Opened]:
        FORMATS.append(Format(recognises, function))
        return function

    return add


def open_checkpoint(path: Path, allow_pickle: bool = False) -> Opened:
    """Opens a checkpoint of any known format; nothing that it contains is run, and no tensor is read.

    allow_pickle: take the tensors out of a pickled model or of other objects as well, still without running
    any of their code. Raises FileError.
    """
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if not head:
            raise FileError(f"{path}: is empty")
    for candidate in FORMATS:
        if candidate.recognises(path, head):
            opened = candidate.open(path, allow_pickle)
            _refuse_bombs(opened)
            return opened
    if not path.exists():
        raise FileError(f"{path}: no such file or checkpoint")
    if path.is_dir():
        indices = sorted(place.name for place in path.glob("*.index*"))
        several = (
            f": it has {', '.join(indices[:4])}{', …' if len(indices) > 4 else ''}, of which to name one"
        )
        raise FileError(f"{path}: is a folder, and no one checkpoint{several if indices else ''}")
    raise FileError(f"{path}: is no checkpoint of a known format (it begins with {head[:8]!r})")


def _refuse_bombs(opened: Opened) -> None:
    """A tensor with strides of 0, or compressed zeros, would fill a disk from a few bytes."""
    if not opened.path.is_file() or opened.path.name.endswith((".index", ".json")):
        return
    size = opened.path.stat().st_size
    total = sum(value.nbytes for _, value in opened.entries() if isinstance(value, FileTensor))
    if total > RATIO * size + HARMLESS:
        raise FileError(f"{opened.path}: refused: its {size} bytes claim to hold tensors of {total} bytes")


def flattened(tree: Any) -> Iterator[tuple[str, Any]]:
    """(path, tensor or plain value) of all leaves of nested dicts and lists, each container once per path."""
    count = 0
    stack: list[tuple[str, Any, tuple[int, ...]]] = [("", tree, ())]
    while stack:
        path, value, above = stack.pop()
        value = dict(module_state(value)) if isinstance(value, Foreign) else value
        count += 1
        if count > _MOST:
            raise FileError(f"the checkpoint holds more than {_MOST} entries")
        if isinstance(value, Mapping):
            children = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)) and any(_holds_more(item) for item in value):
            children = [(f"{path}.{i}" if path else str(i), item) for i, item in enumerate(value)]
        else:
            if path:
                yield path, value
            continue
        if id(value) not in above:
            stack += [(name, item, (*above, id(value))) for name, item in reversed(children)]


def _holds_more(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple, FileTensor))

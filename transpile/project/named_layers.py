"""Layers that a folder's data files name: code that evaluates such names needs them at hand."""

from __future__ import annotations

import re

from transpile.project.plan import Unit

__all__ = ["named_layers"]

_LAYER_NAME = re.compile(rb"\bnn\.([A-Z]\w+)")
_DATA_ENDINGS = (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".txt")
_LARGEST = 1 << 20  # bytes of a data file that is looked into


def named_layers(unit: Unit) -> set[str]:
    """The layers of torch.nn in the YAML, JSON and like files of a folder."""
    found: set[str] = set()
    for file in unit.other:
        if file.source.name.endswith(_DATA_ENDINGS):
            try:
                if file.source.stat().st_size <= _LARGEST:
                    found.update(name.decode() for name in _LAYER_NAME.findall(file.source.read_bytes()))
            except OSError:
                continue
    return found

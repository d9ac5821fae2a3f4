"""Checkpoints of every kind, read lazily and without running anything that they contain.

One file per format. A format that is dropped in here is found by itself: `register` says how it is recognised.
"""

from __future__ import annotations

import importlib
import pkgutil

from transpile.weights.files.registry import FORMATS, Opened, flattened, open_checkpoint
from transpile.weights.files.tensor import FileError, FileTensor

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["FORMATS", "FileError", "FileTensor", "Opened", "flattened", "open_checkpoint"]

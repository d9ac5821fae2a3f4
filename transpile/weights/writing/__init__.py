"""Checkpoints written: tensors one after the other into a file that replaces the target when it is whole.

One file per format. `register` names the suffixes that a format stands for.
"""

from __future__ import annotations

import importlib
import pkgutil

from transpile.weights.writing.registry import Output, OutputError, Writer, writer_for

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["Output", "OutputError", "Writer", "writer_for"]

"""A Keras model's variables in the files that plain TensorFlow and Keras read: written, counted, read back."""

from __future__ import annotations

import importlib
import pkgutil

from transpile.weights.keras_files.registry import SAVERS, Inputs, Saver, saver_for

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["SAVERS", "Inputs", "Saver", "saver_for"]

"""One file per family of Keras layers: which torch arrays fill which variables, both ways.

A file that is dropped in here is found by itself: `register` names the Keras classes that its family stands
for.
"""

from __future__ import annotations

import importlib
import pkgutil

from transpile.weights.layers.family import Cell, Family, Slot, family_of

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["Cell", "Family", "Slot", "family_of"]

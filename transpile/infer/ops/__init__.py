"""Operations whose effect on axes needs more than a word in the rule: one file per family, found by name."""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

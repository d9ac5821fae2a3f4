"""The catalogue of diagnostic codes, complete: pages are entered by the modules that report them."""

from __future__ import annotations

import importlib
import pkgutil

from transpile.diagnostics import Explanation, catalogue

_HOMES = ("transpile.source", "transpile.infer", "transpile.rewrite", "transpile.hazards")


def load() -> dict[str, Explanation]:
    """Every described code, after importing the stages in which codes are described (none needs a framework)."""
    for home in _HOMES:
        try:
            package = importlib.import_module(home)
        except ModuleNotFoundError as error:
            if error.name != home:
                raise
            continue
        for module in pkgutil.walk_packages(package.__path__, f"{home}."):
            importlib.import_module(module.name)
    return catalogue()

"""PyTorch source to TensorFlow/Keras source.

    transpile.translate(source) -> Translation          one text
    transpile.translate_package(path, out) -> dict      a folder
    transpile.weights.load_state_dict(model, state)     torch weights into a translated model

Importing this package loads nothing else: every name below is fetched when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transpile import weights as weights
    from transpile.diagnostics import Diagnostic as Diagnostic
    from transpile.diagnostics import Severity as Severity
    from transpile.project import translate_package as translate_package
    from transpile.translate import Translation as Translation
    from transpile.translate import translate as translate

__version__ = "0.1.0"
__all__ = ["Diagnostic", "Severity", "Translation", "__version__", "translate", "translate_package"]

_HOMES = {
    "Diagnostic": "transpile.diagnostics",
    "Severity": "transpile.diagnostics",
    "Translation": "transpile.translate",
    "translate": "transpile.translate",
    "translate_package": "transpile.project",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "weights":
        return importlib.import_module("transpile.weights")
    raise AttributeError(f"module 'transpile' has no attribute {name!r}")


class _Package(ModuleType):
    """The package, which keeps `transpile.translate` the function.

    Importing the submodule of the same name would bind the module over it, so what
    `transpile.translate` means would hang on who imported what first.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "translate" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

"""Which modules of a project have anything to translate: those that speak of torch, and those that import them.

And which files are TensorFlow's. Both are asked of every file that a hook is given, before anything else is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from transpile.source.imports import imports

__all__ = ["BRINGS_TORCH", "SPEAKS_OF_TORCH", "concerns_tensorflow", "roots"]

SPEAKS_OF_TORCH = re.compile(r"\btorch\b|\beinops\b")
# Without an import of torch, or of what stands on it, nothing in a module is torch's.
BRINGS_TORCH = re.compile(r"^[ \t]*(?:from|import)\b[^\n#]*(?:torch|einops)", re.MULTILINE)
_IMPORTS_TENSORFLOW = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+(?:tensorflow|keras|tf_keras|tf_slim)\b", re.MULTILINE
)


def concerns_tensorflow(text: str) -> bool:
    """Whether a source imports TensorFlow or Keras."""
    return _IMPORTS_TENSORFLOW.search(text) is not None


def roots(texts: Mapping[str, tuple[str, bool]]) -> list[str]:
    """The names of such modules, in the order given; `texts` are source and whether it is an `__init__`, by name.

    A module that never says torch may still hold its tensors and layers: `class Net(Conv)` with Conv from a
    sibling. One that only imports what has nothing to do with torch is none, whatever its methods are called.
    """
    found = {
        name
        for name, (text, _) in texts.items()
        if ("torch" in text or "einops" in text) and SPEAKS_OF_TORCH.search(text)
    }
    if not found:
        return []
    importers: dict[str, list[str]] = {}
    for name, (text, is_package) in texts.items():
        if name not in found:
            for found_import in imports(text, name, is_package) if "import" in text else ():
                for target in {found_import.source, found_import.member}:
                    importers.setdefault(target, []).append(name)
    todo = list(found)
    while todo:
        for importer in importers.get(todo.pop(), ()):
            if importer not in found:
                found.add(importer)
                todo.append(importer)
    return [name for name in texts if name in found]

"""The original and its translation in one process, each with the modules that it alone may see.

The translation carries the original's names (`pkg.models.net`), so that what either imports late has to find its own
file: inside `with world:` sys.path and sys.modules hold what belongs to one side. In the translation's world torch
cannot be imported: what stands there stands alone.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

__all__ = ["World"]

_NEVER = ("torch", "transpile")  # no translation has these for its own


class _Blocker(importlib.abc.MetaPathFinder):
    """Makes names as absent as if they were not installed; a None in sys.modules would break who looks there."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


class World:
    """A folder on sys.path, the modules that were loaded from below `root`, and names that are not to be had."""

    def __init__(self, folder: Path, root: Path, blocked: Sequence[str] = ()) -> None:
        self.folder = os.path.realpath(folder)
        self.root = os.path.realpath(root)
        self.blocked = blocked
        self.modules: dict[str, ModuleType] = {}
        self._depth = 0
        self._known: dict[str, bool] = {}

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, imports find this world's files."""
        if self._depth:
            yield
            return
        hidden = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in self.blocked}
        for name in hidden:
            del sys.modules[name]
        blocker = _Blocker([name for name in self.blocked if not self._has(name)])
        sys.meta_path.insert(0, blocker)
        shadowed = {n: sys.modules[n] for n in self.modules if n in sys.modules}
        sys.modules.update(self.modules)
        sys.path.insert(0, self.folder)
        importlib.invalidate_caches()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            sys.meta_path.remove(blocker)
            with contextlib.suppress(ValueError):
                sys.path.remove(self.folder)
            for name, module in list(sys.modules.items()):
                if self._owns(module):
                    self.modules[name] = module
                    del sys.modules[name]
            for name in [n for n in sys.modules if n.partition(".")[0] in self.blocked]:
                del sys.modules[name]
            sys.modules.update(hidden)
            sys.modules.update(shadowed)

    def _has(self, name: str) -> bool:
        """Whether a blocked name is this side's own: the translation of torchvision is called torchvision."""
        place = os.path.join(self.folder, name)
        return name not in _NEVER and (os.path.isdir(place) or os.path.isfile(f"{place}.py"))

    def _owns(self, module: ModuleType | None) -> bool:
        file = getattr(module, "__file__", None)
        paths = [file] if isinstance(file, str) else list(getattr(module, "__path__", None) or ())
        return any(self.owns(path) for path in paths[:1])

    def owns(self, path: str) -> bool:
        """Whether a file is one of this side's: below the root, and not in an environment that stands there."""
        real = os.path.realpath(path)
        if real == self.root:
            return True
        below = real.removeprefix(self.root + os.sep)
        return below != real and "site-packages" not in below.split(os.sep)

    def owns_code(self, filename: str) -> bool:
        """The same for the file name of a code object, remembered: it is asked for every frame of every call."""
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = self.owns(filename)
        return known

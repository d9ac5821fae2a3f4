"""Lets a process that blocks torch go on importing SciPy.

To prove that a translation stands without torch, a checker sets `sys.modules["torch"] = None`. SciPy 1.17 asks
`sys.modules["torch"].Tensor` while scipy.stats loads, so every package that plots or fits fails to import from
then on. Loading scipy.stats before the block is set avoids it; it is only done in a process that has already
loaded TensorFlow, SciPy's core and no torch, which is what such a checker looks like.
"""

from __future__ import annotations

import contextlib
import importlib
import sys

__all__ = ["load_scipy_first"]


def load_scipy_first() -> None:
    """Import scipy.stats where TensorFlow and scipy are loaded and torch is not."""
    if "tensorflow" in sys.modules and "scipy" in sys.modules and "torch" not in sys.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module("scipy.stats")

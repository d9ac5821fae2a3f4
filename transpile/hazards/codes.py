"""The codes of this folder: each is entered once, with its severity, its page and an example that triggers it."""

from __future__ import annotations

import importlib
import pkgutil
import textwrap
from dataclasses import dataclass

from transpile.diagnostics import Severity, describe

__all__ = ["EXAMPLES", "HEADER", "SEVERITIES", "TENSORFLOW_HEADER", "Example", "load", "risk"]

# What every example is understood to begin with.
HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n"
TENSORFLOW_HEADER = "import tensorflow as tf\n\n"


@dataclass(frozen=True, slots=True)
class Example:
    """Torch source that gets the code, and the same meant without it (empty where there is no other way)."""

    before: str
    after: str = ""
    is_tensorflow: bool = False  # the code is one of `transpile check` on TensorFlow source


SEVERITIES: dict[str, Severity] = {}
EXAMPLES: dict[str, Example] = {}


def risk(
    code: str,
    severity: Severity,
    title: str,
    text: str,
    *,
    before: str = "",
    after: str = "",
    tensorflow: bool = False,
) -> str:
    """Enter a code, and return it. `text` is its page; the examples are appended to it and are run by the tests.

    `tensorflow` marks a code that is found in TensorFlow source, by `transpile check`, and not in torch's.

    Raises ValueError for a malformed code, and for one that is entered twice with different pages.
    """
    example = Example(_block(before), _block(after), tensorflow)
    page = text.strip("\n") + "\n"
    if before:
        page += "\nReported for:\n\n" + textwrap.indent(example.before, "    ")
    if after:
        page += "\nNot reported for:\n\n" + textwrap.indent(example.after, "    ")
    describe(code, title, page)
    SEVERITIES[code] = severity
    if before:
        EXAMPLES[code] = example
    return code


def _block(code: str) -> str:
    return textwrap.dedent(code).strip("\n") + "\n" if code else ""


def load(beginning: str = "") -> None:
    """Import every family of this folder, or those whose files begin so; a new file needs no entry anywhere."""
    import transpile.hazards

    for module in pkgutil.iter_modules(transpile.hazards.__path__):
        if module.name.startswith(beginning):
            importlib.import_module(f"transpile.hazards.{module.name}")

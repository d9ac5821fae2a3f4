"""The named commands of the command line, one file each.

A file `NAME.py` in this folder, with a click command called `command`, is `transpile NAME`; dropping it in is
all that a new command needs. Only the command that is called is imported, so a command may import at its top
what it needs (but not torch or TensorFlow, which the help of all commands would then load). Files that begin
with an underscore are what commands share.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

COMPLETION = "_TRANSPILE_COMPLETE"  # the variable by which a shell asks what a line may go on with


def names() -> list[str]:
    """The names of all commands, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")


def find(name: str) -> click.Command | None:
    """The command of this name; None where there is none."""
    return load(name) if name in names() else None


def load(name: str) -> click.Command:
    """The command in NAME.py."""
    command: click.Command = importlib.import_module(f"{__name__}.{name}").command
    return command


def summary(name: str) -> str:
    """The first sentence of what a command says of itself; read, not imported: it may need what is not installed."""
    import ast
    from pathlib import Path

    tree = ast.parse(Path(__path__[0], f"{name}.py").read_bytes())
    docs = [ast.get_docstring(node) for node in tree.body if getattr(node, "name", "") == "command"]  # type: ignore[arg-type]
    text = " ".join((docs[0] or "").partition("\n\n")[0].split()) if docs else ""
    return text.partition(". ")[0]

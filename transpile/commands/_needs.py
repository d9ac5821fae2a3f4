"""Commands that need more than a translation does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from transpile.project.plan import UnusableCall

__all__ = ["needs", "needs_frameworks"]


@contextlib.contextmanager
def needs(command: str) -> Iterator[None]:
    """Inside stand a command's own imports; a package that is not installed is one line with what to do."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnusableCall(
            f"{command} needs {error.name}, which is not installed: pip install 'transpile[tf]'"
        ) from None


def needs_frameworks(command: str) -> None:
    """Raises UnusableCall where torch or TensorFlow is not installed, of what runs both, before anything is loaded."""
    missing = [name for name in ("torch", "tensorflow") if not _is_there(name)]
    if missing:
        what = " and ".join(missing)
        said = f"{command}: runs the model in both frameworks, and needs {what}"
        raise UnusableCall(f"{said}: pip install 'transpile[torch,tf]'")


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ValueError:  # it is blocked: None in sys.modules
        return False

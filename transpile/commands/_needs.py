"""Commands that need more than a translation does."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from transpile.project.plan import UnusableCall

__all__ = ["install", "needs", "needs_frameworks"]


def install(*extras: str) -> str:
    """The command that brings what some extras ask for, by the packages' own names.

    It holds wherever transpile itself was installed from (a folder, an index, a hook's own environment).
    """
    from importlib.metadata import PackageNotFoundError, requires

    try:
        stated = requires("transpile") or []
    except PackageNotFoundError:  # run from its folder
        return f"pip install '.[{','.join(extras)}]' in transpile's folder"
    wanted = [
        requirement.partition(";")[0].strip()
        for extra in extras
        for requirement in stated
        if re.search(rf"extra == ['\"]{extra}['\"]", requirement)
    ]
    return "pip install " + " ".join(f"'{requirement}'" for requirement in wanted)


@contextlib.contextmanager
def needs(command: str) -> Iterator[None]:
    """Inside stand a command's own imports; a package that is not installed is one line with what to do."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnusableCall(f"{command} needs {error.name}, which is not installed: {install('tf')}") from None


def needs_frameworks(command: str) -> None:
    """Raises UnusableCall where torch or TensorFlow is not installed, of what runs both, before anything is loaded."""
    missing = [name for name in ("torch", "tensorflow") if not _is_there(name)]
    if missing:
        what = " and ".join(missing)
        said = f"{command}: runs the model in both frameworks, and needs {what}"
        raise UnusableCall(f"{said}: {install('torch', 'tf')}")


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ValueError:  # it is blocked: None in sys.modules
        return False

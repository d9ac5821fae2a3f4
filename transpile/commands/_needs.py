"""Commands that need more than a translation does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from transpile.project.plan import UnusableCall


@contextlib.contextmanager
def needs(command: str) -> Iterator[None]:
    """Inside stand a command's own imports; a package that is not installed is one line with what to do."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnusableCall(
            f"{command} needs {error.name}, which is not installed: pip install 'transpile[tf]'"
        ) from None

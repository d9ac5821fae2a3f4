"""A progress bar on standard error, for work that takes long and a reader who is a person."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

_LONG = 200_000_000  # bytes; less than this takes less than a second


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Inside, the function given is told of every piece that is done, in bytes."""
    if total < _LONG or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)

"""Python's search for cycles, put off while trees are made and walked.

A tree is millions of small objects without a cycle among them, and Python looks through all of them again each time
that their number has grown by a quarter.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep", "uncollected"]

_ending = False


@contextmanager
def uncollected(*, for_good: bool = False) -> Iterator[None]:
    """Do without the search; what is counted free as usual. As it was before, afterwards.

    With `for_good` what there is by then is never searched: the process ends soon, and would go through all once more.
    """
    global _ending
    collecting, ending = gc.isenabled(), _ending
    gc.disable()
    _ending = for_good or ending
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        _ending = ending
        if collecting:
            gc.enable()


def keep(thing: object) -> None:
    """Where the process ends soon, do not count it free before: to free each node of a project takes long."""
    if _ending:
        cycle = [thing]
        cycle.append(cycle)

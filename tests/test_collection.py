"""The search for cycles, put off."""

import gc
import weakref

import pytest

from transpile.collection import keep, uncollected


@pytest.mark.parametrize("collecting", [True, False])
def test_the_search_is_as_before_afterwards(collecting: bool) -> None:
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()


def test_what_is_left_for_good_is_not_searched() -> None:
    frozen = gc.get_freeze_count()
    try:
        with uncollected(for_good=True):
            left = [[] for _ in range(1000)]
        assert gc.get_freeze_count() >= frozen + len(left)
    finally:
        gc.unfreeze()


class Thing:
    """Something that can be watched."""


@pytest.mark.parametrize("ending", [True, False])
def test_only_where_the_process_ends_is_something_kept(ending: bool) -> None:
    try:
        with uncollected(for_good=ending):
            thing = Thing()
            keep(thing)
            watched = weakref.ref(thing)
            del thing
            assert (watched() is not None) is ending
        gc.collect()
        assert (watched() is not None) is ending
    finally:
        gc.unfreeze()
        gc.collect()
    assert watched() is None

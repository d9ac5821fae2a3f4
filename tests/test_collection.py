"""The search for cycles, put off."""

import gc

import pytest

from transpile.collection import uncollected


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
            kept = [[] for _ in range(1000)]
        assert gc.get_freeze_count() >= frozen + len(kept)
    finally:
        gc.unfreeze()

"""The measure: relative to the channel, blind to nothing, the same in every layout."""

from __future__ import annotations

import numpy as np
import pytest

from transpile.verify.measure import arrays, distance, error, fit

RANDOM = np.random.default_rng(0)


def test_equal_arrays_are_not_apart() -> None:
    a = RANDOM.standard_normal((2, 3, 4))
    assert error(a, a.copy()) == 0.0


def test_a_small_channel_counts_by_its_own_size() -> None:
    a = RANDOM.standard_normal((2, 3, 4, 5))
    a[:, 1] *= 0.05
    b = a.copy()
    b[:, 1] *= 1.1
    assert error(a, b) > 0.09


def test_a_dead_channel_may_hold_noise() -> None:
    a = RANDOM.standard_normal((2, 3, 4, 5))
    a[:, 1] = 0
    b = a.copy()
    b[:, 1] = 1e-9
    assert error(a, b) < 1e-5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_to_be_the_same(value: float) -> None:
    a = RANDOM.standard_normal((4, 3))
    b = a.copy()
    b[0, 0] = value
    assert error(a, b) == np.inf
    assert error(b, b.copy()) == 0.0


def test_infinities_of_two_signs_differ() -> None:
    assert error(np.array([1.0, np.inf]), np.array([1.0, -np.inf])) == np.inf


def test_integers_differ_or_not() -> None:
    assert error(np.array([1, 2]), np.array([1, 2])) == 0.0
    assert error(np.array([1, 2]), np.array([1, 3])) == 0.5


def test_channels_may_stand_last() -> None:
    a = RANDOM.standard_normal((2, 3, 4, 5))
    moved = np.moveaxis(a, 1, -1)
    assert fit(a, moved) == (0.0, True)
    assert fit(a, moved, moved=False) is None
    assert fit(a, a) == (0.0, False)


def test_results_of_another_form_have_no_distance() -> None:
    a = RANDOM.standard_normal((2, 3))
    assert distance([("", a)], [])[0] is None
    assert distance([("", a)], [("", a.T)])[0] is None
    assert "shape" in distance([("", a)], [("", a.T)])[1]


def test_nests_are_walked_in_one_order() -> None:
    a, b = np.zeros(1), np.ones(2)
    assert [path for path, _ in arrays({"b": [a], "a": (b, None, 3)})] == [".a.0", ".b.0"]

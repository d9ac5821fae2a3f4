"""What Python computes with sizes: numbers stay numbers, tensors of a graph are computed when it runs."""

from __future__ import annotations

import math

import pytest
import tensorflow as tf

from transpile.support import packed, sizes


def test_numbers_stay_numbers() -> None:
    assert (sizes.int_of(3.7), sizes.int_of("ff", 16), sizes.rounded(2.5), sizes.rounded(2.34, 1)) == (
        3,
        255,
        2,
        2.3,
    )
    assert (sizes.square_root(9), sizes.ceiling(1.2), sizes.floor_of(-1.2)) == (3.0, 2, -2)
    assert (sizes.largest(1, 3), sizes.largest([4, 2]), sizes.smallest(1, 3), sizes.smallest([4, 2])) == (
        3,
        4,
        1,
        2,
    )
    assert sizes.equal_sizes((1, 2), (1, 2)) and not sizes.equal_sizes((1, 2), (1, 2, 3))
    assert not sizes.is_symbolic(tf.constant(1))
    assert math.sqrt(4) == sizes.square_root(4)


def test_tensors_of_a_graph() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[untyped-decorator]
    def numbers(x: tf.Tensor) -> list[tf.Tensor]:
        n = tf.shape(x)[0]
        equal = tf.cast(sizes.equal_sizes((n, 2), (9, 2)), tf.int32)
        return [
            sizes.int_of(sizes.square_root(n)), sizes.rounded(n / 2), sizes.ceiling(n / 2), sizes.floor_of(n / 2),
            sizes.largest(n, 4), sizes.smallest(n, 4), equal,
        ]  # fmt: skip

    assert [int(value) for value in numbers(tf.zeros(9))] == [3, 4, 5, 4, 9, 4, 1]


def test_check_asserts_at_once_and_in_a_graph() -> None:
    sizes.check(True, 1 == 1, message="fine")
    with pytest.raises(AssertionError, match="odd"):
        sizes.check(True, False, message="odd")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[untyped-decorator]
    def halves(x: tf.Tensor) -> tf.Tensor:
        sizes.check(tf.shape(x)[0] % 2 == 0, message="odd")
        return x + 1

    assert halves(tf.zeros(4)).shape == (4,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="odd"):
        halves(tf.zeros(3))


def test_pad_sequence_keeps_integers() -> None:
    padded = packed.pad_sequence([tf.constant([1, 2, 3]), tf.constant([4])], True, -1)
    assert padded.dtype == tf.int32 and padded.numpy().tolist() == [[1, 2, 3], [4, -1, -1]]


def test_values_of_tensors() -> None:
    assert (sizes.item_of(tf.constant([3])), sizes.float_of("0.5"), sizes.float_of(tf.constant(2))) == (
        3,
        0.5,
        2.0,
    )
    assert sizes.unequal_sizes((1, 2), (1, 3)) and not sizes.unequal_sizes((1, 2), (1, 2))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])  # type: ignore[untyped-decorator]
    def numbers(x: tf.Tensor) -> list[tf.Tensor]:
        unequal = sizes.unequal_sizes((tf.shape(x)[0], 2), (1, 2))
        return [sizes.item_of(x), sizes.float_of(x), tf.cast(unequal, tf.int32)]

    found = numbers(tf.constant([7], tf.int64))
    assert [n.numpy() for n in found] == [7, 7.0, 0]
    assert [n.dtype for n in found[:2]] == [tf.int32, tf.float64]


def test_open_sizes_may_differ() -> None:
    assert sizes.may_differ((1, 2), (1, 3)) and not sizes.may_differ((1, 2), (1, 2))
    assert sizes.may_differ(3, 4) and not sizes.may_differ(3, 3)
    told = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def traced(x: tf.Tensor) -> tf.Tensor:
        told.append((sizes.may_differ((tf.shape(x)[0], 2), (3, 2)), sizes.may_differ(x.shape[1], 2)))
        return x

    traced(tf.zeros((3, 2)))
    assert told == [(True, False)]


def test_a_kept_tensor_is_outdated_in_another_graph_or_where_its_sizes_are_open() -> None:
    kept: dict[str, tf.Tensor] = {"eager": tf.zeros(2)}
    told = []

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def first(x: tf.Tensor) -> tf.Tensor:
        kept["open"], kept["fixed"] = x * 2, tf.zeros(3) + 1
        told.append([sizes.outdated(kept[name]) for name in ("eager", "open", "fixed")])
        tf.cond(x[0] > 0, lambda: told.append([sizes.outdated(kept["fixed"])]) or x, lambda: x)
        return x

    @tf.function
    def second(x: tf.Tensor) -> tf.Tensor:
        told.append([sizes.outdated(kept[name]) for name in ("eager", "open", "fixed")])
        return x

    first(tf.zeros(2))
    second(tf.zeros(2))
    assert told == [[False, True, False], [False], [False, True, True]]
    assert [sizes.outdated(value) for value in (*kept.values(), None, 3)] == [False, True, True, False, False]

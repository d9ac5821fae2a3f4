"""Shapes, views and pieces against torch, with static and open sizes."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import data_format as formats
from transpile.support import shape as shapes


def opened(fn, a, *rest):
    """fn under tf.function with every size unknown."""
    spec = tf.TensorSpec([None] * np.ndim(a), tf.as_dtype(np.asarray(a).dtype))
    return tf.function(lambda x: fn(x, *rest), input_signature=[spec])(a)


def test_sizes():
    x = tf.zeros((2, 3, 4))
    assert shapes.shape(x) == (2, 3, 4) == shapes.size(x)
    assert shapes.size(x, -1) == 4 and shapes.numel(x) == 24 and shapes.product([]) == 1
    assert [int(n) for n in opened(lambda x: shapes.shape(x), x)] == [2, 3, 4]
    assert int(opened(lambda x: shapes.size(x, 1), x)) == 3 and int(opened(shapes.numel, x)) == 24
    assert shapes.as_sizes(3) == [3] and shapes.as_sizes((2, 3)) == [2, 3]
    vector = tf.constant([2, 3])
    assert shapes.as_sizes(vector) is vector
    partly = tf.function(lambda x: isinstance(shapes.shape(x)[1], int) and x)
    assert partly.get_concrete_function(tf.TensorSpec((None, 3))).output_shapes == (None, 3)
    assert shapes.known([1, tf.constant(2), -1]) == [1, -1]
    assert (
        shapes.is_listed([1])
        and shapes.is_listed(tf.constant([1, 2]))
        and not shapes.is_listed(tf.constant(1))
    )


VIEWS = [
    ("reshape", (4, -1)),
    ("reshape", ((2, 12),)),
    ("flatten", ()),
    ("flatten", (1,)),
    ("flatten", (0, 1)),
    ("unflatten", (2, (2, -1))),
    ("expand", (5, -1, -1, 4)),
    ("repeat", (2, 1, 3)),
    ("repeat", ((3, 1, 1, 2),)),
    ("repeat_interleave", (2,)),
    ("repeat_interleave", (3, 1)),
    ("squeeze", (1,)),
    ("squeeze", ((0, 1),)),
    ("transpose", (0, -1)),
    ("movedim", (0, 2)),
    ("movedim", ((0, 1), (-1, 0))),
]


@pytest.mark.parametrize(("name", "arguments"), VIEWS)
def test_views(against, name, arguments):
    a = against.random(2, 3, 4)
    theirs = getattr(torch.Tensor, name)(torch.tensor(a), *arguments)
    against.same(getattr(shapes, name)(tf.constant(a), *arguments), theirs)
    if name != "squeeze":
        against.same(opened(getattr(shapes, name), a, *arguments), theirs)


def test_squeeze_of_ones_and_scalars(against):
    a = against.random(1, 3, 1)
    assert shapes.squeeze(a).shape == (3,) and shapes.squeeze(a, 0).shape == (3, 1)
    assert shapes.flatten(tf.constant(3.0)).shape == (1,)
    assert shapes.expand_as(tf.ones((3, 1)), tf.ones((2, 3, 4))).shape == (2, 3, 4)


def test_reshape_keeps_known_sizes_static():
    traced = tf.function(lambda x: shapes.reshape(x, shapes.size(x, 0), 6))
    assert traced.get_concrete_function(tf.TensorSpec((None, 2, 3))).output_shapes == (None, 6)
    traced = tf.function(lambda x: shapes.flatten(x, 1))
    assert traced.get_concrete_function(tf.TensorSpec((None, 2, 3))).output_shapes == (None, 6)
    both = tf.function(lambda x: shapes.reshape(x, shapes.size(x, 1), -1, shapes.size(x, 0)))
    assert both(tf.zeros((2, 3, 4))).shape == (3, 4, 2)


PIECES = [
    ("chunk", (2,)),
    ("chunk", (4, 1)),
    ("chunk", (5, 1)),
    ("split", (2, 1)),
    ("split", ([1, 4, 2], 1)),
    ("split", (7, 1)),
    ("tensor_split", (3, 1)),
    ("tensor_split", ((2, 5), 1)),
    ("tensor_split", ((2, -1), -1)),
    ("tensor_split", ((5, 2, 9, -9), 1)),
    ("unbind", (1,)),
]


@pytest.mark.parametrize(("name", "arguments"), PIECES)
def test_pieces(against, name, arguments):
    a = against.random(4, 7)
    against.nest(
        getattr(shapes, name)(tf.constant(a), *arguments), getattr(torch, name)(torch.tensor(a), *arguments)
    )


@pytest.mark.parametrize("where", [3, (2, 5), (2, -1)])
def test_pieces_of_open_sizes(against, where):
    a = against.random(4, 7)
    against.nest(opened(shapes.tensor_split, a, where, 1), torch.tensor(a).tensor_split(where, 1))


def test_split_of_an_open_axis_says_so():
    with pytest.raises(ValueError, match="number of pieces is not known"):
        opened(shapes.split, np.zeros((4, 7), "float32"), 2, 1)


def test_windows_of_an_axis(against):
    a = against.random(2, 9, 3)
    against.same(shapes.unfold_axis(tf.constant(a), 1, 4, 2), torch.tensor(a).unfold(1, 4, 2))
    against.same(opened(shapes.unfold_axis, a, -2, 3, 1), torch.tensor(a).unfold(-2, 3, 1))


def test_data_formats(against, data_format):
    a = against.random(2, 3, 4, 5)
    x = against.to_image(a, data_format)
    against.same(formats.plain(x, data_format), a)
    against.same(formats.image(a, data_format), x)
    last = data_format == "channels_last"
    assert formats.channel_axis(data_format) == (-1 if last else 1)
    assert formats.spatial_axes(4, data_format) == ((1, 2) if last else (2, 3))
    for dim in (0, 1, 2, -1, -3):
        assert x.shape[formats.logical_axis(dim, 4, data_format)] == a.shape[dim]
    assert formats.logical_axis(-1, 2, data_format) == 1 and formats.logical_axis(1, 4, "plain") == 1
    assert formats.ntuple(3, 2) == (3, 3) == formats.ntuple((3,), 2) and formats.ntuple([1, 2], 2) == (1, 2)
    assert formats.DATA_FORMAT == "channels_last"


def test_unpack_axes():
    x = np.arange(2 * 7 * 3).reshape(2, 7, 3)
    sizes = [(), (2, 3)]
    one, rest = shapes.unpack_axes(tf.constant(x), sizes, "b * d")
    assert one.shape == (2, 3) and np.array_equal(rest, x[:, 1:].reshape(2, 2, 3, 3))
    one, rest = opened(lambda t: shapes.unpack_axes(t, [(), (-1,)], "b * d"), x)
    assert np.array_equal(one, x[:, 0]) and np.array_equal(rest, x[:, 1:])


def test_the_rest_of_a_view_is_static_where_it_can_be():
    def opened_batch(sizes, shape):
        run = tf.function(lambda x: shapes.reshape_rest(x, sizes))
        return run.get_concrete_function(tf.TensorSpec(shape)).output_shapes.as_list()

    assert opened_batch([4, -1], (None, 2, 6)) == [None, 4, 3]
    assert opened_batch([12], (None, 2, 6)) == [None, 12]
    assert opened_batch([4, -1], (None, None, 6)) == [None, 4, None]
    x = tf.reshape(tf.range(24), (2, 3, 4))
    np.testing.assert_array_equal(shapes.reshape_rest(x, (-1, 2)), tf.reshape(x, (2, 6, 2)))
    for sizes, shape in (((5, -1), (5, 2, 6)), ((8,), (4, 6)), ((0, -1), (2, 6))):
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):  # as torch has it: no other batch
            shapes.reshape_rest(tf.zeros(shape), sizes)


def test_cat_leaves_out_what_is_empty():
    x = tf.ones((2, 3))
    np.testing.assert_array_equal(shapes.cat([tf.zeros(0), x, x], 1), tf.concat([x, x], 1))
    np.testing.assert_array_equal(shapes.cat((x, tf.zeros((0, 3)))), x)
    assert shapes.cat([tf.zeros(0), tf.zeros(0)], 2).shape == (0,)


def test_chunks_of_an_axis_that_varies(against):
    cut = tf.function(lambda x: shapes.chunk(x, 3, 1), input_signature=[tf.TensorSpec([2, None])])
    for count in (3, 5, 6, 8):
        x = against.random(2, count)
        for got, want in zip(cut(tf.constant(x)), torch.chunk(torch.tensor(x), 3, 1), strict=True):
            against.same(got, want)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not enough for 3 chunks"):
        cut(tf.constant(against.random(2, 4)))  # torch gives two

"""Tensors of open rank, and placeholders for what only torch has."""

import numpy as np
import pytest
import tensorflow as tf

from transpile.support import open as open_rank
from transpile.support import placeholder
from transpile.support.containers import Sequential, converting
from transpile.support.linear import Identity


def test_rank_four_is_an_image_and_nothing_else_is():
    image, plain = tf.zeros((2, 5, 6, 3)), tf.zeros((2, 5, 6))
    assert open_rank.torch_shape(image) == (2, 3, 5, 6) and open_rank.torch_shape(plain) == (2, 5, 6)
    assert open_rank.image_shape(image) == (2, 3, 5, 6) and open_rank.image_shape(plain) == (2, 6, 5)
    assert open_rank.torch_shape(plain, (0, 2, 1)) == (2, 6, 5) and open_rank.image_shape(image[0, 0]) == (
        6,
        3,
    )
    assert open_rank.to_torch_order(image).shape == (2, 3, 5, 6)
    assert open_rank.to_torch_order(plain) is plain
    assert [open_rank.open_axis(d, image) for d in (0, 1, 2, 3, -1, -3)] == [0, 3, 1, 2, 2, 3]
    assert open_rank.open_axis(1, [image]) == 3 and open_rank.open_axis(1, plain) == 1
    assert open_rank.open_axis((2, 3), image) == (1, 2)


SOURCE = """
torch = Placeholder("torch")
amp = torch.cuda.amp.autocast()
either = torch.Tensor | None

@torch.jit.script
def function(x):
    return x

class Child(torch.autograd.Function):
    pass

def run():
    return torch.cuda.is_available()
"""


def test_placeholder_can_stand_anywhere_at_module_level_and_fails_when_run():
    names = {"Placeholder": placeholder.Placeholder}
    exec(SOURCE, names)
    assert isinstance(names["amp"], placeholder.Placeholder)
    with pytest.raises(NotImplementedError, match=r"torch\.jit\.script"):
        names["function"](1)
    assert issubclass(names["Child"], placeholder.Absent)
    with pytest.raises(NotImplementedError, match="Child"):
        names["Child"]()
    with pytest.raises(NotImplementedError, match=r"torch\.cuda\.is_available"):
        names["run"]()
    with pytest.raises(NotImplementedError):
        bool(names["either"])


def test_a_function_gets_the_axis_in_memory():
    x = tf.reshape(tf.range(24.0), (1, 2, 3, 4))
    total = open_rank.on_axis(lambda x, axis: tf.reduce_sum(x, axis=axis), x, 1)
    assert total.shape == (1, 2, 3)  # torch's axis 1 is stored last
    plain = open_rank.on_axis(lambda x, axis: tf.reduce_sum(x, axis=axis), x[0], 1)
    assert plain.shape == (2, 4)


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_images_of_any_rank_change_their_order_and_back(rank):
    sizes = (2, 3, 4, 5, 6)[:rank]
    x = np.arange(np.prod(sizes), dtype="float32").reshape(sizes)
    last = open_rank.channels_last(tf.constant(x))
    assert np.array_equal(last, np.moveaxis(x, 1, -1))
    assert np.array_equal(open_rank.channels_first(last), x)
    assert open_rank.channels_last(tf.ones((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("shape", [(), (7,), (1, 7), (5, 1, 1), (1, 5, 1, 1), (2, 5, 6, 7)])
def test_what_is_in_torchs_order_broadcasts_beside_an_image(shape):
    image = np.random.default_rng(0).normal(size=(2, 5, 6, 7)).astype("float32")
    other = np.random.default_rng(1).normal(size=shape).astype("float32")
    beside = open_rank.beside_image(tf.constant(other), 4)
    found = tf.constant(np.moveaxis(image, 1, -1)) + beside
    assert np.allclose(np.moveaxis(found.numpy(), -1, 1), image + other)


def test_a_member_that_converts_is_given_the_other_order():
    net = Sequential(Identity(), converting(Identity(), open_rank.channels_first))
    assert net(tf.ones((1, 4, 5, 3))).shape == (1, 3, 4, 5)


def test_axes_that_may_be_one_several_or_all():
    places = (0, 3, 1, 2)
    assert open_rank.placed(1, places) == 3
    assert open_rank.placed(-1, places) == 2
    assert open_rank.placed((2, 3), places) == (1, 2)
    assert open_rank.placed([1], places) == [3]
    assert open_rank.placed(None, places) is None

"""Tensors of open rank, and placeholders for what only torch has."""

import pytest
import tensorflow as tf

from transpile.support import open as open_rank
from transpile.support import placeholder


def test_rank_four_is_an_image_and_nothing_else_is():
    image, plain = tf.zeros((2, 5, 6, 3)), tf.zeros((2, 5, 6))
    assert open_rank.torch_shape(image) == (2, 3, 5, 6) and open_rank.torch_shape(plain) == (2, 5, 6)
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

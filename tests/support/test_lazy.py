"""Lazy layers against torch: built by their first input, or by the weights that are loaded into them."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import lazy
from transpile.weights import load_state_dict

SIZES = {"1": (10,), "2": (8, 7), "3": (5, 6, 4)}
CASES = [
    (f"{kind}{rank}d", arguments)
    for rank in (1, 2, 3)
    for kind, arguments in [
        ("LazyConv", {"out_channels": 6, "kernel_size": 3, "padding": 1, "groups": 2}),
        ("LazyConvTranspose", {"out_channels": 6, "kernel_size": 3, "stride": 2, "output_padding": 1}),
        ("LazyBatchNorm", {"momentum": 0.3}),
        ("LazyInstanceNorm", {}),
    ]
]


@pytest.mark.parametrize("loaded", ["before", "after"])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_images(against, data_format, name, arguments, loaded):
    a = against.random(2, 4, *SIZES[name[-2]])
    theirs = getattr(torch.nn, name)(**arguments)
    theirs(torch.tensor(a))
    ours = getattr(lazy, name)(**arguments, data_format=data_format)
    assert not ours.weights or name.startswith(("LazyBatch", "LazyInstance"))
    state = {k: v.numpy() for k, v in theirs.state_dict().items()}
    if loaded == "after" or "Norm" in name:
        ours(tf.constant(against.to_image(a, data_format)))
    report = load_state_dict(ours, state)
    assert not report.missing and not report.mismatched
    against.images(theirs.eval(), ours, a, data_format)


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 5), (5,)])
def test_linear(against, shape):
    theirs = torch.nn.LazyLinear(4)
    a = against.random(*shape)
    theirs(torch.tensor(a))
    ours = lazy.LazyLinear(4)
    load_state_dict(ours, {k: v.numpy() for k, v in theirs.state_dict().items()})
    against.same(ours(tf.constant(a)), theirs(torch.tensor(a)))
    assert ours.in_features == 5


def test_weights_begin_as_those_of_the_layer_that_is_not_lazy():
    tf.random.set_seed(0)
    ours = lazy.LazyConv2d(64, 3)
    ours(tf.zeros((1, 8, 8, 16)))
    bound = 1 / np.sqrt(16 * 9)
    assert 0.95 * bound < np.abs(ours.kernel.numpy()).max() <= bound
    assert np.abs(ours.bias.numpy()).max() <= bound

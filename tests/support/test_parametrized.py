"""weight_norm and spectral_norm that keep torch's parts: state dicts both ways, outputs, a step of training."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from weights.comparison import assert_same_output, channels_last, image

import transpile
from transpile.support.conv import Conv2d
from transpile.support.conv_transpose import ConvTranspose2d
from transpile.support.linear import Linear
from transpile.support.module import clone
from transpile.support.parametrized import in_one, is_parametrized, spectral_norm, weight_norm
from transpile.weights import load_state_dict, state_dict

tf = pytest.importorskip("tensorflow")
K = tf.keras.layers

LAST = {"data_format": "channels_last"}
LAYERS = {
    "Dense": (lambda: nn.Linear(4, 3), lambda: K.Dense(3), (2, 4)),
    "Linear": (lambda: nn.Linear(4, 3), lambda: Linear(4, 3), (2, 4)),
    "Conv2D": (lambda: nn.Conv2d(4, 6, 2, groups=2), lambda: K.Conv2D(6, 2, groups=2), (2, 4, 5, 6)),
    "Conv2d": (lambda: nn.Conv2d(4, 6, 2), lambda: Conv2d(4, 6, 2, **LAST), (2, 4, 5, 6)),
    "DepthwiseConv2D": (
        lambda: nn.Conv2d(3, 6, 2, groups=3),
        lambda: K.DepthwiseConv2D(2, depth_multiplier=2),
        (2, 3, 5, 6),
    ),
    "Conv2DTranspose": (lambda: nn.ConvTranspose2d(3, 4, 2), lambda: K.Conv2DTranspose(4, 2), (2, 3, 5, 6)),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(4, 4, 2, groups=2),
        lambda: ConvTranspose2d(4, 4, 2, groups=2, **LAST),
        (2, 4, 5, 6),
    ),
}
NORMS = {
    "old weight_norm": (nn.utils.weight_norm, weight_norm, (0, 1, None, -1, -2)),
    "new weight_norm": (
        parametrizations.weight_norm,
        functools.partial(weight_norm, registered=True),
        (0, 1, None),
    ),
    "old spectral_norm": (nn.utils.spectral_norm, spectral_norm, (None, 0, 1)),
    "new spectral_norm": (
        parametrizations.spectral_norm,
        functools.partial(spectral_norm, registered=True),
        (None,),
    ),
}
CASES = [(kind, norm, dim) for kind in LAYERS for norm, (_, _, dims) in NORMS.items() for dim in dims]


def pair(kind, norm, dim):
    """A torch layer that has been trained a little, the Keras layer with the same norm, an input."""
    make_module, make_layer, shape = LAYERS[kind]
    theirs, ours, _ = NORMS[norm]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = theirs(make_module(), dim=dim)
    x = image(*shape)
    for _ in range(2):
        step(module, x)
    return module, ours(make_layer(), dim=dim), x


def step(module, x):
    optimizer = torch.optim.SGD(module.parameters(), 0.05)
    module.train()(torch.from_numpy(x)).square().mean().backward()
    optimizer.step()
    module.zero_grad()
    module.eval()


def keras_step(layer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(layer(x, training=True)))
    variables = layer.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign_sub(0.05 * gradient)


@pytest.mark.parametrize(("kind", "norm", "dim"), CASES)
def test_parts_go_both_ways_and_train_alike(kind, norm, dim):
    module, layer, x = pair(kind, norm, dim)
    state = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    assert sorted(load_state_dict(layer, state).loaded) == sorted(state)
    back = state_dict(layer)
    assert {name: array.shape for name, array in back.items()} == {n: a.shape for n, a in state.items()}
    assert all(np.array_equal(back[name], array) for name, array in state.items())
    assert_same_output(module, layer, x, is_image=x.ndim > 2)
    step(module, x)
    keras_step(layer, channels_last(x) if x.ndim > 2 else x)
    for name, tensor in module.state_dict().items():
        np.testing.assert_allclose(state_dict(layer)[name], tensor.numpy(), rtol=0, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("norm", NORMS)
def test_one_kernel_again_and_a_copy(norm):
    module, layer, x = pair("Conv2d", norm, NORMS[norm][2][0])
    load_state_dict(layer, module.state_dict())
    copy, last = clone(layer), channels_last(x)
    assert is_parametrized(layer) is norm.startswith("new")
    before = layer(last)
    assert in_one(layer) is layer and type(layer) is Conv2d
    np.testing.assert_allclose(layer(last), before, rtol=0, atol=1e-6)
    assert sorted(state_dict(layer)) == ["bias", "weight"] and len(layer.trainable_variables) == 2
    np.testing.assert_allclose(copy(last), before, rtol=0, atol=1e-6)
    copy.weight_v.assign(copy.weight_v * 0 + 1)
    np.testing.assert_allclose(layer(last), before, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="in parts"):
        in_one(layer)


def test_the_kernel_itself_fills_weight_norm_and_old_names_fill_the_new():
    module = nn.Conv2d(4, 6, 2)
    layer = weight_norm(Conv2d(4, 6, 2, **LAST))
    assert load_state_dict(layer, module.state_dict()).complete
    assert_same_output(module, layer, image(2, 4, 5, 6), is_image=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = nn.utils.weight_norm(nn.Conv2d(4, 6, 2))
    layer = weight_norm(Conv2d(4, 6, 2, **LAST), registered=True)
    assert load_state_dict(layer, old.state_dict()).complete
    assert "parametrizations.weight.original0" in state_dict(layer)


def test_what_cannot_be_kept_in_parts_is_refused():
    for layer in (K.BatchNormalization(), K.Embedding(3, 2)):
        with pytest.raises(NotImplementedError, match="cannot be kept in parts"):
            weight_norm(layer)


SOURCE = """
from torch import nn
from torch.nn.utils import remove_weight_norm, weight_norm


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = weight_norm(nn.Conv2d(3, 4, 3))
        self.rest = nn.ModuleList(map(weight_norm, [nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)]))
        for layer in self.rest:
            nn.init.normal_(layer.weight, 0, 0.01)

    def plain(self):
        for layer in self.rest:
            remove_weight_norm(layer)
        return self

    def forward(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x
"""


def test_translated_for_exact_training():
    theirs: dict = {}
    ours: dict = {}
    translation = transpile.translate(SOURCE, exact_training=True)
    assert not [d for d in translation.diagnostics if "product" in d.message]
    assert [d for d in transpile.translate(SOURCE).diagnostics if "--exact-training" in d.message]
    exec(SOURCE, theirs)
    exec(translation.code, ours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = theirs["Net"]()
    layer, x = ours["Net"](), image(2, 3, 5, 6)
    assert load_state_dict(layer, module.state_dict()).complete
    assert_same_output(module, layer, x, is_image=True)
    assert sorted(state_dict(layer)) == sorted(module.state_dict())
    assert_same_output(module.plain(), layer.plain(), x, is_image=True)
    assert sorted(state_dict(layer)) == sorted(module.state_dict())

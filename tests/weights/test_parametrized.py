"""weight_norm and spectral_norm, old and new, folded into a plain kernel."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from weights.comparison import assert_same_output, image

from transpile.weights import load_state_dict

tf = pytest.importorskip("tensorflow")
K = tf.keras.layers

LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), lambda: K.Dense(3), (2, 4), False),
    "Conv2d": (lambda: nn.Conv2d(3, 4, 2), lambda: K.Conv2D(4, 2), (2, 3, 5, 6), True),
    # As many inputs as outputs: the axis that spectral_norm takes cannot be seen from the shapes.
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(3, 3, 2),
        lambda: K.Conv2DTranspose(3, 2),
        (2, 3, 5, 6),
        True,
    ),
}
NORMS = {
    "old weight_norm": nn.utils.weight_norm,
    "old weight_norm of the whole": lambda m: nn.utils.weight_norm(m, dim=None),
    "old weight_norm along axis 1": lambda m: nn.utils.weight_norm(m, dim=1),
    "new weight_norm": parametrizations.weight_norm,
    "old spectral_norm": nn.utils.spectral_norm,
    "new spectral_norm": parametrizations.spectral_norm,
}


def trained(module: nn.Module, x: np.ndarray) -> nn.Module:
    """After a few steps g is not the norm of v, and u, v are not those of the initial kernel."""
    optimizer = torch.optim.SGD(module.parameters(), 0.05)
    for _ in range(3):
        optimizer.zero_grad()
        module(torch.from_numpy(x)).square().mean().backward()
        optimizer.step()
    return module.eval()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", LAYERS)
def test_folded(kind, norm):
    make_module, make_layer, shape, is_image = LAYERS[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module, x = NORMS[norm](make_module()), image(*shape)
    module, layer = trained(module, x), make_layer()
    report = load_state_dict(layer, module.state_dict())
    assert report.complete and report.loaded == list(module.state_dict())
    assert_same_output(module, layer, x, is_image=is_image)


def test_in_a_model_and_where_a_part_is_absent():
    module = nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3)), nn.Linear(3, 2))
    model = tf.keras.Sequential([K.Dense(3), K.Dense(2)])
    state = dict(module.state_dict())
    assert load_state_dict(model, state).complete
    assert_same_output(module, model, image(2, 4))
    del state["0.parametrizations.weight.original0"]
    report = load_state_dict(model, state, strict=False)
    assert report.unexpected == ["0.parametrizations.weight.original1"]
    assert report.missing == ["0.weight"]


def test_other_names_that_end_alike_are_not_folded():
    class Holder(K.Layer):
        def __init__(self):
            super().__init__()
            self.proj_g = tf.keras.Variable(np.zeros(3, np.float32))
            self.proj_v = tf.keras.Variable(np.zeros(3, np.float32))
            self.proj = K.Dense(3)

    report = load_state_dict(Holder(), {"proj_g": np.ones(3), "proj_v": np.ones(3)}, strict=False)
    assert report.loaded == ["proj_g", "proj_v"] and report.missing == ["proj.weight", "proj.bias"]
    state = {
        "weight_g": np.ones((3, 1)),
        "weight_v": np.ones((3, 2)),
        "weight": np.ones((3, 2)),
        "bias": np.ones(3),
    }
    report = load_state_dict(K.Dense(3), state, strict=False)
    assert report.unexpected == ["weight_g", "weight_v"]


def test_a_target_that_has_the_parts_keeps_them():
    class Parts(K.Layer):
        def __init__(self):
            super().__init__()
            self.weight_g = self.add_weight(shape=(3, 1), name="weight_g")
            self.weight_v = self.add_weight(shape=(3, 2), name="weight_v")

    layer, state = Parts(), {"weight_g": image(3, 1), "weight_v": image(3, 2)}
    assert load_state_dict(layer, state).loaded == list(state)
    np.testing.assert_array_equal(layer.weight_v, state["weight_v"])

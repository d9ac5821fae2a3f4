"""Every support layer that has weights takes the state of the torch layer of its name, made with its arguments."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest
import torch
from torch import nn
from weights.comparison import stirred

from transpile.weights import StateDictError, load_state_dict, state_dict

tf = pytest.importorskip("tensorflow")

LAYERS = [
    ("Conv1d", (4, 4, 3), {}),
    ("Conv2d", (4, 4, 4), {}),
    ("Conv2d", (4, 8, 3), {"groups": 4, "bias": False}),
    ("Conv3d", (2, 4, 2), {"groups": 2}),
    ("ConvTranspose1d", (3, 3, 3), {}),
    ("ConvTranspose2d", (4, 4, 4), {"groups": 2}),
    ("ConvTranspose2d", (4, 6, 3), {"bias": False}),
    ("ConvTranspose3d", (2, 3, 2), {}),
    ("Linear", (4, 4), {}),
    ("Bilinear", (3, 4, 5), {}),
    ("Embedding", (5, 5), {"padding_idx": 1}),
    ("EmbeddingBag", (5, 4), {}),
    ("BatchNorm1d", (4,), {}),
    ("BatchNorm2d", (4,), {"momentum": None}),
    ("BatchNorm2d", (4,), {"affine": False}),
    ("BatchNorm3d", (4,), {"track_running_stats": False}),
    ("InstanceNorm2d", (4,), {"affine": True}),
    ("InstanceNorm1d", (4,), {}),
    ("InstanceNorm2d", (4,), {"track_running_stats": True}),
    ("GroupNorm", (2, 4), {}),
    ("GroupNorm", (2, 4), {"affine": False}),
    ("LayerNorm", (4,), {}),
    ("LayerNorm", ((4, 5),), {"bias": False}),
    ("LayerNorm", ((4, 4, 4),), {}),
    ("LayerNorm", (4,), {"elementwise_affine": False}),
    ("RMSNorm", (4,), {}),
    ("PReLU", (), {}),
    ("PReLU", (4,), {}),
    ("LSTM", (4, 4), {"num_layers": 2, "bidirectional": True}),
    ("LSTM", (4, 4), {"bias": False, "proj_size": 2}),
    ("GRU", (4, 4), {"num_layers": 2}),
    ("RNN", (4, 4), {"bidirectional": True}),
    ("LSTMCell", (4, 4), {}),
    ("GRUCell", (4, 4), {"bias": False}),
    ("RNNCell", (4, 4), {}),
    ("MultiheadAttention", (8, 2), {}),
    ("MultiheadAttention", (8, 2), {"kdim": 4, "vdim": 6}),
    ("MultiheadAttention", (8, 2), {"bias": False, "add_bias_kv": True}),
    ("TransformerEncoderLayer", (8, 2, 4), {}),
    ("TransformerDecoderLayer", (8, 2, 4), {}),
    ("Transformer", (8, 2, 1, 1, 4), {}),
]


def support_class(name):
    """The support class of a torch.nn name; the test is skipped where there is none."""
    package = importlib.import_module("transpile.support")
    for module in pkgutil.iter_modules(package.__path__):
        found = getattr(importlib.import_module(f"transpile.support.{module.name}"), name, None)
        if found is not None:
            return found
    pytest.skip(f"no support layer {name}")


@pytest.mark.parametrize(("name", "args", "kwargs"), LAYERS, ids=lambda value: str(value))
def test_support_layer(name, args, kwargs):
    module, layer = stirred(getattr(nn, name)(*args, **kwargs)), support_class(name)(*args, **kwargs)
    state = module.state_dict()
    report = load_state_dict(layer, state)
    assert (report.loaded, report.ignored) == (list(state), [])
    found = state_dict(layer)
    assert set(found) == set(state)
    for key, tensor in state.items():
        np.testing.assert_array_equal(found[key], tensor.numpy(), err_msg=key)
    missing = load_state_dict(layer, {}, strict=False).missing
    assert sorted(missing) == sorted(key for key in state if not key.endswith("num_batches_tracked"))


def test_a_swapped_kernel_is_refused_although_it_has_as_many_numbers():
    layer = support_class("Conv2d")(3, 5, (2, 4))
    state = nn.Conv2d(3, 5, (2, 4)).state_dict()
    state["weight"] = state["weight"].transpose(2, 3)
    with pytest.raises(StateDictError, match=r"weight: wanted \(5, 3, 2, 4\), given \(5, 3, 4, 2\)"):
        load_state_dict(layer, state)


def test_containers():
    names = ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Linear")
    sequential, module_list, module_dict, parameter_list, parameter_dict, linear = map(support_class, names)
    module = nn.ModuleDict(
        {
            "blocks": nn.ModuleList(
                [nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)) for _ in range(2)]
            ),
            "by_name": nn.ModuleDict({"layers": nn.Linear(3, 3), "input": nn.Linear(3, 3)}),
            "scales": nn.ParameterList([nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2, 3))]),
            "shifts": nn.ParameterDict(
                {"a": nn.Parameter(torch.ones(3)), "name": nn.Parameter(torch.ones(2))}
            ),
        }
    )

    def variable(size):
        return tf.keras.Variable(np.zeros(size, np.float32))

    layer = module_dict(
        {
            "blocks": module_list(
                [sequential(linear(3, 3), tf.keras.layers.ReLU(), linear(3, 3)) for _ in range(2)]
            ),
            "by_name": module_dict({"layers": linear(3, 3), "input": linear(3, 3)}),
            "scales": parameter_list([np.zeros(3, np.float32), np.zeros((2, 3), np.float32)]),
            "shifts": parameter_dict({"a": variable(3), "name": variable(2)}),
        }
    )
    state = stirred(module).state_dict()
    assert load_state_dict(layer, state).loaded == list(state)
    found = state_dict(layer)
    assert set(found) == set(state)
    assert all(np.array_equal(found[name], tensor.numpy()) for name, tensor in state.items())
    assert sorted(load_state_dict(layer, {}, strict=False).missing) == sorted(state)
    report = load_state_dict(
        layer, {"blocks.2.0.weight": np.zeros((3, 3)), "by_name.x.bias": np.zeros(3)}, strict=False
    )
    assert report.loaded == []

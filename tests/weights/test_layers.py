"""Every layer type: plain Keras layers, before and after their first call, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from weights.comparison import assert_same_output, channels_last, image, stirred

from transpile.weights import StateDictError, load_state_dict, state_dict

tf = pytest.importorskip("tensorflow")
K = tf.keras.layers


def lstm(units):
    return K.LSTM(units, return_sequences=True)


# name: torch module, Keras twin, input in torch's order, whether it is an image
CASES = {
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3), lambda: K.Conv1D(6, 3), (2, 4, 9), True),
    "Conv2d": (lambda: nn.Conv2d(3, 3, 3), lambda: K.Conv2D(3, 3), (2, 3, 7, 8), True),
    "Conv2d of unequal sides": (
        lambda: nn.Conv2d(3, 5, (2, 3)),
        lambda: K.Conv2D(5, (2, 3)),
        (2, 3, 7, 8),
        True,
    ),
    "Conv2d without bias": (
        lambda: nn.Conv2d(3, 5, 1, bias=False),
        lambda: K.Conv2D(5, 1, use_bias=False),
        (2, 3, 7, 8),
        True,
    ),
    "Conv2d with groups": (
        lambda: nn.Conv2d(4, 6, 3, groups=2),
        lambda: K.Conv2D(6, 3, groups=2),
        (2, 4, 7, 8),
        True,
    ),
    "Conv3d": (lambda: nn.Conv3d(2, 4, 2), lambda: K.Conv3D(4, 2), (2, 2, 4, 5, 6), True),
    "depthwise 2-D": (
        lambda: nn.Conv2d(4, 8, 3, groups=4),
        lambda: K.DepthwiseConv2D(3, depth_multiplier=2),
        (2, 4, 7, 8),
        True,
    ),
    "depthwise 1-D": (
        lambda: nn.Conv1d(4, 8, 3, groups=4),
        lambda: K.DepthwiseConv1D(3, depth_multiplier=2),
        (2, 4, 9),
        True,
    ),
    "depthwise as a grouped convolution": (
        lambda: nn.Conv2d(4, 8, 3, groups=4),
        lambda: K.Conv2D(8, 3, groups=4),
        (2, 4, 7, 8),
        True,
    ),
    "ConvTranspose1d": (
        lambda: nn.ConvTranspose1d(3, 5, 3, 2),
        lambda: K.Conv1DTranspose(5, 3, 2),
        (2, 3, 5),
        True,
    ),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(3, 3, 3, 2),
        lambda: K.Conv2DTranspose(3, 3, 2),
        (2, 3, 5, 6),
        True,
    ),
    "ConvTranspose2d with groups": (
        lambda: nn.ConvTranspose2d(4, 6, 3, 2, groups=2),
        lambda: K.Conv2DTranspose(6, 3, 2),
        (2, 4, 5, 6),
        True,
    ),
    "ConvTranspose3d": (
        lambda: nn.ConvTranspose3d(2, 3, 2, 2),
        lambda: K.Conv3DTranspose(3, 2, 2),
        (2, 2, 3, 4, 5),
        True,
    ),
    "Linear": (lambda: nn.Linear(4, 4), lambda: K.Dense(4), (2, 4), False),
    "Linear on rank 3": (
        lambda: nn.Linear(4, 5, bias=False),
        lambda: K.Dense(5, use_bias=False),
        (2, 3, 4),
        False,
    ),
    "BatchNorm1d on rank 2": (
        lambda: nn.BatchNorm1d(4),
        lambda: K.BatchNormalization(epsilon=1e-5),
        (3, 4),
        False,
    ),
    "BatchNorm1d on rank 3": (
        lambda: nn.BatchNorm1d(4),
        lambda: K.BatchNormalization(epsilon=1e-5),
        (3, 4, 5),
        True,
    ),
    "BatchNorm2d": (
        lambda: nn.BatchNorm2d(4),
        lambda: K.BatchNormalization(epsilon=1e-5),
        (3, 4, 5, 6),
        True,
    ),
    "BatchNorm3d": (
        lambda: nn.BatchNorm3d(4),
        lambda: K.BatchNormalization(epsilon=1e-5),
        (3, 4, 2, 5, 6),
        True,
    ),
    "BatchNorm2d without affine": (
        lambda: nn.BatchNorm2d(4, affine=False),
        lambda: K.BatchNormalization(epsilon=1e-5, center=False, scale=False),
        (3, 4, 5, 6),
        True,
    ),
    "LayerNorm": (lambda: nn.LayerNorm(6), lambda: K.LayerNormalization(epsilon=1e-5), (2, 3, 6), False),
    "LayerNorm of two axes": (
        lambda: nn.LayerNorm((5, 6)),
        lambda: K.LayerNormalization(axis=(-2, -1), epsilon=1e-5),
        (2, 3, 5, 6),
        False,
    ),
    "LayerNorm of an image": (
        lambda: nn.LayerNorm((3, 5, 6)),
        lambda: K.LayerNormalization(axis=(1, 2, 3), epsilon=1e-5),
        (2, 3, 5, 6),
        True,
    ),
    "LayerNorm of a cube": (
        lambda: nn.LayerNorm((4, 4, 4)),
        lambda: K.LayerNormalization(axis=(-3, -2, -1), epsilon=1e-5),
        (2, 4, 4, 4),
        True,
    ),
    "LayerNorm of an image, channels first": (
        lambda: nn.LayerNorm((3, 5, 6)),
        lambda: K.LayerNormalization(axis=(1, 2, 3), epsilon=1e-5),
        (2, 3, 5, 6),
        False,
    ),
    "RMSNorm": (lambda: nn.RMSNorm(6, eps=1e-6), lambda: K.RMSNormalization(epsilon=1e-6), (2, 3, 6), False),
    "GroupNorm": (
        lambda: nn.GroupNorm(2, 4),
        lambda: K.GroupNormalization(2, epsilon=1e-5),
        (2, 4, 5, 6),
        True,
    ),
    "GroupNorm on rank 3": (
        lambda: nn.GroupNorm(2, 4),
        lambda: K.GroupNormalization(2, epsilon=1e-5),
        (2, 4, 5),
        True,
    ),
    "InstanceNorm2d": (
        lambda: nn.InstanceNorm2d(4, affine=True),
        lambda: K.GroupNormalization(4, epsilon=1e-5),
        (2, 4, 5, 6),
        True,
    ),
    "LSTM": (
        lambda: nn.LSTM(5, 4, batch_first=True),
        lambda: K.LSTM(4, return_sequences=True),
        (2, 3, 5),
        False,
    ),
    "LSTM without bias": (
        lambda: nn.LSTM(5, 4, batch_first=True, bias=False),
        lambda: K.LSTM(4, return_sequences=True, use_bias=False),
        (2, 3, 5),
        False,
    ),
    "LSTM of two layers, as stacked cells": (
        lambda: nn.LSTM(5, 4, 2, batch_first=True),
        lambda: K.RNN([K.LSTMCell(4), K.LSTMCell(4)], return_sequences=True),
        (2, 3, 5),
        False,
    ),
    "LSTM of two layers, as a Sequential": (
        lambda: nn.LSTM(4, 4, 2, batch_first=True),
        lambda: tf.keras.Sequential(
            [K.LSTM(4, return_sequences=True), K.Dropout(0.1), K.LSTM(4, return_sequences=True)]
        ),
        (2, 3, 4),
        False,
    ),
    "bidirectional LSTM of two layers, as a Sequential": (
        lambda: nn.LSTM(5, 4, 2, batch_first=True, bidirectional=True),
        lambda: tf.keras.Sequential([K.Bidirectional(K.LSTM(4, return_sequences=True)) for _ in range(2)]),
        (2, 3, 5),
        False,
    ),
    "GRU": (
        lambda: nn.GRU(5, 4, batch_first=True),
        lambda: K.GRU(4, return_sequences=True),
        (2, 3, 5),
        False,
    ),
    "bidirectional GRU": (
        lambda: nn.GRU(5, 4, batch_first=True, bidirectional=True),
        lambda: K.Bidirectional(K.GRU(4, return_sequences=True)),
        (2, 3, 5),
        False,
    ),
    "RNN": (
        lambda: nn.RNN(4, 4, batch_first=True),
        lambda: K.SimpleRNN(4, return_sequences=True),
        (2, 3, 4),
        False,
    ),
    "PReLU per channel": (lambda: nn.PReLU(4), lambda: K.PReLU(shared_axes=[1, 2]), (2, 4, 5, 6), True),
    "PReLU per channel, channels first": (
        lambda: nn.PReLU(4),
        lambda: K.PReLU(shared_axes=[2, 3]),
        (2, 4, 5, 6),
        False,
    ),
    "PReLU per feature": (lambda: nn.PReLU(4), lambda: K.PReLU(), (2, 4), False),
    "PReLU with one slope": (lambda: nn.PReLU(), lambda: K.PReLU(shared_axes=[1, 2, 3]), (2, 4, 5, 6), True),
    "PReLU with one slope for all channels": (
        lambda: nn.PReLU(),
        lambda: K.PReLU(shared_axes=[1, 2]),
        (2, 4, 5, 6),
        True,
    ),
}


# An unbuilt LayerNormalization over three axes stands for Keras' configured layout, channels last.
NEEDS_A_CALL = "LayerNorm of an image, channels first"


@pytest.mark.parametrize("called_before", [False, True], ids=["unbuilt", "built"])
@pytest.mark.parametrize("case", CASES)
def test_same_output(case, called_before):
    make_module, make_layer, shape, is_image = CASES[case]
    module, layer, x = stirred(make_module()), make_layer(), image(*shape)
    if called_before or case == NEEDS_A_CALL:
        layer(channels_last(x) if is_image else x)
    report = load_state_dict(layer, module.state_dict())
    assert report.missing == report.unexpected == report.mismatched == []
    assert sorted(report.loaded + report.ignored) == sorted(module.state_dict())
    assert len(layer.weights) > 0  # also before the first call
    assert_same_output(module, layer, x, is_image=is_image)
    count = len(layer.weights)
    load_state_dict(layer, stirred(make_module(), seed=1).state_dict())
    assert len(layer.weights) == count
    assert_same_output(stirred(make_module(), seed=1), layer, x, is_image=is_image)


@pytest.mark.parametrize("case", CASES)
def test_there_and_back(case):
    make_module, make_layer, shape, is_image = CASES[case]
    module, layer, x = stirred(make_module()), make_layer(), image(*shape)
    if case == NEEDS_A_CALL:
        layer(x)
    load_state_dict(layer, module.state_dict())
    wanted = {n: t.numpy() for n, t in module.state_dict().items() if not n.endswith("num_batches_tracked")}
    found = state_dict(layer)
    if (
        "of two layers, as a Seq" in case
        or "with groups" in case
        or "channels first" in case
        or "for all" in case
    ):
        # What only a torch model can tell (one LSTM or two, the groups) comes back in Keras' terms, as good a fit.
        layer_again = make_layer()
        layer_again(channels_last(x) if is_image else x)
        load_state_dict(layer_again, found)
        assert_same_output(module, layer_again, x, is_image=is_image)
        return
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        if name.startswith("bias_") and "GRU" not in case:
            continue  # the two biases of an LSTM come back as their sum and zeros
        np.testing.assert_array_equal(found[name], array, err_msg=name)


SWAPPED = {
    "Conv2d kernel in Keras' order": ("Conv2d of unequal sides", "weight", (1, 2, 3, 0)),
    "Conv2d channels swapped": ("Conv2d of unequal sides", "weight", (1, 0, 2, 3)),
    "Conv2d sides swapped": ("Conv2d of unequal sides", "weight", (0, 1, 3, 2)),
    "ConvTranspose1d channels swapped": ("ConvTranspose1d", "weight", (1, 0, 2)),
    "Linear transposed": ("Linear on rank 3", "weight", (1, 0)),
    "LayerNorm axes swapped": ("LayerNorm of two axes", "weight", (1, 0)),
    "LSTM kernel transposed": ("LSTM", "weight_ih_l0", (1, 0)),
}


@pytest.mark.parametrize("called_before", [False, True], ids=["unbuilt", "built"])
@pytest.mark.parametrize("mistake", SWAPPED)
def test_a_swapped_shape_is_refused(mistake, called_before):
    case, name, axes = SWAPPED[mistake]
    make_module, make_layer, shape, is_image = CASES[case]
    module, layer, x = stirred(make_module()), make_layer(), image(*shape)
    if called_before:
        layer(channels_last(x) if is_image else x)
    state = module.state_dict()
    state[name] = state[name].permute(axes)
    before = [np.array(w) for w in layer.weights]
    if mistake == "LayerNorm axes swapped" and not called_before:
        with pytest.raises(StateDictError) as error:
            load_state_dict(layer, state)
        assert [m.name for m in error.value.report.mismatched] == ["bias"]  # the first array tells the shape
        return
    with pytest.raises(StateDictError) as error:
        load_state_dict(layer, state)
    assert name in [m.name for m in error.value.report.mismatched]
    for old, new in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_square_kernels_are_transposed_too():
    """What would fit untransposed gives another output: the tests above would not notice otherwise."""
    module, layer = stirred(nn.Linear(4, 4)), K.Dense(4)
    load_state_dict(layer, module.state_dict())
    np.testing.assert_array_equal(layer.kernel, module.weight.detach().numpy().T)
    module, layer = stirred(nn.Conv2d(3, 3, 3)), K.Conv2D(3, 3)
    load_state_dict(layer, module.state_dict())
    np.testing.assert_array_equal(layer.kernel, module.weight.detach().numpy().transpose(2, 3, 1, 0))


def test_a_transposed_convolution_with_groups_needs_its_bias_as_proof():
    module = stirred(nn.ConvTranspose2d(4, 6, 3, 2, groups=2, bias=False))
    with pytest.raises(StateDictError, match=r"weight: wanted \(4, 6, 3, 3\), given \(4, 3, 3, 3\)"):
        load_state_dict(K.Conv2DTranspose(6, 3, 2, use_bias=False), module.state_dict())


def test_a_gru_of_another_formula_is_refused():
    with pytest.raises(ValueError, match="reset_after=True"):
        load_state_dict(K.GRU(4, reset_after=False), nn.GRU(5, 4).state_dict())


def test_only_one_of_two_biases():
    state = dict(stirred(nn.LSTM(5, 4)).state_dict())
    del state["bias_hh_l0"]
    report = load_state_dict(K.LSTM(4), state, strict=False)
    assert (report.missing, report.unexpected) == (["bias_hh_l0"], ["bias_ih_l0"])
    assert report.loaded == ["weight_ih_l0", "weight_hh_l0"]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_cells(kind):
    module = stirred(getattr(nn, f"{kind}Cell")(5, 4))
    layer = getattr(K, {"RNN": "SimpleRNN"}.get(kind, kind) + "Cell")(4)
    load_state_dict(layer, module.state_dict())
    x, states = image(2, 5), [image(2, 4), image(2, 4) + 1][: 2 if kind == "LSTM" else 1]
    given = [torch.from_numpy(s) for s in states]
    wanted = module(torch.from_numpy(x), tuple(given) if kind == "LSTM" else given[0])
    wanted = wanted[0] if kind == "LSTM" else wanted
    np.testing.assert_allclose(layer(x, states)[0], wanted.detach().numpy(), atol=1e-5)


def test_embedding():
    module, layer = stirred(nn.Embedding(7, 7)), K.Embedding(7, 7)
    load_state_dict(layer, module.state_dict())
    ids = np.array([[0, 3], [6, 1]])
    np.testing.assert_array_equal(layer(ids), module(torch.from_numpy(ids)).detach().numpy())


@pytest.mark.parametrize("called_before", [False, True], ids=["unbuilt", "built"])
@pytest.mark.parametrize(
    "dims", [{}, {"kdim": 6, "vdim": 10}, {"bias": False}], ids=["self", "kdim", "no bias"]
)
def test_multi_head_attention(dims, called_before):
    module = stirred(nn.MultiheadAttention(8, 2, batch_first=True, **dims))
    layer = K.MultiHeadAttention(2, 4, use_bias=dims.get("bias", True))
    q, k, v = image(2, 3, 8), image(2, 5, dims.get("kdim", 8)) + 1, image(2, 5, dims.get("vdim", 8)) - 1
    if called_before:
        layer(q, v, k)
    report = load_state_dict(layer, module.state_dict())
    assert sorted(report.loaded) == sorted(module.state_dict())
    wanted, _ = module(*(torch.from_numpy(x) for x in (q, k, v)))
    np.testing.assert_allclose(layer(q, v, k), wanted.detach().numpy(), atol=1e-5)
    found = state_dict(layer)
    assert set(found) == set(module.state_dict())
    for name, tensor in module.state_dict().items():
        np.testing.assert_array_equal(found[name], tensor.numpy())


def test_a_square_attention_refuses_another_number_of_features():
    state = nn.MultiheadAttention(8, 2).state_dict()
    with pytest.raises(StateDictError, match="in_proj_weight"):
        load_state_dict(K.MultiHeadAttention(2, 8), state)


def test_batch_norm_trains_on_a_rank_it_was_not_built_for():
    module, layer = stirred(nn.BatchNorm3d(4)), K.BatchNormalization(epsilon=1e-5)
    load_state_dict(layer, module.state_dict())
    x = image(3, 4, 2, 5, 6)
    wanted = module.train()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(layer(channels_last(x), training=True), channels_last(wanted), atol=1e-5)
    assert len(layer.weights) == 4


def test_batch_norm_called_on_other_channels_says_so():
    layer = K.BatchNormalization()
    load_state_dict(layer, nn.BatchNorm2d(4).state_dict())
    with pytest.raises(ValueError, match=r"loaded with a gamma of shape \(4,\)"):
        layer(image(2, 5, 5, 6))

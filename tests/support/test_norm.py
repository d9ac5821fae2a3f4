"""Normalizations against torch: values, gradients, running statistics, open shapes, both data formats."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import norm

SIZES = {"1d": (7,), "2d": (5, 4), "3d": (3, 4, 2)}


def randomize(layer):
    for tensor in layer.state_dict().values():
        if tensor.dtype.is_floating_point:
            tensor.copy_(torch.rand_like(tensor) + 0.5)


@pytest.mark.parametrize("rank", ["1d", "2d", "3d"])
@pytest.mark.parametrize("kind", ["BatchNorm", "InstanceNorm"])
def test_inference(against, data_format, kind, rank):
    options = {"affine": True, "track_running_stats": True, "eps": 1e-6}
    theirs = getattr(torch.nn, kind + rank)(4, **options).eval()
    randomize(theirs)
    ours = getattr(norm, kind + rank)(4, **options, data_format=data_format)
    against.copy(theirs, ours)
    against.images(theirs, ours, against.random(3, 4, *SIZES[rank]), data_format)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("BatchNorm2d", {}),
        ("BatchNorm2d", {"momentum": None}),
        ("BatchNorm2d", {"affine": False, "track_running_stats": False}),
        ("BatchNorm1d", {"momentum": 0.3}),
        ("BatchNorm3d", {}),
        ("InstanceNorm2d", {"affine": True, "track_running_stats": True}),
        ("InstanceNorm1d", {}),
        ("BatchNorm2d", {"bias": False}),
    ],
)
def test_training(against, data_format, kind, options):
    theirs = getattr(torch.nn, kind)(4, **options)
    ours = getattr(norm, kind)(4, **options, data_format=data_format)
    for _ in range(2):
        a = against.random(3, 4, *SIZES[kind[-2:]]) * 3 + 1
        against.images(theirs, lambda x: ours(x, training=True), a, data_format, graph=False)
    state = theirs.state_dict()
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        if name in state and not (kind.startswith("Instance") and name == "num_batches_tracked"):
            against.same(getattr(ours, name), state[name], name)
    theirs.eval()
    if kind.startswith("Batch"):
        against.images(theirs, ours, a, data_format)


def test_batch_norm_of_a_matrix_in_training(against):
    theirs, ours = torch.nn.BatchNorm1d(4), norm.BatchNorm1d(4)
    against.images(
        theirs, lambda x: ours(x, training=True), against.random(6, 4), "channels_first", graph=False
    )
    against.same(ours.moving_variance, theirs.running_var)


def test_weight_gradient_in_training(against):
    theirs, ours = torch.nn.SyncBatchNorm(4), norm.SyncBatchNorm(4, data_format="channels_last")
    a = against.random(3, 4, 5, 5)
    theirs = torch.nn.BatchNorm2d(4)
    (theirs(torch.tensor(a)) ** 3).sum().backward()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(ours(against.to_image(a, "channels_last"), training=True) ** 3)
    gamma, beta = tape.gradient(loss, [ours.weight, ours.bias])
    against.same(gamma, theirs.weight.grad)
    against.same(beta, theirs.bias.grad)


def test_eps_and_momentum_can_be_assigned(against):
    theirs, ours = torch.nn.BatchNorm2d(4), norm.BatchNorm2d(4, data_format="channels_first")
    a = against.random(3, 4, 5, 5)
    for layer in (theirs, ours):
        layer.eps, layer.momentum = 1e-1, 0.5
    against.same(ours(a, training=True), theirs(torch.tensor(a)))
    against.same(ours.running_var, theirs.running_var)
    assert isinstance(ours, tf.keras.layers.BatchNormalization)
    assert [v.name for v in ours.trainable_weights] == ["gamma", "beta"]


@pytest.mark.parametrize("sizes", [(), (7,), (5, 4), (3, 4, 2)])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"affine": False}])
def test_group_norm(against, data_format, sizes, options):
    theirs = torch.nn.GroupNorm(2, 6, **options)
    randomize(theirs)
    ours = norm.GroupNorm(2, 6, **options, data_format=data_format)
    against.copy(theirs, ours)
    against.images(theirs, ours, against.random(3, 6, *sizes), data_format)


@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"elementwise_affine": False}, {"normalized_shape": (5, 6)}, {"eps": 1e-12}],
)
def test_layer_norm(against, options):
    options = {"normalized_shape": 6, **options}
    theirs = torch.nn.LayerNorm(**options)
    randomize(theirs)
    ours = norm.LayerNorm(**options)
    against.copy(theirs, ours)
    against.images(theirs, ours, against.random(4, 5, 6), "channels_first", graph=False)
    assert ours.normalized_shape == theirs.normalized_shape


def test_rms_and_local_response_norm(against, data_format):
    theirs, ours = torch.nn.RMSNorm(6), norm.RMSNorm(6)
    randomize(theirs)
    against.copy(theirs, ours)
    against.images(theirs, ours, against.random(4, 5, 6), "channels_first", graph=False)
    theirs = torch.nn.LocalResponseNorm(4, alpha=0.1, k=2.0)
    ours = norm.LocalResponseNorm(4, alpha=0.1, k=2.0, data_format=data_format)
    against.images(theirs, ours, against.random(2, 7, 5, 4), data_format)


def test_functions(against, data_format):
    a, w, b = against.random(3, 4, 5, 6), against.random(4), against.random(4)
    mean, var = against.random(4), against.random(4) ** 2
    x, t = against.to_image(a, data_format), torch.tensor

    def check(got, want):
        against.same(against.from_image(got, data_format), want)

    check(
        norm.batch_norm(x, mean, var, w, b, data_format=data_format),
        F.batch_norm(*map(t, (a, mean, var, w, b))),
    )
    check(
        norm.batch_norm(x, training=True, data_format=data_format),
        F.batch_norm(t(a), None, None, training=True),
    )
    check(norm.group_norm(x, 2, w, b, data_format=data_format), F.group_norm(t(a), 2, t(w), t(b)))
    check(
        norm.instance_norm(x, weight=w, bias=b, data_format=data_format),
        F.instance_norm(t(a), None, None, t(w), t(b)),
    )
    check(norm.local_response_norm(x, 3, data_format=data_format), F.local_response_norm(t(a), 3))
    against.same(norm.layer_norm(a, (6,)), F.layer_norm(t(a), (6,)))
    against.same(norm.rms_norm(tf.constant(a), (6,)), F.rms_norm(t(a), (6,)))

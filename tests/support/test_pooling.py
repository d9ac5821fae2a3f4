"""Pools against torch: values, gradients, indices, open shapes, both data formats."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import pooling, pooling_ranks

POOLS = [
    ("MaxPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("MaxPool2d", {"kernel_size": 2}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("MaxPool2d", {"kernel_size": (3, 2), "stride": 1, "dilation": 2}),
    ("MaxPool2d", {"kernel_size": 2, "stride": 2, "dilation": 2}),
    ("MaxPool3d", {"kernel_size": 2, "stride": 2, "ceil_mode": True}),
    ("AvgPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("AvgPool2d", {"kernel_size": 2, "stride": 2}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("AvgPool2d", {"kernel_size": 2, "stride": 3, "ceil_mode": True, "count_include_pad": False}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "divisor_override": 5}),
    ("AvgPool3d", {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("AdaptiveAvgPool1d", {"output_size": 3}),
    ("AdaptiveAvgPool2d", {"output_size": 1}),
    ("AdaptiveAvgPool2d", {"output_size": (3, None)}),
    ("AdaptiveAvgPool2d", {"output_size": (4, 10)}),
    ("AdaptiveAvgPool3d", {"output_size": (1, 2, 3)}),
    ("AdaptiveMaxPool1d", {"output_size": 3}),
    ("AdaptiveMaxPool2d", {"output_size": (3, 5)}),
    ("AdaptiveMaxPool3d", {"output_size": 1}),
]
SIZES = {"1": (10,), "2": (8, 7), "3": (5, 6, 4)}


@pytest.mark.parametrize(("kind", "options"), POOLS)
def test_layer(against, data_format, kind, options):
    theirs = getattr(torch.nn, kind)(**options)
    ours = getattr(pooling_ranks, kind)(**options, data_format=data_format)
    against.images(theirs, ours, against.random(2, 3, *SIZES[kind[-2]]), data_format)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_functions(against, data_format, rank):
    a = against.random(2, 3, *SIZES[str(rank)])
    x = against.to_image(a, data_format)
    for name, arguments in [
        ("max_pool{}d", (3, 2, 1)),
        ("avg_pool{}d", (3, 2, 1)),
        ("adaptive_avg_pool{}d", (2,)),
        ("adaptive_max_pool{}d", (2,)),
    ]:
        name = name.format(rank)
        got = getattr(pooling_ranks, name)(tf.constant(x), *arguments, data_format=data_format)
        against.same(
            against.from_image(got, data_format), getattr(F, name)(torch.tensor(a), *arguments), name
        )


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_indices_and_unpooling(against, data_format, rank):
    size = (8, 6, 4)[:rank]
    a = against.random(2, 3, *size)
    x = tf.constant(against.to_image(a, data_format))
    pool = getattr(pooling_ranks, f"MaxPool{rank}d")(2, return_indices=True, data_format=data_format)
    values, indices = pool(x)
    want, where = getattr(F, f"max_pool{rank}d")(torch.tensor(a), 2, return_indices=True)
    against.same(against.from_image(values, data_format), want)
    against.same(against.from_image(indices, data_format), where)
    back = getattr(pooling_ranks, f"MaxUnpool{rank}d")(2, data_format=data_format)
    got = against.from_image(back(values, indices, output_size=size), data_format)
    theirs = getattr(F, f"max_unpool{rank}d")
    against.same(got, theirs(want, where, 2, output_size=size))
    got = getattr(pooling_ranks, f"max_unpool{rank}d")(values, indices, 2, data_format=data_format)
    against.same(against.from_image(got, data_format), theirs(want, where, 2))
    _, got = pooling.adaptive_max_pool(x, 3, return_indices=True, data_format=data_format)
    _, want = getattr(F, f"adaptive_max_pool{rank}d")(torch.tensor(a), 3, return_indices=True)
    against.same(against.from_image(got, data_format), want)


def test_padded_indices(against, data_format):
    a = against.random(2, 3, 7, 7)
    x = tf.constant(against.to_image(a, data_format))
    got = pooling.max_pool(x, 3, 2, 1, ceil_mode=True, return_indices=True, data_format=data_format)
    want = F.max_pool2d(torch.tensor(a), 3, 2, 1, ceil_mode=True, return_indices=True)
    for ours, theirs in zip(got, want, strict=True):
        against.same(against.from_image(ours, data_format), theirs)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_power_average(against, data_format, rank, ceil_mode):
    a = abs(against.random(2, 3, *SIZES[str(rank)]))
    theirs = getattr(torch.nn, f"LPPool{rank}d")(3, 2, 2, ceil_mode)
    ours = getattr(pooling_ranks, f"LPPool{rank}d")(3, 2, 2, ceil_mode, data_format=data_format)
    against.images(theirs, ours, a, data_format, graph=False)
    got = getattr(pooling_ranks, f"lp_pool{rank}d")(
        against.to_image(a, data_format), 2, 2, data_format=data_format
    )
    want = getattr(F, f"lp_pool{rank}d")(torch.tensor(a), 2, 2)
    against.same(against.from_image(got, data_format), want)

"""Resizing, padding and pixel rearrangement against torch: values, gradients, open shapes, both data formats."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import padding, pixel, resize, sampling

RESIZES = [
    ((6, 5), {"scale_factor": 2}),
    ((6, 5), {"size": (9, 7)}),
    ((6, 5), {"size": 4, "mode": "nearest-exact"}),
    ((6, 5), {"scale_factor": 1.7, "mode": "nearest"}),
    ((6, 5), {"scale_factor": 0.5, "mode": "nearest"}),
    ((6, 5), {"scale_factor": 2, "mode": "bilinear"}),
    ((6, 5), {"size": (9, 4), "mode": "bilinear"}),
    ((6, 5), {"size": (9, 4), "mode": "bilinear", "align_corners": True}),
    ((6, 5), {"size": (1, 4), "mode": "bilinear", "align_corners": True}),
    ((6, 5), {"scale_factor": 1.7, "mode": "bilinear"}),
    ((6, 5), {"scale_factor": 1.7, "mode": "bilinear", "align_corners": True}),
    ((6, 5), {"scale_factor": 1.7, "mode": "bilinear", "recompute_scale_factor": True}),
    ((6, 5), {"scale_factor": (2, 0.5), "mode": "bicubic"}),
    ((6, 5), {"size": (9, 4), "mode": "bicubic", "align_corners": True}),
    ((6, 5), {"size": (4, 3), "mode": "area"}),
    ((12, 9), {"size": (5, 4), "mode": "bilinear", "antialias": True}),
    ((12, 9), {"size": (5, 13), "mode": "bicubic", "antialias": True}),
    ((7,), {"scale_factor": 2, "mode": "linear"}),
    ((7,), {"size": 5}),
    ((4, 3, 5), {"scale_factor": 2, "mode": "trilinear"}),
    ((4, 3, 5), {"size": (6, 6, 6), "mode": "trilinear", "align_corners": True}),
]


@pytest.mark.parametrize(("sizes", "options"), RESIZES)
def test_interpolate(against, data_format, sizes, options):
    against.images(
        lambda x: F.interpolate(x, **options),
        lambda x: resize.interpolate(x, **options, data_format=data_format),
        against.random(2, 3, *sizes),
        data_format,
    )


def test_upsampling_layers(against, data_format):
    a = against.random(2, 3, 5, 4)
    for name, options in [
        ("Upsample", {"scale_factor": 2}),
        ("Upsample", {"size": (7, 9), "mode": "bilinear", "align_corners": True}),
        ("UpsamplingNearest2d", {"scale_factor": 3}),
        ("UpsamplingBilinear2d", {"size": (8, 8)}),
    ]:
        ours = getattr(resize, name)(**options, data_format=data_format)
        against.images(getattr(torch.nn, name)(**options), ours, a, data_format, graph=False)


def test_channels_stay_static_under_open_sizes():
    traced = tf.function(lambda x: resize.interpolate(x, scale_factor=2, mode="bilinear"))
    assert traced.get_concrete_function(tf.TensorSpec((None, None, None, 3))).output_shapes[-1] == 3


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("sizes", "pads"), [((6,), (2, 1)), ((6, 5), (1, 2, 3, 0)), ((4, 5, 3), (1, 0, 2, 1, 1, 1))]
)
def test_pad(against, data_format, mode, sizes, pads):
    against.images(
        lambda x: F.pad(x, pads, mode),
        lambda x: padding.pad(x, pads, mode, data_format=data_format),
        against.random(2, 3, *sizes),
        data_format,
    )


def test_pad_of_other_dimensions_and_negative(against, data_format):
    a = against.random(2, 3, 5, 6)
    for pads in [(-1, 2), (1, -2, 0, -1), (0, 0, 0, 0, 1, 2), (0, 0, 0, 0, -1, 0, 1, 0)]:
        got = padding.pad(
            tf.constant(against.to_image(a, data_format)), pads, value=3.0, data_format=data_format
        )
        against.same(against.from_image(got, data_format), F.pad(torch.tensor(a), pads, value=3.0), str(pads))
    got = padding.pad(tf.constant([1, 2]), (1, 1), value=7)
    assert got.numpy().tolist() == [7, 1, 2, 7]
    got = padding.pad_axes(tf.constant([[1, 2]]), {1: (1, -1)})
    assert got.numpy().tolist() == [[0, 1]]


PAD_LAYERS = {
    1: ("ZeroPad1d", "ReflectionPad1d", "ReplicationPad1d", "CircularPad1d", "ConstantPad1d"),
    2: ("ZeroPad2d", "ReflectionPad2d", "ReplicationPad2d", "CircularPad2d", "ConstantPad2d"),
    3: ("ZeroPad3d", "ReflectionPad3d", "ReplicationPad3d", "CircularPad3d", "ConstantPad3d"),
}


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pad_layers(against, data_format, rank):
    a = against.random(2, 3, *(4, 5, 6)[:rank])
    for name in PAD_LAYERS[rank]:
        for pads in (2, (1, 2, 0, 1, 1, 0)[: 2 * rank]):
            arguments = (pads, 1.5) if name.startswith("Constant") else (pads,)
            ours = getattr(padding, name)(*arguments, data_format=data_format)
            against.images(getattr(torch.nn, name)(*arguments), ours, a, data_format, False, False, name)


def test_shuffles(against, data_format):
    for name, function, argument, channels in [
        ("PixelShuffle", "pixel_shuffle", 2, 12),
        ("PixelUnshuffle", "pixel_unshuffle", 2, 3),
        ("ChannelShuffle", "channel_shuffle", 3, 12),
    ]:
        a = against.random(2, channels, 4, 6)
        theirs = getattr(torch.nn, name)(argument)
        against.images(theirs, getattr(pixel, name)(argument, data_format=data_format), a, data_format)
        got = getattr(pixel, function)(against.to_image(a, data_format), argument, data_format=data_format)
        against.same(against.from_image(got, data_format), theirs(torch.tensor(a)))


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3},
        {"kernel_size": (2, 3), "stride": 2, "padding": 1},
        {"kernel_size": 2, "dilation": 2},
    ],
)
def test_unfold_and_fold(against, data_format, options):
    a = against.random(2, 3, 6, 7)
    x = tf.constant(against.to_image(a, data_format))
    want = F.unfold(torch.tensor(a), **options)
    against.same(pixel.unfold(x, **options, data_format=data_format), want)
    against.same(pixel.Unfold(**options, data_format=data_format)(x), want)
    traced = tf.function(lambda x: pixel.unfold(x, **options, data_format=data_format))
    spec = tf.TensorSpec([None, None, None, 3] if data_format == "channels_last" else [None, 3, None, None])
    against.same(traced.get_concrete_function(spec)(x), want)
    back = F.fold(want, (6, 7), **options)
    for got in (
        pixel.fold(tf.constant(want.numpy()), (6, 7), **options, data_format=data_format),
        pixel.Fold((6, 7), **options, data_format=data_format)(want.numpy()),
    ):
        against.same(against.from_image(got, data_format), back)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_grid_sample(against, data_format, mode, padding_mode, align_corners):
    grid = against.random(2, 4, 5, 2)
    options = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
    against.images(
        lambda x: F.grid_sample(x, torch.tensor(grid), **options),
        lambda x: sampling.grid_sample(x, tf.constant(grid), **options, data_format=data_format),
        against.random(2, 3, 6, 7),
        data_format,
        graph=padding_mode == "zeros",
    )


def test_affine_grid_and_volume(against, data_format):
    for theta, size in [(against.random(2, 2, 3), (2, 3, 5, 4)), (against.random(2, 3, 4), (2, 3, 4, 5, 3))]:
        for align_corners in (False, True):
            want = F.affine_grid(torch.tensor(theta), size, align_corners)
            against.same(sampling.affine_grid(tf.constant(theta), size, align_corners), want)
    a = against.random(*size)
    got = sampling.grid_sample(
        against.to_image(a, data_format), tf.constant(want.numpy()), data_format=data_format
    )
    want = F.grid_sample(torch.tensor(a), want, align_corners=False)
    against.same(against.from_image(got, data_format), want)
    assert sampling.reflect_into(tf.constant([-1.0, 5.0]), 0.0, 4.0).numpy().tolist() == [1.0, 3.0]
    assert sampling.folded_position(tf.constant([-1.0]), 4.0, "border", True).numpy().tolist() == [0.0]

"""Sampling of images at points of a grid, as torch does it."""

import itertools

import tensorflow as tf

from transpile.support.data_format import channel_axis, plain_to_last
from transpile.support.resize import cubic_kernel
from transpile.support.shape import shape


def reflect_into(x, low, high):
    """Positions folded back at both ends until they lie in [low, high]."""
    span = tf.cast(high - low, x.dtype)
    folded = tf.math.floormod(tf.abs(x - low), tf.maximum(2.0 * span, 1e-9))
    return low + tf.minimum(folded, 2.0 * span - folded)


def folded_position(x, n, padding_mode, align_corners):
    """A position as the padding mode moves it: to the border, mirrored, or not at all."""
    if padding_mode == "reflection":
        x = reflect_into(x, 0.0, n - 1.0) if align_corners else reflect_into(x, -0.5, n - 0.5)
    return x if padding_mode == "zeros" else tf.clip_by_value(x, 0.0, n - 1.0)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None, data_format=None):
    """torch.nn.functional.grid_sample; the grid (N, *out, 2 or 3) holds x, y(, z) between -1 and 1."""
    x = input if channel_axis(data_format) == -1 else plain_to_last(input)
    sizes = shape(x)[1:-1]
    axes = []  # of each axis its neighbours: (position, weight)
    for i, size in enumerate(sizes):
        n = tf.cast(size, grid.dtype)
        coordinate = grid[..., len(sizes) - 1 - i]
        position = (coordinate + 1) / 2 * (n - 1) if align_corners else ((coordinate + 1) * n - 1) / 2
        if mode != "bicubic":
            position = folded_position(position, n, padding_mode, align_corners)
        if mode == "nearest":
            axes.append([(tf.round(position), tf.ones_like(position))])
            continue
        low = tf.floor(position)
        if mode == "bilinear":
            axes.append([(low, low + 1 - position), (low + 1, position - low)])
        else:
            near = [low + offset for offset in (-1, 0, 1, 2)]
            axes.append(
                [
                    (folded_position(p, n, padding_mode, align_corners), cubic_kernel(position - p, -0.75))
                    for p in near
                ]
            )
    y = 0.0
    for corner in itertools.product(*axes):
        index, weight = [], tf.ones_like(grid[..., 0])
        for (position, part), size in zip(corner, sizes, strict=True):
            whole = tf.cast(position, tf.int32)
            inside = (whole >= 0) & (whole < size)
            index.append(tf.clip_by_value(whole, 0, size - 1))
            weight = weight * tf.where(inside, part, 0.0)
        y += tf.gather_nd(x, tf.stack(index, -1), batch_dims=1) * tf.cast(weight, x.dtype)[..., None]
    if channel_axis(data_format) == -1:
        return y
    return tf.transpose(y, (0, len(y.shape) - 1, *range(1, len(y.shape) - 1)))


def affine_grid(theta, size, align_corners=False):
    """torch.nn.functional.affine_grid; `size` is in torch's order (N, C, *spatial)."""
    lines = []
    for n in list(size)[2:]:
        count = tf.cast(n, theta.dtype)
        step = tf.range(count)
        line = step * 2 / tf.maximum(count - 1, 1) - 1 if align_corners else (step * 2 + 1) / count - 1
        lines.append(line)
    mesh = tf.meshgrid(*lines, indexing="ij")
    points = tf.stack([*mesh[::-1], tf.ones_like(mesh[0])], -1)
    flat = tf.matmul(tf.reshape(points, (1, -1, len(lines) + 1)), theta, transpose_b=True)
    return tf.reshape(flat, [shape(theta)[0], *list(size)[2:], len(lines)])

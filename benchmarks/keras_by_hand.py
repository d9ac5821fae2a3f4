"""The detector of fixtures/yolo_blocks.py as a Keras user would write it: the yardstick of inference_speed.py.

Channels last, functional style, plain Keras layers. Weights are Keras' own: only the time is of interest.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

layers = tf.keras.layers
Tensor = Any


def conv(x: Tensor, filters: int, k: int = 1, s: int = 1, pad: int | None = None) -> Tensor:
    pad = k // 2 if pad is None else pad
    if s == 1 and k % 2:
        x = layers.Conv2D(filters, k, padding="same", use_bias=False)(x)
    else:
        x = layers.ZeroPadding2D(pad)(x) if pad else x
        x = layers.Conv2D(filters, k, s, use_bias=False)(x)
    return layers.Activation("silu")(layers.BatchNormalization(epsilon=1e-5)(x))


def bottleneck(x: Tensor, filters: int, shortcut: bool) -> Tensor:
    y = conv(conv(x, filters), filters, 3)
    return layers.Add()([x, y]) if shortcut else y


def c3(x: Tensor, filters: int, n: int = 1, shortcut: bool = True) -> Tensor:
    y = conv(x, filters // 2)
    z = conv(x, filters // 2)
    for _ in range(n):
        y = bottleneck(y, filters // 2, shortcut)
    return conv(layers.Concatenate()([y, z]), filters)


def sppf(x: Tensor, filters: int, k: int = 5) -> Tensor:
    x = conv(x, x.shape[-1] // 2)
    pooled = [x]
    for _ in range(3):
        pooled.append(layers.MaxPooling2D(k, 1, padding="same")(pooled[-1]))
    return conv(layers.Concatenate()(pooled), filters)


class Decode(layers.Layer):
    """One scale of the head: (B, H, W, 3 * outputs) to boxes in pixels, (B, 3 * H * W, outputs)."""

    def __init__(self, outputs: int, stride: int, anchors: Any) -> None:
        super().__init__()
        self.outputs, self.stride = outputs, stride
        self.anchors = tf.reshape(tf.constant(anchors, tf.float32), (1, 1, 1, 3, 2))

    def call(self, x: Tensor) -> Tensor:
        h, w = x.shape[1:3]
        x = tf.sigmoid(tf.reshape(x, (-1, h, w, 3, self.outputs)))
        xy, wh, rest = tf.split(x, (2, 2, self.outputs - 4), axis=-1)
        gx, gy = tf.meshgrid(tf.range(w), tf.range(h))
        grid = tf.reshape(tf.cast(tf.stack((gx, gy), -1), tf.float32) - 0.5, (1, h, w, 1, 2))
        x = tf.concat(((xy * 2 + grid) * self.stride, (wh * 2) ** 2 * self.anchors, rest), -1)
        return tf.reshape(tf.transpose(x, (0, 3, 1, 2, 4)), (-1, 3 * h * w, self.outputs))


def detector(size: int, anchors: Any, classes: int = 80, width: int = 16) -> Any:
    a, b, c, d, e = (width * m for m in (1, 2, 4, 8, 16))
    image = layers.Input((size, size, 3))
    small = c3(conv(c3(conv(conv(image, a, 6, 2, 2), b, 3, 2), b), c, 3, 2), c, 2)
    medium = c3(conv(small, d, 3, 2), d, 3)
    top = conv(sppf(c3(conv(medium, e, 3, 2), e), e), d)
    up = layers.UpSampling2D(2, interpolation="nearest")
    join = layers.Concatenate
    middle = conv(c3(join()([up(top), medium]), d, 1, False), c)
    p3 = c3(join()([up(middle), small]), c, 1, False)
    p4 = c3(join()([conv(p3, c, 3, 2), middle]), d, 1, False)
    p5 = c3(join()([conv(p4, d, 3, 2), top]), e, 1, False)
    outputs = classes + 5
    decoded = [
        Decode(outputs, stride, sizes)(layers.Conv2D(3 * outputs, 1)(p))
        for p, stride, sizes in zip((p3, p4, p5), (8, 16, 32), anchors, strict=True)
    ]
    return tf.keras.Model(image, join(axis=1)(decoded))


def block(function: Any, shape: tuple[int, int, int], *args: Any) -> Any:
    """A model of one of the blocks above, for inputs of (H, W, C)."""
    image = layers.Input(shape)
    return tf.keras.Model(image, function(image, *args))

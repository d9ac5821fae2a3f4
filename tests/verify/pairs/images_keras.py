"""The same network, ported by hand and right."""

import tensorflow as tf
from tensorflow.keras import layers


def shuffled(x, groups):
    b, h, w, c = tf.shape(x)[0], tf.shape(x)[1], tf.shape(x)[2], x.shape[3]
    x = tf.reshape(x, [b, h, w, groups, c // groups])
    return tf.reshape(tf.transpose(x, [0, 1, 2, 4, 3]), [b, h, w, c])


class Stem(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.conv = layers.Conv2D(width, 3, strides=2, padding="valid", use_bias=False)
        self.norm = layers.BatchNormalization(epsilon=1e-5, momentum=0.9)

    def call(self, x, training=None):
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.nn.relu(self.norm(self.conv(x), training=training))


class Gate(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.down = layers.Conv2D(width // 2, 1)
        self.up = layers.Conv2D(width, 1)

    def call(self, x):
        s = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
        return x * tf.sigmoid(self.up(tf.nn.silu(self.down(s))))


class Block(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.depthwise = layers.DepthwiseConv2D(3, padding="same", dilation_rate=2)
        self.norm = layers.GroupNormalization(2, epsilon=1e-5)
        self.gate = Gate(width)
        self.point = layers.Conv2D(width, 1)

    def call(self, x):
        y = tf.nn.leaky_relu(self.norm(self.depthwise(x)), 0.1)
        y = self.gate(shuffled(y, 2))
        return x + self.point(y)


class Net(layers.Layer):
    def __init__(self, width=8, classes=5):
        super().__init__()
        self.stem = Stem(width)
        self.block = Block(width)
        self.lateral = layers.Conv2D(width, 1)
        self.drop = layers.Dropout(0.3)
        self.head = layers.Dense(classes)

    def call(self, x, training=None):
        x = self.stem(x, training=training)
        size = tf.shape(x)[1:3]
        border = [[0, 0], [1, 1], [1, 1], [0, 0]]
        small = tf.nn.max_pool2d(tf.pad(self.block(x), border, constant_values=-1e30), 3, 2, "VALID")
        soft = tf.nn.avg_pool2d(tf.pad(x, border), 3, 2, "VALID")
        big = tf.image.resize(small + soft, size, method="nearest")
        fine = tf.image.resize(self.lateral(small), size, method="bilinear")
        x = tf.concat([x + big, tf.nn.elu(fine)], axis=-1)
        x = tf.reduce_mean(x, axis=[1, 2]) + tf.reduce_max(x, axis=[1, 2])
        return tf.nn.log_softmax(self.head(self.drop(x, training=training)), axis=-1)

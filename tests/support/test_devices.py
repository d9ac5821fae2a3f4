"""The kind of a TensorFlow device by torch's word for it."""

import tensorflow as tf
import torch

from transpile.support.devices import device_type


def test_words():
    assert device_type(tf.constant(1.0).device) == torch.tensor(1.0).device.type == "cpu"
    assert device_type("/job:localhost/replica:0/task:0/device:GPU:0") == torch.device("cuda:0").type

"""Comparison of support definitions with torch."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
import tensorflow as tf
import torch

FORMATS = ("channels_last", "channels_first")


@pytest.fixture(autouse=True)
def _seed():
    np.random.seed(0)
    torch.manual_seed(0)
    tf.random.set_seed(0)


@pytest.fixture(params=FORMATS)
def data_format(request):
    return request.param


class Against:
    """Compares values, gradients and open-shape graphs of a support definition with those of torch."""

    def __init__(self, rtol=1e-4, atol=2e-5):
        self.rtol, self.atol = rtol, atol

    @staticmethod
    def random(*sizes):
        return np.random.randn(*sizes).astype("float32")

    @staticmethod
    def to_image(a, data_format):
        """An array in torch's order as the data format stores it."""
        if data_format == "channels_first" or np.ndim(a) < 3:
            return np.asarray(a)
        return np.ascontiguousarray(np.moveaxis(a, 1, -1))

    @staticmethod
    def from_image(a, data_format):
        if data_format == "channels_first" or np.ndim(a) < 3:
            return np.asarray(a)
        return np.moveaxis(np.asarray(a), -1, 1)

    def same(self, got, want, what=""):
        got = got.numpy() if hasattr(got, "numpy") else np.asarray(got)
        want = want.detach().numpy() if isinstance(want, torch.Tensor) else np.asarray(want)
        assert got.shape == want.shape, f"{what}: shape {got.shape}, torch has {want.shape}"
        assert (got.dtype.kind == "f") == (want.dtype.kind == "f"), f"{what}: {got.dtype}, torch {want.dtype}"
        np.testing.assert_allclose(got, want, self.rtol, self.atol, err_msg=what)

    def nest(self, got, want, what=""):
        """Compares nests of tensors; a tuple here is a tuple or list there."""
        if isinstance(want, (tuple, list)):
            assert len(got) == len(want), what
            for i, (g, w) in enumerate(zip(got, want, strict=True)):
                self.nest(g, w, f"{what}[{i}]")
        elif want is None:
            assert got is None
        else:
            self.same(got, want, what)

    @staticmethod
    def copy(torch_layer, layer):
        """Copies the weights by their torch names."""
        for name, value in torch_layer.state_dict().items():
            owner = layer
            *path, last = name.split(".")
            for part in path:
                owner = getattr(owner, part)
            old = getattr(owner, last)
            value = tf.constant(value.numpy())
            assert tuple(old.shape) == tuple(value.shape), name
            old.assign(value) if isinstance(old, tf.keras.Variable) else setattr(owner, last, value)

    def images(self, torch_fn, fn, a, data_format, gradient=True, graph=True, what=""):
        """Values, input gradient, and values under tf.function with open batch and space, of image → image."""
        x = torch.tensor(a, requires_grad=gradient)
        want = torch_fn(x)
        value = tf.constant(self.to_image(a, data_format))
        with tf.GradientTape() as tape:
            tape.watch(value)
            got = fn(value)
        self.same(self.from_image(got, data_format), want, f"{what} eager")
        if gradient:
            direction = np.random.randn(*want.shape).astype("float32")
            want.backward(torch.tensor(direction))
            slope = tape.gradient(got, value, tf.constant(self.to_image(direction, data_format)))
            self.same(self.from_image(slope, data_format), x.grad, f"{what} gradient")
        if graph:
            open_shape = [None] * a.ndim
            open_shape[-1 if data_format == "channels_last" else 1] = a.shape[1]
            traced = tf.function(fn, input_signature=[tf.TensorSpec(open_shape)])
            self.same(self.from_image(traced(value), data_format), want, f"{what} graph")


@pytest.fixture
def against():
    return Against()

"""Layers that multiply with a matrix or look a row up in it, with torch's arguments."""

import tensorflow as tf

from transpile.support.module import Module, TorchLayer, draw_anew, put_variable, shown, uniform_initializer
from transpile.support.shape import flatten, unflatten


def linear(input, weight, bias=None):
    """torch.nn.functional.linear: the weight is in torch's order (out, in)."""
    if len(weight.shape) == 1:
        y = tf.linalg.matvec(input, weight) if len(input.shape) > 1 else tf.tensordot(input, weight, 1)
    elif len(input.shape) == 1:
        y = tf.linalg.matvec(weight, input)
    else:
        y = tf.matmul(input, tf.transpose(weight))
    return y if bias is None else y + bias


def bilinear(input1, input2, weight, bias=None):
    """torch.nn.functional.bilinear: y_o = x1 · W_o · x2."""
    y = tf.einsum("...i,oij,...j->...o", input1, weight, input2)
    return y if bias is None else y + bias


class Linear(TorchLayer, tf.keras.layers.Dense):
    """torch.nn.Linear."""

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(out_features, use_bias=bias)
        self.in_features, self.out_features = None, out_features
        self.shared = None  # a variable in torch's order that another layer has as well
        if in_features is not None:
            self.make(in_features)

    def make(self, in_features):
        """Makes the weights."""
        self.in_features = in_features
        self.kernel_initializer = self.bias_initializer = uniform_initializer(in_features)
        self.build((None, in_features))
        self.input_spec = None
        if type(self).reset_parameters is not Linear.reset_parameters:
            self.reset_parameters()  # of an heir: torch's constructor calls it

    def reset_parameters(self):
        """Draws the weights anew."""
        draw_anew(self._kernel if self.shared is None else self.shared, self.kernel_initializer)
        draw_anew(self.bias, self.bias_initializer)

    @property
    def weight(self):
        """The kernel in torch's order (out, in)."""
        if self.shared is not None:
            return self.shared
        value = shown(self, tf.transpose(self.kernel))
        value.torch_layer = self  # whoever gets this value as its weight shares it with this layer
        return value

    @weight.setter
    def weight(self, value):
        owner = getattr(value, "torch_layer", None)
        if isinstance(value, tf.keras.Variable):
            self.share(value)
        elif isinstance(owner, Linear) and owner.shared is None:
            self._kernel = vars(owner)["_kernel"]
        else:
            put_variable(self, "_kernel" if self.shared is None else "shared", self.ordered(value))

    def ordered(self, value):
        """A weight in torch's order, as this layer keeps it."""
        return tf.transpose(value) if self.shared is None else value

    def share(self, variable):
        """Takes a variable in torch's order in place of its own kernel: tied weights stay one."""
        self.shared = variable
        self._kernel = None

    def call(self, input):
        kernel = self.kernel if self.shared is None else self.shared
        if len(input.shape) == 1:
            y = tf.linalg.matvec(kernel, input, transpose_a=self.shared is None)
        else:
            y = tf.matmul(input, kernel, transpose_b=self.shared is not None)
        return y if self.bias is None else y + self.bias

    def save_own_variables(self, store):
        if self.shared is None:
            super().save_own_variables(store)
        elif self.bias is not None:
            store["0"] = self.bias

    def load_own_variables(self, store):
        if self.shared is None:
            super().load_own_variables(store)
        elif self.bias is not None:
            self.bias.assign(store["0"])


class NonDynamicallyQuantizableLinear(Linear):
    """torch.nn.modules.linear.NonDynamicallyQuantizableLinear."""


class Bilinear(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Bilinear."""

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        initializer, self.bias = uniform_initializer(in1_features), None
        shape = (out_features, in1_features, in2_features)
        self.weight = self.add_weight(name="weight", shape=shape, initializer=initializer)
        if bias:
            self.bias = self.add_weight(name="bias", shape=(out_features,), initializer=initializer)
        self.built = True

    def call(self, input1, input2):
        return bilinear(input1, input2, self.weight, self.bias)


class Identity(Module):
    """torch.nn.Identity: takes any constructor arguments and returns what it is called with."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def call(self, input):
        return input


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """torch.nn.functional.embedding: rows of `weight`; the row `padding_idx` gets no gradient."""
    weight = tf.convert_to_tensor(weight)
    if max_norm is not None:
        norm = tf.norm(weight, norm_type, axis=-1, keepdims=True)
        weight = tf.where(norm > max_norm, weight * (max_norm / (norm + 1e-7)), weight)
    rows = tf.gather(weight, input)
    if padding_idx is None:
        return rows
    is_padding = tf.expand_dims(tf.equal(input, padding_idx % weight.shape[0]), -1)
    return tf.where(is_padding, tf.stop_gradient(rows), rows)


class Embedding(TorchLayer, tf.keras.layers.Embedding):
    """torch.nn.Embedding."""

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
    ):
        super().__init__(num_embeddings, embedding_dim, embeddings_initializer="random_normal")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type = max_norm, norm_type
        self.build()
        value = tf.random.normal((num_embeddings, embedding_dim)) if _weight is None else _weight
        if _weight is None and padding_idx is not None:
            value = tf.tensor_scatter_nd_update(value, [[self.padding_idx]], tf.zeros((1, embedding_dim)))
        self.embeddings.assign(value)
        self.trainable = not _freeze

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, **kwargs):
        """torch.nn.Embedding.from_pretrained."""
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, _weight=embeddings, _freeze=freeze)

    @property
    def weight(self):
        return self.embeddings

    @weight.setter
    def weight(self, value):
        owner = getattr(value, "torch_layer", None)
        if isinstance(value, tf.keras.Variable):
            self._embeddings = value
            return
        put_variable(self, "_embeddings", value)
        if isinstance(owner, Linear):
            owner.share(self._embeddings)

    def call(self, input):
        return embedding(input, self.embeddings, self.padding_idx, self.max_norm, self.norm_type)


class EmbeddingBag(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.EmbeddingBag on a matrix of indices, or on a row of them cut at `offsets`."""

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        _weight=None,
        include_last_offset=False,
        padding_idx=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.mode = num_embeddings, embedding_dim, mode
        self.max_norm, self.norm_type = max_norm, norm_type
        self.include_last_offset, self.padding_idx = include_last_offset, padding_idx
        initializer = tf.keras.initializers.RandomNormal(stddev=1.0)
        shape = (num_embeddings, embedding_dim)
        self.weight = self.add_weight(name="weight", shape=shape, initializer=initializer)
        if _weight is not None:
            self.weight.assign(_weight)
        self.built = True

    def call(self, input, offsets=None, per_sample_weights=None):
        if offsets is None:
            bags = tf.RaggedTensor.from_tensor(input)
        else:
            starts = offsets[:-1] if self.include_last_offset else offsets
            bags = tf.RaggedTensor.from_row_starts(input, tf.cast(starts, input.dtype))
        rows = embedding(bags.values, self.weight, None, self.max_norm, self.norm_type)
        segment, count = bags.value_rowids(), bags.nrows()
        counted = tf.ones_like(rows)
        if self.padding_idx is not None:
            counted = tf.cast(tf.not_equal(bags.values, self.padding_idx), rows.dtype)[:, None] * counted
        if self.mode == "max":
            lowest = tf.where(counted > 0, rows, rows.dtype.min)
            top = tf.math.unsorted_segment_max(lowest, segment, count)
            return tf.where(tf.math.unsorted_segment_sum(counted, segment, count) > 0, top, 0.0)
        rows = rows * counted
        if per_sample_weights is not None:
            rows = rows * tf.reshape(per_sample_weights, (-1, 1))
        total = tf.math.unsorted_segment_sum(rows, segment, count)
        if self.mode == "sum":
            return total
        return tf.math.divide_no_nan(total, tf.math.unsorted_segment_sum(counted, segment, count))


class Flatten(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Flatten, of a tensor in torch's order."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def call(self, input):
        return flatten(input, self.start_dim, self.end_dim)


class Unflatten(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Unflatten, of a tensor in torch's order."""

    def __init__(self, dim, unflattened_size):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def call(self, input):
        return unflatten(input, self.dim, self.unflattened_size)

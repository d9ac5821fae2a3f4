"""Recurrent layers with torch's parameters (two biases, torch's gate order), on tensors in torch's order."""

import tensorflow as tf

from transpile.support.activation import dropout
from transpile.support.module import Module, uniform_initializer
from transpile.support.packed import PackedSequence
from transpile.support.shape import reshape, shape


def lstm_step(projected, state, weight_hh, bias_hh, weight_hr=None):
    """One step of an LSTM from the projected input (N, 4 H) and the state (h, c)."""
    h, c = state
    gates = projected + tf.matmul(h, weight_hh, transpose_b=True)
    gates = gates if bias_hh is None else gates + bias_hh
    i, f, g, o = tf.split(gates, 4, -1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    h = tf.sigmoid(o) * tf.tanh(c)
    return (h if weight_hr is None else tf.matmul(h, weight_hr, transpose_b=True), c)


def gru_step(projected, state, weight_hh, bias_hh):
    """One step of a GRU from the projected input (N, 3 H) and the state (h,)."""
    hidden = tf.matmul(state[0], weight_hh, transpose_b=True)
    hidden = hidden if bias_hh is None else hidden + bias_hh
    (r, z, n), (hr, hz, hn) = tf.split(projected, 3, -1), tf.split(hidden, 3, -1)
    z = tf.sigmoid(z + hz)
    n = tf.tanh(n + tf.sigmoid(r + hr) * hn)
    return ((1.0 - z) * n + z * state[0],)


def rnn_step(projected, state, weight_hh, bias_hh, nonlinearity="tanh"):
    """One step of a plain RNN from the projected input (N, H) and the state (h,)."""
    h = projected + tf.matmul(state[0], weight_hh, transpose_b=True)
    h = h if bias_hh is None else h + bias_hh
    return (tf.nn.relu(h) if nonlinearity == "relu" else tf.tanh(h),)


def run_over_time(step, projected, state, reverse=False, lengths=None):
    """Applies step(x_t, state) along axis 0 of (T, N, G): all h_t (T, N, H) and the last state.

    With lengths each of the N sequences ends after so many steps: its state stays, its h_t are 0.
    """
    if reverse:
        projected = reversed_in_time(projected, lengths)
    length = shape(projected)[0]
    inputs = tf.TensorArray(projected.dtype, length, element_shape=projected.shape[1:]).unstack(projected)
    outputs = tf.TensorArray(projected.dtype, length, element_shape=state[0].shape)

    def body(t, outputs, state):
        new = step(inputs.read(t), state)
        if lengths is None:
            return t + 1, outputs.write(t, new[0]), new
        goes_on = (tf.cast(t, lengths.dtype) < lengths)[:, None]
        kept = tuple(tf.where(goes_on, a, b) for a, b in zip(new, state, strict=True))
        return t + 1, outputs.write(t, tf.where(goes_on, new[0], 0)), kept

    _, outputs, state = tf.while_loop(
        lambda t, *_: t < length, body, (0, outputs, tuple(state)), maximum_iterations=length
    )
    y = outputs.stack()
    return reversed_in_time(y, lengths) if reverse else y, state


def reversed_in_time(x, lengths=None):
    """Axis 0 of (T, N, …) backwards, of each sequence the part that it has."""
    return tf.reverse(x, (0,)) if lengths is None else tf.reverse_sequence(x, lengths, 0, 1)


class Recurrent(Module):
    """What LSTM, GRU and RNN share; the variables have torch's names, shapes and order."""

    gates = 1
    states = 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self.suffixes = [""] + ["_reverse"] * bidirectional
        initializer, out = uniform_initializer(hidden_size), proj_size or hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else out * len(self.suffixes)
            for suffix in self.suffixes:
                rows = self.gates * hidden_size
                variables = [("weight_ih", [rows, width]), ("weight_hh", [rows, out])]
                variables += [("bias_ih", [rows]), ("bias_hh", [rows])] * bias
                variables += [("weight_hr", [proj_size, hidden_size])] * (proj_size > 0)
                for name, sizes in variables:
                    name = f"{name}_l{layer}{suffix}"
                    setattr(self, name, self.add_weight(sizes, initializer, name=name))

    def flatten_parameters(self):
        """Nothing: there is no memory to arrange."""

    def step(self, layer, suffix):
        """The function (x_t, state) → state of one layer and direction."""
        raise NotImplementedError

    def weight(self, name, layer, suffix):
        """A variable as a tensor, or None where the layer has none."""
        variable = getattr(self, f"{name}_l{layer}{suffix}", None)
        return None if variable is None else tf.convert_to_tensor(variable)

    def call(self, input, hx=None, training=None):
        if isinstance(input, PackedSequence):
            x, states = self.run(input.padded, hx, training, input.lengths)
            return PackedSequence.of(x, input.lengths), states
        return self.run(input, hx, training)

    def run(self, x, hx, training, lengths=None):
        """All outputs and the last states; with lengths those of padded sequences (T, N, …)."""
        batched, batch_first = len(x.shape) == 3, self.batch_first and lengths is None
        if not batched:
            x = x[:, None]
            hx = hx if hx is None else tf.nest.map_structure(lambda h: h[:, None], hx)
        elif batch_first:
            x = tf.transpose(x, (1, 0, 2))
        length, n, _ = shape(x)
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: self.states]
        count = self.num_layers * len(self.suffixes)
        hx = (hx,) if self.states == 1 and hx is not None else hx
        hx = [tf.zeros((count, n, size), x.dtype) for size in sizes] if hx is None else hx
        last: list[tuple[object, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self.suffixes:
                state = tuple(h[len(last)] for h in hx)
                weight, bias = (self.weight(name, layer, suffix) for name in ("weight_ih", "bias_ih"))
                flat = tf.matmul(tf.reshape(x, (-1, weight.shape[-1])), weight, transpose_b=True)
                projected = reshape(flat if bias is None else flat + bias, (length, n, weight.shape[0]))
                y, state = run_over_time(self.step(layer, suffix), projected, state, bool(suffix), lengths)
                outputs.append(y)
                last.append(state)
            x = outputs[0] if len(outputs) == 1 else tf.concat(outputs, -1)
            if layer < self.num_layers - 1:
                x = dropout(x, self.dropout, training)
        states = [tf.stack(parts) for parts in zip(*last, strict=True)]
        if not batched:
            x, states = x[:, 0], [h[:, 0] for h in states]
        elif batch_first:
            x = tf.transpose(x, (1, 0, 2))
        return x, (states[0] if self.states == 1 else tuple(states))


class LSTM(Recurrent):
    """torch.nn.LSTM."""

    gates = 4
    states = 2

    def step(self, layer, suffix):
        names = ("weight_hh", "bias_hh", "weight_hr")
        weights = [self.weight(name, layer, suffix) for name in names]
        return lambda x, state: lstm_step(x, state, *weights)


class GRU(Recurrent):
    """torch.nn.GRU."""

    gates = 3

    def step(self, layer, suffix):
        weights = [self.weight(name, layer, suffix) for name in ("weight_hh", "bias_hh")]
        return lambda x, state: gru_step(x, state, *weights)


class RNN(Recurrent):
    """torch.nn.RNN."""

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        nonlinearity="tanh",
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
    ):
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
        self.nonlinearity = nonlinearity

    def step(self, layer, suffix):
        weights = [self.weight(name, layer, suffix) for name in ("weight_hh", "bias_hh")]
        return lambda x, state: rnn_step(x, state, *weights, self.nonlinearity)


class RecurrentCell(Module):
    """What LSTMCell, GRUCell and RNNCell share."""

    gates = 1

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.bias_ih = self.bias_hh = None
        initializer, rows = uniform_initializer(hidden_size), self.gates * hidden_size
        self.weight_ih = self.add_weight((rows, input_size), initializer, name="weight_ih")
        self.weight_hh = self.add_weight((rows, hidden_size), initializer, name="weight_hh")
        if bias:
            self.bias_ih = self.add_weight((rows,), initializer, name="bias_ih")
            self.bias_hh = self.add_weight((rows,), initializer, name="bias_hh")

    def call(self, input, hx=None):
        x = input[None] if len(input.shape) == 1 else input
        hx = hx if hx is None or len(input.shape) == 2 else tf.nest.map_structure(lambda h: h[None], hx)
        zeros = tf.zeros((shape(x)[0], self.hidden_size), x.dtype)
        projected = tf.matmul(x, self.weight_ih, transpose_b=True)
        projected = projected if self.bias_ih is None else projected + self.bias_ih
        result = self.step(projected, hx, zeros)
        return tf.nest.map_structure(lambda h: h[0], result) if len(input.shape) == 1 else result


class LSTMCell(RecurrentCell):
    """torch.nn.LSTMCell."""

    gates = 4

    def step(self, projected, hx, zeros):
        return lstm_step(projected, (zeros, zeros) if hx is None else hx, self.weight_hh, self.bias_hh)


class GRUCell(RecurrentCell):
    """torch.nn.GRUCell."""

    gates = 3

    def step(self, projected, hx, zeros):
        return gru_step(projected, (zeros if hx is None else hx,), self.weight_hh, self.bias_hh)[0]


class RNNCell(RecurrentCell):
    """torch.nn.RNNCell."""

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = nonlinearity

    def step(self, projected, hx, zeros):
        state = (zeros if hx is None else hx,)
        return rnn_step(projected, state, self.weight_hh, self.bias_hh, self.nonlinearity)[0]

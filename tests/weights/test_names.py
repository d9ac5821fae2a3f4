"""Names: what must not be found, and by which paths a variable is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from weights.comparison import assert_same_output, channels_last, image, stirred

from transpile.weights import StateDictError, load_state_dict, state_dict

tf = pytest.importorskip("tensorflow")
K = tf.keras.layers


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.head = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))

    def forward(self, x):
        return self.head(self.bn(self.conv(x)).mean((2, 3)))


class KerasNet(K.Layer):
    def __init__(self):
        super().__init__()
        self.conv = K.Conv2D(4, 3)
        self.bn = K.BatchNormalization(epsilon=1e-5)
        self.head = tf.keras.Sequential([K.Dense(5), K.ReLU(), K.Dense(2)])

    def call(self, x, training=None):
        return self.head(tf.reduce_mean(self.bn(self.conv(x), training=training), (1, 2)))


def net_state(**changes):
    """The state of a TorchNet; a change renames an entry, or drops it (None)."""
    state = dict(stirred(TorchNet()).state_dict())
    for old, new in changes.items():
        value = state.pop(old.replace("__", "."))
        if new is not None:
            state[new] = value
    return state


# --- near misses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("called_before", [False, True])
def test_a_misspelt_name_is_refused_with_the_nearest_one_and_nothing_is_touched(called_before):
    net = KerasNet()
    if called_before:
        net(np.zeros((1, 7, 8, 3), np.float32))
    before = [np.array(w) for w in net.weights]
    with pytest.raises(StateDictError) as error:
        load_state_dict(net, net_state(conv__weight="conv.wieght"))
    assert (error.value.report.missing, error.value.report.unexpected) == (["conv.weight"], ["conv.wieght"])
    assert "unexpected  conv.wieght (nearest: conv.weight" in str(error.value)
    assert "missing     conv.weight (nearest: conv.wieght" in str(error.value)
    assert error.value.report.loaded == []
    assert str(error.value).startswith(
        "the state dict does not fit KerasNet, and nothing was loaded: "
        f"{9 if called_before else 8} names fit, 1 missing, 1 unexpected"
    )
    assert len(net.weights) == len(before)
    assert all(np.array_equal(old, new) for old, new in zip(before, net.weights, strict=True))


@pytest.mark.parametrize(
    "name",
    [
        "conv.kernel",  # Keras' own name
        "bn.gamma",
        "head.0.kernel",
        "head.3.weight",  # beyond the end
        "head.-1.weight",
        "layers.0.weight",  # Keras' own attribute
        "conv.weight.weight",
        "conv",
        "weight",
        "conv2d.weight",  # the name that Keras gave the layer
        "module.conv.weight",
    ],
)
def test_names_that_lead_nowhere(name):
    net = KerasNet()
    net(np.zeros((1, 7, 8, 3), np.float32))
    report = load_state_dict(net, net_state(conv__weight=name), strict=False)
    assert report.unexpected == [name]
    assert report.missing == ["conv.weight"]


def test_values_that_are_no_arrays_are_unexpected():
    state = {**net_state(), "conv._extra_state": {"a": 1}, "note": "text"}
    report = load_state_dict(KerasNet(), state, strict=False)
    assert report.unexpected == ["conv._extra_state", "note"]
    with pytest.raises(TypeError, match="mapping"):
        load_state_dict(KerasNet(), [1, 2])


# --- a model, a part of it, before and after its first call ----------------------------------------------------------


@pytest.mark.parametrize("called_before", [False, True])
def test_a_model(called_before):
    module, net, x = stirred(TorchNet()), KerasNet(), image(2, 3, 7, 8)
    if called_before:
        net(channels_last(x))
    report = load_state_dict(net, module.state_dict())
    assert report.ignored == ["bn.num_batches_tracked"]
    assert report.loaded == [name for name in module.state_dict() if name not in report.ignored]
    assert report.complete and str(report) == "10 loaded, 1 ignored"
    assert len(net.weights) == 10
    np.testing.assert_allclose(net(channels_last(x)), module(torch.from_numpy(x)).detach().numpy(), atol=1e-5)


def test_an_unbuilt_layer_without_its_kernel_stays_unbuilt():
    net = KerasNet()
    report = load_state_dict(net, net_state(conv__weight=None), strict=False)
    assert (report.missing, report.mismatched) == (["conv.weight"], [])
    assert report.ignored == ["conv.bias", "bn.num_batches_tracked"]
    assert not net.conv.built
    report = load_state_dict(net.conv, {"weight": np.zeros((4, 3)), "bias": np.zeros(4)}, strict=False)
    assert str(report.mismatched[0]) == "weight: given (4, 3), which does not tell how to build the layer"
    assert load_state_dict(net, net_state()).complete


def test_not_strict_loads_what_fits():
    module, net = stirred(TorchNet()), KerasNet()
    state = {**net_state(bn__running_var=None), "extra": torch.zeros(1), "head.2.weight": torch.zeros(3, 5)}
    net(np.zeros((1, 7, 8, 3), np.float32))
    report = load_state_dict(net, state, strict=False)
    assert report.missing == ["bn.running_var"]
    assert report.unexpected == ["extra"]
    assert [str(m) for m in report.mismatched] == ["head.2.weight: wanted (2, 5), given (3, 5)"]
    np.testing.assert_array_equal(net.conv.kernel, module.conv.weight.detach().numpy().transpose(2, 3, 1, 0))
    assert str(report).splitlines()[1:] == [
        "  missing     bn.running_var",
        "  unexpected  extra",
        "  mismatched  head.2.weight: wanted (2, 5), given (3, 5)",
    ]


def test_the_counter_of_batches_is_neither_missing_nor_unexpected():
    with_counter, without = net_state(), net_state(bn__num_batches_tracked=None)
    assert load_state_dict(KerasNet(), with_counter).ignored == ["bn.num_batches_tracked"]
    assert load_state_dict(KerasNet(), without).ignored == []

    class Counting(K.BatchNormalization):
        def __init__(self):
            super().__init__()
            self.num_batches_tracked = tf.keras.Variable(np.int64(0), dtype="int64", trainable=False)

    layer = Counting()
    state = {**nn.BatchNorm2d(4).state_dict(), "num_batches_tracked": torch.tensor(7)}
    report = load_state_dict(layer, state)
    assert "num_batches_tracked" in report.loaded and report.ignored == []
    assert int(layer.num_batches_tracked) == 7
    del state["num_batches_tracked"]
    assert load_state_dict(layer, state).missing == []


def test_sublayers():
    module, net, x = stirred(TorchNet()), KerasNet(), image(2, 4)
    load_state_dict(net.head, module.head.state_dict())
    assert_same_output(module.head, net.head, x)
    load_state_dict(net.head.layers[0], module.head[0].state_dict())
    load_state_dict({"a": [net.conv]}, {"a.0." + n: t for n, t in module.conv.state_dict().items()})
    np.testing.assert_array_equal(net.conv.bias, module.conv.bias.detach().numpy())


# --- containers --------------------------------------------------------------------------------------------------


def test_lists_dicts_and_nested_containers():
    class Holder(K.Layer):
        def __init__(self):
            super().__init__()
            self.stages = [[K.Dense(3), K.Dense(3)], (K.Dense(3),)]
            self.by_name = {"a": K.Dense(3), "b": {"c": K.Dense(3)}}
            self.wrapped = K.TimeDistributed(K.Dense(3))

    names = ["stages.0.0", "stages.0.1", "stages.1.0", "by_name.a", "by_name.b.c", "wrapped"]
    rng = np.random.default_rng(0)
    state = {f"{n}.{p}": rng.normal(size=s) for n in names for p, s in (("weight", (3, 3)), ("bias", (3,)))}
    holder = Holder()
    assert load_state_dict(holder, state).loaded == list(state)
    np.testing.assert_allclose(holder.by_name["b"]["c"].kernel, state["by_name.b.c.weight"].T, rtol=1e-6)
    np.testing.assert_allclose(holder.wrapped.layer.kernel, state["wrapped.weight"].T, rtol=1e-6)
    assert set(state_dict(holder)) == set(state)
    report = load_state_dict(Holder(), {}, strict=False)
    assert sorted(report.missing) == sorted(state)


def test_a_list_of_lstms_is_not_an_lstm_of_several_layers_unless_the_names_say_so():
    class Holder(K.Layer):
        def __init__(self):
            super().__init__()
            self.lstm = [K.LSTM(4), K.LSTM(4)]

    one = stirred(nn.LSTM(4, 4, 2)).state_dict()
    two = nn.ModuleList([nn.LSTM(4, 4), nn.LSTM(4, 4)]).state_dict()
    holder = Holder()
    assert load_state_dict(holder, {f"lstm.{n}": t for n, t in one.items()}).complete
    np.testing.assert_array_equal(holder.lstm[1].cell.kernel, one["weight_ih_l1"].numpy().T)
    assert load_state_dict(holder, {f"lstm.{n}": t for n, t in two.items()}).complete
    three = nn.LSTM(4, 4, 3).state_dict()
    report = load_state_dict(holder, {f"lstm.{n}": t for n, t in three.items()}, strict=False)
    assert report.unexpected == [f"lstm.{n}" for n in three if "_l2" in n]
    del one["weight_ih_l1"]
    report = load_state_dict(holder, {f"lstm.{n}": t for n, t in one.items()}, strict=False)
    assert report.missing == ["lstm.weight_ih_l1"]


def test_functional_models_and_sequentials_by_layer_name():
    x = tf.keras.Input((4,))
    inner = K.Dense(3, name="layer1_0_fc")(x)
    model = tf.keras.Model(x, K.Dense(2, name="head")(inner))
    module = stirred(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)))
    parts = {"layer1.0.fc": module[0], "head": module[1]}
    state = {f"{path}.{n}": t for path, part in parts.items() for n, t in part.state_dict().items()}
    assert load_state_dict(model, state).complete
    assert_same_output(module, model, image(2, 4))
    sequential = tf.keras.Sequential([tf.keras.Input((4,)), K.Dense(3, name="a"), K.Dense(2, name="b")])
    named = {n.replace("0.", "a.").replace("1.", "b."): t for n, t in module.state_dict().items()}
    assert load_state_dict(sequential, named).complete
    assert load_state_dict(sequential, module.state_dict()).complete
    assert_same_output(module, sequential, image(2, 4))


def test_shared_layers_are_filled_under_either_name():
    class Tied(K.Layer):
        def __init__(self):
            super().__init__()
            self.encoder = K.Dense(3)
            self.decoder = self.encoder

    linear = stirred(nn.Linear(3, 3)).state_dict()
    both = {f"{part}.{n}": t for part in ("encoder", "decoder") for n, t in linear.items()}
    tied = Tied()
    assert load_state_dict(tied, both).loaded == list(both)
    np.testing.assert_array_equal(tied.encoder.kernel, linear["weight"].numpy().T)
    assert load_state_dict(Tied(), {n: t for n, t in both.items() if n.startswith("decoder")}).complete
    assert load_state_dict(Tied(), {}, strict=False).missing == ["encoder.weight", "encoder.bias"]


# --- names and axes that differ ------------------------------------------------------------------------------------


def test_torch_names_and_torch_axes():
    class Base(K.Layer):
        torch_names = {"layers": "layers_"}

    class Renamed(Base):
        torch_names = {"input": "input_"}
        torch_axes = {"pos": (0, 2, 3, 1), "input": (1, 0)}

        def __init__(self):
            super().__init__()
            self.layers_ = [K.Dense(3)]
            self.pos = self.add_weight(shape=(1, 4, 5, 3), name="pos")
            self.input_ = self.add_weight(shape=(2, 3), name="input_")

    state = {
        "layers.0.weight": image(3, 2),
        "layers.0.bias": image(3),
        "pos": image(1, 3, 4, 5),
        "input": image(3, 2),
    }
    layer = Renamed()
    assert load_state_dict(layer, state).complete
    np.testing.assert_array_equal(layer.pos, state["pos"].transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(layer.input_, state["input"].T)
    back = state_dict(layer)
    assert set(back) == set(state)
    assert all(np.array_equal(back[name], state[name]) for name in state)
    assert sorted(load_state_dict(Renamed(), {}, strict=False).missing) == sorted(state)
    with pytest.raises(StateDictError, match=r"pos: wanted \(1, 3, 4, 5\), given \(1, 4, 5, 3\)"):
        load_state_dict(layer, {**state, "pos": image(1, 4, 5, 3)})


def test_parameters_and_buffers_of_every_kind():
    class Holder(K.Layer):
        def __init__(self):
            super().__init__()
            self.keras_variable = tf.keras.Variable(np.zeros(3, np.float32))
            self.tf_variable = tf.Variable(np.zeros(3, np.float32))
            self.added = self.add_weight(shape=(3,), name="added")
            self.tensor = tf.zeros(3, tf.int32)
            self.array = np.zeros(3, np.float64)
            self.number = 1.5
            self.half = tf.keras.Variable(np.zeros(3), dtype="bfloat16")
            self.variables_ = [tf.keras.Variable(np.zeros(3, np.float32))]
            self.tensors = [tf.zeros(3), tf.zeros(3)]
            self.named = {"a": np.zeros(3, np.float32)}
            self.dense = K.Dense(2)

        def call(self, x):
            return self.dense(x) + self.number

    names = [
        "keras_variable",
        "tf_variable",
        "added",
        "tensor",
        "array",
        "half",
        "variables_.0",
        "tensors.1",
        "named.a",
    ]
    state = {name: np.arange(3) + i for i, name in enumerate(names)}
    state.update(number=np.float32(2.5), **{"dense.weight": np.ones((2, 3)), "dense.bias": np.ones(2)})
    for called_before in (False, True):
        holder = Holder()
        if called_before:  # a built layer does not take new state; replaced buffers are none
            holder(np.zeros((1, 3), np.float32))
        assert load_state_dict(holder, state).loaded == list(state)
        for name in names:
            owner, _, key = name.partition(".")
            value = getattr(holder, owner)
            value = value if not key else value[int(key) if key.isdigit() else key]
            np.testing.assert_array_equal(np.array(value).astype(float), state[name], err_msg=name)
        assert holder.tensor.dtype == tf.int32 and isinstance(holder.array, np.ndarray)
        assert holder.number == 2.5 and isinstance(holder.number, float)
        np.testing.assert_array_equal(holder(np.zeros((1, 3), np.float32)), [[3.5, 3.5]])
    # A tensor may be a constant as well as a buffer, so it is not missed; a variable is.
    missing = load_state_dict(Holder(), {}, strict=False).missing
    assert missing == [
        "keras_variable",
        "tf_variable",
        "added",
        "half",
        "variables_.0",
        "dense.weight",
        "dense.bias",
    ]


def test_an_attribute_wins_over_nothing_else():
    """A parameter called like one of Keras' own members is found only where the author put it."""

    class Bare(K.Layer):
        pass

    report = load_state_dict(
        Bare(), {"trainable": np.True_, "name": np.zeros(1), "call": np.zeros(1)}, strict=False
    )
    assert report.loaded == []


def test_seeds_are_not_missing_and_variables_under_no_attribute_are():
    class Hidden(K.Layer):
        def __init__(self):
            super().__init__()
            self.drop = K.Dropout(0.5)
            self.add_weight(shape=(2,), name="lost")

    assert load_state_dict(Hidden(), {}, strict=False).missing == ["hidden/lost"]


def test_a_buffer_that_torch_does_not_save_is_not_missing():
    class Holder(K.Layer):
        def __init__(self):
            super().__init__()
            self.mask = tf.keras.Variable(np.zeros(3, np.float32), trainable=False)
            self.mask.persistent = False

    assert load_state_dict(Holder(), {}).complete


def test_many_names_are_counted_and_not_all_listed():
    state = {f"block.{i}.weight": np.zeros((2, 2)) for i in range(3000)}
    with pytest.raises(StateDictError) as error:
        load_state_dict(KerasNet(), state)
    assert "3000 unexpected" in str(error.value) and "… and 2980 more" in str(error.value)
    assert len(str(error.value).splitlines()) < 60

"""The base of translated modules: what it lets through, and what it keeps track of."""

import collections
import copy
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from transpile.support import containers, walk
from transpile.support.containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from transpile.support.conv import Conv2d
from transpile.support.linear import Identity, Linear
from transpile.support.module import Buffer, Module, Parameter, assigned, clone, forget, put_variable
from transpile.support.norm import BatchNorm1d


@dataclasses.dataclass
class Options:
    n: int


class Echo(Module):
    def call(self, *args, **kwargs):
        return args, kwargs


class Ask(Module):
    def call(self, x):
        return self.training


class Block(Module):
    def __init__(self, n=3):
        super().__init__()
        self.scale = Parameter(tf.ones(n))
        self.register_buffer("count", tf.constant(0, tf.int64))
        self.fc = Linear(n, n)
        self.drop = tf.keras.layers.Dropout(0.5)

    def call(self, x):
        return self.drop(self.fc(x) * self.scale)


ANYTHING = [
    (),
    (1,),
    ("s", None),
    ((1, None), [tf.ones(2), 3]),
    (Options(2),),
    ({"a": "b", "c": tf.ones(1)},),
]


@pytest.mark.parametrize("args", ANYTHING)
def test_arguments_that_keras_refuses_pass(args):
    got, _ = Echo()(*args)
    assert len(got) == len(args)
    for ours, theirs in zip(got, args, strict=True):
        assert ours is theirs
    _, kwargs = Echo()(x=args, y=Options(1))
    assert kwargs == {"x": args, "y": Options(1)} if not args else kwargs["x"] is args


def test_dtypes_are_kept():
    (a, b), _ = Echo()(tf.constant(1.0, tf.float64), tf.constant(1, tf.int64))
    assert (a.dtype, b.dtype) == (tf.float64, tf.int64)


def test_training_reaches_nested_layers_and_ends_with_the_call():
    block = Sequential(Block(), lambda x: x)
    x = tf.ones((4, 3))
    block[0].fc.bias.assign(tf.ones(3))
    assert not np.any(block(x) == 0)
    assert any(np.any(block(x, training=True) == 0) for _ in range(5))
    assert not np.any(block(x) == 0)
    ask = Ask()
    assert [ask(x), ask(x, training=True), ask(x), ask.training] == [False, True, False, False]
    outer = Sequential(ask)
    assert outer(x, training=True) is True and outer(x) is False
    ask.training = True
    assert ask(x) is True


def test_training_given_by_position_or_by_default():
    class Own(Module):
        def __init__(self):
            super().__init__()
            self.inner = Ask()

        def call(self, x, training=None):
            return training, self.inner(x)

    own = Own()
    assert own(1) == (None, False)
    assert own(1, True) == (True, True)
    assert own(1, training=False) == (False, False)

    class Model(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.own = Own()

        def call(self, x):
            self.seen = self.own(x)
            return x

    model = Model()
    model(tf.ones(1), training=True)
    assert model.seen == (True, True)


def test_context_is_left_after_an_error():
    class Broken(Module):
        def call(self):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Broken()(training=True)
    assert Ask()(1) is False


def test_state_may_change_after_the_first_call():
    block = Block()
    block(tf.ones((1, 3)))
    block.fc = Linear(3, 2)
    block.scale = Parameter(tf.ones(2))
    block.more = [Linear(2, 2)]
    assert block(tf.ones((1, 3))).shape == (1, 2)
    assert sorted(tuple(v.shape) for v in block.weights) == [(), (2,), (2,), (2,), (2, 2), (3, 2)]
    del block.scale
    del block.more
    block.fc = None
    assert [tuple(v.shape) for v in block.weights] == [()]


def test_variable_of_the_same_shape_replaces_and_can_be_shared():
    one, two = Block(), Block()
    one.scale = two.scale
    assert one.scale is two.scale
    assert len({id(v) for v in one.weights}) == 4 and len({id(v) for v in one.weights + two.weights}) == 7
    one.fc.bias = two.fc.bias
    assert one.fc.bias is two.fc.bias and len(one.fc.weights) == 2


def test_layer_under_two_names_stays_tracked():
    module = Module()
    module.a = module.b = Linear(2, 2)
    module.a = None
    assert len(module.weights) == 2
    layer = module.b
    module.__dict__.pop("b")
    forget(module, layer)
    assert not module.weights


def test_buffer_keeps_its_variable_when_assigned():
    block = Block()
    before = block.count
    block.count = block.count + 1
    assert block.count is before and int(before) == 1
    block.count = tf.zeros(3)
    assert block.count.shape == (3,)
    assert Buffer([1.0]).trainable is False and Parameter([1.0]).trainable is True
    put_variable(block, "scale", tf.zeros(5))
    assert block.scale.shape == (5,)


@pytest.mark.parametrize("make", [lambda b: b, lambda b: Sequential(b), lambda b: ModuleList([b])[0]])
def test_deepcopy_has_equal_but_independent_weights(make):
    one = make(Block())
    one(tf.ones((1, 3)))
    two = copy.deepcopy(one)
    x = tf.random.normal((2, 3))
    np.testing.assert_array_equal(two(x), one(x))
    assert len(two.weights) == len(one.weights)
    assert not {id(v) for v in two.weights} & {id(v) for v in one.weights}
    next(two.parameters()).assign(tf.zeros(3))
    assert not np.any(two(x)) and np.any(one(x))
    assert [n for n, _ in two.named_parameters()] == [n for n, _ in one.named_parameters()]


def test_deepcopy_of_support_and_keras_layers():
    for layer, x in [
        (Conv2d(2, 3, 3, data_format="channels_last"), tf.ones((1, 4, 4, 2))),
        (BatchNorm1d(2), tf.ones((4, 2))),
        (tf.keras.Sequential([tf.keras.layers.Dense(2), tf.keras.layers.Dropout(0.1)]), tf.ones((1, 2))),
    ]:
        want = layer(x)
        two = clone(layer)
        np.testing.assert_array_equal(two(x), want)
        assert len(two.weights) == len(layer.weights) and two.weights[0] is not layer.weights[0]
    shared = Linear(2, 2)
    module = Sequential(shared, shared)
    two = copy.deepcopy(module)
    assert two[0] is two[1] and two[0] is not shared


def test_what_is_registered_under_a_name_that_keras_keeps():
    class Scales(Module):
        torch_names = {"weights": "weights_", "losses": "losses_"}

        def __init__(self):
            super().__init__()
            self.register_buffer("plain", tf.constant([1.0]))
            self.register_buffer("weights", tf.constant([2.0]))
            self.add_module("losses", Linear(1, 1))

    scales = Scales()
    assert scales.plain.numpy() == 1.0 and scales.weights_.numpy() == 2.0
    assert isinstance(scales.losses_, Linear)


def test_walks_use_torch_names_in_torch_order():
    net = Sequential(collections.OrderedDict(stem=Linear(3, 3), body=Sequential(Block(), BatchNorm1d(3))))
    assert [n for n, _ in net.named_children()] == ["stem", "body"]
    assert [n for n, _ in walk.named_modules(net)] == [
        "",
        "stem",
        "body",
        "body.0",
        "body.0.fc",
        "body.0.drop",
        "body.1",
    ]
    assert [n for n, _ in net.named_parameters()] == [
        "stem.weight",
        "stem.bias",
        "body.0.scale",
        "body.0.fc.weight",
        "body.0.fc.bias",
        "body.1.weight",
        "body.1.bias",
    ]
    assert [n for n, _ in walk.named_buffers(net)] == [
        "body.0.count",
        "body.1.running_mean",
        "body.1.running_var",
        "body.1.num_batches_tracked",
    ]
    assert len(list(walk.buffers(net))) == 4
    assert len(list(net.modules())) == len(list(walk.modules(net))) == 7
    assert len(list(walk.children(net))) == 2 and len(list(net.parameters())) == 7
    assert walk.torch_name(net, "kernel") == "weight"
    assert [n for n, _ in walk.named_variables(net[0], True)] == ["weight", "bias"]
    assert net.get_submodule("body.0.fc") is net[1][0].fc
    assert net.get_parameter("body.0.scale") is net[1][0].scale
    keras = tf.keras.Sequential([tf.keras.layers.Dense(2), tf.keras.layers.Dense(3)])
    keras(tf.ones((1, 2)))
    assert [n for n, _ in walk.named_parameters(keras)] == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_methods_that_return_the_module():
    block, seen = Block(), []
    assert block.train() is block.eval() is block.cpu() is block.to("cuda", non_blocking=True) is block
    assert block.requires_grad_(False) is block and not block.trainable_weights
    block.requires_grad_(True)
    assert len(block.trainable_weights) == 3
    assert block.apply(seen.append) is block and seen == [block.fc, block.drop, block]
    block.add_module("extra", Identity(1, a=2))
    block.register_parameter("none", None)
    assert block.extra("x") == "x" and block.none is None


def test_sequential():
    a, b = Linear(2, 3), Linear(3, 4)
    net = Sequential(a, tf.nn.relu, b)
    assert net[0] is a and net[-1] is b and len(net) == 3 and list(net)[2] is b
    assert net(tf.ones((1, 2))).shape == (1, 4)
    assert isinstance(net[1:], Sequential) and [n for n, _ in net[1:].named_children()] == ["2"]
    net.append(Linear(4, 5))
    net[0] = Linear(2, 3)
    del net[1]
    assert len(net) == 3 and [n for n, _ in net.named_children()] == ["0", "1", "2"]
    assert net(tf.ones((1, 2))).shape == (1, 5) and len(net.weights) == 6
    assert Sequential()(7) == 7 and not Sequential()
    assert Sequential(lambda x: (x, 1), lambda pair: pair[1])("a") == 1
    assert len(Sequential(a) + Sequential(b)) == 2
    net.insert(0, Identity())
    assert len(net) == 4 and net.pop(0)(3) == 3 and len(net) == 3
    net.add_module("last", Identity())
    named = Sequential()
    for name in ("init", "stage", "pool"):
        named.add_module(name, Identity())
    del named[-1]  # torch numbers what is left anew
    assert [n for n, _ in named.named_children()] == ["0", "1"]
    assert net.last is net[3]


def test_sequential_takes_names_that_keras_keeps():
    net = Sequential(collections.OrderedDict(input=Linear(2, 3), name=Linear(3, 1)))
    assert net(tf.ones((1, 2))).shape == (1, 1)
    assert [n for n, _ in net.named_parameters()][::2] == ["input.weight", "name.weight"]


def test_lists_and_dicts():
    layers = ModuleList(Linear(2, 2) for _ in range(3))
    layers.extend([Linear(2, 4)])
    layers += [Linear(4, 4)]
    layers[1] = Linear(2, 2)
    assert len(layers) == 5 and len(layers.weights) == 10 and isinstance(layers[1:3], ModuleList)
    layers.insert(1, Linear(2, 2))
    layers.pop(0)
    assert [n for n, _ in layers.named_children()] == ["0", "1", "2", "3", "4"]
    table = ModuleDict({"a": Linear(2, 2), "layers": Linear(2, 3), "keys": Linear(1, 1)})
    table["b"] = Linear(1, 1)
    del table["a"]
    assert (
        table.keys() == ["layers", "keys", "b"] == list(table)
        and "a" not in table
        and len(table.weights) == 6
    )
    assert table["layers"](tf.ones((1, 2))).shape == (1, 3) and len(table.items()) == len(table.values()) == 3
    assert [n for n, _ in walk.named_children(table)] == ["layers", "keys", "b"]
    assert table.get("zzz") is None and table.pop("b") is not None
    with pytest.raises(KeyError):
        table["b"]
    table.clear()
    assert not table and not table.weights
    numbers = ParameterList([tf.ones(2), Parameter(tf.ones(3))])
    numbers.append(tf.ones(4))
    assert [tuple(v.shape) for v in numbers.trainable_weights] == [(2,), (3,), (4,)]
    named = ParameterDict({"x": Parameter(tf.ones(2))})
    assert named["x"].shape == (2,) and len(named.weights) == 1
    assert issubclass(containers.Numbered, containers.Container) and issubclass(ModuleDict, containers.Keyed)


def test_in_graphs_checkpoints_and_saved_models(tmp_path):
    net = Sequential(Block(), BatchNorm1d(3))
    x = tf.random.normal((4, 3))
    want = net(x)
    traced = tf.function(lambda x: net(x), input_signature=[tf.TensorSpec((None, 3))])
    np.testing.assert_allclose(traced(x), want, 1e-5, 1e-5)
    path = tf.train.Checkpoint(model=net).save(str(tmp_path / "checkpoint"))
    other = Sequential(Block(), BatchNorm1d(3))
    tf.train.Checkpoint(model=other).restore(path).assert_consumed()
    np.testing.assert_allclose(other(x), want, 1e-5, 1e-5)
    tf.saved_model.save(net, str(tmp_path / "saved"), signatures=traced)
    loaded = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    np.testing.assert_allclose(next(iter(loaded(x).values())), want, 1e-5, 1e-5)


def test_in_functional_and_subclassed_keras_models(tmp_path):
    inputs = tf.keras.Input((3,))
    block = Block()
    model = tf.keras.Model(inputs, block(inputs))
    x = tf.random.normal((4, 3))
    np.testing.assert_allclose(model(x), block(x), 1e-5, 1e-5)
    model.save_weights(tmp_path / "a.weights.h5")
    block.scale.assign(tf.zeros(3))
    model.load_weights(tmp_path / "a.weights.h5")
    assert np.any(block(x))
    model.compile("sgd", "mse")
    model.fit(x, x, verbose=0)


def test_config_of_a_support_layer_makes_an_equal_one():
    layer = Conv2d(2, 3, (3, 1), stride=2, padding=1, bias=False, data_format="channels_last")
    two = Conv2d.from_config(layer.get_config())
    assert (two.stride, two.padding, two.kernel_size, two.bias) == ((2, 2), (1, 1), (3, 1), None)


def test_class_names_that_graphs_do_not_take():
    class _DenseLayer(Block):
        pass

    class __Odd(Block):
        pass

    for kind in (_DenseLayer, __Odd):
        layer = kind()
        assert tf.function(lambda x, layer=layer: layer(x))(tf.ones((1, 3))).shape == (1, 3)


def test_attributes_before_init_and_arguments_to_it():
    class Early(Module):
        def __init__(self, options):
            self.options = options
            super().__init__(options)
            self.fc = Linear(2, 2)

        def call(self, x):
            return self.fc(x)

    assert Early(Options(1))(tf.ones((1, 2))).shape == (1, 2)
    assert copy.deepcopy(Early(Options(3))).options == Options(3)


def test_methods_beside_call_and_layers_made_late():
    class Late(Module):
        def __init__(self):
            super().__init__()
            self.fc = None

        def call(self, x):
            return self.features(x)

        def features(self, x):
            if self.fc is None:
                self.fc = Linear(x.shape[-1], 2)
            return self.fc(x)

    late = Late()
    assert late.features(tf.ones((1, 3))).shape == (1, 2) and len(late.weights) == 2
    assert tf.function(lambda x: late(x))(tf.ones((1, 3))).shape == (1, 2)


def test_layers_that_become_attributes_of_a_container_are_members():
    class Transition(containers.Sequential):
        def __init__(self):
            super().__init__()
            self.norm = BatchNorm1d(2, affine=False)
            self.add_module("same", Identity())

    class Block(containers.ModuleDict):
        def __init__(self):
            super().__init__()
            self.add_module("one", BatchNorm1d(2, affine=False))

    transition = Transition()
    assert transition(tf.constant([[-1.0, 2.0]])).shape == (1, 2)
    assert len(transition) == 2 and [name for name, _ in Block().items()] == ["one"]


def test_assigned_goes_on_with_what_the_layer_holds():
    layer = Linear(2, 3)
    weight = assigned(layer.weight, tf.ones((3, 2)))
    weight = assigned(weight, weight * 2)
    np.testing.assert_array_equal(layer.weight, weight)
    np.testing.assert_array_equal(weight, np.full((3, 2), 2.0))
    assert assigned(layer.bias, tf.zeros(3)) is layer.bias

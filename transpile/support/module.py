"""The base of translated nn.Module classes, and what the support layers share with it."""

import collections
import copy
import inspect
import math
import types

import tensorflow as tf

from transpile.support.walk import (
    children,
    modules,
    named_children,
    named_modules,
    named_parameters,
    parameters,
)


class TorchLayer:
    """What a layer translated from torch can do beyond Keras: change after its first call, and be deep-copied."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        init = vars(cls).get("__init__")
        wrapped = hasattr(init, "__wrapped__")
        if init is not None and (wrapped or not inspect.getfullargspec(init).args):
            # a decorator took `self` for one of *args, and Keras asks for the first parameter's name; or it has
            # brought along the signature of what it wraps, which Keras takes for its own

            def __init__(self, *args, **kwargs):
                init(self, *args, **kwargs)

            setattr(cls, "__init__", __init__)  # noqa: B010 (mypy lets no method be assigned)

    def _lock_state(self):
        """Keras forbids new state after the first call; torch code replaces layers at any time."""

    def __deepcopy__(self, memo):
        return clone(self, memo)

    def register_buffer(self, name, tensor, persistent=True):
        """Keeps a tensor as a variable that is not trained."""
        self._register(name, None if tensor is None else Buffer(tensor, persistent))

    def register_parameter(self, name, param):
        self._register(name, param)

    def add_module(self, name, module):
        self._register(name, module)

    register_module = add_module

    def _register(self, name, value):
        """Sets an attribute, under the name that `torch_names` gives it where Keras needs torch's own."""
        setattr(self, getattr(self, "torch_names", {}).get(name, name), value)

    def compute_output_spec(self, *args, **kwargs):
        # Keras would ask its own compute_output_shape, which does not know torch's arguments.
        return tf.keras.Operation.compute_output_spec(self, *args, **kwargs)

    def get_config(self):
        """The constructor's arguments, where they are plain data."""
        config = getattr(self, "_auto_config", None)
        return dict(config.config) if config is not None else super().get_config()

    def __setattr__(self, name, value):
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(
                self, name, value
            )  # Keras would track a variable that the property only copies
            return
        old = vars(self).get(name)
        if isinstance(old, tf.keras.Variable) and fits(old, value):
            old.assign(value)  # a buffer that gets a new value stays the same variable
            return
        if old is None and isinstance(value, (tf.keras.Variable, tf.keras.layers.Layer)):
            vars(self).pop(name, None)  # torch counts an attribute from its first layer or parameter on
        if isinstance(old, (tf.keras.Variable, tf.keras.layers.Layer)) and old is not value:
            self._delete_tracking(name)  # a tf.train.Checkpoint would save what is no longer there
        super().__setattr__(name, value)
        if old is not None and old is not value:
            forget(self, old)

    def __delattr__(self, name):
        old = vars(self).get(name)
        super().__delattr__(name)
        forget(self, old)


def apply_below(layer, fn):
    """Calls fn on every layer below this one, children first; Keras' own layers have no `apply`."""
    for child in children(layer):
        if isinstance(child, Module):
            child.apply(fn)
        else:
            apply_below(child, fn)
            fn(child)


class Module(TorchLayer, tf.keras.layers.Layer):
    """A Keras layer that is called as an nn.Module is: with any arguments, none, or objects of any kind.

    As everywhere in Keras, training behaviour is asked for by `training=True`; `train()` and `eval()` change nothing.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(**{k: v for k, v in kwargs.items() if k in ("name", "dtype", "trainable")})
        self.built = True  # the weights exist once __init__ is over

    def build(self, *shapes):
        """Nothing to do: see __init__."""

    @tf.autograph.experimental.do_not_convert
    def __call__(self, *args, **kwargs):
        if any(isinstance(x, tf.keras.KerasTensor) for x in (*args, *kwargs.values())):
            return super().__call__(*args, **kwargs)
        context = self._get_call_context()
        outer = getattr(context, "training", None)
        names = self.call_signature_parameters
        position = names.index("training") if "training" in names else len(args)
        if position < len(args):
            training = args[position]
        else:
            training = kwargs.pop("training", None)
            training = outer if training is None else training
            if "training" in names and training is not None:
                kwargs["training"] = training
        context.training = training
        try:
            with tf.name_scope(self.name.strip("_") or "layer"):  # a graph takes no leading underscore
                return self.call(*args, **kwargs)
        finally:
            context.training = outer
            self._maybe_reset_call_context()

    @property
    def training(self):
        """Whether the call in progress trains; False outside of calls, unless it was assigned."""
        training = vars(self).get("_training")
        if training is None:
            training = getattr(self._get_call_context(), "training", None)
            self._maybe_reset_call_context()  # outside of a call the line above began one
        return bool(training)

    @training.setter
    def training(self, value):
        self._training = value

    def train(self, mode=True):
        """Nothing: Keras asks for training by `layer(x, training=True)`."""
        return self

    def eval(self):
        """Nothing: a Keras call does not train unless it is told to."""
        return self

    def apply(self, fn):
        """Calls fn on every sublayer, children first, then on this one."""
        apply_below(self, fn)
        fn(self)
        return self

    def modules(self):
        return modules(self)

    @property
    def _modules(self):
        """The children by name, to look at: `self._modules.values()`. Storing in it raises."""
        return types.MappingProxyType(dict(named_children(self)))

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        return named_modules(self, prefix)

    def children(self):
        return children(self)

    def named_children(self):
        return named_children(self)

    def parameters(self, recurse=True):
        return parameters(self, recurse)

    def named_parameters(self, prefix="", recurse=True):
        return named_parameters(self, prefix, recurse)

    def get_submodule(self, target):
        """The sublayer of a dotted torch name."""
        return dict(named_modules(self))[target]

    def get_parameter(self, target):
        """The variable of a dotted torch name."""
        return dict(named_parameters(self))[target]

    def requires_grad_(self, requires_grad=True):
        """Freezes or thaws all variables below."""
        self.trainable = requires_grad
        return self

    def to(self, *args, **kwargs):
        """This layer itself: TensorFlow places variables by tf.device."""
        return self

    cpu = cuda = float = half = double = bfloat16 = share_memory = to

    def zero_grad(self, set_to_none=True):
        """Nothing: a GradientTape does not accumulate gradients."""


def Parameter(data=None, requires_grad=True):
    """A trainable variable with this value."""
    value = tf.convert_to_tensor(data)
    return tf.keras.Variable(value, dtype=value.dtype.name, trainable=requires_grad)


def Buffer(data, persistent=True):
    """A variable with this value that is not trained; one that is not persistent is in no state dict."""
    variable = Parameter(data, requires_grad=False)
    variable.persistent = persistent
    return variable


def fits(variable, value):
    """Whether a value is a tensor that the variable can take as it is."""
    if isinstance(value, tf.keras.Variable) or not tf.is_tensor(value):
        return False
    return variable.shape == value.shape and variable.dtype == value.dtype.name


def put_variable(layer, name, value):
    """Gives the variable under `name` a new value, or replaces it where the shape changes."""
    variable = getattr(layer, name)
    if variable is None or value is None:
        setattr(layer, name, value)
    elif tuple(variable.shape) == tuple(value.shape):
        variable.assign(value)
    else:
        setattr(layer, name, tf.keras.Variable(value, trainable=variable.trainable, name=variable.name))


def shown(layer, value):
    """The weight of a layer in torch's order, to which a function that is given it can assign."""

    def assign(new):
        layer.weight = new
        return layer.weight

    value.assign = assign
    return value


def assigned(weight, value):
    """A weight that has been given a new value: the same variable, or what its layer shows now."""
    held = weight.assign(value)
    return weight if isinstance(weight, (tf.Variable, tf.keras.Variable)) else held


def uniform_initializer(fan_in):
    """Torch's default for weights and biases: uniform between ±1/√fan_in."""
    bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0.0
    return tf.keras.initializers.RandomUniform(-bound, bound)


def draw_anew(variable, initializer):
    """Gives a weight, if there is one, new first values."""
    if variable is not None:
        # Keras draws the same numbers from one initializer again and again
        another = type(initializer).from_config(initializer.get_config())
        variable.assign(another(variable.shape, dtype=variable.dtype))


def forget(layer, value):
    """Stops tracking the variables and layers in `value` that no attribute of `layer` holds any more."""
    if isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            forget(layer, item)
    elif not any(held is value for held in vars(layer).values()):
        layer._tracker.untrack(value)


def clone(value, memo=None):
    """A deep copy of a layer (or a variable, or a nest of them): equal weights, independent variables."""
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, tf.keras.Variable):
        result = tf.keras.Variable(value.value, dtype=value.dtype, trainable=value.trainable, name=value.name)
    elif isinstance(value, tf.keras.random.SeedGenerator):
        result = tf.keras.random.SeedGenerator(value._initial_seed)
    elif isinstance(value, tf.keras.Sequential):
        result = tf.keras.Sequential([clone(member, memo) for member in value.layers])
    elif isinstance(value, tf.keras.layers.Layer):
        return clone_layer(value, memo)
    elif isinstance(value, collections.OrderedDict):
        result = collections.OrderedDict((key, clone(item, memo)) for key, item in value.items())
    elif isinstance(value, dict):
        result = {key: clone(item, memo) for key, item in value.items()}
    elif isinstance(value, list):
        result = [clone(item, memo) for item in value]
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        result = tuple(clone(item, memo) for item in value)
    elif tf.is_tensor(value) or callable(value):
        result = value
    else:
        return copy.deepcopy(value, memo)
    memo[id(value)] = result
    return result


def clone_layer(layer, memo):
    """A deep copy of one layer, made attribute by attribute and not by its constructor."""
    kind = layer.__class__
    result = kind.__new__(kind)
    memo[id(layer)] = result
    tf.keras.layers.Layer.__init__(result, trainable=layer.trainable, dtype=layer.dtype_policy)
    own = set(vars(result)) - {"built", "autocast", "_input_spec", "_allow_non_tensor_positional_args"}
    for name, value in vars(layer).items():
        if name not in own:
            setattr(result, name, clone(value, memo))
    return result

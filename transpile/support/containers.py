"""Torch's containers: layers whose children stand under the names "0", "1", … or under given keys."""

import collections.abc
import types

import tensorflow as tf

from transpile.support.data_format import channel_axis
from transpile.support.module import Module, Parameter
from transpile.support.open import channels_first, channels_last


class Container(Module):
    """Members under names, kept in order; a name that Keras keeps for itself gets a trailing underscore."""

    def __init__(self):
        super().__init__()
        self.torch_names = {}
        self._names = []

    def __setattr__(self, name, value):
        """A layer that becomes an attribute is a member, as in torch."""
        super().__setattr__(name, value)
        if "_names" not in vars(self) or not isinstance(value, tf.keras.layers.Layer):
            return  # the base is still being made, or it is no layer
        if name not in self._names and name not in self.torch_names.values():
            self._names.append(name)

    def add_module(self, name, module):
        self._put(name, module)

    def _put(self, name, member):
        name = str(name)
        if name not in self._names:
            self._names.append(name)
            if hasattr(type(self), name) or name in vars(self):
                self.torch_names[name] = f"{name}_"
        setattr(self, self.torch_names.get(name, name), member)

    def _get(self, name):
        return getattr(self, self.torch_names.get(name, name))

    def _members(self):
        return [self._get(name) for name in self._names]

    @property
    def _modules(self):
        """The members by name, to look at: one that stands twice is there twice. Storing in it raises."""
        return types.MappingProxyType(dict(zip(self._names, self._members(), strict=True)))

    def _refill(self, members):
        """Holds these members under the names 0, 1, …"""
        members = list(members)
        for name in list(self._names):
            delattr(self, self.torch_names.get(name, name))
        self._names.clear()
        for i, member in enumerate(members):
            self._put(i, member)

    def __len__(self):
        return len(self._names)

    def __bool__(self):
        return len(self._names) > 0


class Numbered(Container):
    """The methods of a list on members with numbers for names."""

    def __getitem__(self, index):
        members = self._members()[index]
        return type(self)._of(members) if isinstance(index, slice) else members

    @classmethod
    def _of(cls, members):
        return cls(members)

    def __setitem__(self, index, member):
        if isinstance(index, slice):
            members = self._members()
            members[index] = member
            self._refill(members)
        else:
            self._put(self._names[index], member)

    def __delitem__(self, index):
        members = self._members()
        del members[index]
        self._refill(members)

    def __iter__(self):
        return iter(self._members())

    def append(self, member):
        self._put(len(self), member)
        return self

    def extend(self, members):
        for member in list(members):
            self.append(member)
        return self

    def insert(self, index, member):
        members = self._members()
        members.insert(index, member)
        self._refill(members)
        return self

    def pop(self, index=-1):
        member = self[index]
        del self[index]
        return member

    def __add__(self, other):
        return type(self)._of([*self, *other])

    def __iadd__(self, other):
        return self.extend(other)


def converting(layer, convert, back=None):
    """A layer that is given `convert(x)`: it keeps its axes in another order than what is around it.

    What it returns is brought by `back` to the order that goes on.
    """

    class Converting(type(layer)):
        def __call__(self, x, *args, **kwargs):
            y = super().__call__(x if convert is None else convert(x), *args, **kwargs)
            return y if back is None else back(y)

    Converting.__name__ = type(layer).__name__
    layer.__class__ = Converting
    return layer


def in_torch_order(layer):
    """A layer that is given torch's order and leaves it, whatever it works on."""
    return given_in(layer, "channels_first")


def in_channels_last(layer):
    """A layer that is given images with their channels last and leaves them so, whatever it works on."""
    return given_in(layer, "channels_last")


def given_in(layer, data_format):
    """A layer that is given a data format and leaves it, whatever it works on."""
    takes, returns = data_formats_of(layer)
    if takes in (None, data_format) and returns in (None, data_format):
        return layer
    return converting(
        layer,
        lambda x: in_data_format(x, data_format, takes),
        lambda y: in_data_format(y, returns, data_format),
    )


def data_formats_of(layer):
    """What a layer takes and what it returns: channels_last, channels_first, by_rank, or None if it does not matter."""
    formats = getattr(layer, "data_formats", None)
    if formats is None and keeps_channels_last(layer):
        return "channels_last", "channels_last"
    return formats or (None, None)


def in_data_format(x, have, want):
    """A tensor in another order of axes; by_rank is channels_last where there are four axes."""
    by_rank = "channels_last" if len(x.shape) == 4 else "channels_first"
    have, want = (by_rank if name == "by_rank" else name for name in (have, want))
    if have is None or want is None or have == want:
        return x
    return channels_last(x) if want == "channels_last" else channels_first(x)


def keeps_channels_last(layer):
    """Whether a layer works on images that have their channels last."""
    return hasattr(layer, "data_format") and channel_axis(layer.data_format) == -1


def called_in_torch_order(layer, x):
    """layer(x) for a tensor in torch's order, which the result is in too, whatever the layer works on."""
    return called_in(layer, x, "channels_first")


def called_in_channels_last(layer, x):
    """layer(x) for an image with its channels last, which the result is too, whatever the layer works on."""
    return called_in(layer, x, "channels_last")


def called_in(layer, x, data_format):
    """layer(x) for an x in a data format, which the result is in too, whatever the layer works on."""
    takes, returns = data_formats_of(layer)
    return in_data_format(layer(in_data_format(x, data_format, takes)), returns, data_format)


class Sequential(Numbered):
    """Calls its members in turn; takes layers and functions, or one OrderedDict of them, and passes anything on."""

    def __init__(self, *members):
        super().__init__()
        if len(members) == 1 and isinstance(members[0], collections.abc.Mapping):
            for name, member in members[0].items():
                self._put(name, member)
        else:
            for i, member in enumerate(members):
                self._put(i, member)

    @classmethod
    def _of(cls, members):
        return Sequential(*members)

    def __getitem__(self, index):
        if isinstance(index, slice):  # the members keep their names
            return Sequential({name: self._get(name) for name in self._names[index]})
        return self._members()[index]

    def __delitem__(self, index):
        for name in [self._names[index]] if isinstance(index, int) else self._names[index]:
            delattr(self, self.torch_names.get(name, name))
            self._names.remove(name)
        self._refill(self._members())  # torch numbers what is left anew, names or not

    def call(self, x=None, *args, **kwargs):
        for i, member in enumerate(self._members()):
            x = member(x, *args, **kwargs) if i == 0 else member(x)
        return x


class ModuleList(Numbered):
    """A list of layers, which are tracked; it cannot be called."""

    def __init__(self, modules=None):
        super().__init__()
        self.extend(modules or [])


class Keyed(Container):
    """The methods of a dict on named members."""

    def __init__(self, members=None):
        super().__init__()
        self.update(members or {})

    def __getitem__(self, key):
        if key not in self._names:
            raise KeyError(key)
        return self._get(key)

    def __setitem__(self, key, member):
        self._put(key, member)

    def __delitem__(self, key):
        delattr(self, self.torch_names.get(key, key))
        self._names.remove(key)

    def __contains__(self, key):
        return key in self._names

    def __iter__(self):
        return iter(list(self._names))

    def keys(self):
        return list(self._names)

    def values(self):
        return self._members()

    def items(self):
        return list(zip(self._names, self._members(), strict=True))

    def get(self, key, default=None):
        return self._get(key) if key in self._names else default

    def update(self, members):
        for key, member in members.items() if hasattr(members, "items") else members:
            self._put(key, member)

    def pop(self, key):
        member = self[key]
        del self[key]
        return member

    def clear(self):
        for key in self.keys():
            del self[key]


class ModuleDict(Keyed):
    """A dict of layers, which are tracked; it cannot be called."""

    def __init__(self, modules=None):
        super().__init__(modules)


class ParameterList(Numbered):
    """A list of variables, which are tracked."""

    def __init__(self, values=None):
        super().__init__()
        self.extend(values or [])

    def append(self, value):
        self._put(len(self), value if isinstance(value, tf.keras.Variable) else Parameter(value))
        return self


class ParameterDict(Keyed):
    """A dict of variables, which are tracked."""

    def __init__(self, parameters=None):
        super().__init__(parameters)

"""Walks over the layers and variables below any Keras layer, with torch's names and in torch's order."""

import tensorflow as tf


def torch_name(layer, attribute):
    """What torch calls an attribute or a variable of this layer."""
    for name, renamed in getattr(layer, "torch_names", {}).items():
        if renamed == attribute:
            return name
    keras_names = {
        "kernel": "weight",
        "gamma": "weight",
        "embeddings": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    return keras_names.get(attribute, attribute)


def named_children(layer):
    """Pairs (torch name, sublayer) in the order of their creation."""
    if isinstance(layer, tf.keras.Sequential):
        yield from ((str(i), child) for i, child in enumerate(layer.layers))
        return
    seen = set()
    for name, child in vars(layer).items():
        if isinstance(child, tf.keras.layers.Layer) and id(child) not in seen:
            seen.add(id(child))
            yield torch_name(layer, name), child


def children(layer):
    """The direct sublayers in the order of their creation."""
    return (child for _, child in named_children(layer))


def named_modules(layer, prefix="", seen=None):
    """Pairs (dotted torch name, layer) of this layer and all below, each once, parents first."""
    seen = set() if seen is None else seen
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield prefix, layer
    for name, child in named_children(layer):
        yield from named_modules(child, f"{prefix}.{name}" if prefix else name, seen)


def modules(layer):
    """This layer and all below it, parents first."""
    return (module for _, module in named_modules(layer))


def named_variables(layer, trained):
    """Pairs (torch name, variable) that this very layer owns: its parameters, or else its buffers."""
    store = {id(v): v for v in (layer._trainable_variables if trained else layer._non_trainable_variables)}
    for name, value in vars(layer).items():
        if isinstance(value, tf.keras.Variable) and store.pop(id(value), None) is not None:
            yield torch_name(layer, name.lstrip("_") if name == "_kernel" else name), value
    yield from ((torch_name(layer, v.name), v) for v in store.values())


def named_parameters(layer, prefix="", recurse=True):
    """Pairs (dotted torch name, variable) of the trained variables, each once, in torch's order."""
    seen = set()
    for path, owner in named_modules(layer, prefix) if recurse else [(prefix, layer)]:
        for name, variable in named_variables(owner, trained=True):
            if id(variable) not in seen:
                seen.add(id(variable))
                yield f"{path}.{name}" if path else name, variable


def parameters(layer, recurse=True):
    """The trained variables in torch's order."""
    return (variable for _, variable in named_parameters(layer, "", recurse))


def named_buffers(layer, prefix="", recurse=True):
    """Pairs (dotted torch name, variable) of the variables that are not trained, in torch's order."""
    for path, owner in named_modules(layer, prefix) if recurse else [(prefix, layer)]:
        for name, variable in named_variables(owner, trained=False):
            yield f"{path}.{name}" if path else name, variable


def buffers(layer, recurse=True):
    """The variables that are not trained, in torch's order."""
    return (variable for _, variable in named_buffers(layer, "", recurse))

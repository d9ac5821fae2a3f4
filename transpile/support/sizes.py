"""What Python computes with sizes, where a graph has scalar tensors in their place."""

import functools
import math

import tensorflow as tf


def is_symbolic(x):
    """Whether this is a tensor without a value, as sizes are while a graph of open shapes is traced."""
    return tf.is_tensor(x) and not tf.executing_eagerly()


def check(*conditions, message=""):
    """assert, of sizes that may be tensors: a graph checks them whenever it runs."""
    for condition in conditions:
        if is_symbolic(condition):
            tf.debugging.Assert(condition, [message])
        else:
            assert condition, message


def equal_sizes(left, right):
    """Whether two shapes are equal."""
    equal = [a == b for a, b in zip(left, right, strict=False)]
    if len(left) == len(right) and any(map(is_symbolic, equal)):
        return tf.reduce_all(tf.stack(equal))
    return len(left) == len(right) and all(equal)


def unequal_sizes(left, right):
    """Whether two shapes are not equal."""
    return negated(equal_sizes(left, right))


def negated(condition):
    """not condition."""
    return tf.logical_not(condition) if is_symbolic(condition) else not condition


def both(*conditions):
    """Whether all conditions hold."""
    if any(map(is_symbolic, conditions)):
        return tf.reduce_all(tf.stack([tf.cast(condition, tf.bool) for condition in conditions]))
    return all(conditions)


def either(*conditions):
    """Whether one of the conditions holds."""
    return negated(both(*map(negated, conditions)))


def int_of(x, base=None):
    """int(x)."""
    if is_symbolic(x):
        return tf.reshape(tf.cast(x, tf.int32), ())
    return int(x) if base is None else int(x, base)


def float_of(x):
    """float(x); in a graph the double that Python's float is."""
    return tf.reshape(tf.cast(x, tf.float64), ()) if is_symbolic(x) else float(x)


def item_of(x):
    """x.item(); in a graph still a tensor, of the kind that sizes are if it is an integer."""
    x = tf.convert_to_tensor(x)
    if is_symbolic(x):
        return tf.reshape(tf.cast(x, tf.int32) if x.dtype.is_integer else x, ())
    return x.numpy().item()


def rounded(x, digits=None):
    """round(x): halves go to the even number."""
    return tf.cast(tf.round(x), tf.int32) if is_symbolic(x) and digits is None else round(x, digits)


def square_root(x):
    """math.sqrt."""
    return tf.sqrt(tf.cast(x, tf.float64)) if is_symbolic(x) else math.sqrt(x)


def ceiling(x):
    """math.ceil."""
    return tf.cast(tf.math.ceil(x), tf.int32) if is_symbolic(x) else math.ceil(x)


def floor_of(x):
    """math.floor."""
    return tf.cast(tf.floor(x), tf.int32) if is_symbolic(x) else math.floor(x)


def largest(*values):
    """max of numbers, or of those in a list."""
    listed = list(values[0] if len(values) == 1 else values)
    return functools.reduce(tf.maximum, listed) if any(map(is_symbolic, listed)) else max(listed)


def smallest(*values):
    """min of numbers, or of those in a list."""
    listed = list(values[0] if len(values) == 1 else values)
    return functools.reduce(tf.minimum, listed) if any(map(is_symbolic, listed)) else min(listed)


def outdated(kept):
    """Whether a tensor that an earlier call has kept is of no use: it is of another graph, or its sizes are open."""
    if not tf.is_symbolic_tensor(kept):
        return False
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None and graph is not kept.graph:
        graph = getattr(graph, "outer_graph", None)
    return graph is None or not kept.shape.is_fully_defined()


def may_differ(left, right):
    """Whether sizes differ as far as is known: open ones may."""
    sides = [side if isinstance(side, (list, tuple)) else [side] for side in (left, right)]
    return any(map(is_symbolic, (*sides[0], *sides[1]))) or left != right

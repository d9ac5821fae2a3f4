"""Python's control flow on tensors, which a graph has no values of while it is traced."""

import functools

import tensorflow as tf

from transpile.support.sizes import is_symbolic


def autograph(function):
    """In a graph, `if`, `while`, `and`, `or`, `not` and `assert` on tensors become operations of the graph.

    TensorFlow's AutoGraph does that, but it does not reach into a layer's call by itself. Tests of numbers stay
    Python's, and eager calls run the function as it is written.
    """

    @functools.cache
    def in_graph():
        features = tf.autograph.experimental.Feature.ASSERT_STATEMENTS
        return tf.autograph.to_graph(function, recursive=False, experimental_optional_features=features)

    @functools.wraps(function)
    def call(*args, **kwargs):
        return (function if tf.executing_eagerly() else in_graph())(*args, **kwargs)

    return call


def untraced(function):
    """Runs a function that is given no tensors when a graph is traced: what it draws and decides stays so in the graph.

    Python decides there by the values of tensors, which nothing in a graph has.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        if any(map(is_symbolic, tf.nest.flatten((args, kwargs)))):
            return function(*args, **kwargs)
        with tf.init_scope():
            return function(*args, **kwargs)

    return call


def refused(condition, text=""):
    """The condition of an `if` that raises: a graph raises whenever it runs, and traces what follows."""
    if not is_symbolic(condition):
        return condition
    tf.debugging.Assert(tf.logical_not(condition), [text or "refused"])
    return False

"""Autograd's switches, which TensorFlow does not need outside a GradientTape."""

import contextlib


class no_grad(contextlib.ContextDecorator):
    """torch.no_grad and torch.inference_mode, as a context and as a decorator: nothing happens."""

    def __new__(cls, mode=True):
        # @torch.no_grad without parentheses
        return mode if callable(mode) else super().__new__(cls)

    def __init__(self, mode=True):
        self.mode = mode

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


class autocast(contextlib.ContextDecorator):
    """torch.autocast, handed on as a value: a context and a decorator that takes its arguments and does nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


def checkpoint(
    function,
    *args,
    use_reentrant=None,
    preserve_rng_state=True,
    context_fn=None,
    determinism_check="default",
    debug=False,
    **kwargs,
):
    """torch.utils.checkpoint.checkpoint, handed on as a value: the call, without saving memory in the backward pass."""
    return function(*args, **kwargs)

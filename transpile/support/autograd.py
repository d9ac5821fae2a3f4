"""Functions with a gradient of their own."""

import tensorflow as tf


class FunctionContext:
    """What forward leaves for backward."""

    saved_tensors = ()

    def __init__(self, needs_input_grad):
        self.needs_input_grad = needs_input_grad

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    saved_variables = property(lambda self: self.saved_tensors)

    def mark_dirty(self, *tensors):
        """Nothing: tensors do not change in place."""

    mark_non_differentiable = set_materialize_grads = mark_dirty


class Function:
    """torch.autograd.Function by tf.custom_gradient: `apply` runs forward, a gradient tape calls backward."""

    @classmethod
    def apply(cls, *args):
        args = tuple(tf.convert_to_tensor(a) if isinstance(a, tf.keras.Variable) else a for a in args)
        needs = tuple(tf.is_tensor(a) and (a.dtype.is_floating or a.dtype.is_complex) for a in args)
        places = [i for i, need in enumerate(needs) if need]

        @tf.custom_gradient
        def run(*tensors):
            inputs = list(args)
            for i, tensor in zip(places, tensors, strict=True):
                inputs[i] = tensor
            context = FunctionContext(needs)
            if hasattr(cls, "setup_context"):
                output = cls.forward(*inputs)
                cls.setup_context(context, tuple(inputs), output)
            else:
                output = cls.forward(context, *inputs)

            def gradient(*upstream, variables=None):
                given = cls.backward(context, *upstream)
                given = given if isinstance(given, (tuple, list)) else (given,)
                # what backward has no gradient for is constant
                wanted = [tf.zeros_like(inputs[i]) if given[i] is None else given[i] for i in places]
                return wanted if variables is None else (wanted, [None] * len(variables))

            return output, gradient

        return run(*(args[i] for i in places))

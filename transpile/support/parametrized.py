"""weight_norm and spectral_norm as torch trains them: layers that keep the parts and make their kernel of them."""

import tensorflow as tf

from transpile.support.module import clone_layer

DEPTHWISE = (tf.keras.layers.DepthwiseConv1D, tf.keras.layers.DepthwiseConv2D)
NORMALIZED = (
    tf.keras.layers.Dense,
    tf.keras.layers.Conv1D,
    tf.keras.layers.Conv2D,
    tf.keras.layers.Conv3D,
    tf.keras.layers.Conv1DTranspose,
    tf.keras.layers.Conv2DTranspose,
    tf.keras.layers.Conv3DTranspose,
    *DEPTHWISE,
)
TRANSPOSED = NORMALIZED[4:7]


class KernelInParts:
    """What a layer becomes whose kernel is made of other variables; `whole` is the class that it was.

    What was the kernel's variable has the name `kernel_part`, and `kernel` is made anew whenever it is asked for.
    """

    whole = None
    registered = False  # whether it is one of torch.nn.utils.parametrizations, whose names are others

    def __setattr__(self, name, value):
        if name not in ("kernel", "_kernel"):
            super().__setattr__(name, value)
        elif value is not None and self.kernel_part in vars(self):
            getattr(self, self.kernel_part).assign(value)
        elif value is not None:
            super().__setattr__(self.kernel_part, value)
            self.make_parts(value)

    def __deepcopy__(self, memo):
        return clone_layer(self, memo)

    @property
    def kernel(self):
        value = self.made(getattr(self, self.kernel_part))
        # what torch code puts into such a weight is lost at the next call
        value.assign = lambda new: new
        return value

    _kernel = kernel


class WeightNormed(KernelInParts):
    """g · v / ‖v‖ (torch.nn.utils.weight_norm): `weight_v` as the kernel is kept, `weight_g` a norm for each index."""

    kernel_part = "weight_v"
    norm_dim = 0  # torch's axis along which there are several norms; None for one of all

    def make_parts(self, v):
        self.weight_g = self.add_weight(
            name="weight_g", shape=self.norm_shape(v.shape), initializer=lambda *_, **__: self.length(v.value)
        )

    def norm_axes(self, rank):
        """The axes of Keras' kernel that are norms of their own."""
        if self.norm_dim is None:
            return ()
        if isinstance(self, DEPTHWISE):
            # (*sizes, channels, multiplier) of torch's (channels · multiplier, 1, *sizes)
            return ((rank - 2, rank - 1), ())[self.norm_dim] if self.norm_dim < 2 else (self.norm_dim - 2,)
        return ((rank - 1, rank - 2)[self.norm_dim] if self.norm_dim < 2 else self.norm_dim - 2,)

    def norm_shape(self, shape):
        if self.norm_dim is None:
            return ()
        kept = self.norm_axes(len(shape))
        return tuple(size if axis in kept else 1 for axis, size in enumerate(shape))

    def length(self, v):
        """‖v‖ over all axes but those of the norms."""
        kept = self.norm_axes(len(v.shape))
        axes = [axis for axis in range(len(v.shape)) if axis not in kept]
        return tf.sqrt(tf.reduce_sum(tf.square(v), axes, keepdims=self.norm_dim is not None))

    def made(self, v):
        v = tf.convert_to_tensor(v)
        return v * (tf.convert_to_tensor(self.weight_g) / self.length(v))


class SpectralNormed(KernelInParts):
    """W / σ (torch.nn.utils.spectral_norm), σ = uᵀ W v, where each call that trains brings u and v nearer to σ's."""

    kernel_part = "weight_orig"
    n_power_iterations, norm_eps, norm_dim = 1, 1e-12, 0

    def make_parts(self, weight):
        matrix = self.matrix(weight.value)
        for name, size in (("weight_u", matrix.shape[0]), ("weight_v", matrix.shape[1])):
            start = self.add_weight(name=name, shape=(size,), initializer="random_normal", trainable=False)
            start.assign(self.unit(start.value))
            setattr(self, name, start)
        if self.registered:
            self.iterate(matrix, 15)

    def matrix(self, kernel):
        """The kernel as torch flattens it: the axis `norm_dim` of its order for rows."""
        n = len(kernel.shape)
        if isinstance(self, DEPTHWISE):
            kernel = tf.reshape(kernel, (*kernel.shape[:-2], 1, kernel.shape[-2] * kernel.shape[-1]))
        order = [n - 1, n - 2, *range(n - 2)]
        order.insert(0, order.pop(self.norm_dim))
        kernel = tf.transpose(kernel, order)
        return tf.reshape(kernel, (kernel.shape[0], -1))

    def unit(self, x):
        return x / tf.maximum(tf.norm(x), tf.cast(self.norm_eps, x.dtype))

    def iterate(self, matrix, times):
        matrix = tf.stop_gradient(matrix)
        rows = [(self.weight_u, self.weight_v, False), (self.weight_v, self.weight_u, True)]
        if not self.registered:  # torch's two begin at different ends
            rows = rows[::-1]
        for _ in range(times):
            for new, old, turned in rows:
                new.assign(self.unit(tf.linalg.matvec(matrix, tf.convert_to_tensor(old), transpose_a=turned)))

    def made(self, weight):
        weight = tf.convert_to_tensor(weight)
        matrix = self.matrix(weight)
        training = getattr(self._get_call_context(), "training", None)
        self._maybe_reset_call_context()  # outside of a call the line above began one
        if training:
            self.iterate(matrix, self.n_power_iterations)
        u, v = (tf.identity(tf.convert_to_tensor(x)) for x in (self.weight_u, self.weight_v))
        return weight / tf.tensordot(u, tf.linalg.matvec(matrix, v), 1)


def in_parts(layer, name, kind, **settings):
    """The layer, which from now on makes its kernel of parts, as torch changes the class of a module."""
    if name != "weight" or not isinstance(layer, NORMALIZED) or getattr(layer, "shared", None) is not None:
        raise NotImplementedError(
            f"{kind.__name__}: {name} of {type(layer).__name__} cannot be kept in parts"
        )
    whole = type(layer)
    held = vars(layer).get("_kernel", vars(layer).get("kernel"))
    for old in ("_kernel", "kernel"):
        if old in vars(layer):
            delattr(layer, old)
    attributes = {"whole": whole, "__module__": whole.__module__}
    object.__setattr__(layer, "__class__", type(whole.__name__, (kind, whole), attributes))
    layer._tracker.unlock()
    for key, value in settings.items():
        setattr(layer, key, value)
    if held is not None:
        layer.kernel = held
    return layer


def weight_norm(module, name="weight", dim=0, registered=False):
    """torch.nn.utils.weight_norm, and with `registered` torch.nn.utils.parametrizations.weight_norm."""
    if dim is not None:
        # torch takes -1 for all axes; a Dense has two
        dim = None if dim == -1 else dim % (getattr(module, "rank", 0) + 2)
    return in_parts(module, name, WeightNormed, norm_dim=dim, registered=registered)


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None, registered=False):
    """torch.nn.utils.spectral_norm, and with `registered` torch.nn.utils.parametrizations.spectral_norm."""
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    settings = {"n_power_iterations": n_power_iterations, "norm_eps": eps, "norm_dim": dim}
    return in_parts(module, name, SpectralNormed, registered=registered, **settings)


def is_parametrized(module):
    """torch.nn.utils.parametrize.is_parametrized."""
    return isinstance(module, KernelInParts) and module.registered


def in_one(module):
    """The layer with one kernel again (torch.nn.utils.remove_weight_norm and its like)."""
    if not isinstance(module, KernelInParts):
        raise ValueError(f"{type(module).__name__} has no weight that is kept in parts")
    value, kernel = module.kernel, getattr(module, module.kernel_part)
    for name in ("weight_g", "weight_u", "weight_v", "weight_orig"):
        if name in vars(module):
            delattr(module, name)
    whole = module.whole
    object.__setattr__(module, "__class__", whole)
    setattr(module, "_kernel" if isinstance(getattr(whole, "kernel", None), property) else "kernel", kernel)
    kernel.assign(value)
    return module

"""torch.distributions, the continuous ones of independent elements. Arguments are taken as valid."""

import math

import tensorflow as tf

from transpile.support.shape import shape


def broadcast_parameters(*values):
    """Numbers and tensors as tensors of one shape; numbers have the dtype of the tensors, or float32."""
    dtypes = [v.dtype for v in values if hasattr(v, "dtype")]
    tensors = [tf.convert_to_tensor(v, dtypes[0] if dtypes else tf.float32) for v in values]
    zeros = sum(tf.zeros_like(t) for t in tensors)
    return [t + zeros for t in tensors]


class Distribution:
    """torch.distributions.Distribution: what `draw`, with a gradient or without, gives in the shape of a sample."""

    has_rsample = False

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self.batch_shape, self.event_shape = tuple(batch_shape), tuple(event_shape)

    def extended(self, sample_shape=()):
        """The shape of a sample."""
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def sample(self, sample_shape=()):
        """A sample without a gradient."""
        return tf.stop_gradient(self.draw(sample_shape))

    def rsample(self, sample_shape=()):
        """A sample with a gradient by the parameters."""
        if not self.has_rsample:
            raise NotImplementedError(f"{type(self).__name__} has no rsample")
        return self.draw(sample_shape)

    def sample_n(self, n):
        """n samples."""
        return self.sample((n,))

    @property
    def stddev(self):
        return tf.sqrt(self.variance)

    def perplexity(self):
        """e to the entropy."""
        return tf.exp(self.entropy())


class Normal(Distribution):
    """torch.distributions.Normal."""

    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_parameters(loc, scale)
        super().__init__(shape(self.loc))

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return tf.square(self.scale)

    def draw(self, sample_shape=()):
        """loc + scale times standard normal numbers."""
        noise = tf.random.normal(self.extended(sample_shape), dtype=self.loc.dtype)
        return self.loc + self.scale * noise

    def log_prob(self, value):
        """The logarithm of the density."""
        half = tf.square(value - self.loc) / (2.0 * self.variance)
        return -half - tf.math.log(self.scale) - 0.5 * math.log(2.0 * math.pi)

    def entropy(self):
        """The entropy of each element."""
        return 0.5 + 0.5 * math.log(2.0 * math.pi) + tf.math.log(self.scale)

    def cdf(self, value):
        """The probability of no more than the value."""
        return 0.5 * (1.0 + tf.math.erf((value - self.loc) / (self.scale * math.sqrt(2.0))))

    def icdf(self, value):
        """The value that has this cdf."""
        return self.loc + self.scale * tf.math.erfinv(2.0 * value - 1.0) * math.sqrt(2.0)


class LogNormal(Distribution):
    """torch.distributions.LogNormal."""

    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.base_dist = Normal(loc, scale)
        self.loc, self.scale = self.base_dist.loc, self.base_dist.scale
        super().__init__(self.base_dist.batch_shape)

    @property
    def mean(self):
        return tf.exp(self.loc + tf.square(self.scale) / 2.0)

    @property
    def mode(self):
        return tf.exp(self.loc - tf.square(self.scale))

    @property
    def variance(self):
        square = tf.square(self.scale)
        return tf.math.expm1(square) * tf.exp(2.0 * self.loc + square)

    def draw(self, sample_shape=()):
        """e to a normal sample."""
        return tf.exp(self.base_dist.draw(sample_shape))

    def log_prob(self, value):
        """The logarithm of the density."""
        value = tf.convert_to_tensor(value, self.loc.dtype)
        return self.base_dist.log_prob(tf.math.log(value)) - tf.math.log(value)

    def entropy(self):
        """The entropy of each element."""
        return self.base_dist.entropy() + self.loc

    def cdf(self, value):
        """The probability of no more than the value."""
        return self.base_dist.cdf(tf.math.log(tf.convert_to_tensor(value, self.loc.dtype)))

    def icdf(self, value):
        """The value that has this cdf."""
        return tf.exp(self.base_dist.icdf(value))


class HalfNormal(Distribution):
    """torch.distributions.HalfNormal."""

    has_rsample = True

    def __init__(self, scale, validate_args=None):
        self.base_dist = Normal(0.0, scale)
        self.scale = self.base_dist.scale
        super().__init__(self.base_dist.batch_shape)

    @property
    def mean(self):
        return self.scale * math.sqrt(2.0 / math.pi)

    @property
    def mode(self):
        return tf.zeros_like(self.scale)

    @property
    def variance(self):
        return tf.square(self.scale) * (1.0 - 2.0 / math.pi)

    def draw(self, sample_shape=()):
        """The absolute value of a normal sample."""
        return tf.abs(self.base_dist.draw(sample_shape))

    def log_prob(self, value):
        """The logarithm of the density."""
        density = self.base_dist.log_prob(value) + math.log(2.0)
        return tf.where(tf.convert_to_tensor(value, density.dtype) >= 0, density, -math.inf)

    def entropy(self):
        """The entropy of each element."""
        return self.base_dist.entropy() - math.log(2.0)

    def cdf(self, value):
        """The probability of no more than the value."""
        return 2.0 * self.base_dist.cdf(value) - 1.0

    def icdf(self, value):
        """The value that has this cdf."""
        return self.base_dist.icdf((value + 1.0) / 2.0)


class Uniform(Distribution):
    """torch.distributions.Uniform: `high` is not reached."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_parameters(low, high)
        super().__init__(shape(self.low))

    @property
    def mean(self):
        return (self.high + self.low) / 2.0

    @property
    def variance(self):
        return tf.square(self.high - self.low) / 12.0

    def draw(self, sample_shape=()):
        """low + (high - low) times numbers in [0, 1)."""
        numbers = tf.random.uniform(self.extended(sample_shape), dtype=self.low.dtype)
        return self.low + numbers * (self.high - self.low)

    def log_prob(self, value):
        """The logarithm of the density: -inf outside."""
        inside = tf.cast((self.low <= value) & (self.high > value), self.low.dtype)
        return tf.math.log(inside) - tf.math.log(self.high - self.low)

    def entropy(self):
        """The entropy of each element."""
        return tf.math.log(self.high - self.low)

    def cdf(self, value):
        """The probability of no more than the value."""
        return tf.clip_by_value((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def icdf(self, value):
        """The value that has this cdf."""
        return value * (self.high - self.low) + self.low


class Laplace(Distribution):
    """torch.distributions.Laplace."""

    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_parameters(loc, scale)
        super().__init__(shape(self.loc))

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return 2.0 * tf.square(self.scale)

    def draw(self, sample_shape=()):
        """A uniform number through the inverse of the cdf."""
        u = tf.random.uniform(self.extended(sample_shape), -1.0 + 1e-7, 1.0, dtype=self.loc.dtype)
        return self.loc - self.scale * tf.sign(u) * tf.math.log1p(-tf.abs(u))

    def log_prob(self, value):
        """The logarithm of the density."""
        return -tf.math.log(2.0 * self.scale) - tf.abs(value - self.loc) / self.scale

    def entropy(self):
        """The entropy of each element."""
        return 1.0 + tf.math.log(2.0 * self.scale)

    def cdf(self, value):
        """The probability of no more than the value."""
        apart = value - self.loc
        return 0.5 - 0.5 * tf.sign(apart) * tf.math.expm1(-tf.abs(apart) / self.scale)

    def icdf(self, value):
        """The value that has this cdf."""
        term = value - 0.5
        return self.loc - self.scale * tf.sign(term) * tf.math.log1p(-2.0 * tf.abs(term))


class Gumbel(Distribution):
    """torch.distributions.Gumbel."""

    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_parameters(loc, scale)
        super().__init__(shape(self.loc))

    @property
    def mean(self):
        return self.loc + self.scale * 0.5772156649015329

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return tf.square(self.scale) * (math.pi**2 / 6.0)

    def draw(self, sample_shape=()):
        """A uniform number through the inverse of the cdf."""
        u = tf.random.uniform(self.extended(sample_shape), 1e-30, 1.0, dtype=self.loc.dtype)
        return self.loc - self.scale * tf.math.log(-tf.math.log(u) + 1e-30)

    def log_prob(self, value):
        """The logarithm of the density."""
        y = (self.loc - value) / self.scale
        return (y - tf.exp(y)) - tf.math.log(self.scale)

    def entropy(self):
        """The entropy of each element."""
        return tf.math.log(self.scale) + (1.0 + 0.5772156649015329)

    def cdf(self, value):
        """The probability of no more than the value."""
        return tf.exp(-tf.exp((self.loc - value) / self.scale))

    def icdf(self, value):
        """The value that has this cdf."""
        return self.loc - self.scale * tf.math.log(-tf.math.log(value))

"""torch.distributions on positive numbers and on (0, 1), by way of the gamma distribution."""

import math

import tensorflow as tf

from transpile.support.distributions import Distribution, broadcast_parameters
from transpile.support.shape import shape


class Exponential(Distribution):
    """torch.distributions.Exponential."""

    has_rsample = True

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_parameters(rate)
        super().__init__(shape(self.rate))

    @property
    def mean(self):
        return 1.0 / self.rate

    @property
    def mode(self):
        return tf.zeros_like(self.rate)

    @property
    def variance(self):
        return 1.0 / tf.square(self.rate)

    def draw(self, sample_shape=()):
        """A uniform number through the inverse of the cdf."""
        u = tf.random.uniform(self.extended(sample_shape), dtype=self.rate.dtype)
        return -tf.math.log1p(-u) / self.rate

    def log_prob(self, value):
        """The logarithm of the density."""
        return tf.math.log(self.rate) - self.rate * value

    def entropy(self):
        """The entropy of each element."""
        return 1.0 - tf.math.log(self.rate)

    def cdf(self, value):
        """The probability of no more than the value."""
        return 1.0 - tf.exp(-self.rate * value)

    def icdf(self, value):
        """The value that has this cdf."""
        return -tf.math.log1p(-value) / self.rate


class Gamma(Distribution):
    """torch.distributions.Gamma."""

    has_rsample = True

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = broadcast_parameters(concentration, rate)
        super().__init__(shape(self.rate))

    @property
    def mean(self):
        return self.concentration / self.rate

    @property
    def mode(self):
        return tf.maximum((self.concentration - 1.0) / self.rate, 0.0)

    @property
    def variance(self):
        return self.concentration / tf.square(self.rate)

    def draw(self, sample_shape=()):
        """A standard gamma number, divided by the rate."""
        tiny = 1e-37 if self.rate.dtype == tf.float32 else 1e-300
        drawn = tf.random.gamma(tuple(sample_shape), self.concentration, dtype=self.rate.dtype) / self.rate
        return tf.maximum(drawn, tiny)

    def log_prob(self, value):
        """The logarithm of the density."""
        a, value = self.concentration, tf.convert_to_tensor(value, self.rate.dtype)
        density = tf.math.xlogy(a, self.rate) + tf.math.xlogy(a - 1.0, value) - self.rate * value
        return density - tf.math.lgamma(a)

    def entropy(self):
        """The entropy of each element."""
        a = self.concentration
        return a - tf.math.log(self.rate) + tf.math.lgamma(a) + (1.0 - a) * tf.math.digamma(a)

    def cdf(self, value):
        """The probability of no more than the value."""
        return tf.math.igamma(self.concentration, self.rate * value)


class Chi2(Gamma):
    """torch.distributions.Chi2."""

    def __init__(self, df, validate_args=None):
        super().__init__(0.5 * df, 0.5)

    @property
    def df(self):
        return self.concentration * 2.0


def dirichlet_mode(concentration):
    """The likeliest shares; where none is likelier than all of one, the first corner of the greatest."""
    above = tf.maximum(concentration - 1.0, 0.0)
    size = tf.shape(concentration)[-1]
    corner = tf.one_hot(tf.argmax(above, -1), size, dtype=concentration.dtype)
    inside = above / tf.reduce_sum(above, -1, keepdims=True)
    return tf.where(tf.reduce_all(concentration < 1.0, -1, keepdims=True), corner, inside)


class Beta(Distribution):
    """torch.distributions.Beta."""

    has_rsample = True

    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = broadcast_parameters(concentration1, concentration0)
        super().__init__(shape(self.concentration1))

    @property
    def mean(self):
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self):
        return dirichlet_mode(tf.stack([self.concentration1, self.concentration0], -1))[..., 0]

    @property
    def variance(self):
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (tf.square(total) * (total + 1.0))

    def draw(self, sample_shape=()):
        """The share of one of two gamma numbers."""
        first = Gamma(self.concentration1, 1.0).draw(sample_shape)
        second = Gamma(self.concentration0, 1.0).draw(sample_shape)
        return first / (first + second)

    def log_prob(self, value):
        """The logarithm of the density."""
        a, b = self.concentration1, self.concentration0
        value = tf.convert_to_tensor(value, a.dtype)
        density = tf.math.xlogy(a - 1.0, value) + tf.math.xlogy(b - 1.0, 1.0 - value)
        return density + tf.math.lgamma(a + b) - tf.math.lgamma(a) - tf.math.lgamma(b)

    def entropy(self):
        """The entropy of each element."""
        a, b, digamma = self.concentration1, self.concentration0, tf.math.digamma
        norm = tf.math.lgamma(a) + tf.math.lgamma(b) - tf.math.lgamma(a + b)
        return norm - (a - 1.0) * digamma(a) - (b - 1.0) * digamma(b) + (a + b - 2.0) * digamma(a + b)


class StudentT(Distribution):
    """torch.distributions.StudentT."""

    has_rsample = True

    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self.df, self.loc, self.scale = broadcast_parameters(df, loc, scale)
        super().__init__(shape(self.df))

    @property
    def mean(self):
        return tf.where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        df = self.df
        finite = tf.square(self.scale) * df / tf.where(df > 2, df - 2.0, 1.0)
        return tf.where(df > 2, finite, tf.where(df > 1, math.inf, math.nan))

    def draw(self, sample_shape=()):
        """A normal number, divided by the root of a chi-squared one."""
        normal = tf.random.normal(self.extended(sample_shape), dtype=self.df.dtype)
        square = Gamma(0.5 * self.df, 0.5).draw(sample_shape)
        return self.loc + self.scale * normal * tf.math.rsqrt(square / self.df)

    def log_prob(self, value):
        """The logarithm of the density."""
        y, df = (value - self.loc) / self.scale, self.df
        norm = tf.math.log(self.scale) + 0.5 * tf.math.log(df) + 0.5 * math.log(math.pi)
        norm += tf.math.lgamma(0.5 * df) - tf.math.lgamma(0.5 * (df + 1.0))
        return -0.5 * (df + 1.0) * tf.math.log1p(tf.square(y) / df) - norm

    def entropy(self):
        """The entropy of each element."""
        df, digamma = self.df, tf.math.digamma
        beta = tf.math.lgamma(0.5 * df) + math.lgamma(0.5) - tf.math.lgamma(0.5 * (df + 1.0))
        spread = 0.5 * (df + 1.0) * (digamma(0.5 * (df + 1.0)) - digamma(0.5 * df))
        return tf.math.log(self.scale) + spread + 0.5 * tf.math.log(df) + beta


class Dirichlet(Distribution):
    """torch.distributions.Dirichlet: the last axis sums to 1."""

    has_rsample = True

    def __init__(self, concentration, validate_args=None):
        self.concentration = tf.convert_to_tensor(concentration)
        sizes = shape(self.concentration)
        super().__init__(sizes[:-1], sizes[-1:])

    @property
    def mean(self):
        return self.concentration / tf.reduce_sum(self.concentration, -1, keepdims=True)

    @property
    def mode(self):
        return dirichlet_mode(self.concentration)

    @property
    def variance(self):
        total = tf.reduce_sum(self.concentration, -1, keepdims=True)
        a = self.concentration
        return a * (total - a) / (tf.square(total) * (total + 1.0))

    def draw(self, sample_shape=()):
        """The shares of gamma numbers."""
        drawn = Gamma(self.concentration, 1.0).draw(sample_shape)
        return drawn / tf.reduce_sum(drawn, -1, keepdims=True)

    def log_prob(self, value):
        """The logarithm of the density."""
        a = self.concentration
        density = tf.reduce_sum(tf.math.xlogy(a - 1.0, value), -1) + tf.math.lgamma(tf.reduce_sum(a, -1))
        return density - tf.reduce_sum(tf.math.lgamma(a), -1)

    def entropy(self):
        """The entropy."""
        a, total = self.concentration, tf.reduce_sum(self.concentration, -1)
        k = tf.cast(tf.shape(a)[-1], a.dtype)
        norm = tf.reduce_sum(tf.math.lgamma(a), -1) - tf.math.lgamma(total)
        rest = tf.reduce_sum((a - 1.0) * tf.math.digamma(a), -1)
        return norm - (k - total) * tf.math.digamma(total) - rest

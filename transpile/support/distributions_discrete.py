"""torch.distributions on whole numbers, by probabilities or by logits."""

import math

import numpy as np
import tensorflow as tf

from transpile.support.distributions import Distribution, broadcast_parameters
from transpile.support.shape import product, shape


def clamp_probs(probs):
    """Probabilities that have a logarithm, as torch takes them."""
    eps = np.finfo(probs.dtype.as_numpy_dtype).eps
    return tf.clip_by_value(probs, eps, 1.0 - eps)


class Odds(Distribution):
    """What distributions of one probability per element share: each parameter follows from the other."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("either probs or logits must be given, but not both")
        (given,) = broadcast_parameters(logits if probs is None else probs)
        self.by_logits = probs is None
        self.given = given
        super().__init__(shape(given))

    @property
    def probs(self):
        return tf.sigmoid(self.given) if self.by_logits else self.given

    @property
    def logits(self):
        if self.by_logits:
            return self.given
        probs = clamp_probs(self.given)
        return tf.math.log(probs) - tf.math.log1p(-probs)

    def cross_entropy(self, value):
        """The binary cross entropy of values by the logits."""
        logits = self.logits
        return tf.maximum(logits, 0.0) - logits * value + tf.math.log1p(tf.exp(-tf.abs(logits)))


class Bernoulli(Odds):
    """torch.distributions.Bernoulli."""

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        mode = tf.cast(self.probs >= 0.5, self.given.dtype)
        return tf.where(self.probs == 0.5, math.nan, mode)

    @property
    def variance(self):
        return self.probs * (1.0 - self.probs)

    def draw(self, sample_shape=()):
        """1 where a uniform number is less than the probability."""
        numbers = tf.random.uniform(self.extended(sample_shape), dtype=self.given.dtype)
        return tf.cast(numbers < self.probs, self.given.dtype)

    def log_prob(self, value):
        """The logarithm of the probability."""
        return -self.cross_entropy(tf.cast(value, self.given.dtype))

    def entropy(self):
        """The entropy of each element."""
        return self.cross_entropy(self.probs)


class Geometric(Odds):
    """torch.distributions.Geometric: how many failures come before the first success."""

    @property
    def mean(self):
        return 1.0 / self.probs - 1.0

    @property
    def mode(self):
        return tf.zeros_like(self.probs)

    @property
    def variance(self):
        return (1.0 / self.probs - 1.0) / self.probs

    def draw(self, sample_shape=()):
        """A uniform number through the inverse of the cdf."""
        u = tf.random.uniform(self.extended(sample_shape), 1e-37, 1.0, dtype=self.given.dtype)
        return tf.floor(tf.math.log(u) / tf.math.log1p(-self.probs))

    def log_prob(self, value):
        """The logarithm of the probability."""
        value = tf.cast(value, self.given.dtype)
        probs = tf.where((self.probs == 1.0) & (value == 0.0), 0.0, self.probs)
        return value * tf.math.log1p(-probs) + tf.math.log(self.probs)

    def entropy(self):
        """The entropy of each element."""
        return self.cross_entropy(self.probs) / self.probs


class Poisson(Distribution):
    """torch.distributions.Poisson."""

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_parameters(rate)
        super().__init__(shape(self.rate))

    @property
    def mean(self):
        return self.rate

    @property
    def mode(self):
        return tf.floor(self.rate)

    @property
    def variance(self):
        return self.rate

    def draw(self, sample_shape=()):
        """Numbers of events."""
        return tf.random.poisson(tuple(sample_shape), self.rate, dtype=self.rate.dtype)

    def log_prob(self, value):
        """The logarithm of the probability."""
        value = tf.cast(value, self.rate.dtype)
        return tf.math.xlogy(value, self.rate) - self.rate - tf.math.lgamma(value + 1.0)


class Categorical(Distribution):
    """torch.distributions.Categorical: the last axis holds the categories."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("either probs or logits must be given, but not both")
        if probs is not None:
            probs = tf.convert_to_tensor(probs)
            self.probs = probs / tf.reduce_sum(probs, -1, keepdims=True)
            self.logits = tf.math.log(clamp_probs(self.probs))
        else:
            logits = tf.convert_to_tensor(logits)
            self.logits = logits - tf.reduce_logsumexp(logits, -1, keepdims=True)
            self.probs = tf.nn.softmax(self.logits, -1)
        super().__init__(shape(self.logits)[:-1])

    @property
    def mean(self):
        return tf.fill(self.batch_shape, tf.constant(math.nan, self.probs.dtype))

    @property
    def mode(self):
        return tf.argmax(self.probs, -1)

    @property
    def variance(self):
        return tf.fill(self.batch_shape, tf.constant(math.nan, self.probs.dtype))

    def draw(self, sample_shape=()):
        """Indices of categories."""
        rows = tf.reshape(tf.math.log(self.probs), (-1, shape(self.probs)[-1]))
        drawn = tf.random.categorical(rows, product(sample_shape), dtype=tf.int64)
        return tf.reshape(tf.transpose(drawn), self.extended(sample_shape))

    def log_prob(self, value):
        """The logarithm of the probability of each index."""
        value = tf.cast(value, tf.int64)
        batch = tf.broadcast_dynamic_shape(tf.shape(value), tf.shape(self.logits)[:-1])
        rows = tf.broadcast_to(self.logits, tf.concat([batch, tf.shape(self.logits)[-1:]], 0))
        return tf.gather(rows, tf.broadcast_to(value, batch), axis=-1, batch_dims=len(rows.shape) - 1)

    def entropy(self):
        """The entropy."""
        logits = tf.maximum(self.logits, self.logits.dtype.min)
        return -tf.reduce_sum(logits * self.probs, -1)


class OneHotCategorical(Distribution):
    """torch.distributions.OneHotCategorical."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        self.categorical = Categorical(probs, logits)
        super().__init__(self.categorical.batch_shape, shape(self.categorical.probs)[-1:])

    @property
    def probs(self):
        return self.categorical.probs

    @property
    def logits(self):
        return self.categorical.logits

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        return tf.one_hot(tf.argmax(self.probs, -1), self.event_shape[0], dtype=self.probs.dtype)

    @property
    def variance(self):
        return self.probs * (1.0 - self.probs)

    def draw(self, sample_shape=()):
        """1 at the index of a category."""
        drawn = self.categorical.draw(sample_shape)
        return tf.one_hot(drawn, self.event_shape[0], dtype=self.probs.dtype)

    def log_prob(self, value):
        """The logarithm of the probability."""
        return self.categorical.log_prob(tf.argmax(value, -1))

    def entropy(self):
        """The entropy."""
        return self.categorical.entropy()


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """torch.distributions.OneHotCategoricalStraightThrough: a sample has the gradient of the probabilities."""

    has_rsample = True

    def rsample(self, sample_shape=()):
        """A sample with the gradient of the probabilities."""
        return self.sample(sample_shape) + (self.probs - tf.stop_gradient(self.probs))

"""torch.distributions over several axes together, and the divergence between two distributions."""

import math

import tensorflow as tf

from transpile.support.distributions import Distribution, Laplace, Normal, Uniform
from transpile.support.distributions_discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from transpile.support.distributions_positive import Beta, Dirichlet, Exponential, Gamma
from transpile.support.shape import shape


class Independent(Distribution):
    """torch.distributions.Independent: the last batch axes belong to one event."""

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        batch, event = base_distribution.batch_shape, base_distribution.event_shape
        at = len(batch) - reinterpreted_batch_ndims
        super().__init__(batch[:at], (*batch[at:], *event))
        self.has_rsample = base_distribution.has_rsample

    @property
    def mean(self):
        return self.base_dist.mean

    @property
    def mode(self):
        return self.base_dist.mode

    @property
    def variance(self):
        return self.base_dist.variance

    def draw(self, sample_shape=()):
        """A sample of the elements."""
        return self.base_dist.draw(sample_shape)

    def total(self, values):
        """The sum over the axes of an event."""
        return tf.reduce_sum(values, list(range(-self.reinterpreted_batch_ndims, 0)))

    def log_prob(self, value):
        """The logarithm of the density of an event."""
        return self.total(self.base_dist.log_prob(value))

    def entropy(self):
        """The entropy of an event."""
        return self.total(self.base_dist.entropy())


class MultivariateNormal(Distribution):
    """torch.distributions.MultivariateNormal, by its covariance, precision or lower triangle."""

    has_rsample = True

    def __init__(
        self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None
    ):
        if precision_matrix is not None:
            covariance_matrix = tf.linalg.inv(precision_matrix)
        if scale_tril is None:
            scale_tril = tf.linalg.cholesky(covariance_matrix)
        scale_tril = tf.convert_to_tensor(scale_tril)
        loc = tf.convert_to_tensor(loc)
        batch = tf.broadcast_static_shape(loc.shape[:-1], scale_tril.shape[:-2]).as_list()
        if None in batch:
            batch = list(shape(loc)[:-1])
        size = shape(loc)[-1]
        self.loc = tf.broadcast_to(loc, (*batch, size))
        self.scale_tril = tf.broadcast_to(scale_tril, (*batch, size, size))
        super().__init__(batch, (size,))

    @property
    def covariance_matrix(self):
        return tf.matmul(self.scale_tril, self.scale_tril, transpose_b=True)

    @property
    def precision_matrix(self):
        return tf.linalg.inv(self.covariance_matrix)

    @property
    def mean(self):
        return self.loc

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return tf.reduce_sum(tf.square(self.scale_tril), -1)

    def draw(self, sample_shape=()):
        """loc + the triangle times standard normal numbers."""
        noise = tf.random.normal(self.extended(sample_shape), dtype=self.loc.dtype)
        return self.loc + tf.linalg.matvec(self.scale_tril, noise)

    def half_log_det(self):
        """Half the logarithm of the covariance's determinant."""
        return tf.reduce_sum(tf.math.log(tf.linalg.diag_part(self.scale_tril)), -1)

    def distance(self, apart):
        """The squared length of differences, by the covariance."""
        wide = tf.broadcast_dynamic_shape(tf.shape(apart)[:-1], tf.shape(self.scale_tril)[:-2])
        triangle = tf.broadcast_to(self.scale_tril, tf.concat([wide, tf.shape(self.scale_tril)[-2:]], 0))
        apart = tf.broadcast_to(apart, tf.concat([wide, tf.shape(apart)[-1:]], 0))
        solved = tf.linalg.triangular_solve(triangle, apart[..., None])
        return tf.reduce_sum(tf.square(solved), [-2, -1])

    def log_prob(self, value):
        """The logarithm of the density."""
        size = tf.cast(self.event_shape[0], self.loc.dtype)
        constant = size * math.log(2.0 * math.pi)
        return -0.5 * (constant + self.distance(value - self.loc)) - self.half_log_det()

    def entropy(self):
        """The entropy."""
        size = tf.cast(self.event_shape[0], self.loc.dtype)
        return 0.5 * size * (1.0 + math.log(2.0 * math.pi)) + self.half_log_det()


def kl_normal(p, q):
    """The divergence between normal distributions."""
    ratio = tf.square(p.scale / q.scale)
    apart = tf.square((p.loc - q.loc) / q.scale)
    return 0.5 * (ratio + apart - 1.0 - tf.math.log(ratio))


def kl_multivariate_normal(p, q):
    """The divergence between normal distributions of vectors."""
    size = tf.cast(p.event_shape[0], p.loc.dtype)
    half = q.half_log_det() - p.half_log_det()
    spread = tf.reduce_sum(tf.square(tf.linalg.triangular_solve(q.scale_tril, p.scale_tril)), [-2, -1])
    return half + 0.5 * (spread + q.distance(q.loc - p.loc) - size)


def kl_bernoulli(p, q):
    """The divergence between Bernoulli distributions."""
    one = p.probs * (tf.math.softplus(-q.logits) - tf.math.softplus(-p.logits))
    one = tf.where(q.probs == 0, math.inf, one)
    one = tf.where(p.probs == 0, 0.0, one)
    none = (1.0 - p.probs) * (tf.math.softplus(q.logits) - tf.math.softplus(p.logits))
    none = tf.where(q.probs == 1, math.inf, none)
    return one + tf.where(p.probs == 1, 0.0, none)


def kl_categorical(p, q):
    """The divergence between distributions of categories."""
    each = p.probs * (p.logits - q.logits)
    each = tf.where(q.probs == 0, math.inf, each)
    return tf.reduce_sum(tf.where(p.probs == 0, 0.0, each), -1)


def kl_uniform(p, q):
    """The divergence between uniform distributions: infinite where one leaves the other."""
    outside = (q.low > p.low) | (q.high < p.high)
    return tf.where(outside, math.inf, tf.math.log((q.high - q.low) / (p.high - p.low)))


def kl_laplace(p, q):
    """The divergence between Laplace distributions."""
    ratio, apart = p.scale / q.scale, tf.abs(p.loc - q.loc)
    return -tf.math.log(ratio) + apart / q.scale + ratio * tf.exp(-apart / p.scale) - 1.0


def kl_gamma(p, q):
    """The divergence between gamma distributions."""
    a, b = p.concentration, q.concentration
    first = b * tf.math.log(p.rate / q.rate) + tf.math.lgamma(b) - tf.math.lgamma(a)
    return first + (a - b) * tf.math.digamma(a) + (q.rate - p.rate) * (a / p.rate)


def kl_beta(p, q):
    """The divergence between beta distributions."""
    total, other = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    lgamma, digamma = tf.math.lgamma, tf.math.digamma
    norm = lgamma(q.concentration1) + lgamma(q.concentration0) + lgamma(total)
    norm -= lgamma(p.concentration1) + lgamma(p.concentration0) + lgamma(other)
    first = (p.concentration1 - q.concentration1) * digamma(p.concentration1)
    second = (p.concentration0 - q.concentration0) * digamma(p.concentration0)
    return norm + first + second + (other - total) * digamma(total)


def kl_dirichlet(p, q):
    """The divergence between Dirichlet distributions."""
    a, b = p.concentration, q.concentration
    total = tf.reduce_sum(a, -1, keepdims=True)
    norm = tf.math.lgamma(tf.reduce_sum(a, -1)) - tf.math.lgamma(tf.reduce_sum(b, -1))
    norm -= tf.reduce_sum(tf.math.lgamma(a) - tf.math.lgamma(b), -1)
    return norm + tf.reduce_sum((a - b) * (tf.math.digamma(a) - tf.math.digamma(total)), -1)


def kl_divergence(p, q):
    """torch.distributions.kl_divergence, of two distributions of one kind."""
    if isinstance(p, Independent) and isinstance(q, Independent):
        return p.total(kl_divergence(p.base_dist, q.base_dist))
    formulas = (
        (Normal, kl_normal),
        (MultivariateNormal, kl_multivariate_normal),
        (Bernoulli, kl_bernoulli),
        (Categorical, kl_categorical),
        (OneHotCategorical, kl_categorical),
        (Uniform, kl_uniform),
        (Laplace, kl_laplace),
        (Gamma, kl_gamma),
        (Beta, kl_beta),
        (Dirichlet, kl_dirichlet),
        (Exponential, lambda p, q: q.rate / p.rate - tf.math.log(q.rate / p.rate) - 1.0),
        (Poisson, lambda p, q: p.rate * tf.math.log(p.rate / q.rate) - (p.rate - q.rate)),
    )
    for kind, formula in formulas:
        if isinstance(p, kind) and isinstance(q, kind):
            return formula(p, q)
    raise NotImplementedError(f"the divergence between {type(p).__name__} and {type(q).__name__}")

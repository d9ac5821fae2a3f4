"""Special functions that TensorFlow lacks, or defines on a smaller domain than torch."""

import math

import tensorflow as tf

from transpile.support.numeric import as_float


def right_half(y, x, at_zero):
    """A function's values y at x, where torch defines it for positive numbers: NaN left of zero."""
    y = tf.where(x == 0, tf.constant(at_zero, y.dtype), y)
    return tf.where(x < 0, tf.constant(math.nan, y.dtype), y)


def polygamma(n, input):
    """torch.polygamma: negative numbers are moved to the right by the sum that lies between."""
    x = as_float(input)
    if n == 0:
        return tf.math.digamma(x)
    power = float(n + 1)
    total = tf.zeros_like(x)

    def more(x, total):
        return tf.reduce_any((x < 0) & (x != tf.floor(x)))

    def step(x, total):
        left = (x < 0) & (x != tf.floor(x))
        return tf.where(left, x + 1, x), total + tf.where(left, tf.pow(tf.where(left, x, 1.0), -power), 0.0)

    x, total = tf.while_loop(more, step, (x, total))
    total = tf.where(x <= 0, tf.constant(math.inf, x.dtype), total)
    zeta = tf.math.zeta(tf.cast(power, x.dtype), tf.where(x > 0, x, tf.ones_like(x)))
    return (-1.0) ** (n + 1) * math.factorial(n) * (total + zeta)


def erfcx(input):
    """torch.special.erfcx: exp(x²) erfc(x), by its series where the factors would overflow."""
    x = tf.cast(as_float(input), tf.float64)
    far = x > 25
    near = tf.where(far, tf.zeros_like(x), x)
    wide = tf.where(far, x, tf.ones_like(x) * 25)
    s = 1 / (2 * tf.square(wide))
    series = (1 - s + 3 * s**2 - 15 * s**3) / (wide * math.sqrt(math.pi))
    y = tf.where(far, series, tf.exp(tf.square(near)) * tf.math.erfc(near))
    return tf.cast(y, as_float(input).dtype)


def log_ndtr(input):
    """torch.special.log_ndtr: the logarithm of the normal distribution function."""
    x = as_float(input)
    t = x / math.sqrt(2.0)
    low = tf.math.log(erfcx(-tf.minimum(t, 0.0)) / 2) - tf.square(t)
    high = tf.math.log1p(-tf.math.erfc(tf.maximum(t, -1.0)) / 2)
    return tf.where(x < -1, low, high)


def airy_ai(x):
    """torch.special.airy_ai: the power series, and far from zero the asymptotic forms."""
    z = tf.cast(as_float(x), tf.float64)
    near = tf.where(tf.abs(z) > 6, tf.zeros_like(z), z)
    f = term_f = tf.ones_like(z)
    g = term_g = near
    for k in range(1, 40):
        term_f = term_f * near**3 / ((3 * k - 1) * (3 * k))
        term_g = term_g * near**3 / ((3 * k) * (3 * k + 1))
        f, g = f + term_f, g + term_g
    series = 0.355028053887817239 * f - 0.258819403792806798 * g
    size = tf.maximum(tf.abs(z), 1.0)
    t = 2 / 3 * size**1.5
    factor = 1 / (math.sqrt(math.pi) * size**0.25)
    u = (1.0, 5 / 72, 385 / 10368, 85085 / 2239488)
    right = factor / 2 * tf.exp(-t) * (u[0] - u[1] / t + u[2] / t**2 - u[3] / t**3)
    angle = t + math.pi / 4
    left = factor * (tf.sin(angle) * (u[0] - u[2] / t**2) - tf.cos(angle) * (u[1] / t - u[3] / t**3))
    y = tf.where(tf.abs(z) <= 6, series, tf.where(z > 0, right, left))
    y = tf.where(tf.math.is_inf(z), tf.constant(math.nan, z.dtype), y)
    return tf.cast(y, as_float(x).dtype)


def spherical_bessel_j0(input):
    """torch.special.spherical_bessel_j0: sin(x) / x."""
    x = as_float(input)
    safe = tf.where((x == 0) | tf.math.is_inf(x), tf.ones_like(x), x)
    y = tf.where(x == 0, tf.ones_like(x), tf.sin(safe) / safe)
    return tf.where(tf.math.is_inf(x), tf.zeros_like(x), y)


# The second polynomial of each kind, and the next one from the two before it.
POLYNOMIALS = {
    "chebyshev_t": (lambda x: x, lambda k, x, a, b: 2 * x * b - a),
    "chebyshev_u": (lambda x: 2 * x, lambda k, x, a, b: 2 * x * b - a),
    "chebyshev_v": (lambda x: 2 * x - 1, lambda k, x, a, b: 2 * x * b - a),
    "chebyshev_w": (lambda x: 2 * x + 1, lambda k, x, a, b: 2 * x * b - a),
    "hermite_h": (lambda x: 2 * x, lambda k, x, a, b: 2 * x * b - 2 * k * a),
    "hermite_he": (lambda x: x, lambda k, x, a, b: x * b - k * a),
    "laguerre_l": (lambda x: 1 - x, lambda k, x, a, b: ((2 * k + 1 - x) * b - k * a) / (k + 1)),
    "legendre_p": (lambda x: x, lambda k, x, a, b: ((2 * k + 1) * x * b - k * a) / (k + 1)),
}


def polynomial(kind, input, n, shifted=False):
    """torch.special's orthogonal polynomials of degree n: 0 where n is negative."""
    x = as_float(input)
    n = tf.cast(n, tf.int32)
    shape = tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(n))
    x, n = tf.broadcast_to(2 * x - 1 if shifted else x, shape), tf.broadcast_to(n, shape)
    first, following = POLYNOMIALS[kind]

    def step(k, a, b, result):
        number = tf.cast(k, x.dtype)
        a, b = b, following(number, x, a, b)
        return k + 1, a, b, tf.where(n == k + 1, b, result)

    one, start = tf.ones_like(x), first(x)
    result = tf.where(n == 0, one, tf.where(n == 1, start, tf.zeros_like(x)))
    last = tf.reduce_max(tf.concat([tf.reshape(n, (-1,)), [0]], 0))
    return tf.while_loop(lambda k, a, b, r: k < last, step, (1, one, start, result))[-1]


def frexp(input):
    """torch.frexp: mantissa in [0.5, 1) and exponent as int32."""
    x = as_float(input)
    odd = (x == 0) | ~tf.math.is_finite(x)
    size = tf.where(odd, tf.ones_like(x), tf.abs(x))
    exponent = tf.floor(tf.math.log(tf.cast(size, tf.float64)) / math.log(2.0)) + 1
    mantissa = tf.cast(size, tf.float64) / 2.0**exponent
    up = tf.cast(mantissa >= 1, tf.float64) - tf.cast(mantissa < 0.5, tf.float64)  # the logarithm was rounded
    exponent, mantissa = exponent + up, mantissa / 2.0**up
    mantissa = tf.where(odd, x, tf.sign(x) * tf.cast(mantissa, x.dtype))
    return mantissa, tf.where(odd, 0, tf.cast(exponent, tf.int32))

"""Factorizations of matrices with torch's results: pivots, reflectors, singular vectors, records by name."""

import collections

import tensorflow as tf

from transpile.support.shape import shape

Svd = collections.namedtuple("Svd", ["U", "S", "Vh"])
SvdV = collections.namedtuple("SvdV", ["U", "S", "V"])
Eigen = collections.namedtuple("Eigen", ["eigenvalues", "eigenvectors"])
Factored = collections.namedtuple("Factored", ["LU", "pivots"])
Reflectors = collections.namedtuple("Reflectors", ["a", "tau"])


def svd(A, full_matrices=True):
    """torch.linalg.svd: U, S and the adjoint of V."""
    s, u, v = tf.linalg.svd(A, full_matrices)
    return Svd(u, s, tf.linalg.adjoint(v))


def svd_v(input, some=True, compute_uv=True):
    """torch.svd: U, S and V."""
    s, u, v = tf.linalg.svd(input, not some)
    return SvdV(u, s, v) if compute_uv else SvdV(tf.zeros_like(u), s, tf.zeros_like(v))


def eigh(A, UPLO="L"):
    """torch.linalg.eigh: reads one triangle alone."""
    return Eigen(*tf.linalg.eigh(A if UPLO in "Ll" else tf.linalg.adjoint(A)))


def eig(A):
    """torch.linalg.eig: complex eigenvalues and eigenvectors."""
    return Eigen(*tf.linalg.eig(A))


def without_errors(result):
    """A result and torch's error codes, which are 0: TensorFlow raises instead."""
    return result, tf.zeros(tf.shape(result)[:-2], tf.int32)


def cholesky(input, upper=False):
    """torch.linalg.cholesky."""
    lower = tf.linalg.cholesky(input)
    return tf.linalg.adjoint(lower) if upper else lower


def cholesky_inverse(input, upper=False):
    """torch.cholesky_inverse: the inverse of the matrix with this factor."""
    return tf.linalg.inv(tf.matmul(input, input, adjoint_a=upper, adjoint_b=not upper))


def lu_factor(A, pivot=True):
    """torch.linalg.lu_factor: both triangles in one matrix, and which row each step was swapped with, from 1."""
    m, n = A.shape[-2:]
    row, column, pivots = tf.range(m), tf.range(n), []
    for k in range(min(m, n)):
        size = tf.where(row >= k, tf.abs(A[..., k]), -1)
        best = tf.argmax(size, -1, tf.int32) if pivot else tf.fill(tf.shape(A)[:-2], k)
        place = best[..., None]
        order = tf.where(row == k, place, tf.where(row == place, k, row))
        A = tf.gather(A, order, batch_dims=len(A.shape) - 2)
        factor = tf.where(
            (row > k)[:, None], tf.math.divide_no_nan(A[..., k : k + 1], A[..., k : k + 1, k : k + 1]), 0
        )
        rest = A - factor * A[..., k : k + 1, :]
        A = tf.where(column > k, rest, tf.where((column == k) & (row > k)[:, None], factor, A))
        pivots.append(best + 1)
    pivots = tf.stack(pivots, -1) if pivots else tf.zeros((*shape(A)[:-2], 0), tf.int32)
    return Factored(A, pivots)


def row_order(pivots, n):
    """The order of n rows after the swaps of an LU factorization."""
    order = tf.broadcast_to(tf.range(n), (*shape(pivots)[:-1], n))
    row = tf.range(n)
    for k in range(pivots.shape[-1]):
        place = pivots[..., k : k + 1] - 1
        swap = tf.where(row == k, place, tf.where(row == place, k, row))
        order = tf.gather(order, swap, batch_dims=len(order.shape) - 1)
    return order


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """torch.lu_unpack: the permutation and both triangles; empty where they are not asked for."""
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    nothing = tf.zeros((0,), LU_data.dtype)
    p, lower, upper = nothing, nothing, nothing
    if unpack_pivots:
        p = tf.linalg.matrix_transpose(tf.one_hot(row_order(LU_pivots, m), m, dtype=LU_data.dtype))
    if unpack_data:
        lower = tf.linalg.set_diag(
            tf.linalg.band_part(LU_data[..., :k], -1, 0), tf.ones((*shape(LU_data)[:-2], k), LU_data.dtype)
        )
        upper = tf.linalg.band_part(LU_data[..., :k, :], 0, -1)
    return p, lower, upper


def lu(A, pivot=True):
    """torch.linalg.lu: A = P @ L @ U; without pivots P is empty."""
    return lu_unpack(*lu_factor(A, pivot), True, pivot)


def lu_with_infos(A, pivot=True, get_infos=False):
    """torch.lu."""
    factored = lu_factor(A, pivot)
    return (*factored, tf.zeros(tf.shape(A)[:-2], tf.int32)) if get_infos else factored


def geqrf(input):
    """torch.geqrf: R, with the Householder vectors below it, and their factors."""
    x, (m, n), taus = input, input.shape[-2:], []
    row, column = tf.range(m), tf.range(n)
    for k in range(min(m, n)):
        below = tf.where(row > k, x[..., k], 0)
        alpha = x[..., k, k]
        length = tf.sqrt(tf.square(alpha) + tf.reduce_sum(tf.square(below), -1))
        beta = tf.where(alpha > 0, -length, length)
        flat = tf.reduce_all(below == 0, -1)
        beta = tf.where(flat, alpha, beta)
        tau = tf.where(flat, 0.0, tf.math.divide_no_nan(beta - alpha, beta))
        v = tf.math.divide_no_nan(below, (alpha - beta)[..., None]) + tf.cast(row == k, x.dtype)
        moved = x - tau[..., None, None] * v[..., None] * tf.matmul(v[..., None, :], x)
        kept = tf.where((column == k) & (row > k)[:, None], v[..., None], moved)
        x = tf.where(column >= k, kept, x)
        taus.append(tau)
    return Reflectors(x, tf.stack(taus, -1) if taus else tf.zeros((*shape(input)[:-2], 0), input.dtype))


def householder_product(A, tau):
    """torch.linalg.householder_product: the first columns of the product of reflections."""
    m, n = shape(A)[-2:]
    q = tf.eye(m, n, batch_shape=shape(A)[:-2], dtype=A.dtype)
    row = tf.range(m)
    for k in reversed(range(tau.shape[-1])):
        v = tf.where(row > k, A[..., k], tf.cast(row == k, A.dtype))[..., None]
        q = q - tau[..., k, None, None] * v * tf.matmul(v, q, adjoint_a=True)
    return q


def ormqr(input, tau, other, left=True, transpose=False):
    """torch.ormqr: a product with the whole orthogonal matrix of a QR factorization."""
    m, n = shape(input)[-2:]
    wide = tf.pad(input, [*[[0, 0]] * (len(input.shape) - 1), [0, max(m - n, 0)]])[..., :m]
    q = householder_product(wide, tau)
    return tf.matmul(q, other, adjoint_a=transpose) if left else tf.matmul(other, q, adjoint_b=transpose)

"""Norms, ranks, inverses and systems of equations with torch's arguments and tolerances."""

import collections
import math

import tensorflow as tf

from transpile.support.decomposition import row_order
from transpile.support.numeric import norm
from transpile.support.shape import product, shape

Solution = collections.namedtuple("Solution", ["solution", "residuals", "rank", "singular_values"])
Triangular = collections.namedtuple("Triangular", ["solution", "cloned_coefficient"])


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, dtype=None):
    """torch.linalg.matrix_norm."""
    x = A if dtype is None else tf.cast(A, dtype)
    if ord == "fro":
        return norm(x, 2, dim, keepdim)
    rank = len(x.shape)
    axes = [axis % rank for axis in dim]
    x = tf.transpose(x, [*(i for i in range(rank) if i not in axes), *axes])
    reduce = tf.reduce_min if ord in (-1, -2, -math.inf) else tf.reduce_max
    if ord in (2, -2, "nuc"):
        values = tf.linalg.svd(x, compute_uv=False)
        y = tf.reduce_sum(values, -1) if ord == "nuc" else reduce(values, -1)
    else:  # the sums of columns for 1, of rows for infinity
        y = reduce(tf.reduce_sum(tf.abs(x), -2 if ord in (1, -1) else -1), -1)
    for axis in sorted(axes) if keepdim else ():
        y = tf.expand_dims(y, axis)
    return y


def linalg_norm(A, ord=None, dim=None, keepdim=False, dtype=None):
    """torch.linalg.norm: of a vector or of a matrix, as dimensions and order say."""
    if dim is not None and not isinstance(dim, int) and len(dim) == 1:
        dim = dim[0]
    if ord is None:
        return norm(A, 2, dim, keepdim, dtype)
    if isinstance(dim, int) or (dim is None and len(A.shape) == 1):
        return norm(A, ord, dim, keepdim, dtype)
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype)


def cond(A, p=None):
    """torch.linalg.cond."""
    if p in (None, 2, -2):
        values = tf.linalg.svd(A, compute_uv=False)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(tf.linalg.inv(A), p)


def tolerance(A, values, atol, rtol):
    """Which singular values count as zero: all up to this one."""
    machine = {tf.float32: 2.0**-23, tf.float64: 2.0**-52}[values.dtype]
    if rtol is None:
        rtol = machine * max(A.shape[-2:]) if atol is None else 0.0
    largest = tf.reduce_max(values, -1) if values.shape[-1] else tf.zeros(shape(values)[:-1], values.dtype)
    relative = tf.cast(rtol, values.dtype) * largest
    return tf.maximum(tf.cast(0.0 if atol is None else atol, values.dtype), relative)[..., None]


def matrix_rank(A, atol=None, rtol=None, hermitian=False):
    """torch.linalg.matrix_rank."""
    values = tf.abs(tf.linalg.eigvalsh(A)) if hermitian else tf.linalg.svd(A, compute_uv=False)
    values = tf.math.real(values)
    return tf.math.count_nonzero(values > tolerance(A, values, atol, rtol), -1)


def pinv(A, rtol=None, atol=None, hermitian=False):
    """torch.linalg.pinv."""
    if 0 in A.shape:
        return tf.linalg.adjoint(A)
    if hermitian:
        A = tf.linalg.band_part(A, -1, 0)
        A = A + tf.linalg.adjoint(A) - tf.linalg.diag(tf.linalg.diag_part(A))
    s, u, v = tf.linalg.svd(A)
    large = s > tolerance(A, s, atol, rtol)
    inverse = tf.where(large, 1.0 / tf.where(large, s, tf.ones_like(s)), tf.zeros_like(s))
    return tf.matmul(v * tf.cast(inverse, v.dtype)[..., None, :], u, adjoint_b=True)


def solve(A, B, left=True):
    """torch.linalg.solve: of A X = B, or X A = B; B may be a vector, or a batch of them."""
    sizes = B.shape.as_list()
    vector = len(sizes) == 1 or (sizes == A.shape.as_list()[:-1] and None not in sizes)
    if vector:
        return solve(A, B[..., None])[..., 0]
    if not left:
        transpose = tf.linalg.matrix_transpose
        return transpose(solve(transpose(A), transpose(B)))
    batch = tf.broadcast_dynamic_shape(tf.shape(A)[:-2], tf.shape(B)[:-2])
    A, B = (tf.broadcast_to(x, tf.concat([batch, tf.shape(x)[-2:]], 0)) for x in (A, B))
    return tf.linalg.solve(A, B)


def solve_triangular(A, B, upper, left=True, unitriangular=False):
    """torch.linalg.solve_triangular."""
    if unitriangular:
        A = tf.linalg.set_diag(A, tf.ones(tf.shape(A)[:-1], A.dtype))
    if left:
        return tf.linalg.triangular_solve(A, B, not upper)
    transpose = tf.linalg.matrix_transpose
    return transpose(tf.linalg.triangular_solve(transpose(A), transpose(B), upper))


def triangular_solve(b, A, upper=True, transpose=False, unitriangular=False):
    """torch.triangular_solve: the solution, and A."""
    coefficients = tf.linalg.matrix_transpose(A) if transpose else A
    return Triangular(solve_triangular(coefficients, b, upper != transpose, True, unitriangular), A)


def cholesky_solve(B, L, upper=False):
    """torch.cholesky_solve."""
    L = tf.linalg.adjoint(L) if upper else L
    batch = tf.broadcast_dynamic_shape(tf.shape(L)[:-2], tf.shape(B)[:-2])
    L, B = (tf.broadcast_to(x, tf.concat([batch, tf.shape(x)[-2:]], 0)) for x in (L, B))
    return tf.linalg.cholesky_solve(L, B)


def lu_solve(LU, pivots, B, left=True, adjoint=False):
    """torch.linalg.lu_solve."""
    n = shape(LU)[-1]
    permutation = tf.one_hot(row_order(pivots, n), n, dtype=LU.dtype)
    lower = tf.linalg.set_diag(LU, tf.ones(tf.shape(LU)[:-1], LU.dtype))
    A = tf.matmul(tf.linalg.band_part(lower, -1, 0), tf.linalg.band_part(LU, 0, -1))
    A = tf.matmul(permutation, A, adjoint_a=True)
    return solve(tf.linalg.adjoint(A) if adjoint else A, B, left)


def lstsq(A, B, rcond=None, driver=None):
    """torch.linalg.lstsq: the solution of least squares; what torch leaves empty is empty."""
    vector = len(B.shape) == len(A.shape) - 1
    b = B[..., None] if vector else B
    m, n = A.shape[-2:]
    x = tf.matmul(pinv(A, rcond), b)
    s = tf.linalg.svd(A, compute_uv=False)
    rank = tf.math.count_nonzero(s > tolerance(A, s, None, rcond), -1)
    over = m > n and driver not in (None, "gelsy")
    rest = tf.reduce_sum(tf.square(tf.abs(tf.matmul(A, x) - b)), -2) if over else tf.zeros((0,), s.dtype)
    return Solution(
        x[..., 0] if vector else x,
        rest,
        tf.zeros((0,), tf.int64) if driver == "gels" else rank,
        s if driver in ("gelsd", "gelss") else tf.zeros((0,), s.dtype),
    )


def tensorinv(A, ind=2):
    """torch.linalg.tensorinv."""
    first, last = shape(A)[:ind], shape(A)[ind:]
    return tf.reshape(tf.linalg.inv(tf.reshape(A, (product(first), product(last)))), (*last, *first))


def tensorsolve(A, B, dims=None):
    """torch.linalg.tensorsolve."""
    if dims is not None:
        moved = [d % len(A.shape) for d in dims]
        A = tf.transpose(A, [*(i for i in range(len(A.shape)) if i not in moved), *moved])
    n = product(shape(B))
    x = tf.linalg.solve(tf.reshape(A, (n, n)), tf.reshape(B, (n, 1)))
    return tf.reshape(x, shape(A)[len(B.shape) :])


def matrix_power(input, n):
    """torch.linalg.matrix_power: any integer; negative ones invert."""
    if n < 0:
        return matrix_power(tf.linalg.inv(input), -n)
    result = tf.eye(tf.shape(input)[-1], batch_shape=tf.shape(input)[:-2], dtype=input.dtype)
    while n:
        result = tf.matmul(result, input) if n % 2 else result
        input, n = tf.matmul(input, input), n // 2
    return result


def vander(x, N=None, increasing=False):
    """torch.vander, and with increasing=True torch.linalg.vander."""
    x = tf.reshape(x, (1,)) if len(x.shape) == 0 else x
    n = shape(x)[-1] if N is None else N
    powers = tf.range(n) if increasing else tf.range(n - 1, -1, -1)
    return tf.pow(x[..., None], tf.cast(powers, x.dtype))


def multi_dot(tensors):
    """torch.linalg.multi_dot: the first and the last may be vectors."""
    first, *middle, last = tensors
    result = first[None] if len(first.shape) == 1 else first
    for x in (*middle, last[:, None] if len(last.shape) == 1 else last):
        result = tf.matmul(result, x)
    result = result[0] if len(first.shape) == 1 else result
    return result[..., 0] if len(last.shape) == 1 else result


def tensordot(a, b, dims=2):
    """torch.tensordot: a size of 1 goes with any other."""
    if isinstance(dims, int):
        dims = (list(range(len(a.shape) - dims, len(a.shape))), list(range(dims)))
    first, second = [i % len(a.shape) for i in dims[0]], [i % len(b.shape) for i in dims[1]]
    for i, j in zip(first, second, strict=True):
        if a.shape[i] == 1 and b.shape[j] != 1:
            b = tf.reduce_sum(b, j, keepdims=True)
        elif b.shape[j] == 1 and a.shape[i] != 1:
            a = tf.reduce_sum(a, i, keepdims=True)
    return tf.tensordot(a, b, (first, second))


def blend(input, product, beta=1, alpha=1):
    """beta * input + alpha * product; an input times 0 counts as 0, even where it is not a number."""
    product = product if alpha == 1 else product * tf.cast(alpha, product.dtype)
    if isinstance(beta, (int, float)) and beta == 0:
        return product + tf.zeros_like(input)
    return product + (input if beta == 1 else input * tf.cast(beta, input.dtype))

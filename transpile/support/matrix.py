"""Products and parts of matrices with torch's arguments."""

import tensorflow as tf

from transpile.support.numeric import promote
from transpile.support.shape import shape


def matmul(input, other):
    """torch.matmul: vectors on either side too."""
    a, b = promote(input, other)
    if len(a.shape) == 1 and len(b.shape) == 1:
        return tf.tensordot(a, b, 1)
    if len(a.shape) == 1:
        return tf.linalg.matvec(b, a, transpose_a=True)
    return tf.linalg.matvec(a, b) if len(b.shape) == 1 else tf.matmul(a, b)


def einsum(equation, *operands):
    """torch.einsum of dtypes that differ, or with "..." for axes that the result does not have.

    The former are promoted, the latter broadcast and summed over.
    """
    operands = promote(*operands)
    if "..." not in equation:
        return tf.einsum(equation, *operands)
    terms, _, result = equation.replace(" ", "").partition("->")
    terms = terms.split(",")
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in equation]
    ranks = [len(x.shape) - len(term.replace("...", "")) for term, x in zip(terms, operands, strict=True)]
    letters = "".join(free[: max(ranks)])
    written = [t.replace("...", letters[len(letters) - n :]) for t, n in zip(terms, ranks, strict=True)]
    tensors = list(operands)
    for i, term in enumerate(written):  # a size of 1 that another operand has larger counts for all of it
        ones = [axis for axis, c in enumerate(term) if c in letters and tensors[i].shape[axis] == 1]
        for axis in reversed(ones):
            sizes = [
                x.shape[t.index(term[axis])] for t, x in zip(written, tensors, strict=True) if term[axis] in t
            ]
            if any(n != 1 for n in sizes):
                tensors[i] = tf.squeeze(tensors[i], axis)
                written[i] = written[i][:axis] + written[i][axis + 1 :]
    return tf.einsum(f"{','.join(written)}->{result.replace('...', letters)}", *tensors)


def bmm(input, mat2):
    """torch.bmm."""
    return tf.matmul(input, mat2)


def addmm(input, mat1, mat2, beta=1, alpha=1):
    """torch.addmm, and torch.baddbmm for batches."""
    y = tf.matmul(mat1, mat2)
    y = y if alpha == 1 else y * alpha
    return y + (input if beta == 1 else input * beta)


def baddbmm(input, batch1, batch2, beta=1, alpha=1):
    """torch.baddbmm."""
    return addmm(input, batch1, batch2, beta, alpha)


def outer(input, vec2):
    """torch.outer."""
    return input[:, None] * vec2[None, :]


def cross(input, other, dim=-1):
    """torch.linalg.cross along an axis of size 3; torch.cross with dim=None takes the first such axis."""
    dim = [*input.shape].index(3) if dim is None else dim
    a, b = (tf.experimental.numpy.moveaxis(x, dim, -1) for x in promote(input, other))
    size = tf.broadcast_dynamic_shape(tf.shape(a), tf.shape(b))
    y = tf.linalg.cross(tf.broadcast_to(a, size), tf.broadcast_to(b, size))
    return tf.experimental.numpy.moveaxis(y, -1, dim)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """torch.diagonal: the diagonal becomes the last axis."""
    x = tf.experimental.numpy.moveaxis(input, (dim1, dim2), (-2, -1))
    return tf.linalg.diag_part(x, k=offset)


def diag(input, diagonal=0):
    """torch.diag: a matrix from a vector, or the diagonal of a matrix."""
    return (
        tf.linalg.diag(input, k=diagonal) if len(input.shape) == 1 else tf.linalg.diag_part(input, k=diagonal)
    )


def triangle_mask(input, diagonal, lower):
    """Where a matrix (…, rows, columns) lies on and below, or on and above, a diagonal."""
    rows, columns = shape(input)[-2:]
    distance = tf.range(columns)[None] - tf.range(rows)[:, None]
    return distance <= diagonal if lower else distance >= diagonal


def tril(input, diagonal=0):
    """torch.tril."""
    return tf.where(triangle_mask(input, diagonal, True), input, tf.zeros_like(input))


def triu(input, diagonal=0):
    """torch.triu."""
    return tf.where(triangle_mask(input, diagonal, False), input, tf.zeros_like(input))

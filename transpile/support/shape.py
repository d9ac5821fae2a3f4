"""Shapes as torch sees them: plain ints where they are known, scalar tensors where they are not."""

import math

import tensorflow as tf


def shape(x):
    """The sizes of x in the order of its axes."""
    static = list(x.shape)
    if None not in static:
        return tuple(static)
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if n is None else n for i, n in enumerate(static))


def size(x, dim=None):
    """All sizes of x, or the one of axis `dim`; the length of what is no tensor."""
    if dim is None:
        return shape(x)
    if dim == 0 and not hasattr(x, "shape"):
        return len(x)
    return tf.shape(x)[dim] if x.shape[dim] is None else x.shape[dim]


def numel(x):
    """The number of elements."""
    return product(shape(x))


def product(sizes):
    """The product of ints and scalar tensors; 1 for none."""
    result = 1
    for n in sizes:
        result = result * n
    return result


def reshape(x, *sizes):
    """x.reshape(2, -1) and x.reshape((2, -1)); sizes may be scalar tensors."""
    wanted = sizes[0] if len(sizes) == 1 and is_listed(sizes[0]) else sizes
    if isinstance(wanted, (tuple, list)):
        unknown = [i for i, n in enumerate(wanted) if not isinstance(n, int)]
        if len(unknown) == 1 and -1 not in known(wanted):
            # One open size is what -1 says, and -1 keeps the others static.
            wanted = [-1 if i in unknown else n for i, n in enumerate(wanted)]
    return tf.reshape(x, wanted)


def reshape_rest(x, sizes):
    """x.reshape(len(x), *sizes): the first axis stays, and -1 among the sizes is a static number if it can be."""
    rest, sizes = list(x.shape[1:]), list(sizes)
    if None not in rest and all(isinstance(n, int) for n in sizes):
        others = math.prod(n for n in sizes if n != -1)
        whole = math.prod(rest)
        if -1 in sizes and others and whole % others == 0:
            sizes[sizes.index(-1)] = whole // others
        if whole and math.prod(sizes) == whole:
            return tf.reshape(x, (-1, *sizes))
    return tf.reshape(x, (shape(x)[0], *sizes))


def is_listed(sizes):
    """Whether this is a list of sizes and not one size."""
    return isinstance(sizes, (tuple, list)) or len(getattr(sizes, "shape", ())) == 1


def known(sizes):
    """The sizes that are plain ints."""
    return [n for n in sizes if isinstance(n, int)]


def as_sizes(sizes):
    """A list of sizes, of one size or of several."""
    return list(sizes) if isinstance(sizes, (tuple, list)) else sizes if is_listed(sizes) else [sizes]


def flatten(x, start_dim=0, end_dim=-1):
    """torch.flatten: the axes from start_dim to end_dim become one."""
    rank = len(x.shape)
    if rank == 0:
        return tf.reshape(x, (1,))
    start, end = start_dim % rank, end_dim % rank
    sizes = shape(x)
    middle = sizes[start : end + 1]
    merged = math.prod(middle) if all(isinstance(n, int) for n in middle) else -1
    return reshape(x, (*sizes[:start], merged, *sizes[end + 1 :]))


def unflatten(x, dim, sizes):
    """torch.unflatten: axis `dim` becomes the axes `sizes`, of which one may be -1."""
    dim = dim % len(x.shape)
    before, after = shape(x)[:dim], shape(x)[dim + 1 :]
    sizes = list(sizes)
    if -1 in known(sizes):
        rest = product(n for i, n in enumerate(sizes) if i != known(sizes).index(-1))
        sizes[sizes.index(-1)] = size(x, dim) // rest
    return reshape(x, (*before, *sizes, *after))


def expand(x, *sizes):
    """x.expand(2, -1, 3): axes of size 1 are repeated, -1 keeps a size, new axes come in front."""
    wanted = list(sizes[0]) if len(sizes) == 1 and is_listed(sizes[0]) else list(sizes)
    old = (1,) * (len(wanted) - len(x.shape)) + shape(x)
    target = [old[i] if isinstance(n, int) and n == -1 else n for i, n in enumerate(wanted)]
    return tf.broadcast_to(x, target)


def expand_as(x, other):
    """x.expand_as(other)."""
    return tf.broadcast_to(x, shape(other))


def repeat(x, *sizes):
    """x.repeat(2, 3): tiles, with new axes in front."""
    times = list(sizes[0]) if len(sizes) == 1 and is_listed(sizes[0]) else list(sizes)
    new = len(times) - len(x.shape)
    return tf.tile(tf.reshape(x, (1,) * new + shape(x)), times)


def repeat_interleave(x, repeats, dim=None):
    """torch.repeat_interleave."""
    if dim is None:
        x, dim = tf.reshape(x, (-1,)), 0
    return tf.repeat(x, repeats, axis=dim)


def squeeze(x, dim=None):
    """torch.squeeze: an axis that is not of size 1 stays."""
    if dim is None:
        return tf.squeeze(x)
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    ones = [d for d in dims if len(x.shape) and x.shape[d] == 1]
    return tf.squeeze(x, ones) if ones else x


def cat(tensors, dim=0):
    """torch.cat, which leaves out tensors of shape (0,)."""
    tensors = list(tensors)
    filled = [x for x in tensors if tuple(x.shape) != (0,)]
    return tf.concat(filled or tensors, dim if filled else 0)


def chunk(x, chunks, dim=0):
    """torch.chunk: equal pieces, of which the last may be shorter or missing."""
    n = size(x, dim)
    if isinstance(n, int) and n % chunks == 0:
        return tuple(tf.split(x, chunks, dim))
    if isinstance(n, int):
        return split(x, -(-n // chunks), dim)
    piece = -(-n // chunks)
    last = n - piece * (chunks - 1)  # how many pieces there are is fixed in a graph
    with tf.control_dependencies([tf.debugging.assert_positive(last, f"not enough for {chunks} chunks")]):
        return tuple(tf.split(x, tf.stack([piece] * (chunks - 1) + [last]), dim, num=chunks))


def split(x, split_size_or_sections, dim=0):
    """torch.split: pieces of one size (the last may be shorter), or of the sizes in a list."""
    sections = split_size_or_sections
    n = size(x, dim)
    if isinstance(sections, (tuple, list)):
        return tuple(tf.split(x, list(sections), dim))
    if not isinstance(n, int) or not isinstance(sections, int):
        raise ValueError(f"cannot split axis {dim} of shape {x.shape}: the number of pieces is not known")
    pieces = [sections] * (n // sections) + ([n % sections] if n % sections else [])
    return tuple(tf.split(x, pieces or [0], dim))


def tensor_split(x, indices_or_sections, dim=0):
    """torch.tensor_split: nearly equal pieces, or a cut before each of the given indices."""
    if tf.is_tensor(indices_or_sections):
        indices_or_sections = indices_or_sections.numpy().tolist()
    if isinstance(indices_or_sections, int):
        n, pieces = size(x, dim), indices_or_sections
        return tuple(tf.split(x, [(n + pieces - 1 - i) // pieces for i in range(pieces)], dim))
    before = (slice(None),) * (dim % len(x.shape))
    cuts = [0, *indices_or_sections, None]
    places = [(*before, slice(a, b)) for a, b in zip(cuts, cuts[1:], strict=False)]
    return tuple(x[place] for place in places)


def unbind(x, dim=0):
    """torch.unbind."""
    return tuple(tf.unstack(x, axis=dim))


def unfold_axis(x, dimension, size, step):
    """x.unfold(dimension, size, step): windows of an axis; the elements of a window stand last."""
    if len(x.shape) == 0:
        return tf.reshape(x, (1,))
    dimension = dimension % len(x.shape)
    length = x.shape[dimension] if x.shape[dimension] is not None else tf.shape(x)[dimension]
    starts = tf.range(0, length - size + 1, step)
    y = tf.gather(x, starts[:, None] + tf.range(size)[None], axis=dimension)
    rank = len(x.shape) + 1
    order = [i for i in range(rank) if i != dimension + 1]
    return tf.transpose(y, [*order, dimension + 1])


def movedim(x, source, destination):
    """torch.movedim."""
    rank = len(x.shape)
    source = [source] if isinstance(source, int) else list(source)
    destination = [destination] if isinstance(destination, int) else list(destination)
    source, destination = [d % rank for d in source], [d % rank for d in destination]
    order = [d for d in range(rank) if d not in source]
    for to, origin in sorted(zip(destination, source, strict=True)):
        order.insert(to, origin)
    return tf.transpose(x, order)


def transpose(x, dim0, dim1):
    """torch.transpose: two axes swapped; a scalar has none."""
    if len(x.shape) == 0:
        return x
    order = list(range(len(x.shape)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return tf.transpose(x, order)


def unpack_axes(tensor, packed_shapes, pattern):
    """einops.unpack, with sizes that may be tensors: the tensors that einops.pack has joined along `*`."""
    axes = pattern.split()
    at = axes.index("*")
    lengths = [product(sizes) for sizes in packed_shapes]
    holes = [i for i, sizes in enumerate(packed_shapes) if any(isinstance(n, int) and n == -1 for n in sizes)]
    for i in holes:
        lengths[i] = size(tensor, at) - sum(n for place, n in enumerate(lengths) if place != i)
    have = shape(tensor)
    parts = tf.split(tensor, lengths, axis=at)
    return [
        reshape(part, [*have[:at], *sizes, *have[at + 1 :]])
        for part, sizes in zip(parts, packed_shapes, strict=True)
    ]


def hsplit(input, indices_or_sections):
    """torch.hsplit: along the second axis, or the only one."""
    return tensor_split(input, indices_or_sections, 1 if len(input.shape) > 1 else 0)


def with_rank(function, *tensors):
    """torch.atleast_1d and its kin: of one tensor, of several, or of a list of them."""
    if len(tensors) > 1 or isinstance(tensors[0], (tuple, list)):
        listed = tensors if len(tensors) > 1 else tensors[0]
        return tuple(function(x) for x in listed)
    return function(tensors[0])

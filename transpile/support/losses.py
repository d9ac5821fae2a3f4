"""Loss functions with torch's reductions, weights and ignored classes."""

import math

import tensorflow as tf

from transpile.support.numeric import pairwise_distance


def reduced(loss, reduction="mean"):
    """The mean, the sum, or the losses themselves."""
    return {"mean": tf.reduce_mean, "sum": tf.reduce_sum, "none": tf.identity}[reduction](loss)


def weighted(loss, reduction="mean", weight=None):
    """Losses with a weight each; their mean is divided by the sum of the weights."""
    if weight is None:
        return reduced(loss, reduction)
    loss = loss * weight
    if reduction != "mean":
        return reduced(loss, reduction)
    return tf.reduce_sum(loss) / tf.reduce_sum(tf.broadcast_to(weight, tf.shape(loss)))


def mse_loss(input, target, reduction="mean", weight=None):
    """torch.nn.functional.mse_loss."""
    return weighted(tf.math.squared_difference(input, target), reduction, weight)


def l1_loss(input, target, reduction="mean", weight=None):
    """torch.nn.functional.l1_loss."""
    return weighted(tf.abs(input - target), reduction, weight)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """torch.nn.functional.smooth_l1_loss; with beta=0 the L1 loss."""
    d = tf.abs(input - target)
    return reduced(tf.where(d < beta, 0.5 * tf.square(d) / (beta or 1.0), d - 0.5 * beta), reduction)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """torch.nn.functional.huber_loss."""
    d = tf.abs(input - target)
    loss = tf.where(d <= delta, 0.5 * tf.square(d), delta * (d - 0.5 * delta))
    return reduced(loss if weight is None else loss * weight, reduction)


def classes_last(x):
    """Logits (N, C, …) with the classes last; those of one example (C) stay."""
    return tf.experimental.numpy.moveaxis(x, 1, -1) if len(x.shape) > 2 else x


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """torch.nn.functional.nll_loss: classes at axis 1; the mean is divided by the weights of the targets."""
    log_p = classes_last(input)
    kept = target != ignore_index
    safe = tf.where(kept, target, tf.zeros_like(target))
    loss = -tf.gather(log_p, safe, axis=-1, batch_dims=len(safe.shape))
    factor = tf.ones_like(loss) if weight is None else tf.gather(tf.cast(weight, loss.dtype), safe)
    factor = tf.where(kept, factor, tf.zeros_like(factor))
    loss = tf.where(kept, loss * factor, tf.zeros_like(loss))
    return tf.reduce_sum(loss) / tf.reduce_sum(factor) if reduction == "mean" else reduced(loss, reduction)


def cross_entropy(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):  # fmt: skip
    """torch.nn.functional.cross_entropy: targets are classes, or probabilities of them."""
    log_p = tf.nn.log_softmax(classes_last(input), -1)
    classes = log_p.shape[-1] if log_p.shape[-1] is not None else tf.shape(log_p)[-1]
    smooth = label_smoothing
    if target.dtype.is_floating:
        target = classes_last(target) * (1.0 - smooth) + smooth / tf.cast(classes, log_p.dtype)
        loss = -tf.reduce_sum((target if weight is None else target * weight) * log_p, -1)
        if reduction != "mean":
            return reduced(loss, reduction)
        return tf.reduce_sum(loss) / tf.cast(tf.maximum(tf.size(loss), 1), loss.dtype)
    channels = tf.experimental.numpy.moveaxis(log_p, -1, 1) if len(input.shape) > 2 else log_p
    hard = nll_loss(channels, target, weight, ignore_index, reduction)
    if smooth == 0:
        return hard
    kept = target != ignore_index
    spread = -tf.reduce_sum(log_p if weight is None else log_p * weight, -1)
    spread = tf.where(kept, spread, tf.zeros_like(spread))
    factor = tf.cast(kept, spread.dtype)
    if weight is not None:
        factor = tf.where(kept, tf.gather(tf.cast(weight, spread.dtype), tf.where(kept, target, 0)), 0.0)
    soft = (
        tf.reduce_sum(spread) / tf.reduce_sum(factor) if reduction == "mean" else reduced(spread, reduction)
    )
    return (1.0 - smooth) * hard + smooth / tf.cast(classes, spread.dtype) * soft


def linear_cross_entropy(
    input, linear_weight, target, linear_bias=None, weight=None, reduction="mean", ignore_index=None,
    label_smoothing=0.0,
):  # fmt: skip
    """torch.nn.functional.linear_cross_entropy: the cross entropy of a linear layer's outputs."""
    # weights (classes, …, features) give logits (N, classes, …)
    logits = tf.tensordot(input, linear_weight, [[-1], [-1]])
    logits = logits if linear_bias is None else logits + linear_bias
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(logits, target, weight, ignored, reduction, label_smoothing)


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """torch.nn.functional.binary_cross_entropy: logarithms are at least -100."""
    log_p = tf.maximum(tf.math.log(input), -100.0)
    log_q = tf.maximum(tf.math.log1p(-input), -100.0)
    loss = -(target * log_p + (1.0 - target) * log_q)
    return reduced(loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """torch.nn.functional.binary_cross_entropy_with_logits."""
    factor = 1.0 if pos_weight is None else (pos_weight - 1.0) * target + 1.0
    loss = (1.0 - target) * input + factor * tf.math.softplus(-input)
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(input, target, reduction="mean", log_target=False):
    """torch.nn.functional.kl_div; also with reduction="batchmean"."""
    loss = tf.exp(target) * (target - input) if log_target else tf.math.xlogy(target, target) - target * input
    if reduction != "batchmean":
        return reduced(loss, reduction)
    rows = tf.shape(loss)[0] if len(loss.shape) else 1
    return tf.reduce_sum(loss) / tf.cast(rows, loss.dtype)


def poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    """torch.nn.functional.poisson_nll_loss."""
    loss = tf.exp(input) - target * input if log_input else input - target * tf.math.log(input + eps)
    if full:
        large = tf.maximum(target, 1.0)
        stirling = large * tf.math.log(large) - large + 0.5 * tf.math.log(2 * math.pi * large)
        loss = loss + tf.where(target > 1, stirling, tf.zeros_like(stirling))
    return reduced(loss, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """torch.nn.functional.gaussian_nll_loss."""
    if isinstance(var, float):
        var = tf.fill(tf.shape(input), tf.cast(var, input.dtype))
    elif len(var.shape) == len(input.shape) - 1:
        var = var[..., None]
    # No gradient passes through the bound: what is below it counts as the bound itself.
    var = var + tf.stop_gradient(tf.maximum(var, eps) - var)
    loss = 0.5 * (tf.math.log(var) + tf.math.squared_difference(input, target) / var)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def hinge_embedding_loss(input, target, margin=1.0, reduction="mean"):
    """torch.nn.functional.hinge_embedding_loss."""
    zero = tf.zeros_like(input)
    far = tf.where(target != 1, tf.nn.relu(margin - input), zero)
    return reduced(far + tf.where(target != -1, input, zero), reduction)


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """torch.nn.functional.margin_ranking_loss."""
    return reduced(tf.nn.relu(margin - tf.cast(target, input1.dtype) * (input1 - input2)), reduction)


def soft_margin_loss(input, target, reduction="mean"):
    """torch.nn.functional.soft_margin_loss."""
    return reduced(tf.math.softplus(-tf.cast(target, input.dtype) * input), reduction)


def multilabel_soft_margin_loss(input, target, weight=None, reduction="mean"):
    """torch.nn.functional.multilabel_soft_margin_loss."""
    target = tf.cast(target, input.dtype)
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=input)
    return reduced(tf.reduce_mean(loss if weight is None else loss * weight, -1), reduction)


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """torch.nn.functional.cosine_embedding_loss."""
    dot = tf.reduce_sum(input1 * input2, -1)
    sizes = (tf.reduce_sum(tf.square(input1), -1) + 1e-12) * (tf.reduce_sum(tf.square(input2), -1) + 1e-12)
    cosine = dot / tf.sqrt(sizes)
    zero = tf.zeros_like(cosine)
    loss = tf.where(target == 1, 1.0 - cosine, zero) + tf.where(
        target == -1, tf.nn.relu(cosine - margin), zero
    )
    return reduced(loss, reduction)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"
):  # fmt: skip
    """torch.nn.functional.triplet_margin_loss."""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = tf.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(tf.nn.relu(near - far + margin), reduction)


def triplet_margin_with_distance_loss(
    anchor, positive, negative, distance_function=None, margin=1.0, swap=False, reduction="mean"
):  # fmt: skip
    """torch.nn.functional.triplet_margin_with_distance_loss."""
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = tf.minimum(far, distance(positive, negative))
    return reduced(tf.nn.relu(near - far + margin), reduction)


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """torch.nn.functional.multi_margin_loss: the target's own term counts as nothing."""
    input = tf.reshape(input, (1,)) if len(input.shape) == 0 else input
    target = tf.reshape(target, tf.shape(input)[:-1])
    target = tf.ensure_shape(target, input.shape[:-1])
    classes = tf.shape(input)[-1]
    chosen = tf.one_hot(target, classes, on_value=True, off_value=False, dtype=tf.bool)
    own = tf.gather(input, target, axis=-1, batch_dims=len(target.shape))[..., None]
    loss = tf.nn.relu(margin - own + input) ** p
    if weight is not None:
        loss = loss * tf.gather(weight, target)[..., None]
    loss = tf.where(chosen, tf.zeros_like(loss), loss)
    return reduced(tf.reduce_sum(loss, -1) / tf.cast(classes, loss.dtype), reduction)


def multilabel_margin_loss(input, target, reduction="mean"):
    """torch.nn.functional.multilabel_margin_loss: the classes before the first -1 are the targets."""
    input, target = (tf.reshape(x, (1,)) if len(x.shape) == 0 else x for x in (input, target))
    classes = tf.shape(input)[-1]
    listed = tf.math.cumprod(tf.cast(target >= 0, tf.int32), -1) > 0
    safe = tf.where(listed, target, tf.zeros_like(target))
    is_target = tf.reduce_any(
        tf.one_hot(safe, classes, on_value=True, off_value=False) & listed[..., None], -2
    )
    own = tf.gather(input, safe, axis=-1, batch_dims=len(input.shape) - 1)
    terms = tf.nn.relu(1.0 - own[..., :, None] + input[..., None, :])
    counted = listed[..., :, None] & ~is_target[..., None, :]
    total = tf.reduce_sum(tf.where(counted, terms, tf.zeros_like(terms)), (-2, -1))
    return reduced(total / tf.cast(classes, total.dtype), reduction)


def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False
):  # fmt: skip
    """torch.nn.functional.ctc_loss: log_probs (T, N, C); targets (N, S), or all in one row."""
    if len(log_probs.shape) == 2:
        loss = ctc_loss(log_probs[:, None], tf.reshape(targets, (1, -1)), [input_lengths], [target_lengths],
                        blank, "none", zero_infinity)  # fmt: skip
        sizes = tf.cast(tf.reshape(target_lengths, (1,)), loss.dtype)
        loss = loss / tf.maximum(sizes, 1.0) if reduction == "mean" else loss
        return loss[0]
    input_lengths, target_lengths = (
        tf.cast(tf.reshape(n, (-1,)), tf.int32) for n in (input_lengths, target_lengths)
    )
    if len(targets.shape) == 1:
        targets = tf.RaggedTensor.from_row_lengths(targets, target_lengths).to_tensor()
    targets = tf.cast(targets, tf.int32)
    real = tf.sequence_mask(target_lengths, tf.shape(targets)[1])
    labels = tf.where(real, targets, tf.zeros_like(targets))
    loss = ctc_forward(log_probs, labels, input_lengths, target_lengths, blank)
    if zero_infinity:
        loss = tf.where(tf.math.is_inf(loss), tf.zeros_like(loss), loss)
    if reduction == "mean":
        return tf.reduce_mean(loss / tf.maximum(tf.cast(target_lengths, loss.dtype), 1.0))
    return reduced(loss, reduction)


def ctc_forward(log_probs, labels, input_lengths, target_lengths, blank):
    """The negative logarithm of the probability of each labelling, summed over its alignments."""
    n, s = tf.shape(labels)[0], tf.shape(labels)[1]
    # Finite, so that gradients are: states that cannot be reached get no part of them.
    low = tf.constant(-1e30, log_probs.dtype)
    padded = tf.reshape(tf.stack([tf.fill((n, s), blank), labels], -1), (n, 2 * s))
    states = tf.concat([padded, tf.fill((n, 1), blank)], 1)
    two_before = tf.concat([tf.fill((n, 2), -1), states[:, :-2]], 1)
    skips = (states != blank) & (states != two_before)
    emitted = tf.gather(log_probs, tf.tile(states[None], (tf.shape(log_probs)[0], 1, 1)), batch_dims=2)
    place = tf.range(2 * s + 1)
    alpha = tf.where(place < 2, emitted[0], low)

    def log_sum(a, b, c):
        top = tf.maximum(tf.maximum(a, b), c)
        return top + tf.math.log(tf.exp(a - top) + tf.exp(b - top) + tf.exp(c - top))

    def step(t, alpha):
        one = tf.concat([tf.fill((n, 1), low), alpha[:, :-1]], 1)
        two = tf.where(skips, tf.concat([tf.fill((n, 2), low), alpha[:, :-2]], 1), low)
        new = log_sum(alpha, one, two) + emitted[t]
        return t + 1, tf.where((t < input_lengths)[:, None], new, alpha)

    alpha = tf.while_loop(lambda t, a: t < tf.shape(log_probs)[0], step, (1, alpha))[1]
    last = 2 * target_lengths
    end = tf.gather(alpha, last, batch_dims=1)
    before = tf.where(target_lengths > 0, tf.gather(alpha, tf.maximum(last - 1, 0), batch_dims=1), low)
    loss = -log_sum(end, before, tf.fill((n,), low))
    return tf.where(loss > 1e29, tf.constant(math.inf, loss.dtype), loss)

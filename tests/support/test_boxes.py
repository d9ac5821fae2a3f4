"""Non-maximum suppression against its definition."""

import numpy as np
import pytest
import tensorflow as tf

from transpile.support import boxes


def greedy(dets, scores, threshold):
    area = (dets[:, 2] - dets[:, 0]) * (dets[:, 3] - dets[:, 1])
    order, kept = list(np.argsort(-scores, kind="stable")), []
    while order:
        i = order.pop(0)
        kept.append(i)
        low, high = np.maximum(dets[i, :2], dets[order, :2]), np.minimum(dets[i, 2:], dets[order, 2:])
        shared = np.prod(np.clip(high - low, 0, None), axis=1)
        ratio = shared / (area[i] + area[order] - shared)
        order = [j for j, r in zip(order, ratio, strict=True) if r <= threshold]
    return kept


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("count", [0, 1, 60])
def test_nms(count, threshold):
    random = np.random.default_rng(count)
    corner, size = random.random((count, 2)), random.random((count, 2)) * 0.5 + 0.05
    dets = np.concatenate([corner, corner + size], 1).astype("float32") * 100
    scores = np.round(random.random(count), 1).astype("float32")  # some are equal: the first one goes first
    got = boxes.nms(tf.constant(dets), tf.constant(scores), threshold)
    assert got.dtype == tf.int64
    assert got.numpy().tolist() == greedy(dets, scores, threshold)

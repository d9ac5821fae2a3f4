"""Boxes as detectors have them: (x1, y1, x2, y2) per row."""

import tensorflow as tf


def nms(dets, scores, iou_threshold):
    """The boxes that are kept, by falling score: none overlaps one before it by more than the threshold."""
    count = tf.shape(dets)[0]
    boxes = tf.cast(tf.gather(dets, [1, 0, 3, 2], axis=1), tf.float32)
    kept = tf.image.non_max_suppression(boxes, tf.cast(scores, tf.float32), count, float(iou_threshold))
    return tf.cast(kept, tf.int64)

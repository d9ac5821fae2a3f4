"""What is left of devices: their names."""

import tensorflow as tf


def device_type(device):
    """The type of a device by its name, "cpu" or "cuda"; without a name, of the one that tensors are placed on."""
    if not device:  # a tensor of a graph is not placed yet
        return "cuda" if tf.config.list_logical_devices("GPU") else "cpu"
    name = str(device).rpartition("device:")[2].partition(":")[0].lower()
    return "cuda" if name == "gpu" else name

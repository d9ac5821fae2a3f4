"""Weights from torch to Keras: names, shapes and axis orders of every layer type.

    load_state_dict(model, state_dict, strict=True) -> LoadReport

fills a Keras model, or any layer of one, from a mapping of torch names to arrays. Importing this package
imports neither torch nor TensorFlow; a model in hand has brought TensorFlow along, and torch is not needed, not
even to read a `.pth` file.
"""

from __future__ import annotations

from transpile.weights.blocked_torch import load_scipy_first
from transpile.weights.checkpoint import read_state_dict
from transpile.weights.inverse import state_dict
from transpile.weights.load import load_state_dict
from transpile.weights.optimizer_state import keras_optimizer, load_optimizer_state
from transpile.weights.report import LoadReport, Mismatch, StateDictError

__all__ = [
    "LoadReport",
    "Mismatch",
    "StateDictError",
    "keras_optimizer",
    "load_optimizer_state",
    "load_state_dict",
    "read_state_dict",
    "state_dict",
]

load_scipy_first()

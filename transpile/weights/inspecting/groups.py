"""Which entries of a checkpoint are weights, and which belong to an optimizer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum


class Group(Enum):
    """What an entry is for."""

    WEIGHT = "weight"
    SLOT = "optimizer"
    OTHER = "other"


# Where each kind of checkpoint keeps what an optimizer remembers of every weight.
_SLOTS = re.compile(
    r"""
    (^|[./])optimizer_?(weights|state_dict|states?)?([./]|$)  # torch, Keras, tf.train.Checkpoint(optimizer=…)
    | /\.OPTIMIZER_SLOT/                                      # Keras 2 in a checkpoint of objects
    | /(Adam|AdamW|Momentum|RMSProp|Adagrad|Adadelta|Ftrl|Lamb|LARSOptimizer)(_\d+)?$   # TensorFlow 1, by name
    | (^|/)beta[12]_power(_\d+)?$
    | (^|[./])(exp_avg|exp_avg_sq|momentum_buffer|square_avg)$
    """,
    re.VERBOSE,
)
_OTHERS = re.compile(r"(^|/)(save_counter|global_step)(/\.ATTRIBUTES/VARIABLE_VALUE)?$")


def group_of(name: str) -> Group:
    """The group of an entry, by its name."""
    if "/_trainable_variables/" in name:
        return Group.WEIGHT  # a Keras optimizer holds on to the weights that it trains
    if _SLOTS.search(name):
        return Group.SLOT
    return Group.OTHER if _OTHERS.search(name) else Group.WEIGHT


def split(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """(weights and others, optimizer slots)."""
    weights: list[str] = []
    slots: list[str] = []
    for name in names:
        (slots if group_of(name) is Group.SLOT else weights).append(name)
    return weights, slots

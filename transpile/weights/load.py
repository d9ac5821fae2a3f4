"""load_state_dict: plan where every array goes, refuse or assign."""

from __future__ import annotations

from typing import Any

from transpile.weights.arrays import sources
from transpile.weights.plan import Plan
from transpile.weights.report import LoadReport, StateDictError


def load_state_dict(model: Any, state_dict: Any, strict: bool = True) -> LoadReport:
    """Fills a Keras model, or any layer, from torch weights.

    model: a model or layer before or after its first call; plain Keras layers that are not built yet are
    built from the shapes in the state dict. A list or dict of layers works as well.
    state_dict: a mapping of torch names to arrays (numpy, torch, TensorFlow), or an open safetensors file.
    strict: raise where anything is missing, unexpected or mismatched; otherwise load what fits.

    Raises StateDictError (a ValueError), with nothing assigned and nothing built, where a strict load does
    not fit. Raises TypeError for a state dict that is no mapping, ValueError for tensors without values
    (meta) and for layers that compute something else than torch does (a GRU with reset_after=False).
    """
    state, others = sources(state_dict)
    plan = Plan(model, state)
    plan.report.unexpected += others
    if strict and not plan.report.complete:
        raise StateDictError(type(model).__name__, plan.report, plan.expected)
    plan.execute()
    return plan.report

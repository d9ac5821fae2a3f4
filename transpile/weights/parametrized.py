"""weight_norm and spectral_norm, whose state dicts hold the parts of a kernel where Keras holds the kernel.

Old names: `weight_g`, `weight_v`; `weight_orig`, `weight_u`, `weight_v`. New names
(torch.nn.utils.parametrizations): `parametrizations.weight.original0` (g) and `.original1` (v); `.original`,
`.0._u`, `.0._v`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from transpile.weights.arrays import Array, Source

_PARAMETRIZATION = re.compile(r"^(?P<owner>(?:.+\.)?)parametrizations\.(?P<name>[^.]+)\.(?P<role>.+)$")
_ROLES = {"original0": "g", "original1": "v", "original": "orig", "0._u": "u", "0._v": "v"}
_SUFFIX = re.compile(r"^(?P<base>.+)_(?P<role>g|v|orig|u)$")


def parts_by_parameter(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Groups the names that hold parts of one parameter: its torch name → {role: name in the state dict}.

    Only complete groups are given: g and v, or orig and u (torch < 1.0 kept no v).
    """
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _PARAMETRIZATION.match(name):
            role = _ROLES.get(match["role"])
            base = match["owner"] + match["name"]
        elif match := _SUFFIX.match(name):
            base, role = match["base"], match["role"]
        else:
            continue
        if role is not None:
            groups.setdefault(base, {})[role] = name
    return {
        base: roles
        for base, roles in groups.items()
        if {"g", "v"} <= set(roles) or {"orig", "u"} <= set(roles)
    }


def folded(roles: Mapping[str, str], state: Mapping[str, Source], out_axis: int) -> Source:
    """The kernel that the parts make up.

    out_axis: the axis of output channels in torch's kernel (1 in a transposed convolution), along which
    spectral_norm flattens; weight_norm tells its axis by the shape of g.
    """
    if "orig" in roles:
        original, u = state[roles["orig"]], state[roles["u"]]
        v = state[roles["v"]] if "v" in roles else None
        sources = (original, u) if v is None else (original, u, v)
        names = tuple(name for source in sources for name in source.names)
        return Source(
            names,
            original.shape,
            lambda: spectral_norm(original.read(), u.read(), None if v is None else v.read(), out_axis),
        )
    g, direction = state[roles["g"]], state[roles["v"]]
    return Source(g.names + direction.names, direction.shape, lambda: weight_norm(g.read(), direction.read()))


def weight_norm(g: Array, v: Array) -> Array:
    """g · v / ‖v‖, the norm over every axis where g has size 1 (a scalar g: over all of them)."""
    axes = tuple(i for i in range(v.ndim) if g.ndim == 0 or g.shape[i] == 1)
    length = np.sqrt(np.sum(np.square(v, dtype=np.float64), axis=axes, keepdims=True))
    return np.asarray((v * (g / length)).astype(v.dtype))


def spectral_norm(original: Array, u: Array, v: Array | None, out_axis: int) -> Array:
    """W / σ with σ = uᵀ W v, W as a matrix with `out_axis` for rows (torch's formula in eval mode)."""
    if original.ndim == 1:
        return np.asarray(original / np.linalg.norm(original))
    matrix = np.moveaxis(original, out_axis, 0).astype(np.float64)
    matrix = matrix.reshape(matrix.shape[0], -1)
    if v is None:
        v = matrix.T @ u
        v = v / np.linalg.norm(v)
    return np.asarray((original / (u @ matrix @ v)).astype(original.dtype))

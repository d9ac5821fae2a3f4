"""Functional convolutions, pools, resizes and padding on images."""

from __future__ import annotations

import re

from transpile.infer.apply import MISSING, Site, hook, image_result, plain_others, with_indices
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Fact, Sequence, Tensor
from transpile.infer.layout import IMAGE, PLAIN, order

RANKS = {
    "linear": 3,
    "bilinear": 4,
    "bicubic": 4,
    "trilinear": 5,
}  # a way to resize → the rank that it is for


@hook("spatial")
def spatial(site: Site) -> Fact:
    tensor = site.tensor()
    found = re.search(r"([123])d$", site.rule.torch)
    if tensor is None and found is not None and "return_indices" not in site.values:
        # whatever it is given, an image comes out
        return Tensor(int(found.group(1)) + 2, None, None, IMAGE if site.run.channels_last else PLAIN)
    if tensor is None:
        return UNKNOWN
    plain_others(site)
    rank = int(found.group(1)) + 2 if found else tensor.rank
    result = image_result(site.run, site.operand("input"), tensor, rank, site.node, site.plan)
    return with_indices(result) if site.constant("return_indices") is True else result


for _name in (
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "max_pool1d",
    "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "lp_pool1d", "lp_pool2d",
):  # fmt: skip
    hook("image:" + _name)(spatial)


@hook("image:adaptive_avg_pool2d", "image:adaptive_max_pool2d", "image:adaptive_avg_pool1d")
def adaptive(site: Site) -> Fact:
    result = spatial(site)
    size = site.constant("output_size")
    ones = size == 1 or (isinstance(size, tuple) and all(s == 1 for s in size))
    tensor = site.tensor()
    if isinstance(result, Tensor) and result.rank is not None and ones and tensor is not None:
        result.dims = (tensor.dim(0), tensor.dim(1), *[Dim(1)] * (result.rank - 2))
    return result


@hook(
    "image:interpolate", "image:upsample", "image:grid_sample", "image:pixel_shuffle", "image:pixel_unshuffle"
)
def interpolate(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    rank = tensor.rank
    if rank is None:
        mode = site.constant("mode", "nearest")
        size = site.fact("size")
        short = site.rule.torch.rpartition(".")[2]
        grid = site.tensor("grid") if short == "grid_sample" else None
        if short.startswith("pixel"):
            rank = 4
        elif short == "grid_sample":  # rarely of volumes
            rank = grid.rank if grid is not None and grid.rank == 5 else 4
        elif isinstance(mode, str) and mode in RANKS:
            rank = RANKS[mode]
        elif isinstance(size, Sequence) and size.items is not None:
            rank = len(size.items) + 2
    plain_others(site)
    result = image_result(site.run, site.operand("input"), tensor, rank, site.node, site.plan)
    if isinstance(result, Tensor) and site.rule.torch.endswith("interpolate") and result.rank is not None:
        result.dims = (tensor.dim(0), tensor.dim(1), *[None] * (result.rank - 2))
    return result


@hook("pad")
def pad(site: Site) -> Fact:
    """torch counts pairs from the last axis; the support function takes them in torch's order for any layout."""
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    node = site.operand("input")
    layout = run.ask(tensor, node or site.node)
    site.plan.data["tensor"] = tensor
    if isinstance(layout, tuple) and layout and tensor.rank is not None:
        site.plan.data["order"] = order(layout, tensor.rank)
    dims = None
    pads = site.constant("pad")
    if (
        tensor.rank is not None
        and tensor.dims is not None
        and pads is not MISSING
        and isinstance(pads, tuple)
    ):
        touched = len(pads) // 2
        dims = (*tensor.dims[: tensor.rank - touched], *[None] * touched)
    elif tensor.rank is not None:
        pairs = site.sizes("pad")
        if pairs is not None and tensor.dims is not None and isinstance(site.fact("pad"), Sequence):
            touched = min(len(pairs) // 2, tensor.rank)
            dims = (*tensor.dims[: tensor.rank - touched], *[None] * touched)
    if tensor.rank is None:
        return tensor
    return Tensor(tensor.rank, dims, tensor.dtype, tensor.layout)


@hook("image:pad")
def image_pad(site: Site) -> Fact:
    return pad(site)

"""Losses of classes: what their target can be, given the scores."""

from __future__ import annotations

from transpile.infer.apply import Site, by_returns, hook, plain_inputs
from transpile.infer.facts import Fact, Tensor, resolve
from transpile.infer.layout import PLAIN

FLAT = 3  # axes up to which scores of an unknown layout are taken for no image, see Site.plain


@hook("class_loss")
def class_loss(site: Site) -> Fact:
    """A target has no axis that its scores lack: beside (N, C) it is (N,) or (N, C), and never an image."""
    scores, target = site.tensor("input"), resolve(site.fact("target"))
    is_flat = isinstance(scores, Tensor) and scores.rank is not None and scores.rank <= FLAT
    if is_flat and isinstance(target, Tensor) and target.rank is None:
        site.run.want(site.operand("target"), target, PLAIN)
    return by_returns(site, plain_inputs(site))

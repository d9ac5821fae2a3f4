"""Shapes, axes and indices drawn at random: what is translated without a word computes what torch does.

Every function is run on tensors in torch's order, and on images that a pool marks as such, in both data formats.
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from transpile import Severity
from transpile.translate import translate

SOURCE = """import torch
import torch.nn.functional as F


def f(x: torch.Tensor):
    {begin}
    {body}
    return {result}
"""
PLAIN, IMAGE = "n = x.ndim", "x = F.avg_pool2d(x, 1)"
# the first example waits for both frameworks to load, which is no fault of its strategy
EXAMPLES = settings(
    max_examples=20, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
INDICES = re.compile(r"\barg|\.sort\(|topk\(|kthvalue\(|median\(|mode\(|\.(max|min)\([^)]+\)|cummax|cummin")
SEED = seed(os.environ.get("TRANSPILE_TEST_SEED", "0"))


def values(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that are all different, in no order."""
    count = int(np.prod(shape))
    order = np.random.default_rng(count).permutation(count)
    return (order.astype("float32") - count / 2).reshape(shape) / max(count, 1)


def run(body: str, result: str, shape: tuple[int, ...], begin: str = PLAIN) -> None:
    """Compare a function with its translation in both formats; one that torch refuses is no example."""
    import torch

    source = SOURCE.format(begin=begin if begin == IMAGE else "pass", body=body, result=result)
    names: dict[str, Any] = {}
    exec(source, names)
    array = values(shape)
    try:
        wanted = names["f"](torch.tensor(array))
    except (IndexError, RuntimeError, ValueError, TypeError):
        assume(False)
        return
    for data_format in ("channels_first", "channels_last"):
        compare(source, array, wanted, data_format)


def compare(source: str, array: np.ndarray, wanted: Any, data_format: str) -> None:
    import tensorflow as tf

    translation = translate(source, data_format=data_format, format_code=False)
    if any(d.severity is not Severity.INFO for d in translation.diagnostics):
        return  # said
    signature = translation.signatures["f"]
    output: dict[str, Any] = {"__name__": "translated"}
    exec(translation.code, output)
    found = output["f"](tf.constant(np.moveaxis(array, 1, -1) if signature["x"] else array))
    wanted = wanted if isinstance(wanted, tuple | list) else [wanted]
    found = found if isinstance(found, tuple | list) else [found]
    marks = (
        signature["return"] if isinstance(signature["return"], list) else [signature["return"]] * len(found)
    )
    assert len(wanted) == len(found), source
    for a, b, mark in zip(wanted, found, marks, strict=True):
        if not hasattr(a, "numpy"):
            assert a == b, source
            continue
        b = np.moveaxis(b.numpy(), -1, 1) if mark and len(b.shape) > 2 else b.numpy()
        note = f"{data_format} {array.shape}\n{source}\n{translation.code}"
        assert a.numpy().shape == b.shape and a.numpy().dtype == b.dtype, note
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-5, atol=1e-6, err_msg=note)


SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
IMAGES = st.tuples(st.integers(1, 3), st.sampled_from([2, 4, 6]), st.integers(1, 4), st.integers(2, 4))


def axis(rank: int) -> st.SearchStrategy[int]:
    return st.integers(-rank, rank - 1)


@st.composite
def regrouped(draw: st.DrawFn, shape: tuple[int, ...]) -> str:
    """Sizes of as many elements: axes split and merged, one of them perhaps -1."""
    factors = [p for n in shape for p in ([2, n // 2] if n in (4, 6) and draw(st.booleans()) else [n])]
    sizes: list[int] = []
    for factor in factors:
        if sizes and draw(st.booleans()):
            sizes[-1] *= factor
        else:
            sizes.append(factor)
    if draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return ", ".join(map(str, sizes))


@st.composite
def reshaped(draw: st.DrawFn, shape: tuple[int, ...]) -> str:
    """A method of x that moves, splits, merges, adds or drops axes."""
    rank = len(shape)
    a, b = draw(axis(rank)), draw(axis(rank))
    order = ", ".join(map(str, draw(st.permutations(range(rank)))))
    sizes = draw(regrouped(shape))
    first = draw(axis(rank))
    length = draw(st.integers(1, shape[first]))
    # of an image another axis would have to go, and the translation raises
    single = next((i for i, n in enumerate(shape) if n == 1), None)
    squeezed = "x.squeeze()" if single is None else f"x.squeeze({single})"
    return draw(
        st.sampled_from(
            [
                f"x.permute({order})",
                f"x.transpose({a}, {b})",
                f"x.reshape({sizes})",
                f"x.contiguous().view({sizes})",
                f"x.flatten({a}, {b})",
                f"x.flatten({a})",
                f"x.unsqueeze({draw(axis(rank + 1))})",
                squeezed,
                f"x.movedim({a}, {b})",
                f"x.flip({a})",
                f"x.flip(({a}, {b}))",
                f"torch.roll(x, {draw(st.integers(-3, 3))}, {a})",
                f"torch.roll(x, (1, -2), ({a}, {b}))",
                f"x.narrow({first}, {draw(st.integers(0, shape[first] - length))}, {length})",
                f"x.select({first}, {draw(axis(shape[first]))})",
                f"x.unbind({a})[0]",
                f"x.chunk(2, {a})[-1]",
                f"x.split(2, dim={a})[0]",
                f"torch.cat([x, x * 2], {a})",
                f"torch.stack([x, -x], {draw(axis(rank + 1))})",
                f"x.repeat({', '.join(str(draw(st.integers(1, 2))) for _ in shape)})",
                f"x.repeat_interleave(2, {a})",
                f"x.unsqueeze(0).expand(2, {', '.join('-1' for _ in shape)})",
                f"x.index_select({first}, torch.tensor([0, {shape[first] - 1}]))",
                f"x.unfold({first}, {length}, 1)",
                f"x.diagonal(0, {a}, {b})",
            ]
        )
    )


@st.composite
def reduced(draw: st.DrawFn, shape: tuple[int, ...]) -> str:
    """A method of x over one axis or several."""
    rank = len(shape)
    a, b = draw(axis(rank)), draw(axis(rank))
    keep = draw(st.booleans())
    return draw(
        st.sampled_from(
            [
                f"x.sum({a}, keepdim={keep})",
                f"x.mean(({a}, {b}), {keep})",
                f"x.amax(dim=({a}, {b}), keepdim={keep})",
                f"x.max({a}, keepdim={keep})[0]",
                f"x.max({a})[1]",
                f"x.argmin({a}, keepdim={keep})",
                f"x.softmax({a})",
                f"x.cumsum({a})",
                f"x.sort({a}, descending={keep})[0]",
                f"x.argsort(dim={a})",
                f"x.std({a}, keepdim={keep})",
                f"x.norm(dim={a})",
                f"F.normalize(x, dim={a})",
                f"x.prod({a})",
                f"x.logsumexp({a}, {keep})",
                f"x.topk(1, {a})[1]",
                "x.mean()",
            ]
        )
    )


@st.composite
def key(draw: st.DrawFn, shape: tuple[int, ...]) -> str:
    """What stands between brackets: slices, numbers, None, one Ellipsis, one list."""
    parts: list[str] = []
    listed = False
    for size in shape[: draw(st.integers(1, len(shape)))]:
        kind = draw(st.sampled_from(["slice", "slice", "number", "all", "list"]))
        if draw(st.booleans()) and draw(st.booleans()):
            parts.append("None")
        if kind == "number":
            parts.append(str(draw(axis(size))))
        elif kind == "list" and not listed:
            listed = True
            parts.append(str(draw(st.lists(axis(size), min_size=1, max_size=3))))
        elif kind == "slice":
            ends = st.one_of(st.none(), st.integers(-size - 1, size + 1))
            start, stop, step = draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, 3]))
            texts = ["" if n is None else str(n) for n in (start, stop, step)]
            parts.append(":".join(texts[:2] if step is None else texts))
        else:
            parts.append(":")
    if draw(st.booleans()):
        at = draw(st.integers(0, len(parts)))
        parts = [*parts[:at], "...", *parts[at:]] if at == len(parts) or len(parts) == len(shape) else parts
    return ", ".join(parts)


@SEED
@EXAMPLES
@given(st.data(), SHAPES)
def test_shapes(data: st.DataObject, shape: tuple[int, ...]) -> None:
    run("pass", data.draw(reshaped(shape)), shape)


@SEED
@EXAMPLES
@given(st.data(), IMAGES)
def test_shapes_of_images(data: st.DataObject, shape: tuple[int, ...]) -> None:
    run("pass", data.draw(reshaped(shape)), shape, IMAGE)


@SEED
@EXAMPLES
@given(st.data(), IMAGES)
def test_one_after_the_other(data: st.DataObject, shape: tuple[int, ...]) -> None:
    import torch

    first = data.draw(reshaped(shape))
    try:
        between = tuple(eval(first, {"torch": torch, "x": torch.zeros(shape)}).shape)
    except (IndexError, RuntimeError, ValueError):
        assume(False)
    assume(between)
    second = data.draw(st.one_of(reshaped(between), reduced(between)))
    if INDICES.search(second):  # of equal values torch may name any
        made = eval(first, {"torch": torch, "x": torch.tensor(values(shape))})
        assume(made.unique().numel() == made.numel())
    run(f"x = {first}", second, shape, IMAGE)


@SEED
@EXAMPLES
@given(st.data(), st.one_of(SHAPES, IMAGES), st.booleans())
def test_reductions(data: st.DataObject, shape: tuple[int, ...], image: bool) -> None:
    run("pass", data.draw(reduced(shape)), shape, IMAGE if image and len(shape) == 4 else PLAIN)


@SEED
@EXAMPLES
@given(st.data(), st.one_of(SHAPES, IMAGES), st.booleans())
def test_subscripts(data: st.DataObject, shape: tuple[int, ...], image: bool) -> None:
    run("pass", f"x[{data.draw(key(shape))}]", shape, IMAGE if image and len(shape) == 4 else PLAIN)


@SEED
@EXAMPLES
@given(st.data(), st.one_of(SHAPES, IMAGES), st.booleans(), st.sampled_from(["= 7.0", "+= 1", "*= 2"]))
def test_stores(data: st.DataObject, shape: tuple[int, ...], image: bool, store: str) -> None:
    body = f"x = x.clone()\n    x[{data.draw(key(shape))}] {store}"
    run(body, "x", shape, IMAGE if image and len(shape) == 4 else PLAIN)


def test_an_axis_that_was_taken_for_one_of_size_1_is_not_passed_over() -> None:
    import tensorflow as tf

    code = translate(SOURCE.format(begin=IMAGE, body="x = x.squeeze(1)", result="x.sum(0)")).code
    output: dict[str, Any] = {"__name__": "translated"}
    exec(code, output)
    with pytest.raises(tf.errors.InvalidArgumentError):
        output["f"](tf.zeros((2, 3, 3, 4)))


@pytest.mark.parametrize("body", ["x.permute(0, 2, 3, 1)", "x.flatten(1)", "x[:, ::2]"])
def test_most_of_it_is_translated_without_a_word(body: str) -> None:
    for data_format in ("channels_first", "channels_last"):
        source = SOURCE.format(begin=IMAGE, body="pass", result=body)
        found = translate(source, data_format=data_format).diagnostics
        assert not [d for d in found if d.severity is not Severity.INFO]

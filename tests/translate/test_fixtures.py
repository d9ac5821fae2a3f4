"""Every model and function of the fixtures: the translation gives torch's numbers, eager and in an open graph."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from harness import FIXTURES, Pair, count_ops, fixture, original, translation
from translate.cases import CASES, WARNINGS, Case

from transpile import Severity

NAMES = sorted({c.fixture for c in CASES})


@functools.cache
def pair(place: int, data_format: str) -> Pair:
    c = CASES[place]
    return Pair(
        fixture(c.fixture),
        c.factory,
        c.inputs,
        data_format=data_format,
        reference=c.reference,
        returns=c.returns,
        keywords=c.keywords,
    )


def parameters(wanted: Any = lambda c: True, *, first: bool = False) -> list[Any]:
    """The places of the wanted cases; in channels_first only the quick ones are run every time."""
    return [
        pytest.param(place, id=c.name, marks=[pytest.mark.slow] if first and not c.quick else [])
        for place, c in enumerate(CASES)
        if wanted(c)
    ]


@pytest.mark.parametrize("place", parameters())
def test_equal(place):
    pair(place, "channels_last").check(CASES[place].tolerance)


@pytest.mark.parametrize("place", parameters(first=True))
def test_equal_channels_first(place):
    pair(place, "channels_first").check(CASES[place].tolerance)


@pytest.mark.parametrize("place", parameters(lambda c: c.is_open))
def test_equal_in_an_open_graph(place):
    pair(place, "channels_last").check_open(CASES[place].tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("place", parameters(lambda c: c.is_open))
def test_equal_in_an_open_graph_channels_first(place):
    pair(place, "channels_first").check_open(CASES[place].tolerance)


@pytest.mark.parametrize("place", parameters(lambda c: c.transposes is not None))
def test_number_of_transposes(place):
    assert count_ops(pair(place, "channels_last").graph(), "Transpose") == CASES[place].transposes


def described(c: Case) -> tuple[str, list[Any]]:
    """The name of a case's entry in the signatures, and its tensors' layouts as they should stand there."""
    name = c.factory.partition("(")[0]
    layouts = {3: "NLC", 4: "NHWC", 5: "NDHWC"}

    def layout(spec: Any) -> Any:
        if isinstance(spec, list):
            return [layout(s) for s in spec]
        if not str(spec).startswith("image"):
            return None
        return layouts[spec.count(",") + 1]

    return name if name[0].islower() else f"{name}.call", [layout(s) for s in c.inputs]


@pytest.mark.parametrize("place", parameters())
def test_signatures_name_the_images(place):
    c = CASES[place]
    name, layouts = described(c)
    signatures = translation(fixture(c.fixture)).signatures
    if name not in signatures or (name[0].islower() and "(" in c.factory):
        pytest.skip("a class without a forward of its own, or a function that makes a model")
    given = [v for k, v in signatures[name].items() if k != "return"]
    found = [
        v[: len(e)] * len(e) if isinstance(e, list) and v else v for v, e in zip(given, layouts, strict=False)
    ]
    assert found == layouts


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said(name):
    """What a fixture is warned of is what is expected here, and nothing else: neither more nor less."""
    said = {d.code for d in translation(fixture(name)).diagnostics if d.severity is not Severity.INFO}
    assert said == WARNINGS.get(name, set())


def test_every_fixture_has_a_case():
    assert {p.stem for p in FIXTURES.glob("*.py")} == set(NAMES)


def test_weights_are_stirred():
    """The ones and zeros that torch starts a normalization with would hide a gamma and beta that are left out."""
    model = pair(next(i for i, c in enumerate(CASES) if c.name == "unet-UNet"), "channels_last").torch_model
    assert not any(np.ptp(v.numpy()) == 0 for k, v in model.state_dict().items() if v.numel() > 1)
    assert "torch" in original(fixture("unet")).__dict__

"""Faults seeded into right ports (mutations.yaml): verify finds every one, `transpile check` those that the text shows.

In an ordinary run a few faults of each pair are tried, those that the day's seed draws; `--slow=all` tries all of them.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from transpile import Severity
from transpile.hazards import check_tensorflow
from transpile.verify import Request, Result, given, target, verify

HERE = Path(__file__).parent
PAIRS: dict[str, Any] = yaml.safe_load((HERE / "mutations.yaml").read_text(encoding="utf-8"))


class Fault(NamedTuple):
    pair: str
    name: str
    entry: dict[str, Any]

    @property
    def text(self) -> str:
        """The port with the fault in it."""
        text = port(self.pair)
        for change in (self.entry, self.entry.get("and")):
            if change is not None:
                assert change["right"] in text, f"{self.pair} does not hold {change['right']!r}"
                text = text.replace(change["right"], change["wrong"], 1)
        return text


FAULTS = [
    Fault(pair, name, entry) for pair, about in PAIRS.items() for name, entry in about["faults"].items()
]
STATIC = [fault for fault in FAULTS if "static" in fault.entry]
QUICK = {fault.name for fault in random.Random(os.environ.get("TRANSPILE_TEST_SEED")).sample(FAULTS, 4)}


def named(fault: Fault) -> str:
    return f"{fault.pair}-{fault.name}"


def port(pair: str) -> str:
    return (HERE / "pairs" / f"{pair}_keras.py").read_text(encoding="utf-8")


def verified(pair: str, text: str, folder: Path, **more: Any) -> Result:
    about = PAIRS[pair]
    output = folder / f"{pair}_keras.py"
    output.write_text(text, encoding="utf-8")
    return verify(
        Request(
            target(f"{HERE / 'pairs' / f'{pair}_torch.py'}:{about['factory']}"),
            target(f"{output}:{about['factory']}"),
            [given(spec) for spec in about["inputs"]],
            **more,
        )
    )


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 60 and len({fault.text for fault in FAULTS}) == len(FAULTS)


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
def test_the_ports_themselves_are_right(pair: str, tmp_path: Path) -> None:
    found = verified(pair, port(pair), tmp_path, grad=True, steps=3)
    assert found.verdict == "equal", found.comparisons


@pytest.mark.parametrize(
    "fault", [pytest.param(f, id=named(f), marks=() if f.name in QUICK else pytest.mark.slow) for f in FAULTS]
)
def test_verify_finds(fault: Fault, tmp_path: Path) -> None:
    entry = fault.entry
    found = verified(
        fault.pair, fault.text, tmp_path, graph=entry.get("open", False), steps=3 * entry.get("steps", 0)
    )
    if entry.get("fails"):
        assert found.status in (1, 2), found.comparisons
    elif entry.get("open"):
        assert found.status != 0 and found.comparisons[0].verdict == "equal"
    else:
        assert found.status == 1, found.comparisons
    if found.comparisons and found.comparisons[0].verdict == "different":
        assert found.divergence is not None and found.divergence.output is not None


@pytest.mark.parametrize("fault", STATIC, ids=named)
def test_the_static_check_finds(fault: Fault) -> None:
    before = {d.code for d in check_tensorflow(port(fault.pair), "port.py")}
    after = {d.code for d in check_tensorflow(fault.text, "port.py")}
    assert fault.entry["static"] in after - before


@pytest.mark.parametrize("pair", PAIRS)
def test_the_static_check_says_nothing_of_the_right_port(pair: str) -> None:
    found = check_tensorflow(port(pair), "port.py")
    assert [d for d in found if d.severity is not Severity.INFO] == []  # a note says what has to be looked at

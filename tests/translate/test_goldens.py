"""The expected output of every fixture, held line by line, and run.

    TRANSPILE_UPDATE_GOLDENS=1 pytest tests/translate/test_goldens.py

writes them anew; read the difference before it is committed. Support definitions are imported in them, so that
they show what was translated and change only with it.
"""

from __future__ import annotations

import os
import sys

import pytest
from harness import EXPECTED, FIXTURES, Pair, fixture, imported, loaded, translation, without_torch
from known_defects import is_known
from translate.cases import CASES

NAMES = sorted(p.stem for p in FIXTURES.glob("*.py"))
SUPPORT = "_torch_support"
# One case of each fixture: a quick one, else the first, that is not known to be wrong.
RIGHT = [c for c in reversed(CASES) if not is_known(f"translate/test_fixtures.py::test_equal[{c.name}]")]
RUN = {c.fixture: c for c in RIGHT} | {c.fixture: c for c in RIGHT if c.quick}


def path(name):
    return EXPECTED / f"{name}.channels_last.py"


@pytest.mark.parametrize("name", NAMES)
def test_output_is_the_expected_one(name):
    code = translation(fixture(name), "channels_last", SUPPORT).code
    if os.environ.get("TRANSPILE_UPDATE_GOLDENS"):
        path(name).write_text(code, encoding="utf-8", newline="")
    assert code == path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(RUN))
def test_expected_output_runs(name, monkeypatch):
    from transpile.translate import support_source

    source, c = fixture(name), RUN[name]
    supports = translation(source, "channels_last", SUPPORT).supports
    with without_torch():
        monkeypatch.setitem(
            sys.modules, SUPPORT, loaded(support_source(supports, "channels_last"), f"{name}_support")
        )
    module = imported(path(name).read_text(encoding="utf-8"))
    pair = Pair(
        source,
        c.factory,
        c.inputs,
        reference=c.reference,
        returns=c.returns,
        keywords=c.keywords,
        module=module,
    )
    pair.check(c.tolerance)


def test_no_expected_output_is_left_over():
    assert {p.name for p in EXPECTED.glob("*.py")} == {path(name).name for name in NAMES}

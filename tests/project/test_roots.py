"""Which modules of a project have anything to translate, and that a second translation finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.project.job import Options
from transpile.project.plan import plan
from transpile.project.run import write_unit
from transpile.source.roots import roots
from transpile.translate import concerns

TORCH = "import torch\n"


@pytest.mark.parametrize(
    ("user", "wanted"),
    [
        ("from .layers import Conv\n", True),
        ("from . import layers\n", True),
        ("import pkg.layers\n", True),
        ("from pkg.layers import *\n", True),
        ("from pkg import layers as l\n", True),
        ("def late():\n    from pkg.layers import Conv\n", True),
        ("from .between import Conv\n", True),
        ("from .plain import path\n", False),
        ("import layers\n", False),
        ("x = 'from .layers import Conv'\n", False),
        ("from .layers import (\n", False),  # no Python
        ("", False),
    ],
)
def test_who_imports_what_speaks_of_torch_is_one_too(user: str, wanted: bool) -> None:
    texts = {
        "pkg": ("", True),
        "pkg.layers": (TORCH, False),
        "pkg.between": ("from .layers import Conv\n", False),
        "pkg.plain": ("import os\n", False),
        "pkg.user": (user, False),
    }
    found = roots(texts)
    assert ("pkg.user" in found) is wanted
    assert found[:2] == ["pkg.layers", "pkg.between"] and "pkg.plain" not in found


def test_relative_imports_climb_from_a_package() -> None:
    texts = {
        "a": ("", True),
        "a.b": ("from ..c import f\nfrom .d import g\n", True),
        "a.b.d": ("", False),
        "a.c": ("", False),
        "c": (TORCH, False),
    }
    assert roots(texts) == ["c"]
    texts["a.c"] = (TORCH, False)
    assert roots(texts) == ["a.b", "a.c", "c"]


def test_a_project_without_torch_has_none() -> None:
    assert roots({"a": ("from .b import x\n", False), "b": ("x = 1\n", False)}) == []


LAYERS = """import torch
from torch import nn


def _check():
    torch.ops.load_library("here")


_check()


class Net(nn.Module):
    def forward(self, x):
        return x.clone().flip(1)
"""
USER = """from .layers import Net


def shapes(x, found):
    values = found()
    return Net()(x).shape, values.exp()
"""


def test_a_second_translation_changes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "pkg"
    source.mkdir()
    for name, text in {"__init__.py": "", "layers.py": LAYERS, "user.py": USER}.items():
        (source / name).write_text(text)
    once, twice = tmp_path / "once" / "pkg", tmp_path / "twice" / "pkg"
    for before, after in ((source, once), (once, twice)):
        (unit,) = plan([before], after)
        results = list(write_unit(unit, Options(), jobs=1))
        assert all(result.outcome.traceback is None for result in results)
    assert (once / "_torch_support.py").is_file() and "suppress" in (once / "layers.py").read_text()
    written = {path.name: path.read_bytes() for path in twice.iterdir()}
    assert written == {path.name: path.read_bytes() for path in once.iterdir()}


@pytest.mark.parametrize("module", ["._torch_support_", "..._torch_support_", "package._torch_support_"])
def test_what_imports_the_support_was_translated(module: str) -> None:
    """By a relative name, or by the package's where a folder of it stands on sys.path."""
    assert not concerns(f"import tensorflow as tf\nfrom {module} import pad\n\n# torch.nn.functional\n")
    assert concerns("import torch\nfrom .torch_support import pad\n")

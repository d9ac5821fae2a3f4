"""Files that a package imports from a folder of its own on sys.path, not by the package's name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import transpile
from transpile.project.on_path import folders_on_path
from transpile.project.plan import plan

OUTER = """\
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
from .model.head import Head
"""
HEAD = """\
import torch
from torch import nn
from model.utils import get_norm

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = get_norm(4)

    def forward(self, x):
        return self.norm(torch.var(x, dim=0, keepdim=True) + x)
"""
UTILS = """\
import torch
from torch import nn

class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return torch.var(x, dim=1, keepdim=True) + torch.nn.functional.normalize(x, p=3.0) * self.scale

def get_norm(n):
    return Norm(n)
"""


def make(tmp_path: Path, outer: str = OUTER) -> Path:
    root = tmp_path / "pkg"
    files = {"__init__.py": "", "net/__init__.py": outer, "net/model/__init__.py": ""}
    files |= {"net/model/head.py": HEAD, "net/model/utils.py": UTILS, "net/model/copy.py": "import copy\n"}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def found(root: Path) -> list[str]:
    return [
        folder.relative_to(root).as_posix() for folder in folders_on_path(root, sorted(root.rglob("*.py")))
    ]


def test_nothing_without_sys_path(tmp_path: Path) -> None:
    assert found(make(tmp_path, "from .model.head import Head\n")) == []


def test_the_standard_library_is_no_folder_of_ours(tmp_path: Path) -> None:
    assert found(make(tmp_path)) == ["net"]


def test_what_lies_outside_climbs_as_before(tmp_path: Path) -> None:
    root = make(tmp_path)
    (unit,) = plan([root], tmp_path / "out")
    modules = {file.source.relative_to(root).as_posix(): unit.support_module(file) for file in unit.python}
    assert modules["__init__.py"] == "._torch_support"
    assert modules["net/model/utils.py"] == "out._torch_support"


def test_both_names_find_the_support_module(tmp_path: Path) -> None:
    transpile.translate_package(make(tmp_path), tmp_path / "tf" / "pkg", jobs=1)
    code = "from pkg.net import Head; import tensorflow as tf; print(Head()(tf.ones([2, 4])).shape)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "tf", capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "(2, 4)" in done.stdout


def test_facts_come_through_the_absolute_import(tmp_path: Path) -> None:
    translated = transpile.translate_package(make(tmp_path), None, jobs=1)
    head = next(one for path, one in translated.items() if path.name == "head.py")
    assert not [d for d in head.diagnostics if d.severity.name == "ERROR"]
    assert head.signatures["Head.call"]["return"] is None

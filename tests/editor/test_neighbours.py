"""What an open file imports: which files come along, and what their facts do to the findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.editor.analysis import Analysis
from transpile.editor.neighbours import Around, Neighbours
from transpile.editor.source import Settings

COMMON = """import torch.nn as nn

from far import Far


class Conv(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return self.conv(x)
"""
NET = """import torch
import torch.nn as nn

from common import Conv
import net
import numpy


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = Conv(c)

    def forward(self, x):
        return self.conv(x).sum(1)


def outside(x):
    return torch.no_such(x)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "common.py").write_text(COMMON)
    (tmp_path / "far.py").write_text("import torch\nFar = 1\n")
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def around(folder: Path, lines: int = 5000, opened: dict[Path, str] | None = None) -> Around | None:
    return Neighbours(lines).around(folder / "net.py", NET, opened or {})


def names(found: Around | None) -> list[str]:
    return list(found.readers) if found is not None else []


def test_what_is_imported_comes_along_through_others(folder: Path) -> None:
    found = around(folder)
    assert found is not None and found.name == "net" and names(found) == ["common", "far"]
    assert found.files == {(folder / "common.py").resolve(), (folder / "far.py").resolve()}


def test_the_nearest_come_first_as_far_as_the_lines_go(folder: Path) -> None:
    assert names(around(folder, lines=COMMON.count("\n") + 1)) == ["common"]
    assert around(folder, lines=3) is None  # what is far is reached through what is near


def test_at_one_distance_those_that_speak_of_torch_come_first(folder: Path) -> None:
    text = "from plain import p\nfrom far import Far\n"
    (folder / "plain.py").write_text("p = 1\n")
    assert names(Neighbours(2).around(folder / "net.py", text, {})) == ["far"]


def test_a_package_s_own_names_are_relative(tmp_path: Path) -> None:
    (tmp_path / "p" / "deep").mkdir(parents=True)
    for place in ("p/__init__.py", "p/deep/__init__.py", "p/near.py"):
        (tmp_path / place).write_text("import torch\n")
    found = Neighbours().around(tmp_path / "p/deep/net.py", "from ..near import a\nfrom . import b\n", {})
    assert found is not None and found.name == "p.deep.net" and names(found) == ["p.near", "p.deep"]


def test_an_open_file_is_read_as_it_stands_in_the_editor(folder: Path) -> None:
    opened = {(folder / "common.py").resolve(): "import torch\n"}
    assert names(around(folder, opened=opened)) == ["common"]


def test_a_file_is_parsed_once_per_version_and_inferred_anew(folder: Path) -> None:
    neighbours = Neighbours()

    def common() -> object:
        found = neighbours.around(folder / "net.py", NET, {})
        assert found is not None
        return found.readers["common"]()

    first, second = common(), common()
    assert first is not second and first.tree is second.tree  # type: ignore[attr-defined]
    (folder / "common.py").write_text(COMMON + "\nmore = 1\n")
    assert common().tree is not first.tree  # type: ignore[attr-defined]


def test_what_cannot_be_parsed_is_as_unknown_as_a_library(folder: Path) -> None:
    (folder / "common.py").write_text("import torch\nclass Conv(:\n")
    found = around(folder)
    assert found is not None and found.readers["common"]() is None
    assert codes(looked_at(folder)) == ["LAY003", "API001"]


def looked_at(folder: Path, text: str = NET) -> Analysis:
    """The text with its neighbours."""
    analysis = Analysis(Settings("net.py"))
    analysis.update(text)
    found = Neighbours().around(folder / "net.py", text, {})
    assert found is not None and analysis.adopt(analysis.among(found)())
    return analysis


def codes(analysis: Analysis) -> list[str]:
    return [found.code for found in analysis.diagnostics]


def test_their_facts_settle_what_is_open_alone(folder: Path) -> None:
    alone = Analysis(Settings("net.py"))
    alone.update(NET)
    assert codes(alone) == ["LAY003", "API001"]
    analysis = looked_at(folder)
    assert codes(analysis) == ["API001"]
    # what stays keeps what was said of it, further down
    analysis.update(NET.replace("import numpy\n", "import numpy\n\nsize = 3\n"))
    assert [(found.code, found.line) for found in analysis.diagnostics] == [("API001", NET.count("\n") + 2)]
    # in a changed statement, what only seemed so before is not said again, and what is new is
    text = NET.replace(
        "return self.conv(x).sum(1)", "torch.no_such_either(x)\n        return self.conv(x).sum(1)"
    )
    analysis.update(text)
    assert codes(analysis) == ["API001", "API001"]
    analysis.stand_alone()
    assert codes(analysis) == ["API001", "LAY003", "API001"]


def test_a_look_at_another_text_is_not_taken(folder: Path) -> None:
    analysis = Analysis(Settings("net.py"))
    analysis.update(NET)
    found = around(folder)
    assert found is not None
    look = analysis.among(found)
    analysis.update(NET + "\n\ny = 1\n")
    assert not analysis.adopt(look()) and codes(analysis) == ["LAY003", "API001"]

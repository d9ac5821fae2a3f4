"""Notebooks: code translated, all else as it was."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from transpile.cli import main

Capture = pytest.CaptureFixture[str]
MODEL = """class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        b, c, h, w = x.shape
        return self.conv(x).view(b, c, -1)"""


def code(source: str, outputs: list[Any] | None = None) -> Any:
    return nbformat.v4.new_code_cell(source, outputs=outputs or [], execution_count=3)


def translated(tmp_path: Path, cells: list[Any], *words: str, minor: int = 5) -> Any:
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "é"}}
    )
    notebook.nbformat_minor = minor
    if minor < 5:
        for cell in notebook.cells:
            cell.pop("id", None)
    (tmp_path / "in.ipynb").write_text(nbformat.writes(notebook))
    assert main([str(tmp_path / "in.ipynb"), "-o", str(tmp_path / "out.ipynb"), *words]) == 0
    result = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    nbformat.validate(result)
    assert result.metadata == notebook.metadata
    return result


def test_cells_keep_their_places_outputs_and_magics(tmp_path: Path) -> None:
    output = nbformat.v4.new_output("stream", text="tensor(1)\n")
    cells = [
        nbformat.v4.new_markdown_cell("# Título with `torch`"),
        code("%matplotlib inline\n!pip install torch \\\n    einops\nimport torch\nimport torch.nn as nn"),
        code("%%bash\necho torch.abs(x) > $HOME/x"),
        code(MODEL),
        code(
            "files = !ls\nnet = Net(3)\nx = torch.zeros(1, 3, 8, 8)\nif True:\n    %time y = net(x)\nnet?",
            [output],
        ),
        code("%%time\ntorch.abs(x)"),
        code("x % 2 == 0"),
    ]
    result = translated(tmp_path, cells)
    kinds = [cell.cell_type for cell in result.cells]
    assert kinds == ["markdown", "code", "code", "code", "code", "code", "code", "code"]
    support = next(at for at, cell in enumerate(result.cells) if cell.get("id") == "transpile-support")
    sources = [cell.source for at, cell in enumerate(result.cells) if at != support]
    assert sources[0] == cells[0].source and sources[2] == cells[2].source and sources[6] == cells[6].source
    assert sources[1].startswith("%matplotlib inline\n!pip install torch \\\n    einops\n")
    assert "import torch" not in sources[1].replace("install torch", "")
    assert sources[3].startswith("class Net(tf.keras.layers.Layer):\n") and "def call(self, x):" in sources[3]
    assert sources[4].startswith("files = !ls\nnet = Net(3)\nx = tf.zeros([1, 8, 8, 3])")
    assert "    %time y = net(x)\nnet?" in sources[4]
    assert sources[5] == "%%time\ntf.abs(x)"
    kept = [cell for at, cell in enumerate(result.cells) if at != support]
    assert [cell.get("outputs") for cell in kept] == [cell.get("outputs") for cell in cells]
    assert kept[4].execution_count == 3 and kept[1].id == cells[1].id


def test_the_support_cell_stands_by_itself_in_front_of_its_users(tmp_path: Path) -> None:
    cells = [code("import torch.nn as nn\nlayer = nn.Conv2d(3, 4, 3)"), code("layer")]
    result = translated(tmp_path, cells, minor=4)
    support, first, second = result.cells
    assert (
        "id" not in support
        and "class Conv2d" in support.source
        and "import tensorflow as tf" in support.source
    )
    ast.parse(support.source)
    assert first.source.endswith("layer = Conv2d(3, 4, 3)") and second.source == "layer"


def test_two_runs_give_the_same_bytes_and_a_third_changes_nothing(tmp_path: Path) -> None:
    cells = [code("import torch.nn as nn"), code(MODEL)]
    translated(tmp_path, cells)
    once = (tmp_path / "out.ipynb").read_bytes()
    assert main([str(tmp_path / "in.ipynb"), "-o", str(tmp_path / "out.ipynb")]) == 0
    assert (tmp_path / "out.ipynb").read_bytes() == once
    assert main([str(tmp_path / "out.ipynb"), "-o", str(tmp_path / "again.ipynb")]) == 0
    assert (tmp_path / "again.ipynb").read_bytes() == once


def test_findings_name_their_cell(tmp_path: Path, capsys: Capture) -> None:
    cells = [nbformat.v4.new_markdown_cell("x"), code("%%time\nimport torch\n\ntorch.no_such(1)")]
    translated(tmp_path, cells)
    capsys.readouterr()
    assert main(["check", str(tmp_path / "in.ipynb"), "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    assert (found["code"], found["line"], found["column"]) == ("API001", 4, 1)
    assert found["filename"].endswith("in.ipynb:cell 2")


def test_a_cell_that_cannot_be_parsed_stays(tmp_path: Path, capsys: Capture) -> None:
    result = translated(tmp_path, [code("import torch\nx = torch.abs(y)"), code("def f(:")])
    assert [cell.source for cell in result.cells] == ["import tensorflow as tf\n\nx = tf.abs(y)", "def f(:"]
    assert "in.ipynb:cell 2:1:" in capsys.readouterr().out


def test_without_torch_it_goes_through_byte_for_byte(tmp_path: Path) -> None:
    data = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}'
    (tmp_path / "in.ipynb").write_bytes(data)
    assert main([str(tmp_path / "in.ipynb"), "-o", str(tmp_path / "out.ipynb")]) == 0
    assert (tmp_path / "out.ipynb").read_bytes() == data


def test_what_is_no_notebook_is_refused(tmp_path: Path, capsys: Capture) -> None:
    for data in (b"{", b"[]", b"\xff"):
        (tmp_path / "in.ipynb").write_bytes(data)
        assert main([str(tmp_path / "in.ipynb")]) == 2
        assert "is no notebook" in capsys.readouterr().err


def test_in_a_folder_notebooks_are_translated_too(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[code("import torch\nx = torch.zeros(2)")])
    (folder / "a.ipynb").write_text(nbformat.writes(notebook))
    (folder / "b.py").write_text("x = 1\n")
    assert main([str(folder), "-o", str(tmp_path / "out")]) == 0
    assert "tf.zeros([2])" in (tmp_path / "out" / "a.ipynb").read_text()

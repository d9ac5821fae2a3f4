"""`transpile verify` from end to end: what it compares, what it names, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from transpile import translate
from transpile.cli import main

SOURCE = """import torch
import torch.nn as nn
import torch.nn.functional as F


def mixed(x):
    return torch.softmax(x, dim=1)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        x = self.norm(self.conv(x))
        return mixed(x)


class Net(nn.Module):
    def __init__(self, width=6):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.block = Block(width)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = self.block(x)
        return self.head(self.drop(x.mean((2, 3))))
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return path


def verified(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["verify", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def line(text: str, part: str) -> int:
    return next(i for i, one in enumerate(text.splitlines(), 1) if part in one)


def test_a_right_translation_is_equal_in_every_mode(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = verified(capsys, f"{source}:Net()", "--input", "2,3,8,10", "--grad", "--steps", "2")
    assert status == 0, found
    assert found["verdict"] == "equal"
    assert {c["name"]: c["verdict"] for c in found["comparisons"]} == dict.fromkeys(
        (
            "eager", "faint input", "tf.function", "open signature", "training call",
            "input gradients", "weight gradients", "training loss", "training state",
        ),
        "equal",
    )  # fmt: skip
    assert {row["layer"] for row in found["rows"]} >= {
        "",
        "stem",
        "block",
        "block.conv",
        "block.norm",
        "head",
    }


@pytest.mark.parametrize(
    ("right", "wrong", "layer", "where"),
    [
        ("axis=-1", "axis=1", "block", "mixed"),
        ("3, width, 3, padding=1", "3, width, 3, padding=0", "stem", "self.stem = "),
    ],
)
def test_the_first_difference_is_named_with_its_lines(
    right: str,
    wrong: str,
    layer: str,
    where: str,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = translate(SOURCE).code
    at = code.index("def mixed") if where == "mixed" else code.index(where)
    assert right in code[at:], code
    output = tmp_path / "tf_net.py"
    output.write_text(code[:at] + code[at:].replace(right, wrong, 1))
    status, found = verified(
        capsys, f"{source}:Net()", "--input", "2,3,8,10", "--output", str(output), "--no-graph"
    )
    assert status == 1
    assert found["divergence"]["layer"] == layer
    assert found["divergence"]["source"]["path"].endswith("net.py")
    if layer == "block":
        assert found["divergence"]["source"]["line"] == line(SOURCE, "x = self.norm(self.conv(x))")
        assert found["divergence"]["output"]["line"] == line(code, "x = self.norm(self.conv(x))")


def test_a_translation_alone_is_held_against_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tf_net.py"
    output.write_text(translate(SOURCE).code)
    status, found = verified(capsys, f"{output}:Net()", "--input", "2,8,10,3")
    assert status == 0 and found["source"] is None
    assert [c["name"] for c in found["comparisons"]] == ["eager", "tf.function", "open signature"]


LISTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4, 5)

    def forward(self, images, scale):
        maps = [self.conv(image[None]) for image in images]
        return [self.fc(m.mean((2, 3))) * scale for m in maps]
"""


def test_a_list_of_images_of_different_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.py"
    file.write_text(LISTS)
    words = (f"{file}:Net()", "--input", "[3,8,10; 3,12,6]", "--input", "5", "--grad", "--steps", "1")
    status, found = verified(capsys, *words)
    assert status == 0, found
    names = {c["name"]: c["verdict"] for c in found["comparisons"]}
    assert names["tf.function"] == names["input gradients"] == names["training loss"] == "equal"


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("import torch\nraise ValueError('no')\nclass Net: pass\n", "import"),
        ("import torch\ndef Net():\n    raise ValueError('no')\n", "build"),
        (
            "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        raise SystemExit\n",
            "source call",
        ),
        (
            "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x * torch.rand(1)\n",
            "source call",
        ),
    ],
)
def test_what_cannot_be_run_names_its_stage(
    text: str, stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.py"
    path.write_text(text)
    status, found = verified(capsys, f"{path}:Net()", "--input", "2,3")
    assert status == 2 and found["stage"].startswith(stage)


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("Nett(4)", "net has no name 'Nett'; did you mean Net?"),
        ("Net", "Net is a class, and no model yet: write Net(…), with its arguments"),
        ("made()", "NameError: name 'Nett' is not defined"),  # a mistake of the source's own
    ],
)
def test_a_slip_in_the_factory_is_said(
    factory: str, said: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(SOURCE + "\n\ndef made():\n    return Nett()\n")
    status, found = verified(capsys, f"{source}:{factory}", "--input", "2,3,8,10")
    assert (status, found["stage"], found["error"]) == (2, "build", said)
    assert bool(found["notes"]) == (factory == "made()")


@pytest.mark.parametrize("words", [["net.py:Net()"], ["{source}:Net("], ["{source}:Net()", "--input", "x"]])
def test_a_call_that_means_nothing_is_one_line(
    words: list[str], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *(word.replace("{source}", str(source)) for word in words)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_text_counts_and_the_picture_draws(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, page = tmp_path / "depth.svg", tmp_path / "page.html"
    words = ["verify", f"{source}:Net()", "--input", "2,3,8,10", "--no-graph", "--layers"]
    status = main([*words, "--svg", str(picture), "--html", str(page)])
    text = capsys.readouterr().out
    assert status == 0 and "block.norm" in text and text.splitlines()[-1].startswith("equal: Net()")
    assert picture.read_text().count("<circle") == page.read_text().count("<circle") == 7
    assert 'id="f0-l13"' in page.read_text() and "tf.keras" in page.read_text()


@pytest.mark.slow
def test_exports_are_loaded_again_and_equal(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = verified(capsys, f"{source}:Net()", "--input", "2,3,8,10", "--export", "all", "--speed")
    verdicts = {c["name"]: c["verdict"] for c in found["comparisons"]}
    assert status == 0 and verdicts["saved_model"] == verdicts["tflite"] == "equal"


def test_a_package_is_verified_from_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .net import Net\n")
    (package / "parts.py").write_text(SOURCE)
    (package / "net.py").write_text("from pkg.parts import Net as Base\n\n\nclass Net(Base):\n    pass\n")
    status, found = verified(capsys, f"{package}/net.py:Net()", "--input", "2,3,8,10", "--no-graph")
    assert status == 0, found

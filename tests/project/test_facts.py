"""Facts that flow from file to file of a folder."""

from __future__ import annotations

from pathlib import Path

from transpile.project import translate_package

LAYERS = """
import torch
from torch import nn


def shuffle(x):
    return torch.cat(x.chunk(2, 1)[::-1], 1)


class Conv(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return self.conv(x)
"""


def translated(tmp_path: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = translate_package(tmp_path / "pkg", jobs=1)
    return {path.as_posix(): translation.code for path, translation in found.items()}


def test_a_caller_in_another_file_tells_the_layout(tmp_path: Path) -> None:
    net = (
        "from torch import nn\nfrom .layers import Conv, shuffle\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.conv = Conv(4)\n\n"
        "    def forward(self, x):\n        return shuffle(self.conv(x))\n"
    )
    code = translated(tmp_path, {"__init__.py": "", "layers.py": LAYERS, "net.py": net})
    assert "axis=-1" in code["layers.py"] and "open_axis" not in code["layers.py"]


def test_a_torch_name_that_another_file_hands_on_is_not_imported_from_it(tmp_path: Path) -> None:
    use = "from .compat import F, nn\n\n\nclass A(nn.Module):\n    def forward(self, x):\n        return F.relu(x)\n"
    code = translated(
        tmp_path,
        {
            "__init__.py": "",
            "compat.py": "from torch import nn\nimport torch.nn.functional as F\n",
            "use.py": use,
        },
    )
    assert "compat" not in code["use.py"] and "tf.nn.relu(x)" in code["use.py"]


def test_a_cycle_ends(tmp_path: Path) -> None:
    a = "import torch\nfrom . import b\n\n\ndef twice(x: torch.Tensor):\n    return b.once(x) * 2\n"
    b = "import torch\nfrom . import a\n\n\ndef once(x):\n    return x.exp()\n\n\n"
    b += "def more(x: torch.Tensor):\n    return a.twice(x)\n"
    code = translated(tmp_path, {"__init__.py": "", "a.py": a, "b.py": b})
    assert "tf.exp(x)" in code["b.py"] and "torch" not in code["a.py"].replace("_torch_support", "")


def test_arrays_of_a_file_without_torch_stay(tmp_path: Path) -> None:
    plain = "def rows(table):\n    return table.view(int).norm()\n"
    code = translated(
        tmp_path, {"__init__.py": "", "plain.py": plain, "use.py": "import torch\nfrom .plain import rows\n"}
    )
    assert code.get("plain.py", plain) == plain


def test_a_function_that_a_forward_of_another_file_calls_is_traced_with_it(tmp_path: Path) -> None:
    helpers = (
        "import torch\n\n\ndef scaled(x: torch.Tensor):\n    b, c, h, w = x.shape\n"
        "    if h > 1:\n        x = x / (h - 1)\n    return x\n\n\n"
        "def alone(x: torch.Tensor):\n    b, c, h, w = x.shape\n"
        "    if h > 1:\n        x = x / (h - 1)\n    return x\n"
    )
    net = (
        "from torch import nn\nfrom .helpers import alone, scaled\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 4, 1)\n\n"
        "    def forward(self, x):\n        return scaled(self.conv(x))\n"
    )
    found = translated(tmp_path, {"__init__.py": "", "helpers.py": helpers, "net.py": net})
    assert "@autograph\ndef scaled" in found["helpers.py"]
    assert "@autograph\ndef alone" not in found["helpers.py"]

"""A file that stands alone and has no torch in it goes out as it is, without the translator being asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.emit import MODULE_HEADING
from transpile.project.job import Job, Options, Outcome, work

# The translator has something to say, or may have.
NEAR_MISSES = [
    "import torch\n",
    "import os, torch as t\n",
    "if True: import torch\n",
    "def late(): from torch import nn\n",
    "from \\\n    torch import nn\n",
    "from common import (\n    nn,\n    torch,\n)\n",
    "import os; import torchvision  # of torch\n",
    "from einops import rearrange\n",
    "from .torch_layers import Conv\n",
    "from .. import torch_layers\n",
    '"""Of torch."""\n\nx = 1  # transpile: ignore[API001]\n',
]


def outcome(text: str, folder: Path) -> Outcome:
    path = folder / "file.py"
    path.write_text(text)
    return work(Job(path, "file.py", Options()))


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_it_is_translated(text: str, tmp_path: Path) -> None:
    assert outcome(text, tmp_path).translation is not None


CARRIED = [
    '"""Nothing of torch."""\n\nimport os\n',
    "# as torch does it: x.view(2, 3)\ndef shaped(x):\n    return x.view(2, 3)\n",
    'BACKENDS = {"torch": 1, "tensorflow": 2}\n',
    "from __future__ import annotations\n\ndef f(values, i):\n    values[i:] = [0]  # not torch's\n",
    f"{MODULE_HEADING}\n\nimport tensorflow as tf\n",
]


@pytest.mark.parametrize("text", CARRIED)
def test_it_is_carried(text: str, tmp_path: Path) -> None:
    found = outcome(text, tmp_path)
    assert (found.translation, found.changed, found.diagnostics) == (None, False, ())
    assert found.data == text.encode()


def test_what_does_not_parse_is_said_though_it_has_no_torch(tmp_path: Path) -> None:
    found = outcome('"""Nothing of torch."""\n(', tmp_path)
    assert found.data is None and [d.code for d in found.diagnostics] == ["SYN001"]

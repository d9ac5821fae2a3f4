"""Where the imports and the support go that an output needs."""

from __future__ import annotations

from transpile import translate

LATE = """\
import sys
import torch

{statement}

try:
    import json
except ImportError:
    json = None
import zlib


class Net(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.gelu(x)
"""


def test_behind_the_imports_where_no_statement_needs_them():
    code = translate(LATE.format(statement="LIMIT = 3")).code
    assert code.index("import zlib") < code.index("def gelu") < code.index("class Net")


def test_before_a_statement_between_the_imports():
    code = translate(LATE.format(statement='NEW = torch.__version__ >= "2.0"\nEYE = torch.eye(3)')).code
    assert code.index("class TorchVersion") < code.index("NEW = ") < code.index("import json")
    names: dict[str, object] = {}
    exec(code, names)
    assert names["NEW"]

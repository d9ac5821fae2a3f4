"""A diagnostic names the line and the column, in characters from 1, of the place in the source as it was given."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest

from transpile import Severity, translate

UNKNOWN = "torch.no_such_function_at_all(x)"
PLACES = {
    "plain": "import torch\n\n\ndef f(x):\n    return <call>\n",
    "tabs": "import torch\ndef f(x):\n\tif x:\n\t\treturn <call>\n",
    "wide characters in front": "import torch\ndef f(x):\n    return 'é漢😀', <call>\n",
    "a form feed": "import torch\n\x0c\ndef f(x):\n    return <call>\n",
    "a form feed before code": "import torch\n\n\x0cdef f(x):\n    return <call>\n",
    "a continuation": "import torch\ndef f(x):\n    return 1 + \\\n        <call>\n",
    "inside brackets": "import torch\ndef f(x):\n    return [\n        1,  # one\n        <call>,\n    ]\n",
    "after a long text": 'import torch\nTEXT = """a\nb\nc\n"""\ndef f(x):\n    y = 1; return <call>\n',
    "no newline at the end": "import torch\ndef f(x): return <call>",
    "in a decorated method": "import torch\nclass A:\n    @staticmethod\n    # words\n    def f(x):\n        return <call>\n",
    "a lambda": "import torch\nf = lambda x: <call>\n",
    "a default": "import torch\nx = 3\ndef f(y=<call>):\n    return y\n",
    "at the very start": "import torch; x = 3; <call>\n",
    "in an f-string": 'import torch\ndef f(x):\n    return f"{<call>}"\n',
    "behind an encoding": "# -*- coding: utf-8 -*-\nimport torch\ndef f(x):\n    return <call>\n",
}


def place(source):
    """Line and column of the call, counted by hand."""
    before = source[: source.index(UNKNOWN)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("what", PLACES)
def test_place(what, newline):
    source = PLACES[what].replace("<call>", UNKNOWN)
    result = translate(source.replace("\n", newline).encode(), filename="a.py")
    found = [d for d in result.diagnostics if "no_such_function_at_all" in d.message]
    assert len(found) == 1
    d = found[0]
    line, column = place(source)
    assert (d.line, d.column) == (line, column)
    assert (d.end_line, d.end_column) == (line, column + len(UNKNOWN))
    assert d.filename == "a.py"
    assert d.severity is Severity.WARNING
    assert d.code.startswith("API")


def test_byte_order_mark():
    source = f"import torch\ndef f(x):\n    return {UNKNOWN}\n"
    result = translate(b"\xef\xbb\xbf" + source.encode())
    assert [(d.line, d.column) for d in result.diagnostics] == [place(source)]


def test_latin_1():
    source = f"# coding: latin-1\nimport torch\ndef f(x):\n    return 'é', {UNKNOWN}\n"
    result = translate(source.encode("latin-1"))
    assert [(d.line, d.column) for d in result.diagnostics] == [place(source)]


def test_a_call_over_several_lines_has_its_end():
    source = (
        "import torch\ndef f(x):\n    return torch.no_such_function_at_all(\n        x,\n        3)  # end\n"
    )
    d = translate(source).diagnostics[0]
    assert (d.line, d.column, d.end_line, d.end_column) == (3, 12, 5, 11)


def test_order_is_that_of_the_source():
    source = "import torch\n" + "".join(f"def f{i}(x):\n    return {UNKNOWN}, {UNKNOWN}\n" for i in range(5))
    found = [(d.line, d.column) for d in translate(source).diagnostics]
    assert found == sorted(found)
    assert len(found) == 10


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_tensor_method_without_a_rule_is_said_where_it_stands(newline):
    source = "import torch\n\n\ndef f(x: torch.Tensor):\n    y = torch.relu(x)\n    return y.sparse_mask(3)\n"
    result = translate(source.replace("\n", newline).encode())
    assert [(d.line, d.column) for d in result.diagnostics if "sparse_mask" in d.message] == [(6, 12)]

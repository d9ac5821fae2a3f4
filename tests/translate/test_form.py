"""The form of every output: it parses, keeps comments and docstrings, is its own translation, and never varies."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import tokenize

import pytest
from harness import FIXTURES, FORMATS, fixture, translation

from transpile import translate
from transpile.diagnostics import SourceError
from transpile.emit import END, HEADING

NAMES = sorted(p.stem for p in FIXTURES.glob("*.py"))


def own(code):
    """The code without the support definitions that were copied in."""
    if HEADING not in code:
        return code
    before, _, rest = code.partition(HEADING)
    assert END in rest
    return before + rest.partition(END)[2]


def comments(code):
    return [
        t.string for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.type == tokenize.COMMENT
    ]


def docstrings(code):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        ast.get_docstring(node, clean=False) for node in ast.walk(ast.parse(code)) if isinstance(node, kinds)
    ]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_parses_and_keeps_what_is_written(name, data_format):
    source = fixture(name)
    code = own(translation(source, data_format).code)
    assert ast.dump(ast.parse(code))
    added = "# torch's name"
    assert [c for c in comments(code) if not c.startswith(added)] == comments(source)
    assert docstrings(code) == docstrings(source)


@pytest.mark.parametrize("name", NAMES)
def test_second_translation_changes_nothing(name):
    code = translation(fixture(name)).code
    again = translate(code)
    assert again.code == code
    assert again.diagnostics == []


@pytest.mark.parametrize("name", NAMES)
def test_names_and_order_of_definitions_stay(name):
    def outline(code, rename):
        return [
            (
                (
                    type(n).__name__,
                    [getattr(m, "name", None) for m in n.body if isinstance(m, ast.FunctionDef)],
                    n.name,
                )
                if isinstance(n, ast.ClassDef)
                else n.name
            )
            for n in ast.parse(code.replace("def forward(", rename)).body
            if isinstance(n, (ast.ClassDef, ast.FunctionDef))
        ]

    source = fixture(name)
    code = own(translation(source).code).replace(
        "def build_(", "def build("
    )  # a name that Keras has for itself
    assert outline(code, "def forward(") == outline(source, "def call(")


# reserved_names has more names to rename than any model: each is a line of its table
@pytest.mark.parametrize("name", [n for n in NAMES if n != "reserved_names"])
def test_no_longer_than_a_quarter_more(name):
    source = fixture(name)
    assert own(translation(source).code).count("\n") <= 1.25 * source.count("\n") + 3


@pytest.mark.parametrize("name", NAMES)
def test_stable_under_black(name):
    import black

    mode = black.Mode(line_length=88)
    code = translate(black.format_str(fixture(name), mode=mode)).code
    assert black.format_str(code, mode=mode) == code


def test_two_runs_give_the_same_bytes():
    """In processes with different orders of sets and dicts of strings."""
    script = (
        "import sys, hashlib, transpile\n"
        "for path in sys.argv[1:]:\n"
        "    t = transpile.translate(open(path, encoding='utf-8').read(), filename='f')\n"
        "    print(hashlib.sha256((t.code + repr(t.diagnostics) + repr(t.signatures)).encode()).hexdigest())\n"
    )
    paths = [
        str(FIXTURES / f"{n}.py")
        for n in ("yolo_blocks", "reserved_names", "vit", "squeeze_excite", "joining")
    ]

    def run(seed):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path),
        }
        return subprocess.run(
            [sys.executable, "-c", script, *paths],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert run("1") == run("4242")


COMMENTED = '''#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# Copyright somebody.
"""What the module does."""

from __future__ import annotations  # future

import math  # math

# torch comes now
import torch  # the framework
import torch.nn as nn  # layers

# functions
import torch.nn.functional as F

CONSTANT = 3  # three


# above the class
@staticmethod  # a decorator of no use
def nothing():
    pass  # nothing


class Net(nn.Module):  # a net
    """Does something.

    In two paragraphs.
    """

    # above the constructor
    def __init__(
        self,
        c1,  # in
        c2=8,  # out
    ):
        # first line
        super(Net, self).__init__()  # super
        self.body = nn.Sequential(  # open
            # the first
            nn.Conv2d(c1, c2, 3, padding=1),  # conv
            nn.BatchNorm2d(c2),  # norm

            # the last
            nn.ReLU(inplace=True),  # act
            # trailing
        )  # close

    def forward(self, x):  # x: NCHW
        """Runs."""
        # before the shape
        b, c, h, w = x.shape  # sizes
        y = torch.cat(  # cat
            (
                self.body(x),  # once
                # again
                self.body(x) * 2,  # twice
            ),
            dim=1,  # channels
        )  # end of cat
        if b > 1:  # a branch
            # inside
            y = y.mean(  # mean
                dim=(2, 3),  # space
                keepdim=True,
            )
        # before the return
        return (
            y  # y
            # plus
            + F.relu(y)  # relu
        )
        # after the return


# the end
'''


@pytest.mark.parametrize("data_format", FORMATS)
def test_every_comment_stays_in_its_order(data_format):
    code = own(translate(COMMENTED, data_format=data_format).code)
    assert comments(code) == comments(COMMENTED)
    assert docstrings(code) == docstrings(COMMENTED)
    assert code.startswith("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# Copyright somebody.\n")


def test_future_import_and_docstring_stay_in_front():
    code = translate(
        '"""Words."""\nfrom __future__ import annotations\nimport torch\nx = torch.zeros(3)\n'
    ).code
    tree = ast.parse(code)
    assert ast.get_docstring(tree) == "Words."
    compile(code, "output", "exec")  # a __future__ import that is not in front is a SyntaxError


@pytest.mark.parametrize("quote", ["'", '"'])
def test_what_is_not_touched_keeps_its_spelling(quote):
    kept = f"TABLE = {{  {quote}a{quote} :1,\n  {quote}b{quote}:  [1,2 ,3],}}\n\n\n\ndef  f( a,b ) :\n\treturn a  +b ;\n"
    code = translate(
        "import torch\n" + kept + "\n\ndef g():\n    return torch.zeros(3)\n", support_module="_s"
    ).code
    assert kept in code


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import torch\ndef f(x:\n    return x\n", 2),
        ("import torch\nx = (1, 2\ny = 3\n", 2),
        ("import torch\nprint 'torch'\n", 2),
        ("import torch\nclass A\n    pass\n", 2),
        ("import torch\n  x = 1\n", 2),
        ("import torch\nx = 'a' b'b'\n", 1),
    ],
)
def test_syntax_errors(source, line):
    with pytest.raises(SourceError) as caught:
        translate(source)
    assert caught.value.line in (line, line + 1)
    assert caught.value.code == "SYN001"
    assert str(caught.value)


def test_data_format_is_checked():
    with pytest.raises(ValueError, match="data_format"):
        translate("import torch\n", data_format="NHWC")


DEEP = {
    "parentheses": "(" * 60 + "x" + ")" * 60,
    "a sum of 300": " + ".join(["torch.abs(x)"] * 300),
    "calls in calls": "torch.relu(" * 60 + "x" + ")" * 60,
    "a chain of methods": "x" + ".abs()" * 90,
    "lists in lists": "[" * 60 + "x" + "]" * 60,
    "conditions": " if x is None else ".join(["torch.abs(x)"] * 60),
}


@pytest.mark.parametrize("what", DEEP)
def test_deep_nesting(what):
    code = translate(
        f"import torch\n\n\ndef f(x: torch.Tensor):\n    return {DEEP[what]}\n", support_module="_s"
    ).code
    compile(code, "output", "exec")
    assert "torch." not in code.replace("_torch", "")


def test_too_deep_to_parse_is_said():
    try:
        code = translate("import torch\nx = " + "-" * 6000 + "torch.pi\n").code
    except SourceError as error:
        assert "deep" in str(error)
    else:
        compile(code, "output", "exec")


def test_nested_blocks():
    lines = ["import torch", "", "", "def f(x: torch.Tensor):"]
    for depth in range(1, 18):
        lines.append("    " * depth + f"if x.shape[0] > {depth}:")
    lines.append("    " * 18 + "return torch.relu(x)")
    code = translate("\n".join(lines) + "\n", support_module="_s").code
    assert "    " * 18 + "return tf.nn.relu(x)" in code


BLOCK = '''
class Net{n}(nn.Module):
    """Number {n}."""

    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.norm = nn.BatchNorm2d(c)
        self.fc = nn.Linear(c, 10)

    def forward(self, x):
        b, c, h, w = x.shape
        y = F.relu(self.norm(self.conv(x)))
        y = torch.cat((x, y), 1).view(b, 2, c, h, w).sum(1)
        y[:, 0] = 0
        return self.fc(y.mean(dim=(2, 3)))

'''


def huge(count):
    head = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n"
    return head + "".join(BLOCK.format(n=n) for n in range(count))


@pytest.mark.slow
def test_cost_is_linear_in_the_lines():
    """A line of a file of 20,000 lines costs little more than one of 5,000, in CPU time: quadratic would be 4 times."""
    import time

    def cost(count):
        source = huge(count)
        began = time.process_time()
        result = translate(source, format_code=False, support_module="_s")
        assert result.code.count("tf.nn.relu") == count
        return (time.process_time() - began) / source.count("\n")

    cost(10)  # rules and support are read once
    small = cost(290)
    assert cost(1170) < 2.5 * small


def test_reports_are_plain_data():
    """Signatures go into JSON, diagnostics compare."""
    result = translation(fixture("pyramid_dict"))
    assert json.loads(json.dumps(result.signatures)) == result.signatures
    assert hashlib.sha256(result.code.encode()).hexdigest()


def test_code_in_a_formatted_string_has_other_quotes_than_the_string():
    source = """
import torch
import torch.nn.functional as F


def f(x: torch.Tensor):
    one = f"{torch.__version__} {F.gelu(x)} {'as it was'}"
    return one, f'{torch.__version__}', f\"\"\"{torch.__version__} "quoted\"\"\", f"{f'{torch.__version__}'}"
"""
    code = translate(source).code
    ast.parse(code, feature_version=(3, 10))
    assert (
        "TorchVersion('2.13.0')" in code and "f'{TorchVersion(\"2.13.0\")}'" in code and "'as it was'" in code
    )

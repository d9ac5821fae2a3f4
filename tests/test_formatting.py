"""Formatting: changed statements as black would write them, the others as they were, black only where it is needed."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import black
import pytest

from transpile import formatting
from transpile.emit import END, HEADING
from transpile.formatting import formatted, line_length
from transpile.spacing import is_clean

ROOT = Path(__file__).parents[1]
SOURCES = sorted(ROOT.glob("transpile/**/*.py")) + sorted(ROOT.glob("tests/**/*.py"))
MODE = black.Mode(
    target_versions={v for v in black.TargetVersion if v.value >= black.TargetVersion.PY310.value}
)


def clean(line: str, length: int = 88) -> bool:
    text = line + ("\n    pass\n" if line.endswith(":") else "\n")
    statement = formatting._statements(text)[0]
    return is_clean(line, statement.tokens, length)


CLEAN = [
    "x = tf.reshape(x, (b, -1, h, w))",
    "self.conv = tf.keras.layers.Conv2D(64, 3, padding='same')".replace("'", '"'),
    "return x + self.cv2(self.cv1(x)) if self.add else self.cv2(self.cv1(x))",
    "x = x[..., ::2, 1::2]",
    "x = x[:, i + 1 : j, -1:]",
    "x = x[a:b] @ y**2 - -z",
    "for i, (a, b) in enumerate(zip(x, y)):",
    "def call(self, x, *args, n: int = 3, k=1, **kwargs) -> None:",
    'f = lambda x, y=1: {"a": x, **y}',
    "d = {k: v for k, v in x.items() if not (k in y)}",
    "y = (a, b)  # why",
    "from . import a as b, c",
    "@tf.function(jit_compile=True)",
    "x: int = 3",
    "if (n := len(a)) > 10:",
    "a = (x + y) * z",
    "*a, b = c",
    "(x + y).sum()",
    "print(*a, sep='')".replace("''", '""'),
    "del a[0], b",
    "x = a if b else (c, d)",
]
UNCLEAN = [
    "x=1", "x = f(a,b)", "x = f( a )", "x = 'a'", "x = (a)", "return (a)", "x = f(a,)", "x = 0XFF", "x = 1.", "x = 1E5",
    "for (a, b) in c:", "x = x ** 2", "x = x[a+1:b]", "x = x[a + 1:b]", "class A():", "if x: pass", "a; b",
    "x = 1 # why", "x = 1  #why", "def f(a:int):", "def f(a: int=3):", "f(a = 1)", "from a import (b)", "(a, b) = c",
    "x = u'a'", 'x = "\\\'"', "x = -2**3", "del (a)", "assert (a)", "print((a) )", "lambda x : x", "x  = 1", "x = [1,]",
    "while (a):", "x = a[1, :, 2:]" .replace(":,", " :,"), "a = yield(b)", "x = not(a)", "x = a if(b) else c",
]  # fmt: skip


@pytest.mark.parametrize("line", CLEAN)
def test_what_is_clean(line: str) -> None:
    assert clean(line)
    text = line + ("\n    pass\n" if line.endswith(":") else "\ndef f(): ...\n" if line[0] == "@" else "\n")
    assert black.format_str(text, mode=MODE).startswith(line + "\n")


@pytest.mark.parametrize("line", UNCLEAN)
def test_what_goes_to_black(line: str) -> None:
    assert not clean(line)


def test_a_long_line_goes_to_black() -> None:
    line = f"x = {'a' * 84}"
    assert clean(line) and not clean(line + "a")


MANGLINGS = [
    (r" \+ ", "+"),
    (r", ", ","),
    (r'"', "'"),
    (r" = ", " = ("),
    (r"=", " = "),
    (r"\(", "( "),
    (r":", " :"),
]
MANGLINGS += [
    (r"\)$", ",)"),
    (r"\((\w+)\)", r"((\1))"),
    (r" (\w+)$", r" (\1)"),
    (r"\*\*", " ** "),
    (r"#", " #"),
]


@pytest.mark.parametrize("seed", range(3))
def test_no_line_is_called_clean_that_black_changes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of this project as they are, and mangled."""
    pick = random.Random(f"{os.environ.get('TRANSPILE_TEST_SEED')}.{seed}")
    wrong = []
    for path in pick.sample(SOURCES, 6):
        lines = path.read_text().split("\n")
        for statement in pick.choices(formatting._statements("\n".join(lines)), k=60):
            if statement.first != statement.last:
                continue
            line = lines[statement.first].strip()
            old, new = pick.choice([*MANGLINGS, ("$", "")])
            mangled = re.sub(old, new, line)
            try:
                held = formatting._statements(
                    mangled + ("\n    pass" if mangled.endswith(":") else "") + "\n"
                )
            except Exception:
                continue
            if len(held) < 1 or held[0].last or held[0].word in ("elif", "else", "except", "finally"):
                continue
            if not is_clean(mangled, held[0].tokens, 110):
                continue
            with monkeypatch.context() as patch:
                patch.setattr(formatting, "is_clean", lambda *rest: False)
                result = formatting._formatted_statement(held[0], [mangled], 110)
            if result != [mangled]:
                wrong.append((mangled, result))
    assert not wrong


def test_only_what_changed_is_formatted() -> None:
    before = "import torch\nx = { 'a':1 }\ny = torch.abs( x )\n"
    after = "import tensorflow as tf\nx = { 'a':1 }\ny = tf.abs( x )\n"
    assert formatted(before, after) == "import tensorflow as tf\n\nx = { 'a':1 }\ny = tf.abs(x)\n"


@pytest.mark.parametrize(
    "header", ["if a:", "for i in a:", "def f(a):", "class A:", "try:", "with a:", "if 1:\n    a\nelif  b :"]
)
def test_statements_in_blocks(header: str) -> None:
    before = f"{header}\n    x = 1\n"
    long = ", ".join(f"argument_{i}" for i in range(9))
    after = f"{header}\n    x = f({long})\n" + ("finally:\n    b\n" if header == "try:" else "")
    result = formatted(before, after)
    body = black.format_str(f"if a:\n    x = f({long})\n", mode=MODE).partition("\n")[2]
    assert result.startswith(f"{header}\n{body}")
    assert formatted(before, result) == result


def test_headers_and_decorators() -> None:
    after = "@ a( b )\ndef f( x ) :\n    if  x :\n        pass\n    elif  y :\n        pass\n    else :\n        pass\n"
    after += "    try :\n        pass\n    except  E  as  e :\n        pass\n    finally :\n        pass\n"
    assert formatted("", after) == black.format_str(after, mode=MODE)


def test_strings_of_several_lines_keep_their_inner_lines() -> None:
    after = 'def f():\n    x = g( """a\n  b\n""" )\n    y = 1\n'
    assert formatted("def f():\n    y = 1\n", after) == 'def f():\n    x = g("""a\n  b\n""")\n    y = 1\n'


def test_other_indents_stay() -> None:
    assert formatted("if a:\n  x = 1\n", "if a:\n  x = ( 2 )\n") == "if a:\n  x = 2\n"
    assert formatted("if a:\n\tx = 1\n", "if a:\n\tx = ( 2 )\n") == "if a:\n\tx = 2\n"


def test_empty_lines_around_what_came_and_went() -> None:
    before = '"""Doc."""\n\nimport torch\n\n\ndef f():\n    x = 1\n'
    after = '"""Doc."""\nimport tensorflow as tf\n\n\ndef f():\n    import torch\n    x = 1\n'
    after += "\ndef g():\n    pass\n\n\n\n# z\nz = 1\n"
    result = formatted(before, after)
    assert result == black.format_str(after, mode=MODE)
    assert formatted(before, "\n\nimport os\n") == "import os\n"


def test_the_section_stays() -> None:
    section = f"{HEADING}\n# fmt: off\ndef  relu( x ):\n    return x\n# fmt: on\n{END}\n"
    after = f"import tensorflow as tf\n\n{section}\n\nx = ( 1 )\nimport  os\n"
    result = formatted("import torch\n\n\nx = 2\n", after)
    assert result == f"import tensorflow as tf\n\n{section}\n\nx = 1\nimport os\n"
    assert formatted("import torch\n", result) == result


def test_the_line_length_is_the_source_s() -> None:
    assert line_length("x = 1\n") == 88
    assert line_length("x = " + "y + " * 25 + "z\n") == 105
    assert line_length("x = " + "y + " * 90 + "z\n") == 120
    assert line_length('x = "' + "y" * 100 + '"\n# ' + "z" * 110 + "\n") == 88


def test_black_is_not_imported_for_clean_lines() -> None:
    code = (
        "import sys; from transpile.formatting import formatted;"
        "formatted('x = torch.abs(y)\\n', 'x = tf.abs(y)\\n'); print('black' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", SOURCES[::9], ids=lambda path: path.stem)
def test_a_whole_file_with_every_statement_changed(path: Path) -> None:
    """A source in black's form stays as it is although all of it is new."""
    source = path.read_text()
    length = line_length(source)
    mode = black.Mode(line_length=length, target_versions=MODE.target_versions)
    source = black.format_str(source, mode=mode)
    if line_length(source) == length and "fmt: " not in source and HEADING not in source:
        assert formatted("x = " + "y" * (length - 4) + "\n", source) == source

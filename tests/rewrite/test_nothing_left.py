"""Statements of which nothing is left to do go; whatever they still say or bind stays."""

from __future__ import annotations

import pytest

from transpile import translate

HEAD = "import torch\n\n\ndef f(x: torch.Tensor):\n"


def body(text: str) -> str:
    """What a function's body becomes."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    code = translate(HEAD + lines).code
    return "".join(line[4:] + "\n" for line in code.partition("def f(")[2].splitlines()[1:])


@pytest.mark.parametrize(
    "kept",
    [
        "x = x\nreturn torch.neg(x)",  # the source's own
        "y = x.contiguous()\nreturn torch.neg(y)",
        "y = x = x.contiguous()\nreturn torch.neg(y)",
        "class Held:\n    x = x.contiguous()\n\nreturn torch.neg(Held.x)",
    ],
)
def test_it_stays(kept: str) -> None:
    expected = kept.replace(".contiguous()", "").replace("torch.neg", "tf.negative")
    assert body(kept) == expected + "\n"


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("x = x.contiguous()  # in order\nreturn torch.neg(x)", "# in order\nreturn tf.negative(x)"),
        ("# why\nx = x.contiguous()  # how\n# what\nreturn x", "# why\n# how\n# what\nreturn x"),
        ("x = torch.neg(x)\nx = x.contiguous()  # late", "x = tf.negative(x)\n# late"),
        ("x = x.contiguous()\nreturn torch.neg(x)", "return tf.negative(x)"),
        ("x = x.cuda().contiguous()\nreturn torch.neg(x)", "return tf.negative(x)"),
        ("x = torch.neg(x)\nif x.shape[0] > 2:\n    x = x.contiguous()\nreturn x", None),
    ],
)
def test_a_name_that_is_given_to_itself_goes(source: str, output: str | None) -> None:
    found = body(source)
    assert "x = x\n" not in found and (output is None or found == output + "\n")
    compile("def f(x):\n" + "".join(f"    {line}\n" for line in found.splitlines()), "f", "exec")


def test_at_module_level_the_name_is_bound_for_others() -> None:
    code = translate("import torch\n\nx = torch.ones(2)\nx = x.contiguous()\n").code
    assert code.endswith("x = tf.ones([2])\nx = x\n")


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ('"cuda" if torch.cuda.is_available() else "cpu"', '"cpu"'),
        ("(x if torch.cuda.is_available() else x if n else n) + 1", "(x if n else n) + 1"),
        ("x if not torch.cuda.is_available() else n", "x if not False else n"),
        ("x if False else n", "x if False else n"),
    ],
)
def test_of_a_choice_that_is_decided_one_arm_stays(source: str, output: str) -> None:
    code = translate(f"import torch\n\n\ndef f(x, n):\n    return {source}\n").code
    assert code.endswith(f"    return {output}\n")

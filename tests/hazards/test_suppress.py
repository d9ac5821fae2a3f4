"""Comments that suppress findings, and those that suppress nothing."""

from __future__ import annotations

import pytest

from transpile import translate
from transpile.editor.edits import applied
from transpile.hazards import check_tensorflow

CALL = "torch.cuda.comm.broadcast(x, [0])"


def codes(body: str) -> list[tuple[str, int]]:
    text = "import torch\n\ndef f(x: torch.Tensor):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    return [(d.code, d.line - 3) for d in translate(text).diagnostics]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (f"return {CALL}", [("API001", 1)]),
        (f"return {CALL}  # transpile: ignore[LAY002]", [("API001", 1), ("IGN001", 1)]),
        (f"# transpile: ignore[API001]\n\nreturn {CALL}", [("IGN001", 1), ("API001", 3)]),
        (f"s = '# transpile: ignore[API001]'; return {CALL}", [("API001", 1)]),
        (f"return {CALL}  # ignore[API001]", [("API001", 1)]),
        (f"return {CALL}  # transpile: ignore[API001]", []),
        (f"return {CALL}  # transpile: ignore", []),
        (f"return {CALL}  # noqa  # transpile:ignore[ api001 ]", []),
        (f"# transpile: ignore[API001]\nreturn {CALL}", []),
        (f"return {CALL}  # transpile: ignore[API001, SHP001]", [("IGN001", 1)]),
        ("return x * 2  # transpile: ignore", [("IGN001", 1)]),
    ],
)
def test_a_comment_speaks_of_its_line(body: str, wanted: list[tuple[str, int]]) -> None:
    assert codes(body) == wanted


def test_a_comment_on_tensorflow_code_is_left_to_the_check_of_tensorflow() -> None:
    assert codes("return x * 2  # transpile: ignore[SEQ001]") == []
    text = "import tensorflow as tf\nm = tf.keras.Sequential(a, b)  # transpile: ignore[SEQ001]\n"
    assert check_tensorflow(text, "x.py") == []
    assert [d.code for d in check_tensorflow(text.replace("(a, b)", "([a])"), "x.py")] == ["IGN001"]


def test_the_fix_takes_the_idle_codes_away() -> None:
    text = (
        f"import torch\n\ndef f(x: torch.Tensor):\n    return {CALL}  # transpile: ignore[API001, SHP001]\n"
    )
    (diagnostic,) = translate(text).diagnostics
    assert diagnostic.fix is not None and diagnostic.fix[0].text == "# transpile: ignore[API001]"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("y = x  # transpile: ignore[API001]", "y = x\n"),
        ("y = x  # transpile: ignore[API001] as they say", "y = x  # as they say\n"),
        ("y = x  # transpile: ignore  # noqa", "y = x  # noqa\n"),
        ("y = x  # noqa  # transpile: ignore[API001]", "y = x  # noqa\n"),
        ("# transpile: ignore[API001]", ""),
        ("# for now: # transpile: ignore[API001]", "# for now:\n"),
    ],
)
def test_the_fix_takes_the_comment_away_and_nothing_else(line: str, left: str) -> None:
    text = f"import torch\n\ndef f(x):\n    {line}\n    return x * 2\n"
    (diagnostic,) = translate(text).diagnostics
    assert diagnostic.code == "IGN001" and diagnostic.fix is not None
    assert applied(text, diagnostic.fix) == text.replace(f"    {line}\n", f"    {left}" if left else "")

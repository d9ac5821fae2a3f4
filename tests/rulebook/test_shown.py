"""`transpile rules NAME`: the rule, and what its examples become."""

from __future__ import annotations

import pytest

from transpile.cli import main


def test_examples_are_shown_with_what_they_become(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "torch.inverse"]) == 0
    assert "torch.inverse(x)  →  tf.linalg.inv(x)" in capsys.readouterr().out

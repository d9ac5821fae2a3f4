"""Checks for a compiled library of operators are left out; what else such a module says stays."""

from __future__ import annotations

from harness import translation

SOURCE = """
import torch


def load():
    try:
        torch.ops.load_library("libops.so")
        return True
    except OSError:
        return False


def there():
    return False


def there_by_effort():
    return load()


if load():

    def there():
        return True


def check():
    '''Says what is missing.'''
    if not there():
        raise RuntimeError("no library")


def check_dearly():
    if not there_by_effort():
        raise RuntimeError("no library")


def check_and_count(count):
    if not there():
        raise RuntimeError("no library")


def keep(boxes: torch.Tensor, scores: torch.Tensor):
    check_dearly()
    check_and_count(1)
    check()
    return torch.ops.torchvision.nms(boxes, scores, 0.5)
"""


def test_checks():
    code = translation(SOURCE).code
    assert "    check_dearly()\n    check_and_count(1)\n    return nms(boxes, scores, 0.5)" in code
    assert any(d.code == "API006" and "check()" in d.message for d in translation(SOURCE).diagnostics)

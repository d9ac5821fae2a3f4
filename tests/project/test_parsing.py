"""Parsing by several processes: the same trees as by one, and nothing lost where one process cannot."""

import pytest

from transpile.project.parsing import _shares, parsed
from transpile.project.run import _can_fork
from transpile.translate import parse

TEXTS = {
    f"m{i}": f"import torch\n\n\ndef f{i}(x):  # {'x' * i}\n    return torch.relu(x) + {i}\n"
    for i in range(9)
}


@pytest.mark.parametrize("processes", [2, 3])
def test_trees_are_those_of_one_process(processes: int) -> None:
    if not _can_fork():
        pytest.skip("a framework has started its threads")
    trees = parsed(TEXTS, processes)
    assert trees.keys() == TEXTS.keys()
    for name, tree in trees.items():
        assert tree.deep_equals(parse(TEXTS[name]))


def test_what_cannot_be_parsed_is_left_out_wherever_it_falls() -> None:
    if not _can_fork():
        pytest.skip("a framework has started its threads")
    texts = {**TEXTS, **{f"broken{i}": f"def f(:{' ' * i}\n" for i in range(4)}}
    assert parsed(texts, 2).keys() == TEXTS.keys()


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_every_text_is_in_one_share(processes: int) -> None:
    shares = _shares(TEXTS, processes)
    assert len(shares) == processes
    assert sorted(name for share in shares for name in share) == sorted(TEXTS)
    if processes == 2:  # packing and taking over cost, so this process parses more
        first, second = (sum(len(TEXTS[name]) for name in share) for share in shares)
        assert first > second

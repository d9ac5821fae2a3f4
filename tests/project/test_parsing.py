"""Parsing by several processes: the same trees as by one, and nothing lost where one process cannot."""

import json
import subprocess
import sys

import pytest

from transpile.project.parsing import _shares

TEXTS = {
    f"m{i}": f"import torch\n\n\ndef f{i}(x):  # {'x' * i}\n    return torch.relu(x) + {i}\n"
    for i in range(9)
}


# In an interpreter of its own: where a framework has started its threads no process is forked.
PARSED = """\
import json, sys
import time
from transpile.project.parsing import Parsing
from transpile.source.positions import offsets
from transpile.translate import parse
texts = json.load(sys.stdin)
parsing = Parsing(texts, int(sys.argv[1]))
time.sleep(float(sys.argv[2]))
found = parsing.offsets()
right = {name: found[name] == offsets(parse(texts[name])) for name in found}
trees = {name: tree.deep_equals(parse(texts[name])) for name, tree in parsing.trees.items()}
print(json.dumps([trees, right]))
"""


def equal(texts: dict[str, str], processes: int, wait: float = 0) -> tuple[dict[str, bool], dict[str, bool]]:
    """Of each tree that several processes have given, and of its offsets, whether it is that of one process."""
    command = [sys.executable, "-c", PARSED, str(processes), str(wait)]
    done = subprocess.run(command, input=json.dumps(texts).encode(), check=True, capture_output=True)
    trees, offsets = json.loads(done.stdout)
    return trees, offsets


@pytest.mark.parametrize("processes", [2, 3])
def test_trees_are_those_of_one_process(processes: int) -> None:
    trees, _ = equal(TEXTS, processes)
    assert trees == dict.fromkeys(TEXTS, True)


@pytest.mark.parametrize("processes", [2, 3])
def test_the_others_find_out_meanwhile_where_nodes_stand(processes: int) -> None:
    _, offsets = equal(TEXTS, processes, wait=1)
    assert offsets == dict.fromkeys(TEXTS, True)


def test_whoever_does_not_wait_has_what_is_complete() -> None:
    texts = {f"{name}{i}": text * 50 for name, text in TEXTS.items() for i in range(20)}
    trees, offsets = equal(texts, 2)
    assert trees == dict.fromkeys(texts, True)
    assert offsets.keys() < texts.keys() and all(offsets.values())


def test_what_cannot_be_parsed_is_left_out_wherever_it_falls() -> None:
    texts = {**TEXTS, **{f"broken{i}": f"def f(:{' ' * i}\n" for i in range(4)}}
    trees, offsets = equal(texts, 2, wait=1)
    assert trees == offsets == dict.fromkeys(TEXTS, True)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_every_text_is_in_one_share(processes: int) -> None:
    shares = _shares(TEXTS, processes)
    assert len(shares) == processes
    assert sorted(name for share in shares for name in share) == sorted(TEXTS)


@pytest.mark.parametrize(("size", "more"), [(100, 1), (100_000, 0)])
def test_this_process_parses_less_where_loading_takes_long_and_more_where_packing_does(
    size: int, more: int
) -> None:
    texts = {f"m{i}": "x" * size for i in range(100)}
    counts = [len(share) for share in _shares(texts, 2)]
    assert counts[more] > counts[1 - more] > 0

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
from transpile.project.parsing import parsed
from transpile.translate import parse
texts = json.loads(sys.argv[1])
trees = parsed(texts, int(sys.argv[2]))
print(json.dumps({name: tree.deep_equals(parse(texts[name])) for name, tree in trees.items()}))
"""


def equal(texts: dict[str, str], processes: int) -> dict[str, bool]:
    """Of each tree that several processes have given, whether it is that of one process."""
    command = [sys.executable, "-c", PARSED, json.dumps(texts), str(processes)]
    found: dict[str, bool] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


@pytest.mark.parametrize("processes", [2, 3])
def test_trees_are_those_of_one_process(processes: int) -> None:
    assert equal(TEXTS, processes) == dict.fromkeys(TEXTS, True)


def test_what_cannot_be_parsed_is_left_out_wherever_it_falls() -> None:
    texts = {**TEXTS, **{f"broken{i}": f"def f(:{' ' * i}\n" for i in range(4)}}
    assert equal(texts, 2) == dict.fromkeys(TEXTS, True)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_every_text_is_in_one_share(processes: int) -> None:
    shares = _shares(TEXTS, processes)
    assert len(shares) == processes
    assert sorted(name for share in shares for name in share) == sorted(TEXTS)
    if processes == 2:  # packing and taking over cost, so this process parses more
        first, second = (sum(len(TEXTS[name]) for name in share) for share in shares)
        assert first > second

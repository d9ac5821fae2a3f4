"""Parsing by several processes: the same trees as by one, and nothing lost where one process cannot."""

import json
import subprocess
import sys

import pytest

from transpile.project.parsing import _Record

TEXTS = {
    f"m{i}": f"import torch\n\n\ndef f{i}(x):  # {'x' * i}\n    return torch.relu(x) + {i}\n"
    for i in range(9)
}
TEXTS["dense"] = "x=1\n" * 99  # many nodes for its length


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
asked = {name: parsing.tree(name) for name in [*texts, "none of them"]}
time.sleep(float(sys.argv[2]))
found = parsing.offsets()
right = {name: found[name] == offsets(parse(texts[name])) for name in found}
trees = {name: tree.deep_equals(parse(texts[name])) for name, tree in asked.items() if tree is not None}
print(json.dumps([trees, right]))
"""


def equal(texts: dict[str, str], processes: int, wait: float = 0) -> tuple[dict[str, bool], dict[str, bool]]:
    """Of each tree that other processes have given, and of the offsets they know, whether it is that of one process."""
    command = [sys.executable, "-c", PARSED, str(processes), str(wait)]
    done = subprocess.run(command, input=json.dumps(texts).encode(), check=True, capture_output=True)
    trees, offsets = json.loads(done.stdout)
    return trees, offsets


@pytest.mark.parametrize("processes", [2, 3])
def test_trees_are_those_of_one_process(processes: int) -> None:
    trees, _ = equal(TEXTS, processes, wait=1)
    assert trees == dict.fromkeys(TEXTS, True)


def test_one_process_parses_what_it_asks_for_itself() -> None:
    assert equal(TEXTS, 1) == ({}, {})


def test_whoever_does_not_wait_parses_the_first_and_is_given_the_last() -> None:
    texts = {f"{name}{i}": text * 50 for name, text in TEXTS.items() for i in range(20)}
    trees, offsets = equal(texts, 2)
    assert next(iter(texts)) not in trees
    assert all(trees.values())
    assert offsets.keys() < texts.keys() and all(offsets.values())


@pytest.mark.parametrize("processes", [2, 3])
def test_the_others_find_out_meanwhile_where_nodes_stand(processes: int) -> None:
    _, offsets = equal(TEXTS, processes, wait=1)
    assert offsets == dict.fromkeys(TEXTS, True)


def test_what_cannot_be_parsed_is_left_out_wherever_it_falls() -> None:
    texts = {**TEXTS, **{f"broken{i}": f"def f(:{' ' * i}\n" for i in range(4)}}
    trees, offsets = equal(texts, 2, wait=1)
    assert trees == offsets == dict.fromkeys(TEXTS, True)


def test_what_there_is_no_room_for_is_parsed_by_the_one_who_asks() -> None:
    record = _Record(10, 3)
    for number, data in enumerate([b"12345", b"123456", b"12345"]):
        record.write(number, data)
    assert record.count == 3
    record._at = 8
    assert list(record.next(3)) == [(0, b"12345"), (1, b""), (2, b"12345")]


def test_nobody_waits_for_a_process_that_has_ended() -> None:
    """It has claimed a tree and will not send it."""
    code = """
import os
from transpile.project import parsing
parsing._tree = lambda text: os._exit(1)
made = parsing.Parsing({"a": "x = 1\\n"}, 2)
made._others[0].process.join()
assert made.tree("a") is None and made.offsets() == {}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

"""The rounds end: once all is known, another round over every function teaches nothing."""

import pytest

from transpile.infer.facts import Tensor, resolve
from transpile.infer.module import _again, _round
from transpile.infer.run import Run
from transpile.translate import Project, Text

HEAD = "import torch\nimport torch.nn as nn\n\n\n"

# what each run of the body makes anew, and asks the same of
LOOP_STORES = HEAD + """
class A(nn.Module):
    def __init__(self, n):
        super().__init__()
        held = torch.zeros(2, 3)
        for _ in range(n):
            self.found = held
            held = "text"

    def forward(self, x):
        return x + self.found
"""

UNKNOWN_RANKS = HEAD + """
def load(path):
    return torch.load(path)


class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 4)

    def forward(self, path):
        x = load(path).float()
        y = load(path).float().permute(0, 2, 1)
        b, c = load(path).float().shape
        return self.conv(x), self.fc(y), b, c
"""

SEVERAL_KINDS = HEAD + """
class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU()


def swap(module):
    for name, child in module.named_children():
        swap(child)
        setattr(module, name, child)


def a(other: nn.Module):
    swap(A())
    swap(nn.Sequential(nn.Conv2d(3, 4, 3)))
    swap(other)
"""


def inferred(source: str) -> Run:
    return Project({"": Text(source)}).infer()


MEMBERS = HEAD + """
class A(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, n, 3), nn.BatchNorm2d(n), nn.ReLU())
        self.steps = nn.Sequential(*[nn.Conv2d(n, n, 3) for _ in range(n)], nn.MaxPool2d(2))

    def forward(self, path):
        return self.steps(self.stem(torch.load(path).float()))
"""

LISTS = HEAD + """
def levels(x, make):
    found = []
    for step in make():
        x = step(x)
        found.append(torch.as_tensor(x))
    return found


def batches(loader):
    for item in loader:
        yield torch.as_tensor(item)


class A(nn.Module):
    def forward(self, x, make, loader):
        return [nn.functional.conv2d(y, y) for y in levels(x, make)], [z + 1 for z in batches(loader)]
"""


@pytest.mark.parametrize("source", [LOOP_STORES, UNKNOWN_RANKS, SEVERAL_KINDS, MEMBERS, LISTS])
def test_another_round_teaches_nothing(source: str) -> None:
    run = inferred(source)
    before = run.progress()
    _again(run)
    _round(run)
    assert run.progress() == before


def test_what_a_loop_leaves_in_an_attribute_is_known_to_those_who_read_it() -> None:
    run = inferred(HEAD + """
class A(nn.Module):
    def read(self):
        return self.found

    def __init__(self, names):
        super().__init__()
        self.read()
        for name in names:
            self.found = None
            self.found = torch.zeros(2, 3)
""")
    read = next(function for function in run.all_functions() if function.name == "read")
    returned = resolve(read.returns)
    assert isinstance(returned, Tensor) and returned.rank == 2

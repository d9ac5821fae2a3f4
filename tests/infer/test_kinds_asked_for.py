"""What `isinstance` and other libraries say of values of which nothing else is known: layers, arrays, pictures."""

from __future__ import annotations

import pytest

from transpile import translate

HEAD = """
import numpy as np
import torch
from PIL import Image
from torch import nn


class Head(nn.Module):
    stride = None

    def __init__(self, n, anchors):
        super().__init__()
        self.register_buffer("anchors", torch.tensor(anchors).float().view(n, -1, 2))
        self.m = nn.ModuleList(nn.Conv2d(8, 8, 1) for _ in range(n))

    def forward(self, x):
        return [m(y) for m, y in zip(self.m, x)]


class Single(Head):
    def forward(self, x):
        return self.m[0](x[0])


class Points(torch.Tensor):
    pass
"""


def found(body: str) -> tuple[list[str], str]:
    done = translate(HEAD + body)
    return [d.code for d in done.diagnostics if d.code != "API001"], done.code


def test_a_tensor_stays_one() -> None:
    _, code = found("""

def kept(x: torch.Tensor):
    if isinstance(x, Points):
        return x.bool()
    return x
""")
    assert "tf.cast(x, tf.bool)" in code


def test_nothing_is_known_where_a_class_lacks_the_attribute() -> None:
    codes, _ = found("""

class Other(nn.Module):
    pass


def area(m):
    if isinstance(m, (Head, Other)):
        return m.anchors.prod(-1)
""")
    assert codes == ["INF001"]


@pytest.mark.parametrize("kinds", ["Head", "(Head, Single)"])
def test_attributes_of_the_projects_layers_are_known(kinds: str) -> None:
    codes, code = found(f"""

def area(model):
    m = model[-1]
    if isinstance(m, {kinds}):
        m.stride = torch.tensor([8.0, 16.0])
        return m.anchors.prod(-1).mean(-1).view(-1) / m.stride.view(-1, 1, 1)
""")
    assert codes == []
    assert "tf.reduce_mean(tf.reduce_prod(m.anchors, axis=-1), axis=-1), [-1]" in code
    assert "tf.reshape(m.stride, [-1, 1, 1])" in code


def test_an_array_has_methods_of_its_own() -> None:
    codes, code = found("""

def rows(x):
    if isinstance(x, np.ndarray):
        return x.transpose(1, 0).squeeze()
    return None
""")
    assert codes == []
    assert "x.transpose(1, 0).squeeze()" in code


def test_what_is_asked_for_another_type_is_an_array_and_so_is_what_it_came_from() -> None:
    codes, code = found("""

def boxes(session, image):
    y = session.run(image)
    conf, kind = y["conf"].max(1), y["conf"].argmax(1).astype(np.float32)
    return np.concatenate((conf.reshape(-1, 1), kind.reshape(-1, 1)), 1)
""")
    assert codes == []
    assert 'y["conf"].max(1)' in code


def test_a_maximum_of_something_unknown_is_said() -> None:
    codes, _ = found("""

def most(session, image):
    y = session.run(image)
    return y["conf"].max(1)
""")
    assert codes == ["INF001"]


def test_a_picture_is_no_tensor_whatever_callers_seem_to_bring() -> None:
    codes, code = found("""

def halved(picture: Image.Image, size):
    return picture.resize(size, 2), picture.mode


def used(x: torch.Tensor):
    return halved(x, (3, 4))
""")
    assert codes == []
    assert "picture.resize(size, 2), picture.mode" in code


def test_a_store_of_nothing_known_does_not_spoil_what_the_class_stores_itself() -> None:
    codes, code = found("""

class Grid(nn.Module):
    def __init__(self):
        super().__init__()
        self.grid = [torch.zeros(2, 3), torch.zeros(4, 3)]

    def forward(self, x):
        return x + self.grid[0].sum(1)


def applied(model, fn):
    m = model[-1]
    if isinstance(m, Grid):
        m.grid = list(map(fn, m.grid))
""")
    assert codes == []
    assert "tf.reduce_sum(self.grid[0], axis=1)" in code

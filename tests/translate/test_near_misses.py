"""What looks like torch and is not stays exactly as it is: shadowed names, other objects' methods, words in texts."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import textwrap

import pytest

from transpile import translate

HEAD = "import numpy as np\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"
TAIL = "\n\ndef really(x: torch.Tensor):\n    return torch.cat([F.relu(x), nn.ReLU()(x)], 0)\n"

STAYS = {
    "a parameter called torch": """
        def f(torch, xs):
            return torch.cat(xs, dim=1)
    """,
    "a parameter called F, with a default": """
        def f(x, F=max):
            return F.relu(x)
    """,
    "a starred parameter": """
        def f(*torch, **nn):
            return torch.cat, nn.Linear
    """,
    "a local name": """
        def f(config):
            F = config.frequencies()
            return F.pad(3, (1, 1))
    """,
    "a local name that is bound after its use": """
        def f(items):
            for item in items:
                if item:
                    return F.relu(item)
            F = None
    """,
    "the target of a loop": """
        def f(factories):
            for nn in factories:
                yield nn.Linear(3, 4)
    """,
    "the name of a with statement": """
        def f(path):
            with open(path) as F:
                return F.fold(3)
    """,
    "the name of an exception": """
        def f(path):
            try:
                path.touch()
            except OSError as torch:
                print(torch.cat)
    """,
    "a comprehension's variable": """
        def f(libraries):
            return [torch.zeros(3) for torch in libraries], {nn: nn.Linear(1, 2) for nn in libraries}
    """,
    "a lambda's parameter": """
        def f(g):
            return g(lambda torch: torch.sum(3))
    """,
    "an assignment expression": """
        def f(g):
            if (F := g()) is not None:
                return F.relu(3, 4)
    """,
    "an outer function's local name": """
        def f(torch):
            def inner(y):
                return torch.exp(y)
            return inner
    """,
    "an import of something else inside": """
        def f(y):
            import jax.numpy as torch
            return torch.exp(y)
    """,
    "a local function called F": """
        def f(y):
            def F(z):
                return z
            F.relu = abs
            return F.relu(y)
    """,
    "a pattern's capture": """
        def f(y):
            match y:
                case [torch, *nn]:
                    return torch.cat(nn)
    """,
    "an attribute called torch": """
        def f(config):
            return config.torch.cat(config.nn.Linear(3), config.F.relu)
    """,
    "methods of something unknown": """
        def f(config, queue, model):
            queue.put(config.size())
            return config.view(3), config.split(","), config.item(), config.max(), config.to("json"), model.eval()
    """,
    "methods of strings": """
        def f(name: str, sep=","):
            parts = name.split(".")
            return "a,b".split(","), parts[-1].split(sep, 1), f"{name}".index("a"), "{}".format(3), sep.join(parts).lower()
    """,
    "methods of dicts, lists and sets": """
        def f():
            d = {"a": 1}
            d.view = 3
            xs = [3, 1]
            xs.sort()
            xs.reverse()
            s = set()
            s.add(3)
            s.clear()
            return d.keys(), d.values(), xs.index(3), xs.copy(), d.pop("a"), list(d.items()), xs.count(1)
    """,
    "methods of a class of the file": """
        class Camera:
            def view(self, angle):
                return angle

            def size(self):
                return 3

            def abs(self):
                return self.view(-self.size())


        def f(camera: Camera):
            return Camera().view(3), camera.size(), Camera().abs()
    """,
    "arrays of numpy": """
        def f(path):
            a = np.zeros((2, 3))
            b = a.reshape(3, 2).transpose(1, 0).astype(np.float32)
            a[a > 0] = 1
            a[:, 0] += 1
            a *= 2
            c = np.load(path)
            return b.max(axis=0), a.mean(), np.linalg.norm(a), np.split(b, 2), a.flatten(), a.sum(1), ~(a > 0), c.T, a.shape[0], a.size
    """,
    "an array that is annotated": """
        def f(a: np.ndarray, n: int, names: list):
            a[..., 0] = 3
            return a.reshape(-1, n), a.transpose(2, 0, 1), a.squeeze(), names.index("a"), a.shape
    """,
    "an image of PIL": """
        def f(image):
            width, height = image.size
            return image.resize((width // 2, height // 2)).convert("RGB").transpose(3)
    """,
    "numbers": """
        def f(n: int, flags: int, ratio: float = 0.5):
            n += 1
            n //= 2
            return ~flags & 3, n ** 2, n != 3, not flags, round(ratio * n), max(n, 3), sum([n, n]), n.bit_length()
    """,
    "words in texts and comments": '''
        def f():
            """Calls torch.cat and F.relu; x.view(3) is nn.Linear."""
            # torch.cat([x], 1) is not code
            return "torch.cat", f"nn.Linear({3}) torch.zeros", b"F.relu", r"import torch"
    ''',
    "a keyword called torch": """
        def f(g):
            return g(torch=3, nn=4, dim=1, F=5)
    """,
    "paths, loggers, clocks": """
        def f(path, logger, start):
            logger.log("x")
            return path.expanduser(), path.stem.split("-"), start.sub(3), path.parent.exp
    """,
    "a global that is bound anew": """
        def f(g):
            global np
            np = g
            return np.relu(3)
    """,
}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("what", STAYS)
def test_stays(what, data_format):
    body = textwrap.dedent(STAYS[what]).strip("\n")
    source = HEAD + body + "\n" + TAIL
    code = translate(source, data_format=data_format, support_module="_s").code
    assert body in code
    assert "tf.nn.relu" in code.partition("def really")[2]  # the real ones beside it are translated


def test_class_scope_does_not_reach_into_methods():
    code = translate(
        HEAD + "class A:\n    F = 3\n\n    def f(self, x: torch.Tensor):\n        return F.relu(x), self.F\n",
        support_module="_s",
    ).code
    assert "return tf.nn.relu(x), self.F" in code


def test_a_sibling_functions_local_name_does_not_count():
    code = translate(
        HEAD + "def f(F):\n    return F.relu(3)\n\n\ndef g(x: torch.Tensor):\n    return F.relu(x)\n",
        support_module="_s",
    ).code
    assert "return F.relu(3)" in code
    assert "return tf.nn.relu(x)" in code


def test_other_imports_of_the_same_thing_are_understood():
    source = textwrap.dedent("""
        import torch as th
        from torch import cat as concatenate, nn as layers
        from torch.nn import functional, Linear as Dense
        from torch.nn.functional import relu as rectify


        def f(x: th.Tensor):
            return concatenate([rectify(x), functional.relu(x), th.relu(x)], dim=0)


        class Net(layers.Module):
            def __init__(self):
                super().__init__()
                self.fc = Dense(3, 4)

            def forward(self, x):
                return self.fc(x)
        """)
    result = translate(source, support_module="_s")
    assert not result.diagnostics
    assert "torch" not in result.code.replace("_torch_support", "")
    assert "th." not in result.code.replace("math.", "")
    assert result.code.count("tf.nn.relu(x)") == 3


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\n",
        "# a comment\n",
        '"""Only words: torch is not imported here."""\n\nx = [1,2 ,  3]\n',
        "import numpy as np\n\n\ndef f( x ):\n  return x.view( 3 ) ,x.size()\n",
        "x = 'torch'",
        "import pytorch_lightning as pl\nx = pl.torch_thing()\n",
        "import mytorch\nmytorch.cat([1])\n",
        "\ufeffx = 1\n",
        "class torch:\n    cat = 3\n\n\nprint(torch.cat)\n",
        "def f(torch):\n    return torch.cat([1], 0)\n",
    ],
)
def test_without_torch_nothing_changes(source):
    result = translate(source)
    assert result.code == source
    assert result.diagnostics == []

"""What has no translation stays, is reported at its line, and never stops the module from importing without torch."""

from __future__ import annotations

import pytest
from harness import imported, without_torch

from transpile import translate

SOURCES = {
    "decorators": """
import torch


@torch.jit.script
def scripted(x: torch.Tensor):
    return x * 2


@torch.no_such_decorator(3)
def decorated(x: torch.Tensor):
    return x * 3


class A:
    @torch.inference_mode()
    def f(self, x: torch.Tensor):
        return x + 1
""",
    "defaults": """
import torch
import torch.nn.no_such_module as missing


def f(x=torch.no_such_default, device=torch.device("cuda"), dtype=torch.bfloat16, g=missing.thing(3)):
    return 3
""",
    "bases": """
import torch
from torch.utils.data import Dataset, DataLoader
from torch.no_such_place import Base


class Numbers(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return i


class Strange(Base, metaclass=torch.no_such_meta):
    pass


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, grad):
        return grad


class Mine(torch.optim.Optimizer):
    pass
""",
    "tables": """
import torch
import torch.distributed as dist
from torch import no_such_name

TABLE = {"a": torch.no_such_function, "b": [torch.relu, torch.no_such.deep.thing], torch.float32: 3}
LEVELS = torch.no_such_constant + 1
GROUP = dist.no_such_group
PAIR = no_such_name, no_such_name(3)
""",
    "statements": """
import torch
import torch.backends.cudnn as cudnn

torch.backends.cudnn.benchmark = True
cudnn.deterministic = True
torch.manual_seed(0)
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float32)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if torch.__version__ >= "1.8":
    NEW = True
try:
    from torch.cuda.amp import autocast
except ImportError:
    autocast = None
with torch.no_grad():
    ZERO = torch.zeros(3)
""",
    "annotations": """
from typing import Dict, List, Optional

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import DataLoader


def f(x: Tensor, loader: "DataLoader", opt: Optional[Optimizer] = None) -> Dict[str, List[Tensor]]:
    y: torch.LongTensor = x
    return {"y": [y]}


class State:
    x: Optional[torch.Tensor] = None
    sampler: torch.utils.data.Sampler
""",
    "in functions": """
import torch
from torch.hub import load_state_dict_from_url


def load(url, path):
    state = load_state_dict_from_url(url)
    torch.save(state, path)
    return torch.load(path, map_location="cpu")


def trace(model, x):
    return torch.jit.trace(model, x).save("a.pt")
""",
    "third parties": """
import torch
import torchvision.transforms as T
from torchvision.ops import nms

transform = T.Compose([T.ToTensor(), T.Normalize(0.5, 0.5)])


def boxes(x: torch.Tensor):
    return nms(x, x, 0.5)
""",
}


VALUES = """
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler


def chosen(quick, own):
    return own if quick else DataLoader


def is_parallel(model):
    return type(model) in (nn.parallel.DataParallel, nn.parallel.DistributedDataParallel)


class Order(Sampler):
    pass
"""


@pytest.mark.parametrize("line", [8, 12, 15])
def test_a_name_that_stays_as_a_value_is_reported_too(line):
    """It has a rule, or a reason to have none, for calls."""
    found = [d for d in translate(VALUES).diagnostics if d.line == line]
    assert found and all(d.code in ("API001", "API005") for d in found)


@pytest.mark.parametrize("what", SOURCES)
def test_imports_without_torch(what):
    assert imported(translate(SOURCES[what]).code)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("what", SOURCES)
def test_every_use_that_stays_is_reported_at_its_line(what, data_format):
    source = SOURCES[what]
    reported = {d.line for d in translate(source, data_format=data_format).diagnostics}
    lines = {n for n, line in enumerate(source.split("\n"), 1) if "no_such" in line and "import" not in line}
    assert lines <= reported


def test_a_leftover_raises_where_it_runs_and_names_the_line():
    module = imported(translate(SOURCES["tables"]).code)
    with pytest.raises(Exception, match=r"line 6|:6\b|torch\.no_such_function"), without_torch():
        module.TABLE["a"](3)


def test_a_leftover_in_a_function_needs_torch_only_when_it_runs():
    module = imported(translate(SOURCES["in functions"]).code)
    with pytest.raises(ImportError), without_torch():
        module.load("http://localhost", "a.pt")


def test_what_works_without_torch_does():
    import numpy as np
    import tensorflow as tf

    module = imported(translate(SOURCES["decorators"]).code)
    with without_torch():
        np.testing.assert_allclose(module.scripted(tf.constant([1.0])), [2.0])
        np.testing.assert_allclose(module.A().f(tf.constant([1.0])), [2.0])


def test_a_class_with_a_base_that_stays_raises_when_it_is_made():
    module = imported(translate(SOURCES["bases"]).code)
    with pytest.raises(NotImplementedError, match=r"Strange|no_such_meta"), without_torch():
        module.Strange()


def test_translated_parts_run_beside_leftovers():
    import numpy as np
    import tensorflow as tf

    module = imported(translate(SOURCES["statements"]).code)
    assert module.NEW in (True,)
    np.testing.assert_allclose(np.asarray(module.ZERO), np.zeros(3))
    assert isinstance(module.ZERO, tf.Tensor)


BRANCHES = """
import torch
from torch import nn
from torch.utils import model_zoo


class Net(nn.Module):
    def __init__(self, pretrained=False, kind="a"):
        super().__init__()
        self.linear = nn.Linear(3, 4)
        if pretrained:
            self.load_state_dict(torch.load(model_zoo.load_url("x")))
        elif kind == "b":
            for k in range(3):
                torch.no_such_function(k)
        else:
            for k in range(3):
                if k == 5:
                    torch.no_such_function(k)

    def forward(self, x):
        def later(y):
            return torch.no_such_function(y)

        return self.linear(x), later


def early(x):
    if x is None:
        return 3
    return torch.no_such_function(x)
"""


def test_what_stays_torch_is_imported_in_the_branch_that_needs_it():
    import tensorflow as tf

    code = translate(BRANCHES).code
    module = imported(code)
    with without_torch():
        result, later = module.Net()(tf.ones((2, 3)))
        assert result.shape == (2, 4)
        assert module.early(None) == 3
        for left in (lambda: module.early(1), lambda: later(1), lambda: module.Net(pretrained=True)):
            with pytest.raises(ImportError):
                left()
        with pytest.raises(ImportError):
            module.Net(kind="b")
    assert code.index("import torch\n\n            for k") > 0  # before a loop, not in each of its rounds


SAME_NAMES = """
import torch
from torch.nn import Conv2d, Linear, Module
from torch.nn.functional import pad


class Net(Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.linear = Linear(3, 4, **kwargs)

    def forward(self, x):
        return self.linear(x)


def padded(x: torch.Tensor):
    return pad(x, (1, 2))


def left(x: torch.Tensor, **rest):
    return pad(x, **rest)
"""


def test_an_import_of_which_all_uses_are_translated_leaves_its_name_to_the_support():
    import tensorflow as tf

    code = translate(SAME_NAMES).code
    module = imported(code)
    with without_torch():
        assert module.Net(bias=False)(tf.ones((2, 3))).shape == (2, 4)
        assert module.padded(tf.ones((2, 3))).shape == (2, 6)
        with pytest.raises(ImportError):
            module.left(tf.ones((2, 3)), pad=(1, 2))
    assert "from torch.nn import Linear" not in code


def test_what_is_refused_is_refused_whatever_it_is_given() -> None:
    calls = "(model.parameters(), 1.0, norm_type=2.0)"
    source = f"import torch\n\n\ndef clip(model):\n    torch.nn.utils.clip_grad_norm_{calls}\n"
    (found,) = [d for d in translate(source).diagnostics if "clip_grad_norm_" in d.message]
    assert found.code == "API005" and "clip_by_global_norm" in found.help


OWN = "class Engine:\n    def backward(self):\n        pass\n\n\n"
AUTOGRAD = "class Twice(torch.autograd.Function):\n    @staticmethod\n    def backward(ctx, g):\n        return g\n\n\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(engine, loss):\n    engine.backward(loss)\n", False),
        ("def f(engine, loss):\n    engine.backward(loss=loss)\n", False),
        (f"{OWN}def f(engine):\n    engine.backward()\n", False),
        (f"{OWN}Engine().backward()\n", False),
        ("def f(model, x):\n    loss = model(x)\n    loss.backward()\n", True),
        ("def f(model, x):\n    model(x).loss.backward(retain_graph=True)\n", True),
        (f"{AUTOGRAD}def f(model, x):\n    model(x).backward()\n", True),
        ("loss = make()\nloss.backward()\n", True),
    ],
)
def test_the_gradients_of_a_loss_are_never_left_without_a_word(code: str, said: bool) -> None:
    found = translate(f"import torch\nfrom elsewhere import make\n\n\n{code}").diagnostics
    assert any("through a tape" in d.message for d in found) == said, found

"""All definitions pasted into one module, as the rewriter does it, work without the package."""

import ast
import sys
import types
from pathlib import Path

import tensorflow as tf

FILES = sorted((Path(__file__).parents[2] / "transpile" / "support").glob("[!_]*.py"))


def pasted():
    """One module text: the imports, then every definition after its base classes."""
    head, blocks = set(), {}
    for path in FILES:
        source = path.read_text()
        for node in ast.parse(source).body:
            text = ast.get_source_segment(source, node)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                if "transpile.support" not in text:
                    head.add(text)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                bases = [b.id for b in getattr(node, "bases", ()) if isinstance(b, ast.Name)]
                blocks[node.name] = (bases, text)
            elif isinstance(node, ast.Assign):
                blocks[node.targets[0].id] = ([], text)
    done = {}

    def emit(name):
        if name in blocks and name not in done:
            for base in blocks[name][0]:
                emit(base)
            done[name] = blocks[name][1]

    for name in blocks:
        emit(name)
    return "\n\n\n".join([*sorted(head), *done.values()])


def test_pasted_definitions_run(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("transpile.support")]:
        monkeypatch.delitem(sys.modules, name)
    module = types.ModuleType("pasted")
    exec(compile(pasted(), "pasted.py", "exec"), module.__dict__)
    assert not [n for n in sys.modules if n.startswith("transpile.support")]
    net = module.Sequential(
        module.Conv2d(3, 8, 3, padding=1, groups=1),
        module.BatchNorm2d(8),
        module.ReLU(),
        module.MaxPool2d(2),
        module.ConvTranspose2d(8, 4, 2, stride=2),
        module.Upsample(scale_factor=2, mode="bilinear"),
        module.AdaptiveAvgPool2d(1),
        module.Flatten(),
        module.Linear(4, 5),
    )
    assert net(tf.ones((2, 8, 8, 3)), training=True).shape == (2, 5)
    layer = module.TransformerEncoder(module.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    assert module.LSTM(8, 3, batch_first=True)(layer(tf.ones((2, 5, 8))))[0].shape == (2, 5, 3)

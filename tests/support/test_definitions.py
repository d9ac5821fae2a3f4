"""What every support definition must be: named once, tested, short, and complete when pasted elsewhere."""

import ast
import builtins
import importlib
import inspect
import sys
from pathlib import Path

import pytest
import torch

from transpile.rulebook import load

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "transpile" / "support").glob("[!_]*.py"))


def definitions(tree):
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield node.targets[0].id, node


TREES = {path.stem: ast.parse(path.read_text()) for path in FILES}
ALL = [(stem, name, node) for stem, tree in TREES.items() for name, node in definitions(tree)]


def imports(tree):
    """The names that a file imports, and where from."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_names_are_unique():
    names = [name for _, name, _ in ALL]
    assert sorted(names) == sorted(set(names))


def test_every_definition_is_tested_by_name_or_through_one_that_is():
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    words = {word for text in texts for word in ast_words(text)}
    words |= {
        name
        for rule in load().rules()
        if rule.examples  # which tests/rulebook runs on both frameworks
        for variant in (*rule.variants, *rule.keras)
        for name in variant.template.supports
    }
    named = {name for _, name, _ in ALL}
    used = {name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & named for _, name, node in ALL}
    tested, ahead = set(), [name for name in named if {name, *family(name)} & words]
    while ahead:
        name = ahead.pop()
        if name not in tested:
            tested.add(name)
            ahead.extend(used[name])
    assert sorted(named - tested) == []


def test_no_definition_is_unused():
    """A rule names it, the code of transpile does, or a definition that is used needs it."""
    named = {name for _, name, _ in ALL}
    needs = {name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & named for _, name, node in ALL}
    rules = load().rules()
    ahead = [s for rule in rules for v in (*rule.variants, *rule.keras) for s in v.template.supports]
    for path in (ROOT / "transpile").rglob("*.py"):
        if path.parent.name not in ("support", "weights", "verify"):
            ahead += [word for word in ast_words(path.read_text()) if word in named]
    used = set()
    while ahead:
        name = ahead.pop()
        if name not in used:
            used.add(name)
            ahead += needs[name]
    assert sorted(named - used) == []


def family(name):
    """How a test may write the names of one layer for all ranks: f"Conv{rank}d"."""
    stem = name.rstrip("d").rstrip("123")
    return {stem, f"{stem}{{}}d"} if name.endswith(("1d", "2d", "3d")) else set()


def ast_words(text):
    """Every identifier, attribute and word of a string in the tests."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(("stem", "name", "node"), ALL, ids=[f"{s}.{n}" for s, n, _ in ALL])
def test_definition_can_be_pasted(stem, name, node):
    """Its global names are builtins, tf, np, the standard library's, or support definitions imported or beside it."""
    here, imported = {n for n, _ in definitions(TREES[stem])}, imports(TREES[stem])
    local = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)}
    local |= {n.name for n in ast.walk(node) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for used in {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - local - here:
        origin = imported.get(used, "")
        top = origin.partition(".")[0]
        assert (
            hasattr(builtins, used)
            or origin in ("tensorflow", "numpy")
            or top in sys.stdlib_module_names
            or (origin.startswith("transpile.support.") and origin.endswith(f".{used}"))
        ), used
    if isinstance(node, ast.Assign):
        return
    text = ast.get_docstring(node)
    assert text and text.count("\n") < 4, "a docstring of one to three lines"
    assert node.end_lineno - node.lineno < 130


def test_dependencies_have_no_cycle_at_definition_time():
    """Bases and decorators come before what uses them."""
    graph = {}
    for _, name, node in ALL:
        if isinstance(node, ast.ClassDef):
            graph[name] = [base.id for base in node.bases if isinstance(base, ast.Name)]

    def depth(name, seen=()):
        assert name not in seen
        return 1 + max((depth(base, (*seen, name)) for base in graph.get(name, ())), default=0)

    assert max(map(depth, graph)) < 8


# Torch's own signature of these says *args, or takes a function of torch for a default.
OPAQUE = {"Sequential", "Identity", "Container", "LSTM", "GRU", "RNN", "Softmax2d", "AvgPool1d", "normalize"}
OPAQUE |= {"Buffer", "modules", "linear_cross_entropy"}
OPAQUE |= {"TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer", "affine_grid", "batch_norm"}


# The rules of loss functions take these by name alone, and have nothing to say to them.
LEGACY = ("size_average", "reduce")


def listed(function):
    """Parameters and defaults that the two sides share by intent; None where there is no signature to read."""
    if inspect.isclass(function):
        function = function.__init__  # some Pythons ask __new__ first, which Keras gives to every layer
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    names = {
        p.name: p.default
        for p in parameters
        if p.name not in ("self", "data_format", "device", "dtype", "_stacklevel", *LEGACY)
    }
    return None if {"args", "kwargs"} & set(names) else names


def torch_namesake(name):
    return getattr(torch.nn, name, None) or getattr(torch.nn.functional, name, None)


COMPARED = [(s, n) for s, n, _ in ALL if n not in OPAQUE and listed(torch_namesake(n))]


@pytest.mark.parametrize(("stem", "name"), COMPARED)
def test_parameters_are_those_of_torch(stem, name):
    want = listed(torch_namesake(name))
    got = listed(getattr(importlib.import_module(f"transpile.support.{stem}"), name))
    assert want.items() <= got.items()
    assert [k for k in got if k in want and k != "bias"] == [k for k in want if k != "bias"]


def test_enough_signatures_are_compared():
    assert len(COMPARED) > 130

"""Imports: names from outside the project, and the facts of its other modules."""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import Env
from transpile.infer.facts import UNKNOWN, Fact, Module, Python, Ref, Sequence, resolve
from transpile.infer.modules import ModuleInfo
from transpile.infer.run import Run
from transpile.infer.statements import block, statement
from transpile.source.walk import descendants

__all__ = ["again", "dotted", "load", "member"]


def dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Name):
        return node.value
    assert isinstance(node, cst.Attribute)
    return f"{dotted(node.value)}.{node.attr.value}"


def load(run: Run, module: ModuleInfo) -> None:
    """Run a module's body once: the first import does. A cycle finds what has been bound so far."""
    if module.state != "new":
        return
    module.state = "running"
    saved = run.module, run.env, run.function, run.returned, run.class_outside
    run.module, run.env, run.function, run.returned, run.class_outside = module, module.env, None, [], None
    try:
        block(run, module.tree.body)
    except Exception as error:  # one file must not sink the project; whoever rewrites it says so
        module.failure = error
    finally:
        run.module, run.env, run.function, run.returned, run.class_outside = saved
        module.state = "done"
    for name, var in module.late.items():
        fact = module.env.get(name)
        if fact is not None and resolve(fact) is not var:
            var.bound = fact
            run.version += 1


def again(run: Run, module: ModuleInfo) -> None:
    """Run what a module does itself once more: it may call classes of which everything is known by now."""
    if module.state != "done" or module.failure is not None or not module.concerns_torch:
        return
    loose = [node for node in module.tree.body if _is_loose(node)]
    if not loose:
        return
    saved = run.module, run.env, run.function, run.returned, run.class_outside
    run.module, run.env, run.function, run.returned, run.class_outside = module, module.env, None, [], None
    try:
        block(run, loose)
    finally:
        run.module, run.env, run.function, run.returned, run.class_outside = saved


def _is_loose(node: cst.CSTNode) -> bool:
    """Whether a statement computes something: no definition, import or text."""
    if isinstance(node, cst.SimpleStatementLine):
        return any(
            isinstance(small, (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr)) for small in node.body
        )
    return isinstance(node, (cst.For, cst.While, cst.With)) or (
        isinstance(node, cst.If) and not _defines(node)
    )


def _defines(node: cst.CSTNode) -> bool:
    return any(
        isinstance(inner, (cst.FunctionDef, cst.ClassDef, cst.Import, cst.ImportFrom))
        for inner in descendants(node)
    )


def member(run: Run, module_name: str, name: str) -> Fact | None:
    """What `module.name` is in the project; None if the module has no such name."""
    module = run.modules.find(module_name)
    if module is not None:
        load(run, module)
        run.module.concerns_torch = run.module.concerns_torch or module.concerns_torch
        fact = module.env.get(name)
        if fact is not None:
            return fact
    below = f"{module_name}.{name}"
    if below in run.modules:
        return _submodule(run, below)
    if module is None:
        return None
    if module.state == "running":
        return module.late.setdefault(name, run.var((module, name), below))
    return run.var((module, name), below)


def _submodule(run: Run, name: str) -> Fact:
    module = run.modules.find(name)
    if module is not None:
        load(run, module)
        run.module.concerns_torch = run.module.concerns_torch or module.concerns_torch
    return Module(name)


def is_torch(fact: Fact) -> bool:
    """Whether a fact is a name of torch, or torch itself."""
    return type(fact) is Ref and fact.name.partition(".")[0] == "torch"


@statement(cst.Import)
def import_(run: Run, node: cst.Import) -> bool:
    for alias in node.names:
        name = dotted(alias.name)
        first = name.partition(".")[0]
        source = run.modules.seen_from(run.module.name, name)
        ours = source in run.modules
        if ours:
            _submodule(run, source)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            run.env[alias.asname.name.value] = Module(source) if ours else Ref(name)
            _bind(run, alias.asname.name.value, name)
        else:
            top = run.modules.seen_from(run.module.name, first)
            run.env[first] = Module(top) if ours and top in run.modules else Ref(first)
            _bind(run, first, name)
    return False


@statement(cst.ImportFrom)
def import_from(run: Run, node: cst.ImportFrom) -> bool:
    tail = dotted(node.module) if node.module is not None else ""
    level = len(node.relative)
    source = run.module.absolute(level, tail)
    if not level:
        source = run.modules.seen_from(run.module.name, source)
    ours = source != "" and source in run.modules
    module_name = "." * level + tail
    if isinstance(node.names, cst.ImportStar):
        if ours:
            _star(run, source)
        return False
    for alias in node.names:
        local = alias.asname.name if alias.asname is not None else alias.name
        if isinstance(local, cst.Name):
            name = dotted(alias.name)
            joint = "" if module_name.endswith(".") else "."
            fact = member(run, source, name) if ours else None
            bound = fact if fact is not None else Ref(f"{module_name}{joint}{name}")
            run.env[local.value] = run.facts[id(alias)] = bound
            if is_torch(bound) and ours:
                _bring(run, local.value, bound)
            _bind(run, local.value, source if ours else module_name)
    return False


def _star(run: Run, source: str) -> None:
    """`from .common import *`: every public name, or those of `__all__`."""
    module = run.modules.find(source)
    if module is None:
        return
    load(run, module)
    run.module.concerns_torch = run.module.concerns_torch or module.concerns_torch
    listed = _listed(module.env)
    for name, fact in list(module.env.items()):
        if name in listed if listed is not None else not name.startswith("_") and "[" not in name:
            run.env[name] = fact
            if is_torch(fact):
                _bring(run, name, fact)
            _bind(run, name, "torch" if is_torch(fact) else source)


def _listed(env: Env) -> set[str] | None:
    """The names of `__all__` where each is known."""
    names = resolve(env.get("__all__", UNKNOWN))
    if not isinstance(names, Sequence) or names.items is None:
        return None
    values = [resolve(item) for item in names.items]
    if not all(isinstance(value, Python) and isinstance(value.value, str) for value in values):
        return None
    return {value.value for value in values if isinstance(value, Python)}


def _bring(run: Run, local: str, fact: Fact) -> None:
    """A torch name that another file of the project hands on: the line that would have brought it from torch."""
    assert isinstance(fact, Ref)
    package, _, name = fact.name.rpartition(".")
    tail = f" as {local}" if name != local else ""
    run.module.lines[local] = f"from {package} import {name}{tail}" if package else f"import {name}{tail}"


def _bind(run: Run, name: str, module_name: str) -> None:
    """A name that the output still has: torch's own imports go."""
    run.imported.add(name)
    if module_name.partition(".")[0] != "torch":
        run.bound.add(name)

"""Definitions: functions, classes and lambdas."""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import ClassInfo, Env
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import Class, Fact, Function
from transpile.infer.functions import analyze, register
from transpile.infer.run import Run
from transpile.infer.statements import block, statement

__all__ = ["define_class", "define_function"]


@statement(cst.FunctionDef)
def define_function(run: Run, node: cst.FunctionDef) -> bool:
    info = register(run, node, None)
    run.bound.add(node.name.value)
    run.env[node.name.value] = Function(info)
    if run.function is not None:
        analyze(run, info)  # a nested function: its closure is alive now
    return False


@statement(cst.ClassDef)
def define_class(run: Run, node: cst.ClassDef) -> bool:
    info = run.class_of.get(id(node))
    if info is None:
        prefix = f"{run.function.qualname}." if run.function is not None else ""
        info = ClassInfo(node.name.value, node, run.closure, prefix + node.name.value, run.module)
        run.class_of[id(node)] = info
        run.module.classes.append(info)
    # what a class body binds is not seen by the functions and classes in it
    enclosing = run.closure
    info.env = enclosing
    info.derive([evaluate(run, arg.value) for arg in node.bases])
    for ancestor in info.ancestors()[1:]:
        ancestor.heirs[info] = None
    for keyword in node.keywords:
        evaluate(run, keyword.value)
    for decorator in node.decorators:
        evaluate(run, decorator.decorator)
    run.bound.add(node.name.value)
    run.env[node.name.value] = Class(info)
    outer, outside = run.env, run.class_outside
    run.env, run.class_outside = Env(enclosing), enclosing
    body = node.body.body if isinstance(node.body, cst.IndentedBlock) else []
    for child in body:
        if isinstance(child, cst.FunctionDef):
            method = register(run, child, info)
            info.methods[child.name.value] = method
            definers = run.definers.setdefault(child.name.value, [])
            if info not in definers:
                definers.append(info)
            run.env[child.name.value] = Function(method)
        else:
            block(run, [child])
    for name, fact in run.env.items():
        if not isinstance(fact, Function):
            run.store_attribute(info, name, id(node), fact)
    run.env, run.class_outside = outer, outside
    return False


@expression_handler(cst.Lambda)
def lambda_(run: Run, node: cst.Lambda) -> Fact:
    info = register(run, node, None)
    info.env = run.closure
    info.written_in = run.function
    analyze(run, info)
    return Function(info)

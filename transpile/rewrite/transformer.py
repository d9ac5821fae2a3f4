"""The one pass over the tree."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.expressions import RAISE
from transpile.rewrite.context import Context
from transpile.rewrite.conversions import arranged, converted, unstacked
from transpile.rewrite.operands import PLACES, WHOLE, bared, fitted, whole
from transpile.rewrite.registry import BY_OPERATION, BY_TYPE, load

__all__ = ["Transformer"]

# Nothing below these is ever rewritten.
LEAVES = frozenset(
    {
        cst.SimpleWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.ParenthesizedWhitespace, cst.Newline,
        cst.Comment, cst.Integer, cst.Float, cst.SimpleString, cst.Ellipsis, cst.Pass, cst.Comma, cst.Dot,
        cst.LeftParen, cst.RightParen, cst.LeftSquareBracket, cst.RightSquareBracket, cst.AssignEqual, cst.Add,
        cst.Multiply, cst.Equal, cst.Semicolon, cst.Colon, cst.ImportAlias, cst.Name,
    }
)  # fmt: skip


class Transformer:
    """Children first: a rewrite sees the original node (with its facts) and the node with rewritten children."""

    def __init__(self, context: Context) -> None:
        load()
        self.context = context
        self.plans = context.run.plans
        self.convert = context.run.convert
        self.inner = context.run.inner
        self.arranged = context.run.told_where_made
        self.unstacked = context.run.unstacked

    def on_visit(self, node: cst.CSTNode) -> bool:
        if type(node) in LEAVES:
            return False
        if type(node) is cst.FunctionDef:
            self.context.functions.append(node)
        return True

    def on_leave(self, original: cst.CSTNode, updated: Any) -> Any:
        try:
            return self._rewritten(original, updated)
        except RecursionError:
            raise
        except Exception as error:
            if RAISE:
                raise
            # a defect of one rewrite costs its node, not the file
            message = f"transpile failed here: {type(error).__name__}: {error}; it stays as it is"
            self.context.say("SYN901", original, message)
            return updated
        finally:
            if type(original) is cst.FunctionDef:
                self.context.functions.pop()

    def _rewritten(self, original: cst.CSTNode, updated: Any) -> Any:
        kind = type(original)
        key = id(original)
        plan = self.plans.get(key)
        if kind in PLACES and type(updated) is kind:
            updated = fitted(original, updated)
        elif kind in WHOLE and type(updated) is kind:
            updated = whole(original, updated)
        before = updated
        if plan is not None:
            rewrite = BY_OPERATION.get(plan.op)
            if rewrite is not None:
                result = rewrite(self.context, original, updated)
                if result is not None:
                    updated = result
        handlers = BY_TYPE.get(kind)
        if handlers is not None:
            for handler in handlers:
                result = handler(self.context, original, updated)
                if result is not None:
                    updated = result
                    if type(updated) is not kind:
                        break
        if key in self.inner:
            updated = converted(self.context, self.inner[key], updated)
        if key in self.convert:
            updated = converted(self.context, self.convert[key], updated)
        if key in self.unstacked:
            updated = unstacked(self.context, updated)
        if key in self.arranged:
            updated = arranged(self.context, key, updated)
        return bared(before, updated)

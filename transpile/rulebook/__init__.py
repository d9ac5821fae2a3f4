"""Reads, checks and indexes the rule tables (rules/*.yaml); binds calls to them and renders their templates."""

from transpile.rulebook.binding import BindError, Bound, bind
from transpile.rulebook.conditions import MISSING, Facts, holds, select
from transpile.rulebook.conversion import ConversionError, convert
from transpile.rulebook.model import Param, Rule, RuleError, Variant
from transpile.rulebook.store import Rulebook, load
from transpile.rulebook.template import Template, is_atom, render

__all__ = [
    "MISSING",
    "BindError",
    "Bound",
    "ConversionError",
    "Facts",
    "Param",
    "Rule",
    "RuleError",
    "Rulebook",
    "Template",
    "Variant",
    "bind",
    "convert",
    "holds",
    "is_atom",
    "load",
    "render",
    "select",
]

"""The tables of TensorFlow 1's names against the installed TensorFlow: old names are gone, new ones exist and fit."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from transpile.rulebook.tensorflow import former, former_names

TABLES = former_names()


def live(name: str, first: bool = False) -> Any:
    """What a name means in TensorFlow 2, or in its copy of TensorFlow 1; None where it means nothing."""
    import tensorflow as tf

    found: Any = tf.compat.v1 if first else tf
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
        if found is None:
            return None
    return found


def parameters(function: Any) -> list[str] | None:
    try:
        return [p for p in inspect.signature(function).parameters if p != "name"]
    except (TypeError, ValueError):
        return None


@pytest.mark.parametrize("section", ["renamed", "changed", "contrib", "kept"])
def test_tensorflow_2_has_none_of_the_old_names(section: str) -> None:
    assert [name for name in TABLES[section] if live(name) is not None] == []


@pytest.mark.parametrize("section", ["renamed", "changed", "contrib"])
def test_every_new_name_exists(section: str) -> None:
    names = [entry["tf"] if isinstance(entry, dict) else entry for entry in TABLES[section].values()]
    assert [name for name in names if live(name) is None] == []


def test_what_is_kept_exists_in_compat() -> None:
    assert [name for name in TABLES["kept"] if live(name, first=True) is None] == []


def test_a_renamed_function_takes_the_same_arguments() -> None:
    wrong = []
    for name, now in TABLES["renamed"].items():
        old, new = live(name, first=True), live(now)
        before, after = parameters(old), parameters(new)
        if old is None or old is new or before is None or after is None:
            continue
        if after[: len(before)] != before:
            wrong.append((name, before, after))
    assert wrong == []


def test_renamed_keywords_are_those_of_the_functions() -> None:
    wrong = []
    for name, entry in TABLES["changed"].items():
        before, after = parameters(live(name, first=True)), parameters(live(entry["tf"]))
        for old, new in entry.get("args", {}).items():
            if (before is not None and old not in before) or (after is not None and new not in after):
                wrong.append((name, old, new))
    assert wrong == []


def test_every_name_that_tensorflow_itself_renames_is_known() -> None:
    renames = pytest.importorskip("tensorflow.tools.compatibility.all_renames_v2")
    names = [n for n in renames.symbol_renames if n.startswith("tf.") and not n.startswith("tf.compat.")]
    gone = [n for n in names if live(n) is None and not n.startswith("tf.contrib")]
    # names whose successor has gone as well
    unknown = [n for n in gone if former(n) is None and live(renames.symbol_renames[n]) is not None]
    assert len(gone) > 700 and unknown == []


def test_a_way_out_names_what_exists() -> None:
    texts = [e.get("why", "") for e in TABLES["changed"].values()] + list(TABLES["kept"].values())
    texts += list(TABLES["namespaces"].values())
    named = {n.rstrip(".") for text in texts for n in re.findall(r"\btf(?:\.\w+)+", text)}
    gone = {n for n in named if live(n) is None and n not in TABLES["namespaces"]}
    assert gone - {"tf.div"} == set()

"""The report formats on one set of findings with everything that needs escaping."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transpile.diagnostics import Diagnostic, Edit, Severity
from transpile.report import FORMATS, FileReport, render

FOUND = [
    Diagnostic("API001", Severity.ERROR, "100% lost:\nsee, there", "a b,c.py", 3, 5, 3, 9, "Do it."),
    Diagnostic("LAY001", Severity.INFO, "é", "a b,c.py", 1, 1, 2, 4, "", (Edit(1, 1, 1, 2, "x"),)),
]
FILES = [FileReport("a b,c.py", "out.py", FOUND), FileReport("d.py", "d_out.py")]


@pytest.mark.parametrize("format", ["text", "github"])
def test_nothing_found_says_nothing(format: str) -> None:
    assert render(format, [FileReport("a.py")]) == ""


def test_text() -> None:
    assert render("text", FILES) == (
        "a b,c.py:1:1: LAY001 é\n"
        "a b,c.py:3:5: API001 100% lost:\n"
        "    see, there\n"
        "    help: Do it.\n"
        "a b,c.py -> out.py\n"
        "d.py -> d_out.py\n"
        "1 error, 1 note in 1 file\n"
    )


def test_github() -> None:
    assert render("github", FILES) == (
        "::notice file=a b%2Cc.py,line=1,endLine=2,title=LAY001::é\n"
        "::error file=a b%2Cc.py,line=3,endLine=3,col=5,endColumn=9,title=API001::100%25 lost:%0Asee, there%0ADo it.\n"
    )


def test_json_carries_the_fix() -> None:
    first = json.loads(render("json", FILES))["files"][0]["diagnostics"][0]
    assert first["fix"] == [{"line": 1, "column": 1, "end_line": 1, "end_column": 2, "text": "x"}]


def test_sarif_points_at_its_rules() -> None:
    log = json.loads(render("sarif", FILES))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == ["note", "error"]
    location = run["results"][1]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b%2Cc.py"
    assert location["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}


def test_sarif_keeps_its_schema() -> None:
    """The schema is OASIS' own: sarif-schema-2.1.0.json."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    for files in ([], FILES, [FileReport("/absolute/ü.py", None, [FOUND[0]])]):
        assert [error.message for error in validator.iter_errors(json.loads(render("sarif", files)))] == []


def test_machine_formats_are_ascii() -> None:
    for format in set(FORMATS) - {"text", "github"}:
        assert render(format, FILES).isascii()

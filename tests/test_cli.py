"""The command line: what a call means, where its text goes, how it ends. The translation is the stand-in."""

from __future__ import annotations

import importlib.metadata
import json
import os
import stat
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from transpile.cli import main
from transpile.commands import names
from transpile.commands._needs import install

pytestmark = pytest.mark.usefixtures("stand_in")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text("import torch\n")
    return tmp_path


def refused(capsys: Capture, *words: str) -> str:
    """Run a call that must be refused: status 2, one line on stderr, nothing on stdout."""
    before = {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("transpile: error: ") and captured.err.count("\n") == 1
    assert {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()} == before
    return captured.err


def test_a_file_goes_to_stdout_and_what_is_said_to_stderr(capsys: Capture) -> None:
    Path("net.py").write_text("import torch\nSAY_WARNING\n")
    assert main(["net.py"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "import tensorflow  # channels_last\nSAY_WARNING\n"
    assert captured.err == (
        "net.py:2:1: API001 SAY_WARNING stays\n1 | import torch\n2 | SAY_WARNING\n  | ^^^^^^^^^^^\n"
        "    help: Look at it.\n1 warning in 1 file\n"
    )


def test_with_an_output_what_is_said_goes_to_stdout(capsys: Capture) -> None:
    assert main(["net.py", "-o", "out.py", "--data-format", "channels_first"]) == 0
    assert Path("out.py").read_text() == "import tensorflow  # channels_first\n"
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("net.py -> out.py\n", "")


def test_options_may_stand_before_the_path(capsys: Capture) -> None:
    assert main(["--data-format", "channels_first", "net.py"]) == 0
    assert "channels_first" in capsys.readouterr().out


def test_stdin(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"import torch\r\n")))
    assert main(["-"]) == 0
    assert capsys.readouterr().out == "import tensorflow  # channels_last\r\n"


def test_a_source_without_torch_goes_through_byte_for_byte() -> None:
    data = b"\xef\xbb\xbfx = 1\r\ny = 2\n"
    Path("plain.py").write_bytes(data)
    assert main(["plain.py", "-o", "out.py"]) == 0
    assert Path("out.py").read_bytes() == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"import torch\r\nx\r\n", b"import tensorflow  # channels_last\r\nx\r\n"),
        (b"\xef\xbb\xbfimport torch\n", b"\xef\xbb\xbfimport tensorflow  # channels_last\n"),
        (
            b"# coding: latin-1\nimport torch\ns='\xe9'\n",
            b"# coding: latin-1\nimport tensorflow  # channels_last\ns='\xe9'\n",
        ),
        (b"if 1:\n\timport torch\n\x0c\n", b"if 1:\n\timport tensorflow  # channels_last\n\x0c\n"),
    ],
)
def test_newlines_and_encoding_are_kept(data: bytes, expected: bytes) -> None:
    Path("net.py").write_bytes(data)
    assert main(["net.py", "-o", "out.py"]) == 0
    assert Path("out.py").read_bytes() == expected


@pytest.mark.parametrize(
    ("word", "fail_on", "status"),
    [
        ("SAY_ERROR", "error", 1),
        ("SAY_ERROR", "never", 0),
        ("SAY_WARNING", "error", 0),
        ("SAY_WARNING", "warning", 1),
        ("SAY_NOTE", "warning", 0),
    ],
)
@pytest.mark.parametrize("command", [[], ["check"]])
def test_the_status_says_whether_something_was_found(
    word: str, fail_on: str, status: int, command: list[str]
) -> None:
    Path("net.py").write_text(f"import torch\n{word}\n")
    output = [] if command else ["-o", "out.py"]
    assert main([*command, "net.py", *output, "--fail-on", fail_on]) == status
    assert Path("out.py").exists() is not bool(command)


@pytest.mark.parametrize("command", [[], ["check"]])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"import torch\ndef f(:\n", "net.py:2:7: "),
        (b"import torch\n\x00", "net.py:2:1: the file is binary"),
        (b"import torch\n\xff\n", "net.py:2:1: the file is not utf-8 text"),
    ],
)
def test_a_bad_source_is_one_line_and_status_2(
    capsys: Capture, command: list[str], data: bytes, said: str
) -> None:
    Path("net.py").write_bytes(data)
    Path("out.py").write_text("precious")
    output = [] if command else ["-o", "out.py"]
    assert said in refused(capsys, *command, "net.py", *output)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "PATHS"),
        (["gone.py"], "gone.py: no such file"),
        (["chek", "net.py"], "chek: no such file or folder; did you mean the command `check`?"),
        (["net.py", "gone.py", "-o", "out"], "gone.py: no such file"),
        (["folder"], "-o"),
        (["net.py", "folder"], "-o"),
        (["net.py", "-o", "folder"], "folder/net.py"),
        (["net.py", "-o", "net.py"], "overwritten"),
        (["net.py", "-o", "gone/out.py"], "gone/out.py: cannot be written"),
        (["net.py", "-o", "net.py/out.py"], "cannot be written"),
        (["folder", "-o", "net.py"], "net.py: is a file"),
        (["folder", "-o", "net.py/x"], "cannot be made"),
        (["folder/net.py", "net.py", "-o", "out"], "two sources"),
        (["net.py", "--data-format", "NHWC"], "NHWC"),
        (["net.py", "--no-such-option"], "--no-such-option"),
        (["net.py", "--rules", "gone.yaml"], "gone.yaml: no such rule table"),
        (["explain", "API"], "API: no such code"),
        (["explain", "TR9999"], "TR9999: no such rule"),
        (["rules", "shown"], "say `list`"),
        (["explain", "LAY0001"], "did you mean LAY001?"),
    ],
)
def test_an_unusable_call_is_refused(capsys: Capture, words: list[str], said: str) -> None:
    Path("folder").mkdir()
    Path("folder/net.py").write_text("import torch\n")
    assert said in refused(capsys, *words)


def test_a_file_is_replaced_in_one_step_and_keeps_its_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    Path("out.py").write_text("precious")
    os.chmod("out.py", 0o640)

    def broken(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        assert "No space left" in refused(capsys, "net.py", "-o", "out.py")
    assert main(["net.py", "-o", "out.py"]) == 0
    assert Path("out.py").read_text() != "precious"
    assert stat.S_IMODE(os.stat("out.py").st_mode) == 0o640
    assert sorted(os.listdir()) == ["net.py", "out.py"]


def test_a_link_stays_a_link_and_a_device_a_device() -> None:
    Path("real.py").write_text("")
    Path("link.py").symlink_to("real.py")
    assert main(["net.py", "-o", "link.py"]) == 0
    assert Path("link.py").is_symlink() and "tensorflow" in Path("real.py").read_text()
    assert main(["net.py", "-o", os.devnull]) == 0
    assert not Path(os.devnull).is_file()


def test_several_paths_go_into_a_folder(capsys: Capture) -> None:
    Path("pkg").mkdir()
    Path("pkg/a.py").write_text("import torch\nconv_one\n")
    assert main(["net.py", "pkg", "-o", "out"]) == 0
    assert sorted(p.as_posix() for p in Path("out").rglob("*.py")) == [
        "out/net.py",
        "out/pkg/_torch_support.py",
        "out/pkg/a.py",
    ]
    assert "pkg/a.py -> out/pkg/a.py\n" in capsys.readouterr().out


def test_in_a_folder_a_bad_file_makes_the_status_1(capsys: Capture) -> None:
    Path("pkg").mkdir()
    Path("pkg/a.py").write_text("import torch\n")
    Path("pkg/b.py").write_text("def f(:\n")
    assert main(["pkg", "-o", "out"]) == 1
    assert Path("out/a.py").exists() and not Path("out/b.py").exists()
    captured = capsys.readouterr()
    assert "pkg/b.py:1:7: SYN001" in captured.out and captured.err == ""


def test_diff_shows_and_writes_nothing(capsys: Capture) -> None:
    assert main(["net.py", "-o", "out.py", "--diff"]) == 0
    assert not Path("out.py").exists()
    assert "-import torch\n+import tensorflow  # channels_last\n" in capsys.readouterr().out
    Path("pkg").mkdir()
    Path("pkg/a.py").write_text("import torch")
    assert main(["pkg", "--diff"]) == 0
    assert capsys.readouterr().out.startswith("--- pkg/a.py\n+++ pkg/a.py\n")


def test_a_page_is_written_beside(capsys: Capture) -> None:
    Path("net.py").write_text("import torch\nSAY_WARNING\n")
    assert main(["net.py", "-o", "out.py", "--html", "report.html"]) == 0
    assert "SAY_WARNING stays" in Path("report.html").read_text()
    assert main(["check", "net.py", "--html", "check.html", "--format", "json"]) == 0
    assert "SAY_WARNING stays" in Path("check.html").read_text()
    assert main(["net.py", "--html", "gone/report.html"]) == 2


def test_quiet_and_verbose(capsys: Capture) -> None:
    Path("net.py").write_text("import torch\ntorch.abs\nSAY_NOTE\n")
    assert main(["net.py", "-o", "out.py", "-q"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["net.py", "-o", "out.py", "-v"]) == 0
    assert "net.py -> out.py  (1 exact, 0 changed, 0 left)\n" in capsys.readouterr().out


def test_colours_are_for_terminals_and_who_asks(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.py").write_text("import torch\nSAY_WARNING\n")
    for words, variables, expected in (
        ([], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ):
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            main(["check", "net.py", *words])
            assert ("\x1b[" in capsys.readouterr().out) is expected
    main(["net.py", "--diff", "--color", "always"])
    assert "\x1b[32m+import tensorflow" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("missing", "extra"), [("numpy", "tf"), ("torch", "torch,tf"), ("no_such_package", None)]
)
def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, missing: str, extra: str | None
) -> None:
    import transpile.commands.check as check

    def broken(*arguments: object) -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=f"{missing}.part")

    def unknown(distribution: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(check, "plan", broken)
    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    if extra is None:  # that is a defect, and has its traceback
        with pytest.raises(ModuleNotFoundError):
            main(["check", "net.py"])
    else:
        assert f"pip install '.[{extra}]' in transpile's folder" in refused(capsys, "check", "net.py")


def test_what_to_install_is_named_by_the_packages_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """transpile itself may come from a folder or a hook: its name may mean nothing, or another, to an index."""
    stated = [
        "click>=8.1",
        "tensorflow==2.21.*; extra == 'tf'",
        'torch>=2.1; extra == "torch"',
        "pygls>=2 ; extra == 'lsp'",
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda distribution: stated)
    assert install("torch", "tf") == "pip install 'torch>=2.1' 'tensorflow==2.21.*'"
    assert install("lsp") == "pip install 'pygls>=2'"


def test_watching_needs_files(capsys: Capture) -> None:
    assert "standard input" in refused(capsys, "-", "--watch")
    assert "no such file" in refused(capsys, "gone.py", "--watch")


def test_json_is_the_documented_object(capsys: Capture) -> None:
    Path("net.py").write_text("import torch\n'é'; SAY_ERROR\n")
    assert main(["net.py", "-o", "out.py", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"version", "files"}
    (file,) = report["files"]
    assert file == {
        "path": "net.py",
        "output": "out.py",
        "signatures": {"Net.call": {"x": "NHWC"}},
        "diagnostics": [
            {
                "code": "API001",
                "severity": "error",
                "message": "SAY_ERROR stays",
                "filename": "net.py",
                "line": 2,
                "column": 6,
                "end_line": 2,
                "end_column": 15,
                "help": "Look at it.",
                "fix": None,
            }
        ],
    }


def test_a_command_wins_over_a_path_of_its_name(capsys: Capture) -> None:
    Path("check").write_text("import torch\n")
    assert main(["check", "net.py"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["./check"]) == 0
    assert "tensorflow" in capsys.readouterr().out


def test_check_writes_nothing(here: Path, capsys: Capture) -> None:
    Path("net.py").write_text("import torch\nSAY_NOTE\n")
    assert main(["check", "net.py", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["output"] is None
    assert os.listdir(here) == ["net.py"]


def test_help_names_every_command(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in names())


def test_pyproject_sets_defaults_and_the_command_line_wins(capsys: Capture) -> None:
    Path("pyproject.toml").write_text(
        '[tool.transpile]\ndata-format = "channels_first"\nfail-on = "warning"\n'
    )
    Path("net.py").write_text("import torch\nSAY_WARNING\n")
    assert main(["net.py"]) == 1
    assert "channels_first" in capsys.readouterr().out
    assert main(["net.py", "--data-format", "channels_last", "--fail-on", "error"]) == 0
    assert "channels_last" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('data-fromat = "channels_first"', "did you mean data-format?"),
        ('data-format = "NHWC"', "NHWC"),
        ('rules = ["gone.yaml"]', "gone.yaml: no such rule table"),
        ('rules = "gone.yaml"', "list of files"),
        ("rules = [", "pyproject.toml: "),
    ],
)
def test_a_wrong_table_in_pyproject_is_refused(capsys: Capture, table: str, said: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.transpile]\n{table}\n")
    assert said in refused(capsys, "net.py")


def test_rules_are_listed_and_shown(capsys: Capture) -> None:
    assert main(["rules", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [rule["id"] for rule in listed] == sorted(rule["id"] for rule in listed) and listed
    rule = listed[0]
    for name in (rule["id"], rule["torch"]):
        for words in (["show", name], [name]):
            assert main(["rules", *words, "--format", "json"]) == 0
            assert json.loads(capsys.readouterr().out) == rule
    assert main(["rules", "tf.matrix_inverse"]) == 0
    assert "tf.linalg.inv" in capsys.readouterr().out
    assert main(["explain", rule["id"]]) == 0
    assert rule["torch"] in capsys.readouterr().out


def test_a_broken_rule_table_is_refused_with_its_line(capsys: Capture) -> None:
    Path("mine.yaml").write_text(
        "- id: TR9999\n  torch: torch.mine\n  params: [input]\n  tff: tf.abs({input})\n"
    )
    assert "mine.yaml:" in refused(capsys, "net.py", "--rules", "mine.yaml")


def test_coverage_counts_names_not_methods(capsys: Capture) -> None:
    Path("net.py").write_text(
        "import torch.nn as nn, torch\nfrom torch.nn import functional as F\n"
        "a = nn.Linear\nb = nn.Linear\nc = F.SAY_WARNING\nx.torch.y\ntorch.abs\n"
    )
    assert main(["coverage", "net.py", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    counts = [(row["api"], row["uses"], row["left"]) for row in report["apis"]]
    assert counts == [
        ("torch.nn.Linear", 2, 0),
        ("torch.abs", 1, 0),
        ("torch.nn.functional.SAY_WARNING", 1, 1),
    ]
    assert (report["uses"], report["left"]) == (4, 1)
    assert report["apis"][1]["rule"].startswith("TR")


@pytest.mark.parametrize(
    "words", [["check", "net.py"], ["fix", "net.py", "--line", "2"], ["net.py", "-o", "out.py"]]
)
def test_a_command_starts_without_what_it_does_not_need(words: list[str]) -> None:
    """Each of these costs as much as the rest of the start; `benchmarks/startup.py` and `hook.py` measure that."""
    Path("net.py").write_text("import torch\nx = torch.neg(torch.zeros(3, dtype=None))\n")
    heavy = [
        "libcst.matchers",
        "libcst.codemod",
        "tensorflow",
        "torch",
        "numpy",
        "jinja2",
        "nbformat",
        "pygls",
    ]
    assert loaded(words, heavy) == []


PROSE = '"""Nothing of torch."""\n\nimport os\n'
PORT = "import tensorflow as tf\n\nx = tf.zeros([2])\n"


@pytest.mark.parametrize("text", [PROSE, PORT], ids=["prose", "port"])
@pytest.mark.parametrize(
    "words", [["check", "net.py"], ["net.py", "-o", "out.py"], ["sync", "net.py"]], ids=lambda words: words[0]
)
def test_a_file_without_torch_loads_nothing_that_translates(words: list[str], text: str) -> None:
    """Hooks are given files of all kinds; `benchmarks/hook.py` measures what those without torch cost."""
    Path("net.py").write_text(text)
    Path("twin_of.py").write_text("import torch\n")
    Path("pyproject.toml").write_text('[tool.transpile.pairs]\n"twin_of.py" = "tf_twin.py"\n')
    heavy = [
        "libcst",
        "transpile.translate",
        "transpile.infer",
        "transpile.rewrite",
        "multiprocessing",
        "black",
    ]
    if text == PROSE:
        heavy += ["transpile.rulebook", "transpile.hazards", "yaml"]
    assert loaded(words, heavy) == []
    Path("net.py").write_text("import torch\nx = torch.abs(torch.zeros(3))\n")
    if words[0] != "sync":
        assert "libcst" in loaded(words, heavy)


def loaded(words: list[str], heavy: list[str]) -> list[str]:
    """Which of the modules a command has loaded when it is done."""
    asked = f"print(*[name for name in {heavy} if name in sys.modules])"
    code = f"import sys; from transpile.cli import main; main({words}); {asked}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    return done.stdout.splitlines()[-1].split()

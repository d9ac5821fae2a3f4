"""The page of a verification: the verdicts, the picture, and links into both texts. Nothing is run."""

from __future__ import annotations

import re
from pathlib import Path

from transpile.verify.page import page, texts
from transpile.verify.result import DIFFERENT, EQUAL, Comparison, Divergence, Place, Result, Row
from transpile.verify.sides import Side
from transpile.verify.world import World

HOSTILE = "Net('</script><script>alert(1)</script>')"


def side(folder: Path, text: str) -> Side:
    (folder / "net.py").write_text(text)
    return Side(World(folder, folder), "net", HOSTILE, folder)


def different() -> Result:
    result = Result(factory=HOSTILE, tolerance=1e-4)
    result.comparisons = [
        Comparison("eager", DIFFERENT, 0.5, 1e-4, "<b>far</b>\nmore"),
        Comparison("graph", EQUAL),
    ]
    result.rows = [Row("a", "Conv2d", 0, 1e-6), Row("b", "<Odd>", 0, 0.5), Row("c", "Lambda", 0, None)]
    places = Place("here/net.py", 2), Place("net.py", 3)
    result.divergence = Divergence("b", "<Odd>", "in the layer", 0.5, *places)
    return result


def test_a_difference_is_drawn_and_leads_to_its_lines(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "net.py").write_text("import torch\nx = torch.zeros(3)\n")
    file = texts(source / "net.py", side(tmp_path, "import tensorflow as tf\n\nx = tf.zeros([3])\n"))
    assert file is not None and file.after is not None and "tf.zeros" in file.after
    html = page(different(), file)
    assert html.count("<circle") == 2 and "tolerance 1e-04" in html
    links = re.findall(r'<a href="#(f0-[lr]\d+)">', html)
    assert links == ["f0-l2", "f0-r3"] and all(f'id="{link}"' in html for link in links)
    assert ">5.0e-01</td>" in html and 'badge error">different<' in html and 'badge fine">equal<' in html
    assert "alert(1)</script>" not in html and "<b>far" not in html and "<Odd>" not in html


def test_a_translation_alone_is_shown_beside_itself(tmp_path: Path) -> None:
    file = texts(None, side(tmp_path, "import tensorflow as tf\n"))
    assert file is not None and file.before == file.after
    html = page(Result(factory="Net()", comparisons=[Comparison("eager", EQUAL)]), file)
    assert "left out" not in html and "<circle" not in html


def test_what_could_not_be_run_says_its_stage() -> None:
    html = page(Result(factory="Net()", stage="build", error="TypeError: <what>"), None)
    assert "could not be run: build: TypeError: &lt;what&gt;" in html

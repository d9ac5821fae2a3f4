"""What the call says of models and inputs. Near misses first."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.verify.spec import Given, SpecError, given, givens, packed, target


@pytest.mark.parametrize("text", ["", "a,b", "1,3,", "x", "int99:2", "n=py:call()", "int64:2:one..2", "-1,3"])
def test_what_is_no_input_is_refused(text: str) -> None:
    if text == "1,3,":
        assert given(text).shape == (1, 3)
        return
    with pytest.raises(SpecError):
        given(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1,3,64,64", Given(None, (1, 3, 64, 64))),
        ("int64:2,16:0..99", Given(None, (2, 16), "int64", 0, 99)),
        ("i64:2,16", Given(None, (2, 16), "int64")),
        ("bf16:2", Given(None, (2,), "bfloat16")),
        ("u8:4,4:0..255", Given(None, (4, 4), "uint8", 0, 255)),
        ("mask=bool:2,16", Given("mask", (2, 16), "bool")),
        ("x=float64:3:-1..1", Given("x", (3,), "float64", -1, 1)),
        ("t=float32:()", Given("t", ())),
        ("n=py:3", Given("n", value=3, is_tensor=False)),
        ("py:[1, 2]", Given(None, value=[1, 2], is_tensor=False)),
    ],
)
def test_an_input(text: str, wanted: Given) -> None:
    assert given(text) == wanted


@pytest.mark.parametrize("text", ["[]", "[3,8", "[x=3,8; 3,4]", "[3,8;]", "[py:call()]"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        givens([text])


def test_the_items_of_a_list_are_drawn_one_by_one_and_given_in_one() -> None:
    specs = givens(["2,4", "[3,8,9; int64:5:0..7]", "[3,4,4]", "mask=bool:2"])
    assert [spec.shape for spec in specs] == [(2, 4), (3, 8, 9), (5,), (3, 4, 4), (2,)]
    assert [spec.part_of for spec in specs] == [None, 1, 1, 2, None]
    assert packed(["a", "b", "c", "d"], specs) == ["a", ["b", "c"], ["d"]]


def test_a_target_is_a_file_and_an_expression(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("")
    found = target(f"{file}:Net(8, depth=2)")
    assert (found.path, found.factory) == (file, "Net(8, depth=2)")


@pytest.mark.parametrize("text", ["net.py", "net:Net()", "{folder}/none.py:Net()", "{folder}/net.py:Net("])
def test_what_is_no_target_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("")
    with pytest.raises(SpecError):
        target(text.replace("{folder}", str(tmp_path)))

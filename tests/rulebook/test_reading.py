"""A wrong table is refused with its file and line; a right one is read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.rulebook import RuleError
from transpile.rulebook.reading import read
from transpile.rulebook.store import Rulebook, _indexed, load

GOOD = """\
- id: TR9001
  torch: torch.abs
  aliases: [torch.absolute]
  method: abs
  inplace: true
  params: [input]
  layout: elementwise
  returns: like
  tf: tf.abs({input})
"""


def table(tmp_path: Path, text: str, name: str = "own.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


WRONG = [
    ("- id: TR9001\n  torch: torch.abs\n  layuot: plain\n  tf: tf.abs(1)\n", 3, "did you mean 'layout'"),
    ("- id: TR9001\n  torch: torch.abs\n", 1, "one of 'tf', 'variants' and 'refuse'"),
    ("- torch: torch.abs\n  tf: tf.abs(1)\n", 1, "needs 'id'"),
    ("\n- id: x1\n  torch: torch.abs\n  tf: tf.abs(1)\n", 2, "looks like TR0412"),
    ("- id: TR9001\n  torch: a\n  tf: 3\n", 3, "'tf' cannot be 3"),
    ("- id: TR9001\n  torch: a\n  kind: klass\n  tf: tf.a\n", 3, "unknown kind"),
    ("- id: TR9001\n  torch: a\n  layout: axis:dim\n  tf: tf.a\n", 3, "unknown layout 'axis:dim'"),
    ("- id: TR9001\n  torch: a\n  layout: hook:veiw\n  tf: tf.a\n", 3, "unknown layout"),
    ("- id: TR9001\n  torch: a\n  returns: lik\n  tf: tf.a\n", 3, "unknown returns"),
    ("- id: TR9001\n  torch: a\n  tf: tf.a({x})\n", 3, "{x} in a template is no parameter"),
    ("- id: TR9001\n  torch: a\n  params: [x, y]\n  tf: tf.a({x})\n", 3, "'y' is never used"),
    ("- id: TR9001\n  torch: a\n  params: [x]\n  tf: tf.a({x}, {x})\n", 4, "more than once"),
    ("- id: TR9001\n  torch: a\n  params: [x]\n  tf: tf.a({x}\n", 4, "not a Python expression"),
    ("- id: TR9001\n  torch: a\n  params: [x]\n  tf: tf.a({x }, {x})\n", 4, "a brace in the template"),
    ("- id: TR9001\n  torch: a\n  params: [x, x]\n  tf: tf.a({x})\n", 3, "not a Python parameter list"),
    ("- id: TR9001\n  torch: a\n  params: [x]\n  args: {y: {to: z}}\n  tf: tf.a({x})\n", 4, "no parameter"),
    (
        "- id: TR9001\n  torch: a\n  params: [x]\n  args: {x: {by: nope}}\n  tf: tf.a({x})\n",
        4,
        "unknown hook 'nope'",
    ),
    ("- id: TR9001\n  torch: a\n  fidelity: changed\n  tf: tf.a()\n", 3, "needs a why"),
    ("- id: TR9001\n  torch: a\n  refuse: no such thing\n", 3, "needs 'instead'"),
    ("- id: TR9001\n  torch: a\n  variants: [{tf: tf.a()}, {tf: tf.b()}]\n", 3, "only the last variant"),
    ("- id: TR9001\n  torch: a\n  variants: [{tf: tf.a(), drifts: true}]\n", 3, "that drifts needs a why"),
    (
        "- id: TR9001\n  torch: a\n  params: [x]\n  variants: [{when: {givn: [x]}, tf: 'tf.a({x})'}]\n",
        4,
        "'given'",
    ),
    (
        "- id: TR9001\n  torch: a\n  params: [x]\n  variants: [{when: {given: [y]}, tf: 'tf.a({x})'}]\n",
        4,
        "'y'",
    ),
    ("- id: TR9001\n  torch: a\n  tf: tf.a()\n  examples: [{call: 'a('}]\n", 4, "not a Python expression"),
    (
        "- id: TR9001\n  torch: a\n  tf: tf.a()\n  examples: [{call: a(x), with: {x: f32}}]\n",
        4,
        "f32[2,3]:pos",
    ),
    ("- id: TR9001\n  id: TR9002\n", 2, "given twice"),
    ("- id: [\n", 2, ""),
    ("id: TR9001\n", 1, "list of entries"),
    (GOOD + GOOD, 10, "id 'TR9001' is already taken at own.yaml:1"),
    (GOOD + GOOD.replace("9001", "9002"), 11, "name 'torch.abs' is already taken"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        read([table(tmp_path, text)])
    assert str(caught.value).startswith(f"own.yaml:{line}: ")
    assert message in str(caught.value)


def test_a_table_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        read([tmp_path / "none.yaml"])
    binary = tmp_path / "own.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match=r"own\.yaml"):
        read([binary])


def book(tmp_path: Path, text: str) -> Rulebook:
    records = read([table(tmp_path, text)])
    return Rulebook(records, _indexed(records))


def test_names_that_only_look_alike_find_nothing(tmp_path: Path) -> None:
    rules = book(tmp_path, GOOD.replace("  inplace: true\n", ""))
    assert rules.by_name("torch.abs_") is None
    assert rules.method("abs_") is None
    assert rules.attribute("abs") is None
    assert rules.by_name("abs") is None
    assert rules.by_name("torch.Tensor.absolut") is None


def test_a_rule_is_found_under_each_of_its_names(tmp_path: Path) -> None:
    rules = book(tmp_path, GOOD)
    rule = rules.by_name("torch.abs")
    assert rule is not None
    assert rule.source == ("own.yaml", 1)
    for found in (
        rules.by_name("torch.absolute"),
        rules.by_name("torch.abs_"),
        rules.by_name("torch.Tensor.abs"),
        rules.by_name("torch.Tensor.abs_"),
        rules.method("abs"),
        rules.method("abs_"),
        rules.method("absolute"),
        rules.by_name("torch.Tensor.absolute_"),
    ):
        assert found is rule
    assert [r.id for r in rules.rules()] == ["TR9001"]


def test_own_tables_go_before_the_packaged_ones(tmp_path: Path) -> None:
    before = load()
    replaced = before.by_name("torch.abs")
    assert replaced is not None
    rules = load([table(tmp_path, GOOD.replace("tf.abs", "tf.math.abs"))])
    own = rules.by_name("torch.abs")
    assert own is not None
    assert (own.id, own.variants[0].template.text) == ("TR9001", "tf.math.abs({input})")
    assert rules.method("abs") is own
    assert len(rules) == len(before)


def test_own_tables_may_take_an_alias_alone(tmp_path: Path) -> None:
    text = "- id: XX001\n  torch: torch.absolute\n  params: [input]\n  tf: tf.sign({input})\n"
    rules = load([table(tmp_path, text)])
    absolute, plain = rules.by_name("torch.absolute"), rules.by_name("torch.abs")
    assert absolute is not None and absolute.id == "XX001"
    assert plain is not None and "torch.absolute" not in plain.aliases

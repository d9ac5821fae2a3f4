"""The page in a real browser: looks, clicks, filters, keys, and sources that would like to run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import transpile
from transpile.diagnostics import Diagnostic, Severity
from transpile.report.html import Page, render
from transpile.verify.page import page as proof_page
from transpile.verify.result import DIFFERENT, EQUAL, SKIPPED, Comparison, Divergence, Place, Result, Row

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
FIXTURES = Path(__file__).parents[2] / "fixtures"
HOSTILE = '# </script><script>document.title = "owned"</script><img src=x onerror="document.title=1">\n'


def page_of(name: str, extra: str = "") -> Page:
    source = (FIXTURES / name).read_text(encoding="utf-8") + extra
    result = transpile.translate(source, filename=name)
    made_up = [
        Diagnostic("API001", Severity.WARNING, "torch.no_such has no rule", name, 12, 5, 12, 9, "Write it."),
        Diagnostic("API004", Severity.INFO, HOSTILE, name, 20, 1, 20, 4, ""),
    ]
    return Page(name, source, result.code, [*result.diagnostics, *made_up], f"tf_{name}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    pages = [
        page_of("yolo_blocks.py", HOSTILE),
        page_of("gsconv.py"),
        Page("net.py", "import gsconv\n", None),
    ]
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render(pages, title="fixtures"), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A verification that found a difference, with more layers and longer words than a narrow window holds."""
    result = Result(factory="GSBottleneck(8, 8)", tolerance=1e-3, layout="0: channels last", seconds=12.3)
    place, there = Place("fixtures/gsconv.py", 10), Place("tf_gsconv.py", 20)
    result.rows = [
        Row(f"body.{call}.conv", "Conv2d", 0, 1e-6 if call < 20 else 10.0 ** (call / 40), source=place)
        for call in range(120)
    ]
    result.comparisons = [
        Comparison("eager", DIFFERENT, 39.0, 1e-3),
        Comparison("open signature", EQUAL, 1e-6, 1e-3, figures={"unknown": "batch, height and width"}),
        Comparison("export tflite", SKIPPED, note="cannot convert: " + "a_long_name_without_a_space" * 6),
    ]
    result.divergence = Divergence(
        "body.20.conv", "Conv2d", "in the layer", 3.2, place, there, "body.19.conv"
    )
    result.notes = ["torch itself differs", HOSTILE, "Traceback (most recent call last)"]
    file = tmp_path_factory.mktemp("proof") / "proof.html"
    file.write_text(proof_page(result, page_of("gsconv.py")), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def opened(browser: Any, address: str, width: int, scheme: str) -> Iterator[Any]:
    """A page in a window; the test fails for an error in the page and for a request to anywhere.

    What Chromium itself has to remark on the console (warnings, hints, its own versions' news) is no error.
    """
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    tab.on("request", lambda request: problems.append(request.url) if elsewhere(request.url) else None)

    def elsewhere(url: str) -> bool:
        return url.partition("#")[0] != address

    tab.goto(address)
    yield tab
    assert problems == []
    tab.close()


@pytest.fixture
def tab(browser: Any, report: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The report of a few files."""
    yield from opened(browser, report, *getattr(request, "param", (1440, "light")))


@pytest.fixture
def proof_tab(browser: Any, proof: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page of a verification."""
    yield from opened(browser, proof, *getattr(request, "param", (1440, "light")))


def shown(tab: Any, selector: str) -> int:
    return sum(element.is_visible() for element in tab.query_selector_all(selector))


@pytest.mark.parametrize("tab", [(1440, "light"), (1440, "dark"), (700, "light")], indirect=True)
def test_it_fits_and_is_no_blank(tab: Any, tmp_path: Path) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture = tab.screenshot(path=tmp_path / "report.png")
    assert len(picture) > 20_000
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) < 200) == tab.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches"
    )


def test_both_sides_stand_beside_each_other(tab: Any) -> None:
    left, right = tab.locator("#f0-l3").bounding_box(), tab.locator("#f0-l3 + code + a.r").bounding_box()
    assert left["y"] == right["y"] and left["x"] < right["x"]


@pytest.mark.parametrize("tab", [(700, "light")], indirect=True)
def test_in_a_narrow_window_what_is_the_same_stands_once(tab: Any) -> None:
    same = tab.locator(".block.same .row.has-left.has-right").first
    assert same.locator("code").first.is_visible() and not same.locator("code").last.is_visible()


def test_a_number_shows_what_belongs_together(tab: Any) -> None:
    number = tab.locator(".block.differs a.n[id]").first
    number.click()
    assert tab.locator(".block.linked").count() == 1
    assert tab.url.endswith("#" + number.get_attribute("id"))
    number.click()
    assert tab.locator(".block.linked").count() == 0


def test_filters_by_severity_and_code(tab: Any) -> None:
    warnings, notes = shown(tab, ".note.warning"), shown(tab, ".note.info")
    assert warnings and notes
    tab.click(".chip[data-severity=warning]")
    assert (shown(tab, ".note.warning"), shown(tab, ".note.info")) == (0, notes)
    tab.click(".chip[data-severity=warning]")
    tab.click(".menu summary")
    tab.uncheck("input[data-code=API004]")
    assert shown(tab, ".note[data-code=API004]") == 0 and shown(tab, ".note.warning") == warnings


def test_changes_only_and_what_was_copied(tab: Any) -> None:
    rows = shown(tab, ".row")
    tab.click("#only-changes")
    assert 0 < shown(tab, ".row") < rows
    tab.click("#only-changes")
    assert not tab.locator(".support .row").first.is_visible()
    tab.locator(".support summary").first.click()
    assert tab.locator(".support .row").first.is_visible()


def test_an_explanation_opens_and_closes(tab: Any) -> None:
    tab.locator(".note a.badge", has_text="API001").first.click()
    assert "without a rule" in tab.inner_text("#explanation")
    tab.keyboard.press("Escape")
    assert not tab.locator("#explanation").is_visible()


def test_keys(tab: Any) -> None:
    focused = "document.activeElement.className"
    tab.keyboard.press("j")
    assert tab.evaluate(focused).startswith("note")
    first = tab.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 < first < 900
    tab.keyboard.press("Enter")
    assert tab.locator("#explanation").is_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("n")
    assert "differs" in tab.evaluate(focused)
    tab.keyboard.press("]")
    tab.keyboard.press("]")
    assert tab.evaluate("document.activeElement.id") == "f1"
    tab.keyboard.press("d")
    assert tab.evaluate("document.documentElement.classList.contains('dark')")
    tab.keyboard.press("?")
    assert tab.locator("#help").is_visible()


def test_an_address_opens_what_is_folded(tab: Any) -> None:
    tab.locator("#f1 > summary").click()
    assert not tab.locator("#f1-l5").is_visible()
    tab.evaluate("location.hash = '#f1-l5'")
    tab.locator("#f1-l5").wait_for(state="visible")


def test_the_graph_leads_to_the_files(tab: Any) -> None:
    assert tab.locator(".node").count() == 2
    tab.locator(".node").first.click()
    assert "#f" in tab.url


def test_a_hostile_source_stays_text(tab: Any) -> None:
    assert tab.title() == "fixtures" and tab.locator("main img").count() == 0
    assert "onerror" in tab.inner_text("#f0")


@pytest.mark.parametrize(
    "proof_tab", [(1440, "light"), (1440, "dark"), (700, "dark"), (390, "light")], indirect=True
)
def test_a_verification_fits_and_stands_first(proof_tab: Any, tmp_path: Path) -> None:
    tab = proof_tab
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(tab.screenshot(path=tmp_path / "proof.png")) > 20_000
    first, then = tab.locator(".proof").bounding_box(), tab.locator(".summary").bounding_box()
    assert first["y"] + first["height"] <= then["y"]
    # the picture stays legible: its letters are no smaller than eight pixels, in a frame that scrolls if it must
    letters = tab.evaluate(
        "(s => 11 * s.getBoundingClientRect().width / s.viewBox.baseVal.width)(document.querySelector('.proof svg'))"
    )
    assert letters >= 7.8
    text = tab.inner_text(".proof")
    assert "torch itself differs" in text and "Traceback" not in text and "120 layer calls compared" in text


def test_a_point_of_the_picture_is_where_its_value_says(proof_tab: Any) -> None:
    points = proof_tab.locator(".proof circle")
    assert points.count() == 120
    low, high = points.nth(0).bounding_box(), points.nth(119).bounding_box()
    line = proof_tab.locator(".proof line[stroke-dasharray]").bounding_box()
    assert high["y"] < line["y"] < low["y"] and low["x"] < high["x"]
    top = proof_tab.locator(".proof svg").bounding_box()["y"]
    assert high["y"] > top + 10  # 1e3 is not cut off at the scale's usual end


def test_the_first_difference_leads_to_its_line(proof_tab: Any) -> None:
    proof_tab.locator("#f0 > summary").click()
    assert not proof_tab.locator("#f0-l10").is_visible()
    proof_tab.locator(".proof .finding a").first.click()
    proof_tab.locator("#f0-l10").wait_for(state="visible")
    assert proof_tab.locator(".proof table").last.locator("tr").count() == 13  # twelve layers around it
    proof_tab.locator(".proof details summary").click()
    assert not proof_tab.locator(".proof table").last.is_visible()


def test_a_failure_without_a_file_has_a_page_too(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "failed.html"
    failed = Result(factory="Net()", stage="build", error="TypeError: " + HOSTILE)
    file.write_text(proof_page(failed, None), encoding="utf-8")
    for tab in opened(browser, file.as_uri(), 390, "light"):
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert "could not be run: build" in tab.inner_text(".finding") and not shown(tab, "#only-changes")

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
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Any, report: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The report in a window; the test fails for an error in the page and for a request to anywhere."""
    width, scheme = getattr(request, "param", (1440, "light"))
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text))
    tab.on("request", lambda request: problems.append(request.url) if request.url != report else None)
    tab.goto(report)
    yield tab
    assert problems == []
    tab.close()


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
    tab.wait_for_timeout(100)
    assert tab.locator("#f1-l5").is_visible()


def test_the_graph_leads_to_the_files(tab: Any) -> None:
    assert tab.locator(".node").count() == 2
    tab.locator(".node").first.click()
    assert "#f" in tab.url


def test_a_hostile_source_stays_text(tab: Any) -> None:
    assert tab.title() == "fixtures" and tab.locator("main img").count() == 0
    assert "onerror" in tab.inner_text("#f0")

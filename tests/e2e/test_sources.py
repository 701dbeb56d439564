"""The source beside an answer: the marked words can be seen, wherever they stand on the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from reportlab.pdfgen.canvas import Canvas

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
LINE = "The harbour was dredged and the berths were swept as in the years before."
MOORINGS = """# Moorings

<img src=x onerror="alert(1)"> ![x](http://192.0.2.1/x.png) <script>alert(2)</script>

| Quay | Length in m | Fee in euros |
| --- | --- | --- |
| Zephyrine quay | 84 | 730 |
| Salt quay | 120 | 910 |

The *bollards* are painted in spring:

- white ones first
- then the bollards of the Salt quay
"""
SIZES = [(400, 800), (1000, 700), (1600, 900)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("sources")
    canvas = Canvas(str(folder / "harbour.pdf"))
    for number in (1, 2):
        canvas.setFont("Times-Roman", 12)
        for line in range(33):
            canvas.drawString(70, 780 - 20 * line, f"{line + 1}. {LINE}")
        if number == 1:
            canvas.drawString(300, 50, "The keeper is called Marten Oosterhuis.")
        canvas.showPage()
    canvas.save()
    with KnowledgeBase.open(folder / "kb") as base:
        (folder / "moorings.md").write_text(MOORINGS, encoding="utf-8")
        base.add([folder / "harbour.pdf", folder / "moorings.md", DOCUMENTS])
    with Served(folder / "kb", model="none") as server:
        yield server


def out_of_sight(page: Page) -> float:
    """By how many pixels the first mark is outside of the part of the sheet that can be seen, or
    covered by something else."""
    found: float = page.evaluate(
        """() => {
          const sheet = document.querySelector(".quire-sheet");
          const mark = sheet.querySelector(".quire-page i, mark");
          const [outer, inner] = [sheet, mark].map((node) => node.getBoundingClientRect());
          const top = Math.max(outer.top, 0), bottom = Math.min(outer.bottom, innerHeight);
          const over = Math.max(top - inner.top, inner.bottom - bottom, outer.left - inner.left,
            Math.min(inner.right, inner.left + outer.width) - outer.right, 0);
          const at = document.elementFromPoint(inner.left + 5, inner.top + inner.height / 2);
          return sheet.contains(at) ? over : 9999;
        }"""
    )
    return found


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(
    "question", ["What is the keeper called?", "What happens when it is cloudy?"]
)
def test_the_marked_words_are_in_sight_on_opening_turning_back_and_enlarging(
    browser: Browser, served: Served, size: tuple[int, int], question: str
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    page.set_default_timeout(10_000)
    tab.ask(question)
    page.locator(".quire-answer .quire-ref").first.click()
    marked = page.locator(":is(.quire-page i, .quire-sheet mark)")
    expect(marked.first).to_be_visible()
    page.wait_for_timeout(300)
    assert out_of_sight(page) < 2
    if page.locator(".quire-page").count():
        page.locator(".st-key-page-on button:visible").click()
        expect(page.locator(".st-key-source")).to_contain_text("page 2 of 2")
        expect(marked).to_have_count(0)
        page.locator(".st-key-page-back button:visible").click()
        expect(marked.first).to_be_visible()
        page.wait_for_timeout(300)
        assert out_of_sight(page) < 2
        for _ in range(2):
            width = page.locator(".quire-page").evaluate("node => node.offsetWidth")
            page.locator(".st-key-zoom-larger button:visible").click()
            page.wait_for_function(f"document.querySelector('.quire-page').offsetWidth > {width}")
            page.wait_for_timeout(300)
            assert out_of_sight(page) < 2
    context.close()


@pytest.mark.parametrize(
    "question", ["What is the keeper called?", "What is the fee of the Zephyrine quay?"]
)
def test_the_marked_words_stay_in_sight_when_the_sheet_takes_another_size(
    browser: Browser, served: Served, question: str
) -> None:
    tab = opened(browser, served, question, viewport={"width": 1400, "height": 900})
    page = tab.page
    for height in (560, 760):
        page.set_viewport_size({"width": 1400, "height": height})
        page.wait_for_timeout(800)
        assert out_of_sight(page) < 2
    sheet = page.locator(".quire-sheet")
    sheet.hover()
    page.mouse.wheel(0, -3000)
    page.set_viewport_size({"width": 1400, "height": 600})
    page.wait_for_timeout(800)
    assert sheet.evaluate("node => node.scrollTop") == 0  # the reader looks elsewhere
    page.context.close()


def test_escape_closes_the_source_and_its_buttons_have_names(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 800}, locale="zh-CN")
    tab = Tab(context.new_page(), served).open()
    tab.ask("接地电阻最大允许是多少欧姆？")
    tab.page.locator(".quire-answer .quire-ref").first.click()
    panel = tab.page.locator(".st-key-source")
    for name in ("关闭", "上一页", "下一页", "放大", "缩小", "适合宽度", "向右旋转", "页面总览"):
        expect(panel.get_by_role("button", name=name, exact=True).first).to_be_attached()
    tab.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", [960, 1100, 1250, 1440])
def test_a_source_has_room_to_be_read_whether_the_sidebar_is_open_or_not(
    browser: Browser, served: Served, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-US")
    tab = Tab(context.new_page(), served).open()
    tab.ask("What happens when it is cloudy?")
    tab.page.locator(".quire-answer .quire-ref").first.click()
    sheet = tab.page.locator(".quire-sheet")
    expect(sheet).to_be_visible()
    tab.page.wait_for_timeout(500)
    assert sheet.evaluate("node => node.offsetWidth") >= 400
    expect(tab.page.locator(".st-key-close-source button:visible")).to_be_in_viewport(ratio=1)
    tab.page.get_by_test_id("stSidebarHeader").hover()
    tab.page.get_by_role("button", name="Collapse sidebar").click()
    tab.page.wait_for_timeout(800)
    assert sheet.evaluate("node => node.offsetWidth") >= 400
    context.close()


def test_a_new_question_closes_the_source_of_the_last_one(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 800}, locale="en-US")
    tab = Tab(context.new_page(), served).open()
    tab.ask("What is the keeper called?")
    tab.page.locator(".quire-answer .quire-ref").first.click()
    expect(tab.page.locator(".st-key-source")).to_be_visible()
    tab.ask("How much is the deposit?")
    expect(tab.page.locator(".st-key-source")).to_have_count(0)
    context.close()


def opened(browser: Browser, served: Served, question: str, **context: Any) -> Tab:
    """A tab with the first source of an answer open."""
    tab = Tab(browser.new_context(locale="en-US", **context).new_page(), served).open()
    tab.page.set_default_timeout(20_000)
    tab.ask(question)
    tab.page.locator(".quire-answer .quire-ref").first.click()
    expect(tab.page.locator(".quire-sheet")).to_be_visible()
    return tab


@pytest.mark.parametrize("width", [400, 1400])
def test_a_text_is_set_as_people_know_it_and_nothing_in_it_acts(
    browser: Browser, served: Served, width: int
) -> None:
    size = {"width": width, "height": 800}
    tab = opened(browser, served, "What is the fee of the Zephyrine quay?", viewport=size)
    sheet = tab.page.locator(".quire-sheet")
    expect(sheet.locator("h3")).to_have_text("Moorings")
    expect(sheet.locator("th")).to_have_text(["Quay", "Length in m", "Fee in euros"])
    expect(sheet.locator("li")).to_have_count(2)
    expect(sheet.locator("td.cited")).to_contain_text(["730"])
    expect(sheet).to_contain_text("<script>alert(2)</script>")
    assert out_of_sight(tab.page) < 2
    assert not tab.elsewhere
    assert not tab.dialogs
    tab.page.context.close()


def test_words_are_looked_for_in_a_source_by_keys_alone(browser: Browser, served: Served) -> None:
    size = {"width": 1400, "height": 800}
    tab = opened(browser, served, "What is the fee of the Zephyrine quay?", viewport=size)
    page, panel = tab.page, tab.page.locator(".st-key-source")
    page.wait_for_timeout(1000)  # what is drawn anew in this moment keeps no focus
    page.keyboard.press("f")
    expect(panel.locator("input")).to_be_focused()
    page.keyboard.type("BOLLARDS")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("1 of 2")
    expect(panel.locator("mark.found")).to_have_text(["bollards", "bollards"])
    expect(panel.locator("p mark.now")).to_be_in_viewport()
    page.keyboard.press("Alt+ArrowDown")
    expect(panel).to_contain_text("2 of 2")
    expect(panel.locator("li mark.now")).to_be_in_viewport()
    page.context.close()


def test_a_page_is_turned_fitted_and_chosen_by_keys_alone(browser: Browser, served: Served) -> None:
    size = {"width": 1400, "height": 800}
    tab = opened(browser, served, "What is the keeper called?", viewport=size)
    page, panel = tab.page, tab.page.locator(".st-key-source")
    sheet = panel.locator(".quire-sheet")
    page.keyboard.press("Alt+i")
    expect(panel.locator(".quire-page")).to_have_attribute("style", "width:135%")
    page.keyboard.press("Alt+w")
    expect(panel.locator(".quire-page")).to_have_attribute("style", "width:100%")
    page.keyboard.press("Alt+t")
    expect(panel.locator(".quire-turned")).to_be_visible()
    page.wait_for_timeout(300)
    assert out_of_sight(page) < 2
    inner, outer = (panel.locator(name).bounding_box() for name in ("img", ".quire-turned"))
    assert inner == pytest.approx(outer, abs=1)  # turned, it fills its place
    assert outer is not None
    assert outer["width"] > outer["height"]
    assert sheet.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    page.keyboard.press("Alt+g")
    small = panel.locator(".quire-thumb")
    expect(small).to_have_count(2)
    small.nth(1).click(force=True)  # its button lies over it
    expect(panel).to_contain_text("page 2 of 2")
    page.context.close()

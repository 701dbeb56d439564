"""The page by ear, by keys, enlarged and on a small screen; and what axe-core finds on it.

axe-core looks for what WCAG 2.2 asks for at A and AA. In what Quire draws nothing may be found;
what it finds in Streamlit's own parts is listed here, so that something new is noticed.
"""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
QUESTIONS = {"en-US": "How much is the deposit?", "zh-CN": "接地电阻最大允许是多少欧姆？"}
REFUSED = {"en-US": "Who plays the piano on Sundays?", "zh-CN": "谁在星期天弹钢琴？"}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

STREAMLITS: set[str] = set()
"""The rules that Streamlit's own parts break."""

LOOK = """async (levels) => {
  const found = await axe.run(document, { runOnly: levels, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((one) => {
    const node = document.querySelector(one.target.at(-1));
    const ours = Boolean(node?.closest(":not(body)[class*=quire-], [data-testid=stHtml]"));
    const why = one.failureSummary.slice(0, 300);
    return { rule: id, ours, html: one.html.slice(0, 200), why };
  }));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("everyone") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
        for n in range(20):
            base.ask(f"How much is the deposit? ({n})")
    with Served(folder, model="none") as server:
        yield server


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


def look(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds on a page."""
    axe = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    settled(page)
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(LOOK, LEVELS)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", QUESTIONS)
def test_axe_finds_nothing_in_what_quire_draws(
    browser: Browser, served: Served, locale: str, scheme: Any
) -> None:
    context = browser.new_context(locale=locale, color_scheme=scheme)
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    found = look(page)
    tab.ask(QUESTIONS[locale])
    tab.ask(REFUSED[locale])
    found += look(page)
    page.locator(".quire-answer .quire-ref").first.click()
    expect(page.locator(".quire-page img").first).to_be_visible()
    found += look(page)
    page.keyboard.press("Escape")
    page.locator("[data-testid=stMain]").click(position={"x": 60, "y": 20})
    page.keyboard.press("?")
    expect(page.locator("dialog.quire-keys")).to_be_visible()
    found += look(page)
    for name in ("documents", "check", "settings"):
        found += look(tab.open(name).page)
    ours = [one for one in found if one["ours"]]
    assert ours == [], json.dumps(ours, ensure_ascii=False, indent=1)
    assert {one["rule"] for one in found} <= STREAMLITS, json.dumps(found, indent=1)
    context.close()


def test_an_answer_is_told_to_those_who_hear_the_page(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open()
    tab.ask(QUESTIONS["en-US"])
    heard = tab.page.locator(".quire-heard[role=status]")
    expect(heard).to_contain_text("Answer:")
    expect(heard).to_contain_text("CNY 20,400")
    expect(heard).to_contain_text("lease-and-handbook.pdf, page 2")
    for odd in (":.", "[1].", ".."):
        expect(heard).not_to_contain_text(odd)
    tab.ask(REFUSED["en-US"])
    expect(heard).to_contain_text("do not answer this question")
    expect(tab.page.get_by_role("heading", name=REFUSED["en-US"])).to_be_visible()
    context.close()


def test_the_keys_lead_to_the_field_and_say_what_they_do(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="zh-CN")
    page = Tab(context.new_page(), served).open().page
    settled(page)
    field = page.get_by_test_id("stChatInputTextArea")
    page.locator("[data-testid=stMain]").click(position={"x": 60, "y": 20})
    page.keyboard.press("?")
    expect(page.locator("dialog.quire-keys")).to_contain_text("跳到提问框")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.quire-keys")).to_have_count(0)
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("1/2?")
    expect(field).to_have_value("1/2?")
    expect(page.locator("dialog.quire-keys")).to_have_count(0)
    page.reload()
    settled(page)
    expect(field).to_be_focused()  # from the top of the page not one Tab is needed
    page.keyboard.press("?")  # a question that begins so is none
    expect(page.locator("dialog.quire-keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("[data-testid=stSidebarNavLink]").first.focus()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".quire-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    context.close()


def test_the_key_to_find_is_heard_while_the_source_is_being_opened(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open()
    tab.ask(QUESTIONS["en-US"])
    tab.page.locator(".quire-answer .quire-ref").first.click()
    tab.page.keyboard.press("f")
    expect(tab.page.locator(".st-key-find input")).to_be_focused()
    tab.page.keyboard.type("rent")
    expect(tab.page.locator(".st-key-find input")).to_have_value("rent")
    context.close()


def test_each_row_s_buttons_have_a_name_of_their_own(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open("documents")
    settled(tab.page)
    named = """(rows) => [...document.querySelectorAll(`${rows} button`)]
      .filter((node) => node.checkVisibility())
      .map((node) => node.getAttribute("aria-label") ?? node.textContent.trim())"""
    names = tab.page.evaluate(named, ".quire-library tbody")
    assert len(names) == 2 * len(list(DOCUMENTS.iterdir()))
    assert len(set(names)) == len(names)
    assert "Details of visitor-faq.md" in names
    chats = tab.page.evaluate(named, ".st-key-chats")
    assert all(
        menu == f"This chat: {title}" for title, menu in zip(chats[::2], chats[1::2], strict=True)
    )
    context.close()


@pytest.mark.parametrize("size", [(360, 740), (640, 400)])  # a phone; 1280 by 800 at 200%
@pytest.mark.parametrize("name", ["", "documents", "check", "settings"])
def test_nothing_is_cut_off_on_a_small_or_enlarged_page(
    browser: Browser, served: Served, size: tuple[int, int], name: str
) -> None:
    width, height = size
    context = browser.new_context(locale="en-US", viewport={"width": width, "height": height})
    tab = Tab(context.new_page(), served).open(name)
    if not name:
        tab.ask(QUESTIONS["en-US"])
        expect(tab.page.get_by_test_id("stChatInputTextArea")).to_be_in_viewport()
    settled(tab.page)
    beyond = tab.page.evaluate(
        """() => [...document.querySelectorAll(".stMain *")].filter((node) => {
          const { width, right } = node.getBoundingClientRect();
          const scrolls = node.closest(".quire-table, .quire-code, pre");
          return width > 0 && right > innerWidth + 1 && !scrolls && node.checkVisibility();
        }).map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert beyond == []
    context.close()


def test_what_is_folded_away_is_no_stop_of_the_keys(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 360, "height": 740})
    page = Tab(context.new_page(), served).open("documents").page
    settled(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        stops = "document.activeElement.closest('[data-testid=stSidebar]') === null"
        assert page.evaluate(stops)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    context.close()


def test_who_wants_no_motion_gets_none(browser: Browser, served: Served) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = Tab(context.new_page(), served).open().page
    settled(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((node) => {
          const style = getComputedStyle(node);
          const times = `${style.transitionDuration},${style.animationDuration}`;
          return Math.max(...times.split(",").map(parseFloat)) > 0.01;
        }).length"""
    )
    assert moving == 0
    context.close()

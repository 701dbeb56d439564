"""How an answer came about, and the overview, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from e2e.test_everyone import look
from quire import KnowledgeBase, Question

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
DEPOSIT = "How much is the deposit?"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("insight") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
        base.feedback(base.ask(Question(DEPOSIT, origin="page")).id, "up")
        base.ask(Question("Who plays the piano on Sundays?", origin="page"))
    with Served(folder, model="none") as server:
        yield server


def test_an_answer_leads_to_how_it_came_about_and_back(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    tab.ask(DEPOSIT)
    page.get_by_role("link", name="How it came about").click()
    heading = page.get_by_role("heading", name="How this answer came about")
    expect(heading).to_be_visible()
    assert "answer=" in page.url
    page.reload()  # the address is enough
    expect(page.get_by_role("region", name="The check of each statement")).to_contain_text(
        "CNY 20,400"
    )
    expect(page.locator(".quire-times li")).to_have_count(2)
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download all of this").click()
    assert '"receipt"' in begun.value.path().read_text("utf-8")
    page.get_by_role("button", name="To the chat").click()
    expect(page.get_by_role("heading", name=DEPOSIT)).to_be_visible()
    assert "answer=" not in page.url
    assert tab.elsewhere == tab.dialogs == []
    context.close()


def test_what_can_be_done_with_an_answer_stands_in_one_line(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
    tab = Tab(context.new_page(), served).open()
    tab.ask(DEPOSIT)
    row = tab.page.locator(
        "[class*=st-key-again-] button:visible, [class*=st-key-export-] button:visible,"
        "[data-testid=stMain] [data-testid=stPageLink] a:visible, [data-testid=stFeedback]:visible"
    )
    expect(row).to_have_count(4)
    boxes = [each.bounding_box() for each in row.all()]
    middles = [box["y"] + box["height"] / 2 for box in boxes if box]
    assert len(middles) == 4
    assert max(middles) - min(middles) < 2
    context.close()


def test_nothing_but_the_page_itself_scrolls(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 600})
    tab = Tab(context.new_page(), served).open()
    for question in (DEPOSIT, "Who plays the piano on Sundays?", DEPOSIT, DEPOSIT):
        tab.ask(question)
    tab.page.reload()
    expect(tab.page.locator(".quire-question")).to_have_count(4)
    tab.page.wait_for_timeout(3000)  # the last question has come into view
    beyond = tab.page.get_by_test_id("stAppViewContainer").evaluate(
        "node => [node.scrollTop, node.scrollHeight - node.clientHeight]"
    )
    assert beyond == [0, 0]
    context.close()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-US", "light", 1280), ("zh-CN", "dark", 360)]
)
def test_the_overview_draws_its_plots_asks_nobody_and_fits(
    browser: Browser, served: Served, locale: str, scheme: Any, width: int
) -> None:
    context = browser.new_context(
        locale=locale, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    tab = Tab(context.new_page(), served).open("overview")
    page = tab.page
    plots = page.locator("[class*=st-key-plot-] [data-testid=stVegaLiteChart]")
    expect(plots).to_have_count(4)
    for at in range(4):
        expect(plots.nth(at).locator("canvas, svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = look(page)
    id_ = _an_answer(served)
    tab.open(f"answer?answer={id_}")
    expect(page.locator(".quire-times")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found += look(page)
    assert found == []
    assert tab.elsewhere == tab.dialogs == []
    context.close()


def _an_answer(served: Served) -> str:
    with KnowledgeBase.open(served.folder) as base:
        return base.conversations.search(DEPOSIT)[0].turn

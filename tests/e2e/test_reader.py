"""From a file to a proven answer, and everything still there after a restart."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"


@dataclass(frozen=True)
class Story:
    locale: str
    document: str
    question: str
    answer: str
    place: str
    new: str


STORIES = [
    Story(
        "en-US",
        "lease-and-handbook.pdf",
        "For how long is a dome certificate valid?",
        "two years",
        "page 4 of 7",
        "New chat",
    ),
    Story(
        "zh-CN",
        "设备维护规程.pdf",
        "接地电阻最大允许是多少欧姆？",
        "不得大于4欧姆",
        "第 4 页，共 6 页",
        "新对话",
    ),
]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "kb", model="starter") as server:
        yield server


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.locale)
def test_a_reader_uploads_asks_sees_the_page_and_finds_the_chat_again(
    browser: Browser, served: Served, story: Story
) -> None:
    context = browser.new_context(locale=story.locale, viewport={"width": 1400, "height": 900})
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    expect(page.get_by_role("button", name=story.new)).to_be_visible()

    page.set_input_files("[data-testid=stFileUploader] input", DOCUMENTS / story.document)
    expect(page.locator(".st-key-clear-intake")).to_be_visible()
    expect(page.locator(".quire-rows")).to_contain_text(story.document)
    page.locator(".st-key-clear-intake button").click()

    tab.ask(story.question)
    answer = page.locator(".quire-answer")
    expect(answer).to_contain_text(story.answer)
    expect(answer).to_contain_text(story.document)

    answer.locator(".quire-ref").first.click()
    panel = page.locator(".st-key-source")
    expect(panel).to_contain_text(story.place)
    image = panel.locator(".quire-page img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 600
    mark = panel.locator(".quire-page i").first.bounding_box()
    sheet = image.bounding_box()
    assert mark is not None
    assert sheet is not None
    assert sheet["x"] < mark["x"] < mark["x"] + mark["width"] < sheet["x"] + sheet["width"]
    assert sheet["y"] < mark["y"] < sheet["y"] + sheet["height"]
    assert mark["width"] > 20
    panel.locator(".st-key-page-on button").first.click()
    expect(panel.locator(".quire-page i")).to_have_count(0)

    served.stop()
    served.start()
    again = Tab(context.new_page(), served).open()
    again.page.locator("[class*=st-key-open-] button").first.click()
    expect(again.page.locator(".quire-answer")).to_contain_text(story.answer)
    assert tab.elsewhere == again.elsewhere == []
    context.close()


def test_an_original_that_has_moved_is_told_and_its_text_shown(
    browser: Browser, tmp_path: Path
) -> None:
    original = tmp_path / "lease.pdf"
    shutil.copy(DOCUMENTS / "lease-and-handbook.pdf", original)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(original)
    original.rename(tmp_path / "moved.pdf")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(locale="en-US", viewport={"width": 1400, "height": 900})
    tab = Tab(context.new_page(), server).open()
    tab.ask("For how long is a dome certificate valid?")
    tab.page.locator(".quire-answer .quire-ref").first.click()
    panel = tab.page.locator(".st-key-source")
    expect(panel).to_contain_text("The original file has moved or changed")
    expect(panel.locator("mark").last).to_contain_text("two years")
    expect(panel).to_contain_text("page 4 of 7")
    expect(panel.locator("img")).to_have_count(0)
    server.stop()
    context.close()


def test_a_narrow_and_a_wide_window_show_no_sideways_scrollbar(
    browser: Browser, served: Served
) -> None:
    for width in (400, 1600):
        context = browser.new_context(viewport={"width": width, "height": 900})
        for path in ("", "documents", "settings"):
            tab = Tab(context.new_page(), served).open(path)
            expect(tab.page.get_by_test_id("stMainBlockContainer")).to_be_visible()
            main = tab.page.locator(".stMain")
            assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
        context.close()


def test_on_a_narrow_screen_the_last_answer_is_in_view_and_the_sidebar_leaves(
    browser: Browser, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(DOCUMENTS / "lease-and-handbook.pdf")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(viewport={"width": 400, "height": 700})
    tab = Tab(context.new_page(), server).open()
    page = tab.page
    for question in ("How much is the deposit?", "For how long is a dome certificate valid?"):
        tab.ask(question)
    last = page.locator(".quire-question").last
    again = page.locator("[class*=st-key-again-]")
    field = page.get_by_test_id("stChatInput")
    expect(last).to_be_in_viewport(ratio=1)
    expect(again).to_be_in_viewport(ratio=1)
    button, box = again.bounding_box(), field.bounding_box()
    assert button is not None
    assert box is not None
    assert button["y"] + button["height"] <= box["y"]  # not behind the field
    page.mouse.move(200, 300)
    page.mouse.wheel(0, -3000)  # a reader who looks back is left alone
    expect(page.locator(".quire-question").first).to_be_in_viewport(ratio=1)
    page.wait_for_timeout(1000)
    expect(page.locator(".quire-question").first).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Expand sidebar").click()
    page.locator("[class*=st-key-open-] button:visible").first.click()
    expect(page.get_by_test_id("stSidebarNav")).not_to_be_in_viewport()
    expect(last).to_be_in_viewport(ratio=1)
    server.stop()
    context.close()


def test_streamlits_own_buttons_are_named_in_chinese(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), served).open()
    expect(tab.page.get_by_role("button", name="添加文件").first).to_be_attached()
    expect(tab.page.get_by_role("button", name="发送", exact=True)).to_be_attached()
    for path in ("", "documents", "settings"):
        tab.open(path)
        expect(tab.page.get_by_role("button", name="新对话")).to_be_visible()
        expect(tab.page.get_by_role("link", name="跳到正文")).to_be_attached()
        tab.page.wait_for_timeout(1500)
        names = tab.page.evaluate(
            """() => [...document.querySelectorAll("button, [aria-label]")].map(
              (node) => node.getAttribute("aria-label") ?? node.innerText)"""
        )
        english = re.compile(r"(?!Shortcut|.* Ctrl)[A-Za-z]{3,} [A-Za-z]{3,}|^\w+ icon$")
        assert not [name for name in names if english.match(name)]
    context.close()


def test_a_list_that_opens_below_a_field_speaks_chinese(browser: Browser, tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", b"The key to the north gate hangs behind the clock.")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), server).open("documents")
    tab.page.locator(".quire-library .details").click()
    field = tab.page.get_by_role("dialog").locator("input")
    field.click()
    expect(tab.page.get_by_text("没有结果")).to_be_visible()
    field.fill("合同")
    expect(tab.page.get_by_text("添加：合同")).to_be_visible()
    field.press("Enter")
    tab.page.get_by_role("dialog").get_by_text("gate.txt").click()  # closes the list
    tab.page.get_by_role("button", name="保存").click()
    expect(tab.page.locator(".quire-tag")).to_have_text("合同")
    server.stop()
    context.close()

"""The chat as a browser shows it: what only a real page, its clicks and its reloads can tell."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
DEPOSIT = "How much is the deposit?"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One knowledge base for all: each test has chats of its own."""
    folder = tmp_path_factory.mktemp("chats") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
    with Served(folder, model="none") as server:
        yield server


def chats(page: Page) -> list[str]:
    """The titles of the chats in the sidebar."""
    return page.locator("[class*=st-key-open-] button:visible").all_inner_texts()


def test_a_deleted_chat_leaves_the_list_and_the_page(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    tab.ask("接地电阻最大允许是多少欧姆？")
    tab.open()
    before = page.locator("[class*=st-key-open-] button:visible")
    expect(before).not_to_have_count(0)
    count = before.count()
    before.first.click()
    expect(page.get_by_test_id("stChatMessage")).to_have_count(2)
    page.locator("[class*=st-key-more-] button:visible").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("在被永久删除之前可以恢复")).not_to_be_visible()
    dialog.get_by_text("删除此对话").click()
    expect(dialog.get_by_text("在被永久删除之前可以恢复")).to_be_visible()
    dialog.get_by_role("button", name="删除", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(before).to_have_count(count - 1)
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert "chat=" not in page.url
    context.close()


def test_a_chat_is_there_when_the_page_is_loaded_anew_after_its_first_answer(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    tab.ask(DEPOSIT)
    expect(page).to_have_url(re.compile(r"\?chat=\w+"))
    expect(page.locator("[class*=st-key-open-] button[kind=secondary]:visible")).to_have_count(1)
    page.reload()
    expect(page.locator(".quire-answer")).to_contain_text("CNY 20,400")
    context.close()


def test_a_new_chat_begins_with_the_cursor_in_the_field(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), served).open("documents")
    expect(tab.page.get_by_role("heading", name="Documents")).to_be_visible()
    expect(tab.page.locator(".st-key-new button:visible")).to_be_enabled()
    tab.page.wait_for_timeout(1000)  # until the keys are heard
    tab.page.keyboard.press("Control+Shift+O")
    field = tab.page.get_by_test_id("stChatInputTextArea")
    expect(field).to_be_focused()
    context.close()


def test_the_page_says_which_language_it_is_in_and_that_an_address_leads_nowhere(
    browser: Browser, served: Served
) -> None:
    for locale, language, told in (
        ("zh-CN", "zh-CN", "此地址没有对应的页面"),
        ("en-US", "en", "There is no page at this address"),
    ):
        context = browser.new_context(locale=locale)
        tab = Tab(context.new_page(), served).open("no-such-page")
        dialog = tab.page.get_by_role("dialog")
        expect(dialog).to_contain_text(told)
        expect(dialog).not_to_contain_text("Running the app")
        assert tab.page.evaluate("document.documentElement.lang") == language
        context.close()


def test_files_dropped_into_a_long_chat_are_seen_at_the_field(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 700}, locale="zh-CN")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    for question in ("接地电阻最大允许是多少欧姆？", DEPOSIT, "哪几个月最适合观星？"):
        tab.ask(question)
    chosen = page.locator("[data-testid=stChatInputFileUploadButton] input").first
    chosen.set_input_files(
        {"name": "钟.txt", "mimeType": "", "buffer": "钥匙挂在钟后面。".encode()}
    )
    expect(page.get_by_test_id("stChatInput").get_by_text("钟.txt")).to_be_visible()
    page.get_by_test_id("stChatInputTextArea").press("Enter")
    intake = page.locator(".st-key-intake")
    expect(intake).to_be_in_viewport()
    expect(intake).to_contain_text("钟.txt 已收录")
    expect(intake).to_be_in_viewport(ratio=1)
    tab.ask("钥匙挂在哪里？")
    expect(intake).to_have_count(0)

    page.reload()
    expect(page.locator(".quire-question").last).to_be_in_viewport()
    expect(page.locator(".quire-question").first).not_to_be_in_viewport()
    page.wait_for_timeout(1000)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button")].map(
          (node) => node.getAttribute("aria-label") ?? node.textContent
        ).filter((name) => !name.trim() || / icon/.test(name))"""
    )
    assert unnamed == []
    context.close()

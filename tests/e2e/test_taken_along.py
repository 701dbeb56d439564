"""What a reader takes along: an answer on the clipboard, in its form, and as a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
DEPOSIT = "How much is the deposit?"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("along") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
        base.add_upload("<img src=x onerror=alert(1)>.txt", b"The lamp of the tower is violet.")
    with Served(folder, model="none") as server:
        yield server


def test_an_answer_is_copied_in_its_form_and_as_plain_text(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    tab = Tab(context.new_page(), served).open()
    tab.ask("What colour is the lamp of the tower?")
    tab.page.locator(".quire-copy").click()
    expect(tab.page.locator(".quire-copy")).to_have_text("Copied")
    kinds = tab.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const read = async (type) => (await item.getType(type)).text();
          return { html: await read("text/html"), plain: await read("text/plain") };
        }"""
    )
    assert "The lamp of the tower is violet." in kinds["plain"]
    assert "The lamp of the tower is violet." in kinds["html"]
    assert "<sup>[1]</sup>" in kinds["html"]
    assert "<button" not in kinds["html"]
    assert "<img" not in kinds["html"]
    assert tab.dialogs == tab.elsewhere == []
    context.close()


def test_an_answer_and_a_chat_are_taken_as_files(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), served).open()
    page = tab.page
    tab.ask(DEPOSIT)
    page.locator("[class*=st-key-export-] button:visible").click()
    for form, begins in (("pdf", b"%PDF"), ("docx", b"PK"), ("markdown", b"# ")):
        with page.expect_download() as taken:
            page.locator(f".st-key-export-as-{form} button:visible").click()
        assert Path(taken.value.path()).read_bytes().startswith(begins)
    page.get_by_role("dialog").get_by_role("button", name="关闭").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("[class*=st-key-more-] button:visible").first.click()
    with page.expect_download() as taken:
        page.locator(".st-key-export-as-pdf button:visible").click()
    assert taken.value.suggested_filename.endswith(".pdf")
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")
    context.close()

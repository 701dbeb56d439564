"""The page that checks a text, in a browser: pasted, judged, its sources opened, a report taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
TEXTS = {
    "en-US": (
        "The deposit is CNY 20,400.\n\nThe rent is CNY 9,900 a month.",
        "Check it",
        "contradicted",
    ),
    "zh-CN": (
        "新员工的培训为40学时。\n\n东圆顶直径12.5米。",
        "开始核查",
        "与文档矛盾",
    ),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("checked") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
    with Served(folder, model="none") as server:
        yield server


@pytest.mark.parametrize("locale", TEXTS)
def test_a_pasted_text_is_judged_its_source_opens_and_its_report_is_taken(
    browser: Browser, served: Served, locale: str
) -> None:
    text, press, verdict = TEXTS[locale]
    context = browser.new_context(locale=locale)
    tab = Tab(context.new_page(), served).open("check")
    page = tab.page
    page.get_by_role("textbox").first.fill(text)
    page.get_by_role("button", name=press).click()
    expect(page.locator(".quire-found")).to_contain_text(verdict)
    first = page.locator(".quire-answer").first
    expect(first.locator(".quire-flag.contradicted")).to_be_visible()
    first.locator(".quire-ref").first.click()
    expect(page.locator(".quire-page img").first).to_be_visible()
    with page.expect_download() as taken:
        page.locator(".st-key-check-html button").click()
    assert "<html" in Path(taken.value.path()).read_text("utf-8")
    with page.expect_download() as taken:
        page.locator(".st-key-check-docx button").click()
    assert Path(taken.value.path()).read_bytes().startswith(b"PK")
    assert tab.elsewhere == tab.dialogs == []
    context.close()

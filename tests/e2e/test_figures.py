"""What a reader feels: how soon the first words come, and how many actions an answer takes."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from reportlab.pdfgen.canvas import Canvas

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
FIRST_WORDS = 1.5  # seconds from sending
ACTIONS = 5
WORDS = ":is(.quire-quote, .quire-text:not(.quire-question), .quire-sentence)"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "kb", model="starter") as server:
        yield server


class Reader:
    """A tab whose every action is counted: an address, a choice of files, a sent line, a press."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def go(self, url: str) -> None:
        self.actions += 1
        self.page.goto(url)

    def drop(self, path: Path) -> None:
        self.actions += 1
        expect(self.page.locator("[data-testid=stFileUploader]")).to_be_visible()
        self.page.set_input_files("[data-testid=stFileUploader] input", path)

    def send(self, text: str) -> None:
        self.actions += 1
        box = self.page.get_by_test_id("stChatInputTextArea")
        box.fill(text)
        box.press("Enter")

    def press(self, selector: str) -> None:
        self.actions += 1
        self.page.locator(selector).first.click()


def twenty_pages(path: Path) -> Path:
    canvas = Canvas(str(path))
    for number in range(1, 21):
        canvas.setFont("Times-Roman", 12)
        canvas.drawString(70, 780, f"Report of the harbour master, sheet {number}")
        for line in range(30):
            text = f"Berth {line} of basin {number} was dredged to {number + line} decimetres."
            canvas.drawString(70, 740 - 20 * line, text)
        if number == 17:
            canvas.drawString(70, 100, "The old lighthouse keeper is called Marten Oosterhuis.")
        canvas.showPage()
    canvas.save()
    return path


def test_an_uploaded_pdf_gives_a_cited_answer_and_its_page_in_five_actions(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    reader = Reader(context.new_page())
    reader.go(served.link)
    reader.drop(twenty_pages(tmp_path / "harbour.pdf"))
    expect(reader.page.locator(".quire-rows")).to_contain_text("added, searchable now")
    reader.send("What is the old lighthouse keeper called?")
    answer = reader.page.locator(".quire-answer")
    expect(answer).to_contain_text("Marten Oosterhuis")
    expect(answer).to_contain_text("harbour.pdf, page 17")
    assert reader.actions == 3
    reader.press(".quire-answer .quire-ref")
    expect(reader.page.locator(".st-key-source")).to_contain_text("page 17 of 20")
    expect(reader.page.locator(".quire-page i").first).to_be_visible()
    assert reader.actions <= ACTIONS
    context.close()


def test_the_first_words_come_within_a_second_and_a_half(browser: Browser, tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(DOCUMENTS)
    server = Served(tmp_path / "kb", model="starter")
    server.start()
    context = browser.new_context()
    tab = Tab(context.new_page(), server).open()
    tab.ask("Where is the observatory?")  # once the models are loaded
    seconds = []
    for question in (
        "How much is the deposit?",
        "For how long is a dome certificate valid?",
        "What happens when it is cloudy?",
    ):
        tab.page.locator(".st-key-new button:visible").click()
        expect(tab.page.get_by_test_id("stChatMessage")).to_have_count(0)
        box = tab.page.get_by_test_id("stChatInputTextArea")
        box.fill(question)
        began = time.monotonic()
        box.press("Enter")
        expect(tab.page.locator(WORDS).first).to_be_visible()
        seconds.append(time.monotonic() - began)
        expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
    assert statistics.median(seconds) < FIRST_WORDS, seconds
    server.stop()
    context.close()


def test_what_a_reader_prefers_is_kept_by_the_browser_and_by_no_other(
    browser: Browser, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", b"The key to the north gate hangs behind the clock.")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(locale="en-US")
    tab = Tab(context.new_page(), server).open("settings")
    tab.page.get_by_text("中文", exact=True).click()
    expect(tab.page.get_by_role("button", name="新对话")).to_be_visible()
    tab.open()
    tab.page.locator(".st-key-risk-choose button:visible").click()
    tab.page.get_by_role("dialog").get_by_text("错误不超过 30%").click()
    tab.page.locator(".st-key-risk-take button:visible").click()
    chosen = tab.page.locator(".st-key-risk-choose button:visible")
    expect(chosen).to_contain_text("错误不超过 30%")
    again = Tab(context.new_page(), server).open()
    expect(again.page.locator(".st-key-risk-choose button:visible")).to_contain_text("30%")
    expect(again.page.get_by_role("button", name="新对话")).to_be_visible()
    other = browser.new_context(locale="en-US")
    foreign = Tab(other.new_page(), server).open()
    expect(foreign.page.locator(".st-key-risk-choose button:visible")).to_contain_text("Usual")
    expect(foreign.page.get_by_role("button", name="New chat")).to_be_visible()
    server.stop()
    other.close()
    context.close()


def test_a_summary_leads_to_the_page_of_each_sentence(browser: Browser, tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(DOCUMENTS / "设备维护规程.pdf")
    server = Served(tmp_path / "kb", model="starter")
    server.start()
    context = browser.new_context(locale="zh-CN", viewport={"width": 1400, "height": 900})
    tab = Tab(context.new_page(), server).open("documents")
    tab.page.locator(".quire-library .details").click()
    tab.page.locator("[class*=st-key-summary-of-] button:visible").click()
    summary = tab.page.locator(".st-key-summary")
    expect(summary).to_contain_text("选自文档原文")
    marks = summary.locator(".quire-ref")
    assert marks.count() >= 3
    page = marks.last.inner_text().strip("[]")
    marks.last.click()
    panel = tab.page.locator(".st-key-source")
    expect(panel).to_contain_text(f"{page}，共 6 页")
    expect(panel.locator(".quire-page i").first).to_be_visible()
    expect(summary.locator(".quire-ref")).to_have_count(marks.count())  # it still stands there
    server.stop()
    context.close()

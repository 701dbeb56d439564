"""Two readers of one server see their own questions and answers, and nothing of the other's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

TURNS = 50  # of each reader
FACTS = {
    "amber": "The amber house keeps {n} lanterns in cellar number {n}.",
    "cobalt": "The cobalt house keeps {n} ladders in attic number {n}.",
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        for name, fact in FACTS.items():
            text = "\n\n".join(fact.format(n=n) for n in range(1, 60))
            base.add_upload(f"{name}.txt", text.encode())
    with Served(tmp_path / "kb", model="none") as server:
        yield server


def test_a_hundred_interleaved_turns_mix_nothing_up(browser: Browser, served: Served) -> None:
    tabs = {name: Tab(browser.new_context().new_page(), served).open() for name in FACTS}
    for n in range(1, TURNS + 1):
        for name, tab in tabs.items():  # both ask before either has its answer
            box = tab.page.get_by_test_id("stChatInputTextArea")
            expect(box).to_be_enabled()
            box.fill(FACTS[name].format(n=n))
            box.press("Enter")
        for name, tab in tabs.items():
            question = FACTS[name].format(n=n)
            expect(tab.page.locator(".quire-question").last).to_have_text(question)
            expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
            expect(tab.page.locator(".st-key-stop")).to_have_count(0)
    for tab in tabs.values():
        for drawn in range(40, TURNS + 20, 20):  # older turns come when asked for
            tab.page.locator(".st-key-earlier button:visible").click()
            expect(tab.page.locator(".quire-question")).to_have_count(min(drawn, TURNS))
    texts = {name: tab.page.locator(".stMain").inner_text() for name, tab in tabs.items()}
    assert "cobalt" not in texts["amber"]
    assert "amber" not in texts["cobalt"]
    for name, text in texts.items():
        assert text.count(f"{name} house keeps") >= TURNS
    for tab in tabs.values():
        assert tab.elsewhere == []
        tab.page.context.close()

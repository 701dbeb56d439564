"""How fast the interface is in a real browser: the first words of an answer, and a click.

Usage: PYTHONPATH=tests python benchmarks/browser.py [--questions 10] [--clicks 20]

Needs what `make e2e` needs. Times are taken by the browser's own clock, from the key or click to
the change of the page. The first words are measured with the starter model on the sample documents,
once its models are loaded. The click asks where to look, which changes no data, at 1,000 documents
and 200 turns in the open chat, until its fields are there; a press on a citation draws the whole
page anew, with the source beside it.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from e2e.browsing import launched
from e2e.serving import Served, Tab
from quire import KnowledgeBase
from redraw import fill

DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"
QUESTIONS = (
    "How much is the deposit?",
    "For how long is a dome certificate valid?",
    "When does the lease of the East Dome end?",
    "What happens when it is cloudy?",
    "Who is the landlord?",
    "What costs a lost key?",
    "How much is the rent a month?",
    "Who may open the dome in wind?",
    "When was the deposit paid?",
    "How long does a renewal run?",
)
# A promise of the milliseconds from the next key or click until there are more elements of a kind.
# Not until the script has run: a quick run is over before the page tells that it began.
_MORE = """
([what, selector]) => ({ time: new Promise((resolve) => {
  let began = null;
  const count = () => document.querySelectorAll(selector).length;
  const before = count();
  const watch = new MutationObserver(() => {
    if (began === null || count() <= before) return;
    watch.disconnect();
    resolve(performance.now() - began);
  });
  watch.observe(document.body, { childList: true, subtree: true });
  addEventListener(what, () => { began = performance.now(); }, { capture: true, once: true });
}) })
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the interface in a browser.")
    parser.add_argument("--questions", type=int, default=10)
    parser.add_argument("--clicks", type=int, default=20)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        sync_playwright() as playwright,
        launched(playwright) as browser,
    ):
        first_words(browser, Path(place) / "samples", given.questions)
        click(browser, Path(place) / "many" / "kb", given.clicks)


def first_words(browser: Browser, folder: Path, questions: int) -> None:
    with KnowledgeBase.open(folder) as base:
        base.add(DOCUMENTS)
    server = Served(folder, model="starter")
    server.start()
    try:
        tab = Tab(browser.new_context().new_page(), server).open()
        tab.ask("Where is the observatory?")  # once the models are loaded
        times = []
        for n in range(questions):
            tab.page.locator(".st-key-new button:visible").click()
            expect(tab.page.get_by_test_id("stChatMessage")).to_have_count(0)
            times.append(_until_first_words(tab.page, QUESTIONS[n % len(QUESTIONS)]))
            expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
    finally:
        server.stop()
    tell("first words of an answer", times)


def _until_first_words(page: Page, question: str) -> float:
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill(question)
    words = ":is(.quire-quote, .quire-text:not(.quire-question), .quire-sentence)"
    timing = page.evaluate_handle(_MORE, ["keydown", words])
    box.press("Enter")
    return float(timing.evaluate("timing => timing.time"))


def click(browser: Browser, folder: Path, clicks: int) -> None:
    folder.parent.mkdir()
    chat = fill(folder, documents=1000, turns=200)
    server = Served(folder, model="none")
    server.start()
    try:
        tab = Tab(browser.new_context().new_page(), server).open(f"?chat={chat}")
        page = tab.page
        expect(page.locator("[class*=st-key-again-]")).to_have_count(1)
        page.wait_for_timeout(3000)
        times = []
        for _ in range(clicks):
            timing = page.evaluate_handle(_MORE, ["click", "[role=dialog] input"])
            page.locator(".st-key-scope-choose button:visible").click()
            times.append(float(timing.evaluate("timing => timing.time")))
            expect(page.get_by_role("dialog")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
            page.wait_for_timeout(500)
        opening = []
        for _ in range(clicks):
            timing = page.evaluate_handle(_MORE, ["click", ".quire-sheet"])
            page.locator(".quire-answer .quire-ref").last.click()
            opening.append(float(timing.evaluate("timing => timing.time")))
            page.locator(".st-key-close-source button:visible").click()
            expect(page.locator(".st-key-source")).to_have_count(0)
            page.wait_for_timeout(500)
    finally:
        server.stop()
    tell("a click, until its dialog", times)
    tell("a citation, until its text", opening)


def tell(what: str, times: list[float]) -> None:
    print(f"{what:26} median {statistics.median(times):5.0f} ms, slowest {max(times):5.0f} ms")


if __name__ == "__main__":
    main()

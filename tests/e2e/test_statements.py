"""An answer in its form in a real browser: each statement's mark, read, pressed and by keyboard."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import Answer, Citation, KnowledgeBase, Sentence
from quire.conversations.store import new_id
from quire.records import Support, Timings, Usage
from remote_server import Connection, serving

NOTES = "The fee was 18,400 crowns. It is 17,250 crowns since May. The pier is closed to dogs."
TEXT = """## Fees

1. The fee was **18,400** crowns.
   - It was lowered by 18,400 − 17,250 = 1,150.
2. <img src=http://quire-payload.example/x.png> It is paid in gold.

| Since | Fee |
|---|---|
| May | 17,250 |
| June | 17,520 |

Today the fee is 18,400 crowns. Dogs stay away. The notes do not say who pays $x$."""
VERDICTS: list[tuple[str, Support | None, str | None]] = [
    ("The fee was **18,400** crowns.", "supported", None),
    ("It was lowered by 18,400 − 17,250 = 1,150.", "computed", "18,400 − 17,250 = 1,150"),
    ("<img src=http://quire-payload.example/x.png> It is paid in gold.", "unsupported", None),
    ("| May | 17,250 |", "supported", None),
    ("| June | 17,520 |", "contradicted", None),
    ("Today the fee is 18,400 crowns.", "superseded", None),
    ("Dogs stay away.", "partly", None),
    ("The notes do not say who pays $x$.", None, None),
]
QUOTES = ("The fee was 18,400 crowns.", "It is 17,250 crowns since May.", "closed to dogs")
QUOTED = ((0,), (0, 1), (), (1,), (1,), (1, 0), (2,), ())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("statements") / "kb"
    with KnowledgeBase.open(folder) as base:
        base.add_upload("notes.txt", NOTES.encode())
        (document,) = base.documents()
        cited = [
            Citation(at + 1, document, None, NOTES.index(quote), NOTES.index(quote) + 9, quote)
            for at, quote in enumerate(QUOTES)
        ]
        sentences = [
            Sentence(
                text,
                support,
                tuple(cited[at] for at in quoted),
                kind="sentence" if support else "absence",
                formula=formula,
                start=TEXT.index(text),
                end=TEXT.index(text) + len(text),
            )
            for (text, support, formula), quoted in zip(VERDICTS, QUOTED, strict=True)
        ]
        base.conversations.add(
            Answer(
                id=new_id(),
                conversation=new_id(),
                question="What is the fee?",
                standalone_question="What is the fee?",
                status="answered",
                text=TEXT,
                sentences=tuple(sentences),
                passages=(),
                model="capable",
                usage=Usage(),
                timings=Timings(1, 1, 1),
            ),
            origin="page",
        )
    with Served(folder, model="none") as server:
        yield server


def chat_of(served: Served) -> str:
    with KnowledgeBase.open(served.folder) as base:
        (chat,) = base.conversations.all()
        return chat.id


@pytest.mark.parametrize("width", [360, 390, 430, 1280])
def test_no_line_ends_between_a_statement_and_its_mark(
    browser: Browser, served: Served, width: int
) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": width, "height": 900})
    tab = Tab(context.new_page(), served).open(f"?chat={chat_of(served)}")
    tied = tab.page.locator(".quire-tied")
    expect(tied.first).to_be_visible()
    lines = tied.evaluate_all("(all) => all.map((tie) => tie.getClientRects().length)")
    assert set(lines) == {1}
    context.close()


def test_a_list_is_copied_as_other_programs_have_lists(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    tab = Tab(context.new_page(), served).open(f"?chat={chat_of(served)}")
    tab.page.locator(".quire-copy").click()
    expect(tab.page.locator(".quire-copy")).to_have_text("Copied")
    html = tab.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          return (await item.getType("text/html")).text();
        }"""
    )
    assert '<ol start="1"><li><div>' in html
    assert "<ul><li><div>" in html
    assert "1." not in html
    assert "•" not in html
    assert "(not found in the sources)" in html
    context.close()


def test_every_statement_keeps_its_form_and_has_its_mark(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1400, "height": 900})
    tab = Tab(context.new_page(), served).open()
    tab.page.locator("[class*=st-key-open-] button:visible").first.click()
    answer = tab.page.locator(".quire-answer")
    expect(answer.locator(".quire-found")).to_have_text("3 of 7 statements found in the sources")
    expect(answer.get_by_role("heading", name="Fees")).to_be_visible()
    expect(answer.locator("ul ul li")).to_contain_text("It was lowered by")
    expect(answer.locator("li strong")).to_have_text("18,400")
    expect(answer.locator("th")).to_have_text(["Since", "Fee"])
    expect(answer).to_contain_text("<img src=http://quire-payload.example/x.png>")
    expect(answer).to_contain_text("who pays $x$")
    expect(answer.locator(".quire-flag.unsupported")).to_have_text("not found in the sources")
    expect(answer.locator(".quire-flag.superseded")).to_have_text("no longer so")
    newer = answer.locator(".quire-note.superseded")
    expect(newer).to_contain_text("The newer version says: “It is 17,250 crowns since May.”")
    beneath = answer.locator(".quire-table .quire-beneath")
    expect(beneath).to_contain_text("The source says: “It is 17,250 crowns since May.”")
    expect(beneath).to_be_visible()
    expect(answer.locator(".quire-ref.partly")).to_have_text("[3]")
    doubted = answer.get_by_role("button", name="[3] notes.txt. Partly, or in other words")
    expect(doubted).to_be_visible()
    absence = answer.locator(".quire-sentence.absence")
    expect(absence).to_have_css("opacity", "0.7")
    assert tab.elsewhere == []

    computed = answer.get_by_role("button", name="18,400 − 17,250 = 1,150")
    note = answer.locator(".quire-note.computed")
    expect(note).to_be_hidden()
    computed.focus()
    tab.page.keyboard.press("Enter")
    expect(note).to_contain_text("The fee was 18,400 crowns.")
    expect(note).to_be_visible()

    first = answer.locator(".quire-ref:not(.computed)").first
    first.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".quire-sheet mark")).to_have_text(NOTES[:9])
    context.close()


def test_while_an_answer_is_written_what_is_not_checked_yet_says_so(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("notes.txt", NOTES.encode())
    goes_on = threading.Event()

    def behave(connection: Connection) -> None:
        connection.head()
        connection.event(content="- It is 17,250 crowns since May. [1]\n- The pier ")
        assert goes_on.wait(120)
        connection.event(content="is closed to dogs. [1]", finish="stop", usage=(20, 9))
        connection.send("data: [DONE]\n\n")

    with serving(behave) as remote:
        monkeypatch.setenv("QUIRE_REMOTE_URL", remote.url)
        monkeypatch.setenv("QUIRE_REMOTE_MODEL", "capable")
        server = Served(tmp_path / "kb", model="remote")
        server.start()
        context = browser.new_context(locale="en-US")
        tab = Tab(context.new_page(), server).open()
        box = tab.page.get_by_test_id("stChatInputTextArea")
        box.fill("What is the fee since May, in crowns?")
        box.press("Enter")
        answer = tab.page.locator(".quire-answer")
        expect(answer.locator(".quire-sentence.draft")).to_have_text("The pier")
        expect(answer.locator(".quire-flag.draft")).to_have_text("not checked yet")
        written = answer.locator("li").first
        expect(written).to_contain_text("It is 17,250 crowns since May.")
        expect(written.locator(".quire-ref")).to_have_text("[1]")
        goes_on.set()
        expect(answer.locator(".quire-found")).to_contain_text("of 2 statements")
        expect(answer.locator(".quire-flag.draft")).to_have_count(0)
        server.stop()
        context.close()

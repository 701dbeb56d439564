"""How an answer came about, and what a knowledge base holds and was asked: the pages and counts."""

import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from quire import KnowledgeBase, Question
from quire.conversations import activity, schema
from quire.conversations.activity import Day
from quire.indexes.holdings import Holdings
from quire.models.fakes import FakeEmbedder
from quire.ui.insight import made
from quire.ui.shared import Shared
from ui_driver import DEPOSIT, DOCUMENTS, ask, browser, chat_of, go, shown


def asked(opened: Shared) -> str:
    """The id of an answer in quotes."""
    return opened.base.ask(Question(DEPOSIT, origin="page")).id


# -- the page of an answer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", ("What the search found", "By meaning", "1. (", "supported", "Searching")),
        ("zh-CN", ("搜索找到了什么", "按语义", "第 1 名（", "有依据", "搜索")),
    ],
)
def test_the_page_of_an_answer_tells_how_it_came_about(
    opened: Shared, locale: str, words: tuple[str, ...]
) -> None:
    id_ = asked(opened)
    tab = go(browser(locale, answer=id_), "answer")
    assert not tab.exception
    text = shown(tab) + " ".join(each.value for each in tab.subheader)
    assert DEPOSIT in text
    assert all(word in text for word in words)
    assert "lease-and-handbook.pdf" in text
    assert "cosine" in text or "余弦" in text
    assert "embedder.name" in text


def test_statements_are_told_as_they_are_read_and_not_as_they_are_written() -> None:
    texts = ["The **fee** was `18`.", "| May | 17 |"]
    text = f"- {texts[0]}\n\n| Since | Fee |\n|---|---|\n{texts[1]}"
    sentences = [
        {"text": each, "start": text.index(each), "end": text.index(each) + len(each)}
        for each in texts
    ]
    answer = {"status": "answered", "text": text, "sentences": sentences}
    assert made.as_read(answer) == {0: "The fee was 18.", 1: "May · 17"}


def test_an_answer_leads_to_its_page_and_the_page_back_to_its_chat(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    (turn,) = opened.conversations.turns(chat_of(tab))
    (link,) = [each for each in tab.get("page_link") if turn.id in each.proto.query_string]
    assert link.proto.label == "How it came about"
    other = go(browser(answer=turn.id), "answer")
    other.button(key="to-chat").click().run()
    assert other.session_state["quire"].conversation == chat_of(tab)


@pytest.mark.parametrize("id_", ["", "abc", "0123456789abcdef", "<b>x</b>"])
def test_an_answer_that_is_not_there_is_told(opened: Shared, id_: str) -> None:
    tab = go(browser(answer=id_), "answer")
    assert not tab.exception
    (said,) = [each.value for each in tab.info]
    assert said.startswith("There is no such answer")


def test_what_stands_on_the_page_is_inert(opened: Shared) -> None:
    id_ = opened.base.ask("What is <img src=x onerror=alert(1)> of the deposit?").id
    text = shown(go(browser(answer=id_), "answer"))
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_steps_take_the_whole_time_and_none_is_negative() -> None:
    quotes = {"timings_ms": {"retrieve": 40.0, "first_token": None, "total": 100.0}}
    assert made.times(quotes) == [("search", 0.04), ("check", pytest.approx(0.06))]
    written = {"timings_ms": {"retrieve": 40.0, "first_token": 1040.0, "total": 3040.0}}
    assert [round(seconds, 6) for _, seconds in made.times(written)] == [0.04, 1.0, 2.0]
    early = {"timings_ms": {"retrieve": 40.0, "first_token": 30.0, "total": 35.0}}
    assert all(seconds >= 0 for _, seconds in made.times(early))


@pytest.mark.parametrize(
    ("prompt", "read"),
    [
        ({}, set()),
        ({"name": "answer.en", "left_out": []}, {2}),  # sentences: those that were in it
        ({"name": "passages.zh", "left_out": [2]}, {1, 3}),  # whole passages
    ],
)
def test_what_a_model_read_is_told_by_how_it_reads(prompt: dict[str, Any], read: set[int]) -> None:
    answer = {"passages": [{"label": label} for label in (1, 2, 3)]}
    evidence = [{"label": 1, "passage_read": False}, {"label": 2, "passage_read": True}]
    assert made.read(answer, {"prompt": prompt, "evidence": evidence}) == read


def test_the_calls_of_a_model_that_looked_things_up_stand_on_the_page(opened: Shared) -> None:
    id_ = asked(opened)
    step = {"tool": "search", "arguments": {"text": "<i>deposit</i>"}, "refused": False}
    path = opened.base.folder / "conversations.sqlite3"
    _edit(path, id_, lambda receipt: receipt | {"steps": [step]})
    text = shown(go(browser(answer=id_), "answer"))
    assert "Searched: &lt;i&gt;deposit" in text


def _edit(path: Path, id_: str, change: Any) -> None:
    """Change the receipt of a kept answer."""
    from quire.conversations import rows  # noqa: PLC0415

    connection = apsw.Connection(str(path))
    (kept,) = rows.Reader(connection).turns_with("id", id_)
    turn = kept.turn
    changed = schema.Turn(**{n: getattr(turn, n) for n in turn.__slots__})
    object.__setattr__(changed, "receipt", change(turn.receipt))
    rows.put_turn(connection, rows.Kept(kept.conversation, kept.position, changed))
    connection.close()


# -- counts --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("parser_here")
def test_what_a_knowledge_base_holds_is_counted(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        nothing = Holdings(0, 0, 0, 0, 0, {}, {})
        assert kb.holdings() == nothing
        kb.add([DOCUMENTS / name for name in ("lease-and-handbook.pdf", "visitor-faq.md")])
        kb.add_upload("值班.md", "值班室的钥匙挂在门后的挂钩上，由值班员保管。".encode())
        holds = kb.holdings()
        documents = kb.documents()
        assert holds.documents == 3
        assert holds.pages == sum(each.pages or 0 for each in documents) > 0
        assert holds.passages == sum(each.chunks for each in documents)
        assert holds.languages == {"en": 2, "zh": 1}
        assert sum(holds.added.values()) == 3
        assert json.loads(json.dumps(holds.to_dict()))["unread_pages"] == 0
        kb.remove("值班.md")
        assert kb.holdings().languages == {"en": 2}


@pytest.fixture
def chats(tmp_path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(tmp_path / "chats.sqlite3"))
    schema.migrate(connection)
    for id_, origin, removed in (("a", "page", ""), ("b", "program", ""), ("c", "page", "2026")):
        connection.execute(
            "INSERT INTO conversations VALUES (?, '', '', 0, 0, ?, ?)", (id_, origin, removed)
        )
    return connection


def _turn(connection: apsw.Connection, chat: str, at: str, answer: str, verdict: str = "") -> None:
    n = connection.execute("SELECT count(*) FROM turns").get
    connection.execute(
        "INSERT INTO turns VALUES (?, ?, ?, '', '', ?, ?, 'null', 0)",
        (f"t{n}", chat, n, answer, at),
    )
    if verdict:
        connection.execute("INSERT INTO feedback VALUES (?, ?, '', '', 0)", (f"t{n}", verdict))


def test_questions_are_counted_by_day_and_by_what_became_of_them(chats: apsw.Connection) -> None:
    noon = "2026-03-04T12:00:00+00:00"
    _turn(chats, "a", noon, '{"status": "answered", "request": null}', "up")
    _turn(chats, "a", noon, '{"status": "extractive"}')  # of an early version, without `request`
    _turn(chats, "b", noon, '{"status": "not_found", "request": null}', "down")
    _turn(chats, "a", noon, '{"status": "answered", "request": "count"}')
    _turn(chats, "a", noon, "{damaged")
    _turn(chats, "c", noon, '{"status": "answered"}')  # in a chat that was removed
    _turn(chats, "a", "2026-03-06T12:00:00+00:00", '{"status": "answered"}')
    _turn(chats, "a", "damaged", '{"status": "answered"}')
    assert activity.count(chats) == [
        Day("2026-03-04", 5, written=1, quotes=1, refused=1, itself=1, good=1, bad=1, programs=1),
        Day("2026-03-06", 1, written=1, quotes=0, refused=0, itself=0, good=0, bad=0, programs=0),
    ]


def test_counting_sorts_no_answer(chats: apsw.Connection) -> None:
    """Ten thousand answers of 16 KB took 7 s where SQLite sorted them whole, and 0.4 s since."""
    plan = chats.execute(f"EXPLAIN QUERY PLAN {activity.COUNTED}").fetchall()
    assert any("MATERIALIZE turned" in row[3] for row in plan)


# -- the overview --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", ("Questions", "Refused", "Pages without text")),
        ("zh-CN", ("提问", "没有文字的页")),
    ],
)
def test_the_overview_shows_what_there_is_and_what_was_asked(
    opened: Shared, locale: str, words: tuple[str, ...]
) -> None:
    opened.base.feedback(asked(opened), "up")
    tab = go(browser(locale), "overview")
    assert not tab.exception
    text = shown(tab)
    assert all(word in text for word in words)
    total = sum(day.asked for day in opened.conversations.days())
    assert f"<dd>{total}</dd>" in text
    specs = [json.loads(each.proto.spec) for each in tab.get("vega_lite_chart")]
    assert len(specs) == 4  # questions, judged, added, languages
    assert "schema" not in json.dumps(specs)  # which a browser might be sent elsewhere for


def test_an_empty_knowledge_base_has_nothing_to_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("QUIRE_MODEL", "none")
    tab = go(browser(), "overview")
    assert "There is nothing to count yet" in shown(tab)

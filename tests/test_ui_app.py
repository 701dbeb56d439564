"""The interface as a reader uses it, without a browser: real documents, quotes as answers."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase
from quire.errors import KnowledgeBaseLocked
from quire.ui import answers
from quire.ui.shared import Shared
from quire.ui.source import Source
from ui_driver import DEPOSIT, ask, browser, finished, go, shown


def test_an_answer_names_the_file_and_the_page_and_shows_the_quote(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    assert not tab.exception
    assert "The deposit is CNY 20,400" in shown(tab)
    assert "[1]" in shown(tab)
    assert "lease-and-handbook.pdf" in shown(tab)
    assert "page 2" in shown(tab)


def test_a_question_asked_while_an_answer_is_written_comes_next(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    stream = KnowledgeBase.stream

    def slow(self: KnowledgeBase, *question: Any, **options: Any) -> Iterator[Any]:
        assert go_on.wait(60)
        yield from stream(self, *question, **options)

    monkeypatch.setattr(KnowledgeBase, "stream", slow)
    tab = browser()
    tab.chat_input(key="ask").set_value(DEPOSIT).run()
    assert tab.button(key="stop")
    tab.chat_input(key="ask").set_value("When does the lease begin?").run()
    assert "When does the lease begin?" in shown(tab)
    go_on.set()
    assert all_answered(tab, opened) == [DEPOSIT, "When does the lease begin?"]


def all_answered(tab: AppTest, opened: Shared) -> list[str]:
    """The questions of the open chat, once none waits any more."""
    mine = tab.session_state["quire"]
    deadline = time.monotonic() + 60
    while mine.answering or mine.next_questions:  # an answer may end within the run that begins it
        assert time.monotonic() < deadline
        if mine.answering:
            mine.answering.wait(60)
        tab.run()
        mine = tab.session_state["quire"]
    return [turn.question for turn in opened.conversations.turns(mine.conversation)]


def test_a_question_sent_off_at_the_moment_at_which_another_is_begun_is_not_lost(
    opened: Shared,
) -> None:
    tab = browser()
    tab.session_state["quire"].next_questions.append(DEPOSIT)  # its files have just been read
    tab.chat_input(key="ask").set_value("When does the lease begin?").run()
    assert all_answered(tab, opened) == [DEPOSIT, "When does the lease begin?"]


def test_a_citation_opens_its_page_with_the_words_marked(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    conversation = tab.session_state["quire"].conversation
    cited = opened.conversations.turns(conversation)[-1].answer["citations"][0]
    tab.session_state["quire"].source = Source(
        document_id=cited["document_id"],
        name=cited["document"],
        page=cited["page"],
        start=cited["start"],
        end=cited["end"],
        quote=cited["quote"],
    )
    tab.run()
    assert "page 2 of 7" in shown(tab)
    assert "data:image/png;base64," in shown(tab)
    assert '<i style="left:' in shown(tab)
    assert "Part A: Lease › 3. Rent, charges and deposit" in shown(tab)
    tab.button(key="page-on").click().run()
    assert "page 3 of 7" in shown(tab)
    assert '<i style="left:' not in shown(tab)
    tab.button(key="zoom-larger").click().run()
    assert "width:135%" in shown(tab)
    tab.button(key="zoom-fit").click().run()
    assert "width:100%" in shown(tab)
    tab.button(key="rotate").click().run()
    assert "rotate(90deg)" in shown(tab)
    (find,) = (field for field in tab.text_input if str(field.key).startswith("find-"))
    find.set_value("deposit").run()
    assert "1 of 2" in shown(tab)
    assert "page 2 of 7" in shown(tab)
    assert '<i class="found now"' in shown(tab)
    tab.button(key="hit-back").click().run()
    assert "2 of 2" in shown(tab)
    tab.button(key="overview").click().run()
    assert shown(tab).count('class="quire-thumb"') == 7
    tab.button(key="open-7").click().run()
    assert "page 7 of 7" in shown(tab)
    (find,) = (field for field in tab.text_input if str(field.key).startswith("find-"))
    find.set_value("zeppelin").run()
    assert "Not found" in shown(tab)
    tab.button(key="close-source").click().run()
    assert "page 2 of 7" not in shown(tab)


def test_a_chat_is_there_after_a_restart(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    conversation = tab.session_state["quire"].conversation
    st.cache_resource.clear()
    again = browser()
    assert "The deposit is CNY 20,400" not in shown(again)
    again.button(key=f"open-{conversation}").click().run()
    assert "The deposit is CNY 20,400" in shown(again)
    assert again.query_params["chat"] == conversation
    assert "The deposit is CNY 20,400" in shown(browser(chat=conversation))


def test_a_question_that_the_documents_do_not_answer_shows_the_closest_passages(
    opened: Shared,
) -> None:
    tab = ask(browser(), "What is the capital of Mongolia?")
    assert "The documents do not answer this question." in shown(tab)
    assert [fold.label for fold in tab.expander if "Closest" in fold.label]
    assert "quire-passage" in shown(tab)
    assert "“capital” and “Mongolia” do not stand in the one document" in shown(tab)
    assert "Not found: capital, Mongolia" in shown(tab)
    assert "Looked at" not in shown(tab)  # it is told already


def test_of_passages_without_a_word_of_the_question_one_that_can_be_read_comes_first() -> None:
    texts = ["润滑油每年更换一次。", "The crew keeps the deck clear.", "The piano is tuned."]
    passages = [{"label": at, "text": text} for at, text in enumerate(texts, 1)]
    near = {"label": 3, "has": ["piano"], "lacks": ["Sundays"]}
    answer = {"question": "Who plays the piano on Sundays?", "passages": passages}

    def order(**changed: Any) -> list[int]:
        return [each["label"] for each in answers.closest(answer | changed)]

    assert order(refusal={"nearest": [near]}) == [3, 2, 1]
    assert order() == [2, 3, 1]
    assert order(question="谁弹琴？") == [1, 2, 3]


def test_the_documents_that_a_list_names_can_be_opened(opened: Shared) -> None:
    tab = ask(browser(), "List all documents")
    assert "There is 1 document" in shown(tab)
    rows = [button for button in tab.button if str(button.key).startswith("listed-")]
    (row,) = rows
    row.click().run()
    assert tab.session_state["quire"].source.name == opened.documents()[0].name


def test_an_upload_is_reported_in_plain_words_and_found_by_the_next_question(
    opened: Shared,
) -> None:
    tab = browser()
    text = b"# Canteen\n\nThe canteen of the observatory serves lentil soup on Thursdays.\n"
    go(tab, "documents")
    tab.file_uploader[0].upload("canteen.md", text).upload("empty.txt", b"").run()
    assert opened.ingests.wait(60)
    tab.run()
    assert "canteen.md" in shown(tab)
    assert "added, searchable now" in shown(tab)
    assert "left out" in shown(tab) or "could not be read" in shown(tab)
    go(tab, "")
    ask(tab, "On which day does the canteen serve lentil soup?")
    assert "lentil soup on Thursdays" in shown(tab)


def test_files_can_be_added_beside_a_question(opened: Shared) -> None:
    tab = browser()
    tab.chat_input(key="ask").upload(
        "note.txt", b"The key hangs behind the door of the hall."
    ).run()
    assert opened.ingests.wait(60)
    assert "note.txt" in [d.name for d in opened.base.documents()]
    assert not tab.exception


def test_a_question_that_comes_with_files_is_asked_once_they_are_read(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    add_upload = KnowledgeBase.add_upload

    def slow(self: KnowledgeBase, *upload: Any, **options: Any) -> Any:
        assert go_on.wait(60)
        return add_upload(self, *upload, **options)

    monkeypatch.setattr(KnowledgeBase, "add_upload", slow)
    tab = browser()
    box = tab.chat_input(key="ask")
    box.upload("tower.txt", b"The lantern of the tower is violet.")
    box.set_value("What colour is the lantern of the tower?").run()
    assert "Asked once the files that came with it are read" in shown(tab)
    assert tab.session_state["quire"].answering is None
    go_on.set()
    assert opened.ingests.wait(60)
    finished(tab.run())
    assert "The lantern of the tower is violet" in shown(tab)
    assert not tab.exception


def test_the_interface_speaks_the_browsers_language_and_the_chosen_one(opened: Shared) -> None:
    tab = browser("zh-CN")
    assert tab.button(key="new").label == "新对话"
    go(tab, "settings")
    tab.radio[0].set_value("en").run()
    assert tab.button(key="new").label == "New chat"
    assert browser("zh-TW", language="en").button(key="new").label == "New chat"


def test_a_problem_is_a_sentence_with_what_to_do(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise KnowledgeBaseLocked("Process 7 writes to it.", hint="Wait until it is done.")

    monkeypatch.setattr(KnowledgeBase, "stream", locked)
    tab = ask(browser(), DEPOSIT)
    assert [error.value for error in tab.error] == [
        "Process 7 writes to it\\. Wait until it is done\\."
    ]
    assert not tab.exception


def test_an_unexpected_error_shows_no_traceback(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a text of a document")

    monkeypatch.setattr(Shared, "documents", broken)
    tab = browser()
    assert not tab.exception
    assert len(tab.error) == 1
    assert "a text of a document" not in shown(tab)


def test_hostile_names_and_texts_are_shown_as_they_are(opened: Shared) -> None:
    name = '<img src=x onerror="alert(1)"> ![a](http://x.y/z.png) $x$.txt'
    opened.base.add_upload(name, b"The <b>bold</b> [door](javascript:alert(1)) is $5$ wide.")
    try:
        tab = ask(browser(), "How wide is the bold door?")
        drawn = [element.proto.body for element in tab.get("html")]
        assert not [body for body in drawn if "<img" in body or "<b>" in body]
        go(tab, "documents")
        assert "<img" not in shown(tab)
    finally:
        opened.base.remove([d.id for d in opened.base.documents() if "onerror" in d.name])


def test_a_folder_that_is_a_file_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "file"))
    tab = browser()
    assert "a knowledge base is a folder" in tab.error[0].value

"""Chats in the interface: confined, judged, made anew, renamed, found, exported and deleted."""

import dataclasses
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase, Question
from quire.answering.confidence import calibration
from quire.conversations.store import new_id
from quire.errors import ModelError
from quire.indexes.scope import Scope
from quire.records import Draft
from quire.ui.chat import certainty
from quire.ui.inert import html
from quire.ui.shared import Shared, shared
from quire.ui.source import Source
from ui_driver import (
    DEPOSIT,
    ask,
    browser,
    buttons,
    chat_of,
    details,
    finished,
    go,
    lease,
    press,
    shown,
    write,
)


def test_a_new_answer_takes_the_place_of_the_last_one(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    (first,) = opened.conversations.turns(chat_of(tab))
    finished(tab.button(key=f"again-{first.id}").click().run())
    (second,) = opened.conversations.turns(chat_of(tab))
    assert second.id != first.id
    assert second.question == DEPOSIT
    assert shown(tab).count('quire-text quire-question"') == 1


def test_an_answer_is_judged_with_a_remark(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    tab.feedback[0].set_value(0).run()
    (turn,) = opened.conversations.turns(chat_of(tab))
    assert turn.feedback is not None
    assert turn.feedback.verdict == "down"
    tab.text_input(key=f"remark-{turn.id}").set_value("It names the wrong clause.").run()
    (turn,) = opened.conversations.turns(chat_of(tab))
    assert turn.feedback is not None
    assert turn.feedback.comment == "It names the wrong clause."
    assert not tab.exception


def test_a_judgement_is_taken_back(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    tab.feedback[0].set_value(0).run()
    assert opened.conversations.turns(chat_of(tab))[0].feedback is not None
    tab.feedback[0].set_value(None).run()
    assert opened.conversations.turns(chat_of(tab))[0].feedback is None
    assert not tab.exception


def test_the_source_of_an_earlier_answer_is_closed_by_a_new_question(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    (turn,) = opened.conversations.turns(chat_of(tab))
    cited = turn.answer["citations"][0]
    tab.session_state["quire"].source = Source(
        *(cited[name] for name in ("document_id", "document", "page", "start", "end", "quote"))
    )
    tab.run()
    assert "page 2 of 7" in shown(tab)
    ask(tab, "When does the lease begin?")
    assert "page 2 of 7" not in shown(tab)


def test_a_stopped_answer_is_marked_and_no_other_is(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = ask(browser(), DEPOSIT)
    assert "Stopped before" not in shown(tab)
    stream = KnowledgeBase.stream

    def slow(self: KnowledgeBase, question: Question) -> Iterator[Any]:
        assert question.cancel.wait(60)
        yield from stream(self, question, cancel=threading.Event())

    monkeypatch.setattr(KnowledgeBase, "stream", slow)
    tab.chat_input(key="ask").set_value("When does the lease begin?").run()
    tab.button(key="stop").click().run()
    finished(tab)
    assert shown(tab).count("Stopped before it was finished") == 1


def test_in_chinese_a_scope_is_told_in_chinese(opened: Shared) -> None:
    scope = Scope(file="lease-and-handbook.pdf", since="2024-01-01", language="en")
    answer = opened.base.ask(DEPOSIT, scope=scope)
    tab = browser("zh-CN", chat=answer.conversation)
    (told,) = (each.value for each in tab.caption if "仅限" in each.value)
    assert "lease" in told
    assert "2024\\-01\\-01 起修改的文档" in told.replace("\u2060", "")
    assert not re.search(r"named|Only|language", told)


def test_a_question_is_confined_to_tagged_documents(opened: Shared) -> None:
    opened.base.add_upload("hall.txt", b"The door of the hall is painted blue every spring.")
    go(tab := browser(), "documents")
    document = opened.base.document("hall.txt")
    details(tab, document)
    tab.multiselect(key=f"tags-{document.id}").set_value(["House"])
    tab.button(key="keep-tags").click().run()
    assert opened.base.document("hall.txt").tags == ("house",)
    tab.run()
    assert '"tags":["house"]' in shown(tab).replace(" ", "")

    tab = browser()
    tab.button(key="scope-choose").click().run()
    tab.multiselect(key="scope-tags").set_value(["house"])
    tab.button(key="scope-take").click().run()
    assert tab.button(key="scope-choose").label == "Only in house"
    ask(tab, DEPOSIT)
    assert "CNY 20,400" not in shown(tab)
    assert [each.value for each in tab.caption if each.value == "Only in house"]
    tab.button(key="scope-lift").click().run()
    assert tab.button(key="scope-choose").label == "All documents"
    ask(tab, DEPOSIT)
    assert "CNY 20,400" in shown(tab)


def test_a_chat_is_renamed_exported_and_deleted_from_its_menu(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    conversation = chat_of(tab)
    tab.button(key=f"more-{conversation}").click().run()
    assert [each.proto.label for each in tab.get("download_button")] == [
        "Export as Markdown",
        "Export as Word \\(DOCX\\)",
        "Export as PDF",
        "Export as JSON",
    ]
    write(tab, "Name", "Money for the lease")
    press(tab, "Rename")
    assert opened.conversations.find(conversation).title == "Money for the lease"
    tab.button(key=f"more-{conversation}").click().run()
    tab.button(key="confirm").click().run()
    assert conversation not in [chat.id for chat in opened.conversations.all()]
    assert "The deposit is CNY 20,400" not in shown(tab)
    tab.run()
    assert "“Money for the lease” was deleted" in shown(tab).replace("\\", "")
    tab.button(key="undo-last-chat").click().run()
    assert opened.conversations.find(conversation).title == "Money for the lease"
    opened.conversations.remove(conversation)
    tab.run()
    tab.button(key="empty-chat-bin").click().run()
    assert opened.conversations.removed() == []


def test_questions_of_programs_are_apart_from_the_chats_of_the_page(opened: Shared) -> None:
    theirs = opened.base.ask(DEPOSIT).conversation
    tab = ask(browser(), DEPOSIT)
    mine = chat_of(tab)
    assert opened.conversations.find(mine).origin == "page"
    listed = {button.key for button in buttons(tab.run(), "open-")}
    assert f"open-{mine}" in listed
    assert f"open-{theirs}" not in listed
    assert "Asked by programs" in [each.label for each in tab.expander]


def test_chats_are_found_by_what_was_said(opened: Shared) -> None:
    answer = opened.base.ask(DEPOSIT)
    for n in range(8):
        question = f"{DEPOSIT} Question zebra{n}"
        opened.conversations.add(
            dataclasses.replace(answer, id=new_id(), conversation=new_id(), question=question)
        )
    tab = browser()
    tab.text_input(key="search-chats-0").set_value("zebra5 question").run()
    assert len(buttons(tab, "found-")) == 1
    buttons(tab, "found-")[0].click().run()
    assert "zebra5" in shown(tab)
    assert not buttons(tab, "found-")  # the search has led somewhere, and is over
    tab.text_input(key="search-chats-1").set_value("no such words anywhere").run()
    assert buttons(tab, "found-") == []


def test_of_a_long_chat_the_last_twenty_turns_are_drawn(opened: Shared) -> None:
    answer = opened.base.ask(DEPOSIT)
    for n in range(1, 30):
        opened.conversations.add(
            dataclasses.replace(answer, id=new_id(), question=f"{DEPOSIT} ({n})")
        )
    tab = browser(chat=answer.conversation)
    assert shown(tab).count('quire-text quire-question"') == 20
    assert f"{DEPOSIT} (29)" in shown(tab)
    tab.button(key="earlier").click().run()
    assert shown(tab).count('quire-text quire-question"') == 30
    assert not tab.exception


def test_quotes_are_shown_while_the_model_reads(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    quotes = opened.base.ask(DEPOSIT, store=False)

    def reading(self: KnowledgeBase, question: Question) -> Iterator[Any]:
        question.on_draft(Draft(question.text, quotes.text, quotes.sentences))
        assert go_on.wait(60)
        yield quotes

    monkeypatch.setattr(KnowledgeBase, "stream", reading)
    tab = browser()
    tab.chat_input(key="ask").set_value(DEPOSIT).run()
    assert "The deposit is CNY 20,400" in shown(tab)
    assert "The model is reading" in shown(tab)
    assert tab.button(key="stop")
    go_on.set()
    finished(tab)


def test_a_count_over_the_collection_lists_every_document(opened: Shared) -> None:
    tab = ask(browser(), "Which documents mention the deposit?")
    assert [fold.label for fold in tab.expander if "mention" in fold.label]
    assert "In the words of the documents" not in shown(tab)
    assert "Quoted word for word" not in shown(tab)
    assert "Every passage was looked through" in shown(tab)
    assert not tab.exception


def test_few_wrong_answers_are_borne_when_that_was_chosen(opened: Shared) -> None:
    tab = browser()
    tab.button(key="risk-choose").click().run()
    risks = tab.radio(key="risk")
    assert [label.replace("\\", "") for label in risks.options][-1] == "At most 25% wrong"
    risks.set_value("25")
    tab.button(key="risk-take").click().run()
    assert not tab.exception
    assert tab.session_state["quire"].risk == 0.25
    ask(tab, "What is the colour of the moon over the valley?")
    (turn,) = opened.conversations.turns(chat_of(tab))
    assert (turn.receipt or {})["settings"]["max_risk"] == 0.25
    assert turn.answer["status"] == "not_found"
    assert "At most 25% of the answers shown may be wrong" in shown(tab).replace("\\", "")
    finished(tab.button(key=f"again-{turn.id}").click().run())
    (again,) = opened.conversations.turns(chat_of(tab))
    assert (again.receipt or {})["settings"]["max_risk"] == 0.25


def test_a_risk_that_the_browser_kept_is_one_of_the_choices() -> None:
    for risk in certainty.CHOICES:
        assert certainty.recalled(certainty.kept(risk)) == risk
    for text in (None, "", "0", "1", "99", "<script>", "25 "):
        assert certainty.recalled(text) is None


def test_the_shares_that_are_told_are_those_of_the_calibration() -> None:
    english = calibration("en", embedder="all-MiniLM-L6-v2")
    for risk in {*certainty.CHOICES} - {None, certainty.LOOSE}:
        assert risk is not None
        told = int(certainty._answered(english, risk))
        wrong_at_most = [most for _, share, _, most in english.curve if round(100 * share) <= told]
        assert wrong_at_most[-1] <= risk
        beyond = [most for _, share, _, most in english.curve if round(100 * share) > told]
        assert not beyond or beyond[0] > risk


def test_what_is_lost_stands_above_the_page_until_it_is_there_again(folder: Path) -> None:
    with lease(folder.with_name("whole")) as whole:
        st.cache_resource.clear()
        with KnowledgeBase.open(whole) as base:
            base.add_upload("hall.txt", b"The door of the hall is blue.")
            shutil.copytree(whole, killed := whole.with_name("killed"))
        (killed / "catalog.sqlite3-wal").unlink()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("QUIRE_KB", str(killed))
            tab = browser("zh-CN")
            told = [each.value.replace("\u2060", "") for each in tab.warning]
            assert "已添加的文档丢失了 1 份：hall\\.txt" in told[1]
            shared().base.repair()
            assert not go(tab, "documents").warning
            assert not tab.exception
        st.cache_resource.clear()


def test_where_chats_cannot_be_kept_the_page_says_so_and_answers(folder: Path) -> None:
    with lease(folder.with_name("full")) as broken:
        (broken / "conversations.sqlite3").mkdir()
        st.cache_resource.clear()
        tab = browser()
        assert "conversations.sqlite3 cannot be read or written" in told(tab)
        ask(tab, DEPOSIT)
        assert "CNY 20,400" in shown(tab)
        assert "This conversation is not kept" in told(tab)
        assert not buttons(tab, "again-")
        ask(tab, "When does the lease begin?")
        assert shown(tab).count('quire-text quire-question"') == 2
        (broken / "conversations.sqlite3").rmdir()
        ask(tab, "When does the lease end?")
        assert shown(tab).count('quire-text quire-question"') == 3
        assert len(shared().conversations.turns(chat_of(tab))) == 3
        assert not tab.error
        assert not tab.exception
    st.cache_resource.clear()


def test_a_damaged_answer_is_one_line_in_its_chat(folder: Path) -> None:
    with lease(folder.with_name("damaged")) as base:
        st.cache_resource.clear()
        tab = ask(ask(browser(), DEPOSIT), "When does the lease begin?")
        st.cache_resource.clear()
        connection = apsw.Connection(str(base / "conversations.sqlite3"))
        connection.execute("UPDATE turns SET answer = '{' WHERE position = 1")
        connection.close()
        chat = chat_of(tab)
        tab = browser("zh-CN", chat=chat)
        assert "有一轮问答已损坏，无法读取。" in [each.value for each in tab.warning]
        assert shown(tab).count('quire-text quire-question"') == 1
        assert not tab.error
        tab.button(key=f"more-{chat}").click().run()
        assert not tab.exception
    st.cache_resource.clear()


def told(tab: AppTest) -> str:
    """What the page says, without the marks that keep Markdown from being obeyed."""
    return shown(tab).replace("\u2060", "").replace("\\", "")


def test_a_question_that_ended_in_an_error_stays_and_is_tried_again(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = KnowledgeBase.stream

    def fails(self: KnowledgeBase, *question: Any, **options: Any) -> Iterator[Any]:
        raise ModelError("The model went away.", hint="Start it again.")

    monkeypatch.setattr(KnowledgeBase, "stream", fails)
    tab = ask(browser(), DEPOSIT)
    assert DEPOSIT in shown(tab)
    assert "The model went away" in shown(tab)
    tab.run()
    assert "The model went away" in shown(tab)  # until it is tried again or dismissed
    monkeypatch.setattr(KnowledgeBase, "stream", stream)
    finished(tab.button(key="retry-0").click().run())
    assert "CNY 20,400" in shown(tab)
    assert "The model went away" not in shown(tab)
    assert shown(tab).count('quire-text quire-question"') == 1


def test_a_question_without_an_answer_is_there_when_the_page_is_loaded_anew(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = KnowledgeBase.stream
    go_on = threading.Event()

    def fails(self: KnowledgeBase, question: Question) -> Iterator[Any]:
        assert go_on.wait(60)
        raise ModelError("The model went away.", hint="Start it again.")
        yield

    monkeypatch.setattr(KnowledgeBase, "stream", fails)
    tab = browser()
    tab.chat_input(key="ask").set_value(DEPOSIT).run()
    chat = tab.session_state["quire"].unbegun
    assert chat in tab.query_params["chat"]
    loaded = browser(chat=chat)  # while it is on its way
    assert DEPOSIT in shown(loaded)
    go_on.set()
    finished(loaded)
    assert "The model went away" in shown(loaded)
    again = browser(chat=chat)
    assert "The model went away" in shown(again)
    (row,) = buttons(again, f"open-{chat}")
    other = browser()
    assert "The model went away" not in shown(other)
    other.button(key=row.key).click().run()
    assert "The model went away" in shown(other)
    monkeypatch.setattr(KnowledgeBase, "stream", stream)
    finished(again.button(key="retry-0").click().run())
    assert "CNY 20,400" in shown(again)
    kept = chat_of(again)
    assert "The model went away" not in shown(browser(chat=kept))
    assert len(opened.conversations.turns(kept)) == 1
    assert buttons(browser(), f"open-{chat}") == []


def test_a_failed_question_stays_in_its_chat_while_another_one_is_read(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened.base.ask("When does the lease begin?", origin="page").conversation
    tab = ask(browser(), DEPOSIT)
    mine = chat_of(tab)

    def fails(self: KnowledgeBase, *question: Any, **options: Any) -> Iterator[Any]:
        raise ModelError("The model went away.", hint="Start it again.")

    monkeypatch.setattr(KnowledgeBase, "stream", fails)
    ask(tab, "When does it end?")
    assert "The model went away" in shown(tab)
    tab.button(key=f"open-{other}").click().run()
    assert "The model went away" not in shown(tab)
    tab.button(key=f"open-{mine}").click().run()
    assert "The model went away" in shown(tab)
    assert "When does it end?" in shown(browser(chat=mine))
    tab.button(key="forget-0").click().run()
    assert "The model went away" not in shown(browser(chat=mine))


def test_a_follow_up_is_asked_as_it_was_written(opened: Shared) -> None:
    tab = ask(browser(), "How much is the deposit of the East Dome?")
    ask(tab, "When was it paid?")
    turns = opened.conversations.turns(chat_of(tab))
    assert turns[-1].standalone != turns[-1].question
    finished(tab.button(key=f"literally-{turns[-1].id}").click().run())
    turns = opened.conversations.turns(chat_of(tab))
    assert [turn.question for turn in turns][-1] == "When was it paid?"
    assert turns[-1].standalone == "When was it paid?"
    assert len(turns) == 2
    assert "Understood as" not in shown(tab)


def test_a_refusal_shows_the_best_sentence_whole_and_what_it_lacks(opened: Shared) -> None:
    tab = ask(browser(), "What is the deposit for the Kingston shipyard crane in kroner?")
    (turn,) = opened.conversations.turns(chat_of(tab))
    assert turn.answer["status"] == "not_found"
    near = turn.answer["refusal"]["nearest"][0]
    assert near["quote"] in turn.answer["passages"][0]["text"]
    at = near["start"] - turn.answer["passages"][0]["start"]
    assert turn.answer["passages"][0]["text"][at:].startswith(near["quote"])
    assert f'<div class="quire-passage">{html(near["quote"])}</div>' in shown(tab)
    assert "Not found: " in shown(tab)
    (fold,) = [each for each in tab.expander if each.label == "Closest passages"]
    assert not fold.proto.expanded


def test_a_looser_certainty_shows_what_the_usual_one_keeps_back(opened: Shared) -> None:
    question = "How high is the fence around the dome?"
    tab = ask(browser(), question)
    assert "do not answer this question" in shown(tab)
    tab.button(key="risk-choose").click().run()
    tab.radio(key="risk").set_value("50")
    tab.button(key="risk-take").click().run()
    assert tab.button(key="risk-choose").label == "Show more answers"
    ask(tab, question)
    (_, turn) = opened.conversations.turns(chat_of(tab))
    assert turn.answer["status"] == "extractive"


def test_an_answer_is_exported_from_the_page(opened: Shared) -> None:
    tab = ask(browser(), DEPOSIT)
    (turn,) = opened.conversations.turns(chat_of(tab))
    tab.button(key=f"export-{turn.id}").click().run()
    assert [each.proto.label for each in tab.get("download_button")] == [
        "Export as Markdown",
        "Export as Word \\(DOCX\\)",
        "Export as PDF",
        "With its proof\\, for others to check \\(HTML\\)",
    ]
    assert not tab.exception

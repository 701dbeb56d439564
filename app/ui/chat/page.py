"""The chat: questions, answers as they are written, and their sources."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.answering import receipts
from quire.answering.question import Question
from quire.background.ingesting import counted
from quire.conversations.schema import Turn
from quire.errors import ConversationNotFound, KnowledgeBaseError
from quire.records import content_of
from quire.ui import answers, problems, source_panel
from quire.ui.catalogue import label, plain
from quire.ui.chat import agent, certainty, exporting, judging, looking, scoping, suggested, welcome
from quire.ui.inert import html, markdown
from quire.ui.insight import made as insight
from quire.ui.jobs.answering import AnswerJob
from quire.ui.library import intake
from quire.ui.shared import Shared
from quire.ui.state import Early, Failed, state

_POLL = 0.4  # seconds between two looks at an answer on its way; it grows by whole sentences
_AT_ONCE = 0.4  # seconds to wait before drawing an answer as being on its way: quotes are faster
_SHOWN = 20  # turns shown at once, the last ones: a long chat must not slow every click


def draw(opened: Shared, *, made: StreamlitPage) -> None:
    """Draw the chat page; `made` is the one that tells how an answer came about."""
    mine = state()
    if pressed := mine.pressed:
        mine.pressed = None
        mine.next_questions.append(pressed)
    _ask_next(opened)
    st.html(f'<h1 class="quire-unseen">{html(plain("app.chat"))}</h1>')
    documents = opened.documents()
    turns, older = _turns(opened)
    begun = bool(turns or mine.answering or mine.next_questions or mine.failed)
    with st.container(key="welcome"):
        if not begun:
            welcome.draw(opened, documents)
    known = {id_ for document in documents for id_ in (document.id, content_of(document.id))}
    # subtle: the columns are there without a source too (style.css hides the empty one), or the
    # chat would be built anew when one opens, and the reader's place in it be lost
    talk, beside = st.columns((5, 6), gap="large")
    with talk:
        _talk(opened, turns, older=older, known=known, made=made)
    if mine.source is not None:
        with beside:
            source_panel.draw(opened)
    if not documents:
        # subtle: at one place whether a question was asked or not, with the same above it, or files
        # that are still being sent would be lost with the place that they were put in
        with st.container(key="first-files"):
            intake.upload_area(opened)
    if not begun:
        welcome.draw_below(opened, documents)
        intake.draw(opened, quiet=opened.ingests.active)
    _ask(opened, can_choose=bool(documents), begun=begun)


def begin(
    opened: Shared, question: str, *, replacing: str | None = None, as_written: bool = False
) -> None:
    """Have a question answered, and draw the page anew."""
    mine = state()
    opened.suggestions.stop()
    mine.asked += 1
    mine.dropped = [item for item in mine.dropped if not item.all_well]
    mine.source = None  # of an earlier answer: it would be read as the proof of this one
    mine.early = None
    mine.meanwhile = [item for item in opened.ingests.items if not item.settled]
    mine.answering = AnswerJob(
        opened.base,
        Question(
            question,
            conversation=mine.conversation,
            scope=mine.scope,
            max_risk=mine.risk,
            agent=mine.agent,
            look=mine.look,
            replacing=replacing,
            origin="page",
            as_written=as_written,
        ),
    )
    mine.answering.wait(_AT_ONCE)
    st.rerun()


def _talk(
    opened: Shared, turns: list[Turn], *, older: int, known: set[str], made: StreamlitPage
) -> None:
    mine = state()
    job = mine.answering
    if job is not None and job.question.replacing is not None:
        turns = [turn for turn in turns if turn.id != job.question.replacing]
    if older and st.button(
        label("chat.earlier", n=older), key="earlier", icon=":material/history:", type="tertiary"
    ):
        mine.earlier += _SHOWN
        st.rerun()
    unkept = {turn.id for turn in opened.base.unkept(mine.conversation or "")}
    for turn in turns:
        if not turn.readable:
            st.warning(label("chat.unreadable"), icon=":material/warning:")
            continue
        _question(turn.question)
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            _told_scope(turn)
            if job is None:
                _understood(
                    opened,
                    turn,
                    first=turn is turns[0] and not older,
                    last=turn is turns[-1] and turn.id not in unkept,
                )
            st.html('<span class="quire-spoken"></span>')
            answers.draw(turn.answer, known=known)
            if turn.id in mine.stopped:
                st.caption(label("chat.stopped"))
            _told_risk(turn)
            if turn is turns[-1] and job is None:
                if mine.early is not None and mine.early.answer == turn.id:
                    _early()
                if turn.id not in unkept:
                    _after(opened, turn, made=made)
                suggested.after(opened, turn)
            elif turn.id not in unkept:
                insight.link(made, turn)
    _failed(opened)
    if job is not None:
        _question(job.question.text)
        _on_its_way(opened, job)
    for question in mine.next_questions:
        _question(question)
        _waits(opened)
    problems.show_kept()


def _understood(opened: Shared, turn: Turn, *, first: bool, last: bool) -> None:
    """Say how a question was understood, where it was not as it stands, and let that be undone."""
    standalone = turn.answer["standalone_question"]
    if standalone == turn.question:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(label("answer.you_asked", question=standalone), width="content")
        if not first and st.button(
            label("answer.literally"),
            key=f"literally-{turn.id}",
            type="tertiary",
            icon=":material/undo:",
            help=label("answer.literally_about"),
        ):
            begin(opened, turn.question, replacing=turn.id if last else None, as_written=True)


def _failed(opened: Shared) -> None:
    """The questions of this chat that ended in an error: they stay, and can be tried again."""
    mine = state()
    for at, one in enumerate(mine.failed):
        _question(one.question)
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            problems.show(one.problem)
            with st.container(horizontal=True):
                if st.button(
                    label("chat.again"),
                    key=f"retry-{at}",
                    icon=":material/refresh:",
                    type="tertiary",
                    disabled=mine.answering is not None,
                ):
                    mine.failed.pop(at)
                    begin(opened, one.question, replacing=one.replacing, as_written=one.as_written)
                if st.button(
                    label("chat.dismiss"),
                    key=f"forget-{at}",
                    icon=":material/close:",
                    type="tertiary",
                ):
                    mine.failed.pop(at)
                    st.rerun()


def _told_scope(turn: Turn) -> None:
    """Say to which documents a question was confined, where it was."""
    scope = receipts.scope_of(turn.receipt)
    if scope is not None:
        st.caption(markdown(scoping.words(scope)))
    elif told := _settings(turn).get("scope"):  # of an early version, in English words alone
        st.caption(label("chat.scope", scope=told))


def _told_risk(turn: Turn) -> None:
    """Say why there may be no answer, where few wrong ones were to be borne."""
    risk = _settings(turn).get("max_risk")
    if risk is not None and turn.answer["status"] == "not_found":
        st.caption(certainty.told(risk))


def _settings(turn: Turn) -> Mapping[str, Any]:
    """With what a question was asked, as far as its receipt tells."""
    return (turn.receipt or {}).get("settings") or {}


def _after(opened: Shared, turn: Turn, *, made: StreamlitPage) -> None:
    """What can be done with the last answer: have it made anew, and say whether it was good."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            label("chat.again"),
            key=f"again-{turn.id}",
            icon=":material/refresh:",
            type="tertiary",
            help=label("chat.again_about"),
        ):
            begin(opened, turn.question, replacing=turn.id)
        exporting.draw(opened, turn)
        insight.link(made, turn)
        judging.draw(opened, turn)


def take_over() -> None:
    """When the answer on its way has come, go on with its conversation."""
    mine = state()
    job = mine.answering
    if job is not None and job.done:
        mine.answering = None
        if job.problem is not None:
            asked = job.question
            mine.failed.append(Failed(asked.text, job.problem, asked.replacing, asked.as_written))
        if job.answer is not None:
            mine.answered = job.answer.id
            mine.conversation = job.answer.conversation
            if job.stopped:
                mine.stopped.add(job.answer.id)
            elif mine.meanwhile:
                mine.early = Early(job.answer.id, tuple(mine.meanwhile))


def _ask_next(opened: Shared) -> None:
    """Ask the question that waits, once the answer before it and its files are there; or once more
    the last one, when the files are in that were being read."""
    mine = state()
    if mine.answering is not None:
        return
    mine.awaited = [item for item in mine.awaited if not item.settled]
    if mine.next_questions:
        if not mine.awaited and not _nothing_yet(opened):
            begin(opened, mine.next_questions.pop(0))
        return
    early = mine.early
    if early is None or not all(item.settled for item in early.files):
        return
    mine.early = None
    came = any(item.report and item.report.chunks for item in early.files)
    turns, _ = _turns(opened)
    if came and turns and turns[-1].id == early.answer:
        begin(opened, turns[-1].question, replacing=early.answer)


def _nothing_yet(opened: Shared) -> bool:
    """Whether there is nothing to answer from, and will be."""
    return (opened.ingests.active or state().sending) and not opened.documents()


@st.fragment(run_every=1.0)
@problems.guarded
def _waits(opened: Shared) -> None:
    """Say what a question waits for."""
    mine = state()
    if mine.awaited:
        st.caption(label("chat.wait_files"))
    elif mine.sending and not opened.ingests.active and _nothing_yet(opened):
        st.caption(label("chat.wait_arrival"))
    elif _nothing_yet(opened):
        done, total = counted(opened.ingests.items)
        st.caption(label("chat.wait_first", done=done, n=total))
    elif mine.answering is None:
        st.rerun()  # there is something now
    else:
        st.caption(label("chat.wait"))


@st.fragment(run_every=1.0)
@problems.guarded
def _early() -> None:
    """Say that an answer is from some of the files alone, and will be made anew."""
    early = state().early
    if early is None:
        return
    done, total = counted(early.files)
    st.caption(label("chat.early", done=done, n=total))


def _turns(opened: Shared) -> tuple[list[Turn], int]:
    """The turns of the open chat that are shown, and how many older ones are not."""
    mine = state()
    if mine.conversation is None:
        return [], 0
    unkept = opened.base.unkept(mine.conversation)
    try:
        turns = opened.conversations.turns(mine.conversation, last=_SHOWN + mine.earlier)
        older = opened.conversations.find(mine.conversation).turns - len(turns)
        return [*turns, *unkept], older
    except ConversationNotFound:
        if unkept:
            return unkept, 0
        mine.conversation = None
        st.info(label("conversations.missing"))
        return [], 0
    except KnowledgeBaseError as error:  # the chat goes on with what is known without them
        problems.show(error)
        return unkept, 0


def _question(text: str) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        heading = 'class="quire-text quire-question" role="heading" aria-level="2"'
        st.html(f"<div {heading}>{html(text)}</div>")


@st.fragment(run_every=_POLL)
@problems.guarded
def _on_its_way(opened: Shared, job: AnswerJob) -> None:
    if job.done:
        st.rerun()
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        if job.question.scope:
            st.caption(markdown(scoping.words(job.question.scope)))
        agent.draw_steps(job.steps)
        written = job.written
        if written.text or written.tail:
            answers.draw_so_far(written.text, written.tail, written.sentences)
        elif job.draft is not None:
            answers.draw_draft(job.draft, question=job.question.text, seconds=job.seconds)
        else:
            waiting = "chat.loading" if opened.model_state == "loading" else "chat.searching"
            st.caption(f"{label(waiting)} … {job.seconds:.0f} s")
        if job.stopping:
            st.caption(label("chat.stopping"))


def _ask(opened: Shared, *, can_choose: bool, begun: bool) -> None:
    mine = state()
    with st.bottom:
        if begun and not opened.ingests.active:  # where the files were dropped
            intake.draw(opened, quiet=True)
        if can_choose:
            _choices(opened)
        with st.container(key="field"):
            st.chat_input(plain("chat.ask"), key="ask", accept_file="multiple", on_submit=_submit)
            _stop(mine.answering)
    if not mine.submitted:
        return
    asked = mine.submitted.pop(0)
    if asked.files:
        items = mine.dropped = intake.take_in_uploads(opened, asked.files)
        if asked.text.strip():  # it is about them
            mine.awaited += items
    waits = mine.answering is not None or mine.awaited or _nothing_yet(opened)
    if asked.text.strip() and waits:
        mine.next_questions.append(asked.text)
        mine.asked += 1
    elif asked.text.strip():
        mine.problem = None
        begin(opened, asked.text)
    st.rerun()


def _submit() -> None:
    """Hold on to what was asked: the run of the script that is told may end before it comes to the
    field, such as when files arrive at the same moment, and no other run is told."""
    state().submitted.append(st.session_state["ask"])


@st.fragment
@problems.guarded
def _choices(opened: Shared) -> None:
    """How the next question is asked; a press redraws this row alone, and not the chat."""
    with st.container(horizontal=True, gap="small", key="scope"):
        scoping.draw(opened)
        certainty.draw(opened)
        agent.draw(opened)
        looking.draw(opened)


def _stop(job: AnswerJob | None) -> None:
    """The stop button of an answer on its way; it stands in the field, where the one that sends is
    (style.css).

    Not `chat_input(submit_mode="stop")`: that stops the run of the script, and an answer is none.
    It would also hold the script, and with it the pages of an open source, until the answer is
    done, and lock the field, in which the next question can be written meanwhile.
    """
    if job is not None and not job.stopping:
        st.button(
            "",
            icon=":material/stop_circle:",
            key="stop",
            help=_with_keys("chat.stop", "Esc"),
            on_click=job.stop,
            shortcut="Esc",
        )


def _with_keys(key: str, keys: str) -> str:
    return markdown(f"{plain(key)} ({keys})")

"""The chat: questions, answers as they are written, and their sources."""

import streamlit as st

from quire.conversations import Turn
from quire.errors import UsageError
from quire.ui import answers, intake, problems, samples, source_panel
from quire.ui.answering import AnswerJob
from quire.ui.catalogue import label, plain
from quire.ui.inert import html
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.4  # seconds between two looks at an answer on its way; it grows by whole sentences
_AT_ONCE = 0.4  # seconds to wait before drawing an answer as being on its way: quotes are faster


def draw(opened: Shared) -> None:
    """Draw the chat page."""
    mine = state()
    _take_over_finished(opened)
    documents = opened.base.documents()
    turns = _turns(opened)
    if not documents and not turns and mine.answering is None:
        _welcome_to_nothing(opened)
    elif not turns and mine.answering is None:
        _hero(plain("chat.title"), plain("chat.about", n=len(documents)))
    intake.draw(opened)
    known = {document.id for document in documents}
    # subtle: the columns are there without a source too (style.css hides the empty one), or the
    # chat would be built anew when one opens, and the reader's place in it be lost
    talk, beside = st.columns((5, 6), gap="large")
    with talk:
        _talk(opened, turns, known=known)
    if mine.source is not None:
        with beside:
            source_panel.draw(opened, mine.source)
    _ask(opened)


def _talk(opened: Shared, turns: list[Turn], *, known: set[str]) -> None:
    mine = state()
    for turn in turns:
        _question(turn.question)
        with st.chat_message("assistant", avatar=":material/menu_book:"):
            answers.draw(turn.answer, known=known)
            if turn is turns[-1] and mine.answering is None:
                _after(opened, turn)
    if mine.answering is not None:
        _question(mine.answering.question)
        _on_its_way(opened, mine.answering)
        for question in mine.next_questions:
            _question(question)
            st.caption(label("chat.wait"))
    problems.show_kept()


def _after(opened: Shared, turn: Turn) -> None:
    """What can be done with the last answer: ask again, and say whether it was good."""
    verdict = opened.feedback.of(turn.id)
    key = f"feedback-{turn.id}"

    def keep() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            opened.feedback.add(turn.id, good=bool(chosen))

    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            label("chat.again"), key=f"again-{turn.id}", icon=":material/refresh:", type="tertiary"
        ):
            _begin(opened, turn.question)
        st.feedback(
            "thumbs", key=key, default=None if verdict is None else int(verdict), on_change=keep
        )


def _begin(opened: Shared, question: str) -> None:
    mine = state()
    mine.answering = AnswerJob(opened.base, question, conversation=mine.conversation)
    mine.answering.wait(_AT_ONCE)
    st.rerun()


def _take_over_finished(opened: Shared) -> None:
    """When the answer on its way has come, go on with its conversation."""
    mine = state()
    job = mine.answering
    if job is None or not job.done:
        return
    mine.answering = None
    mine.problem = job.problem
    if job.answer is not None:
        mine.conversation = job.answer.conversation
    if mine.next_questions:
        _begin(opened, mine.next_questions.pop(0))


def _turns(opened: Shared) -> list[Turn]:
    mine = state()
    if mine.conversation is None:
        return []
    try:
        return opened.conversations.turns(mine.conversation)
    except UsageError:
        mine.conversation = None
        st.info(label("conversations.missing"))
        return []


def _question(text: str) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.html(f'<div class="quire-text quire-question">{html(text)}</div>')


@st.fragment(run_every=_POLL)
def _on_its_way(opened: Shared, job: AnswerJob) -> None:
    if job.done:
        st.rerun()
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        if job.text:
            st.html(f'<div class="quire-text">{html(job.text)}</div>')
        else:
            waiting = "chat.loading" if opened.model_state == "loading" else "chat.searching"
            st.caption(f"{label(waiting)} … {job.seconds:.0f} s")
        if job.stopping:
            st.caption(label("chat.stopping"))
        else:
            st.button(
                label("chat.stop"), icon=":material/stop_circle:", key="stop", on_click=job.stop
            )


def _ask(opened: Shared) -> None:
    mine = state()
    asked = st.chat_input(plain("chat.ask"), key="ask", accept_file="multiple")
    if not asked:
        return
    if asked.files:
        intake.take_in_uploads(opened, asked.files)
    if asked.text.strip() and mine.answering is not None:
        mine.next_questions.append(asked.text)
    elif asked.text.strip():
        mine.problem = None
        _begin(opened, asked.text)
    st.rerun()


def _welcome_to_nothing(opened: Shared) -> None:
    _hero(plain("chat.empty_title"), plain("chat.empty"))
    intake.upload_area(opened)
    found = samples.documents()
    if found and not opened.ingests.active:
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button(label("chat.samples"), icon=":material/auto_stories:", key="samples"):
                intake.take_in_paths(opened, found)


def _hero(title: str, about: str) -> None:
    st.html(f'<div class="quire-hero"><h1>{html(title)}</h1><p>{html(about)}</p></div>')

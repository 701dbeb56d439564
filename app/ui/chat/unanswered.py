"""Questions of chats that have no answer: on their way, waiting, or ended in an error.

They belong to the process and not to a tab: a page that is loaded anew, and a reader who comes back
from another chat, find them.
"""

from dataclasses import dataclass

import streamlit as st

from quire.conversations.store import new_id
from quire.ui.jobs.answering import AnswerJob
from quire.ui.state import Failed, State


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The questions of one chat: the one on its way, or None, those that wait for it, and those
    that ended in an error. `begun` says that the chat has answers too; `base` names its knowledge
    base as the tab does."""

    answering: AnswerJob | None
    waiting: tuple[str, ...]
    failed: tuple[Failed, ...]
    begun: bool
    base: str | None

    @property
    def is_answered(self) -> bool:
        """Whether all of them have been answered meanwhile, and stand in a chat."""
        job = self.answering
        return job is not None and job.answer is not None and not (self.waiting or self.failed)

    @property
    def title(self) -> str:
        """The first of them."""
        asked = [one.question for one in self.failed]
        if self.answering is not None:
            asked.append(self.answering.question.text)
        return [*asked, *self.waiting][0]


def keep(mine: State) -> None:
    """Keep those of the chat that is open in a tab; a chat without answers gets an id by which it
    is found."""
    known = _known()
    there_are = mine.answering or mine.next_questions or mine.failed
    if mine.conversation or not there_are:  # what is answered has the id that came with its answer
        known.pop(mine.unbegun, None)
        mine.unbegun = ""
    if not there_are:
        known.pop(mine.conversation or "", None)
        return
    if not mine.conversation:
        mine.unbegun = mine.unbegun or new_id()
    known[mine.conversation or mine.unbegun] = Unanswered(
        mine.answering,
        tuple(mine.next_questions),
        tuple(mine.failed),
        begun=mine.conversation is not None,
        base=mine.base,
    )


def recall(mine: State) -> None:
    """Take up those of the chat that a tab has opened."""
    key = mine.conversation or mine.unbegun
    found = _known().get(key)
    if found is None:
        return
    if not found.begun:
        mine.conversation, mine.unbegun = None, key
    mine.answering = found.answering
    mine.next_questions = [*found.waiting]
    mine.failed = [*found.failed]


def alone(base: str | None) -> list[tuple[str, str]]:
    """The chats of a knowledge base that have no answer yet, as id and title, the latest first."""
    return [
        (key, one.title)
        for key, one in reversed([*_known().items()])
        if one.base == base and not one.begun and not one.is_answered
    ]


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Unanswered]:
    return {}

"""Everything that one browser tab remembers: every session key stands here and nowhere else."""

from dataclasses import dataclass, field
from typing import cast

import streamlit as st
from streamlit.elements.widgets.chat import ChatInputValue

from quire.background.ingesting import Intake
from quire.indexes.scope import Scope
from quire.ui.jobs.answering import AnswerJob
from quire.ui.jobs.checking import CheckJob
from quire.ui.library.listing import Wanted
from quire.ui.source import Source

_KEY = "quire"


@dataclass(frozen=True, slots=True)
class Early:
    """An answer by its id that was given while files were being read, with these files."""

    answer: str
    files: tuple[Intake, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A question whose answer ended in an error; `replacing` is the answer that it was to replace,
    or None."""

    question: str
    problem: Exception
    replacing: str | None
    as_written: bool


@dataclass(slots=True)
class State:
    """What a tab remembers between two runs of the script.

    `base` is the name of the chosen knowledge base, None for the one that the settings name.
    `conversation` is the id of the open one, None for a new one, whose questions without an answer
    are kept under the id `unbegun`, "" if it has none. `answering` is the answer on its
    way, `next_questions` those asked while it was, or while the files `awaited`, which came with a
    question, are being read. `submitted` is what was sent off in the field
    and not yet taken up, `pressed` a suggested question that is to be asked. `meanwhile` are
    the files that were being read when the question on its way was asked, and `early` its answer
    with them, to be made anew when they are in. `failed` are questions of this chat that ended
    in an error, and can be tried again. `dropped` are the files that came into the chat
    since the last question, and those before it with which not all is well: how they fared is told
    at the field.
    `asked` counts the questions: when it changes, the page shows the last one. `answered` is the id
    of the last answer that came in this tab. `scope` confines the
    next questions. `earlier` counts the older turns that the reader asked to see. `source` is the
    cited place that stands open on `page`, and `summary` the id of the document whose summary does;
    `details` is that of the one whose details are to be opened. `check` is the text that was last
    given to be checked. `removed` are the ids of the
    documents that were deleted last, while that can be undone at the end of the page, and
    `removed_chat` is that of the chat. `wanted`, `order` and `descending` say which documents the
    library shows, and `unfolded` which of its folders; `checked` are the ids of those that are
    marked in it, as its table last told, by its clock, at `marked_at`. `redraw` says that a part of
    the page has changed what stands elsewhere on it. `searches` counts the hits
    opened in the chats: it names the field, as `uploads` does. `sending` says that files are on
    their way from the browser. `stopped` are the ids of answers that were. `told` is said once,
    about what was done. `agent` says that the model is to look
    things up by itself, and `look` that it is shown pages. `risk` is the share of wrong ones that
    is borne among the answers shown, None for what the settings say. `uploads` counts the uploads
    sent off: it names the uploader, which is empty when renamed, as `keys` does the field for the
    key to a server. `reading` says that files were being read when the page was last drawn, and
    `word` what became of them; `words` counts those, so that each is told once. `settled` is how
    many ingested files were finished when the page was last drawn whole. `language` is what was
    chosen, None to follow the browser. `began` says that the address was read.
    """

    base: str | None = None
    conversation: str | None = None
    unbegun: str = ""
    answering: AnswerJob | None = None
    next_questions: list[str] = field(default_factory=list)
    awaited: list[Intake] = field(default_factory=list)
    submitted: list[ChatInputValue] = field(default_factory=list)
    pressed: str | None = None
    meanwhile: list[Intake] = field(default_factory=list)
    early: Early | None = None
    failed: list[Failed] = field(default_factory=list)
    dropped: list[Intake] = field(default_factory=list)
    asked: int = 0
    answered: str = ""
    scope: Scope | None = None
    earlier: int = 0
    page: str = ""
    source: Source | None = None
    summary: str | None = None
    check: CheckJob | None = None
    details: str | None = None
    removed: tuple[str, ...] = ()
    removed_chat: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    order: str = "name"
    descending: bool = False
    unfolded: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    marked_at: int = 0
    redraw: bool = False
    searches: int = 0
    sending: bool = False
    stopped: set[str] = field(default_factory=set)
    told: str = ""
    agent: bool = False
    look: bool = False
    risk: float | None = None
    problem: Exception | None = None
    uploads: int = 0
    keys: int = 0
    reading: bool = False
    word: str = ""
    words: int = 0
    settled: int = 0
    language: str | None = None
    began: bool = False


def state() -> State:
    """This tab's state, made at the first call."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = State()
    return cast(State, st.session_state[_KEY])

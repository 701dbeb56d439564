"""A question as it is put to a knowledge base, and as it is answered."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from quire.answering.history import Exchange
from quire.conversations.schema import Origin
from quire.indexes.scope import Scope
from quire.records import Draft, Step
from quire.search import question_parts


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how it is to be answered.

    `conversation` continues an earlier one by its id; otherwise a new one begins. With `store`
    false the turn is not kept. `scope` says in which documents to look. `max_risk` is the share of
    wrong ones that is borne among the answers shown, above 0 and at most 1, in place of the
    setting's; docs/trust.md says what it promises. `replacing` is the id of the conversation's last
    answer, whose place the new one takes, worded otherwise where the question is the same. `before`
    is what was said in a conversation that is kept elsewhere, the oldest turn first. With
    `as_written` it is understood by itself, whatever was said before it. `origin` says who asks: on
    the page, the chats of its readers are apart from those of programs. At most `answer_tokens`
    are written, in place of the setting's.

    With `agent` a model that can call tools looks things up by itself, within the settings' limits;
    where it cannot, the answer is the ordinary one, with a note that says why.

    With `look` a model that takes pictures is shown the pages that were found, once the answer is
    there; what it sees on them is `Answer.seen`, and where it cannot, a note says why.

    Setting `cancel` stops the model; the answer then holds what was written so far. `on_draft` is
    given quotes to show while a model still reads, before there is any text, and `on_step` what an
    agent has looked up.
    """

    text: str
    conversation: str | None = None
    store: bool = True
    scope: Scope | None = None
    max_risk: float | None = None
    replacing: str | None = None
    origin: Origin = "program"
    before: tuple[Exchange, ...] = ()
    as_written: bool = False
    answer_tokens: int | None = None
    agent: bool = False
    look: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    on_draft: Callable[[Draft], None] = lambda _: None
    on_step: Callable[[Step], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in its conversation, with what its answer may take.

    `before` is the conversation so far, the oldest turn first. At a `temperature` above 0 the same
    question may get another answer. `passages` are considered at most, each with what stands
    around it in its section where they may have `section_tokens` together. With `by_model` the
    model says whether they answer the question; `answer_tokens` are written at most, or as many as
    suit the model. An `agent` looks things up by itself, and `on_step` hears of it. `began` is when
    it arrived, as `time.monotonic` tells it.
    """

    text: str
    conversation: str
    passages: int = 6
    section_tokens: int = 0
    by_model: bool = False
    answer_tokens: int | None = None
    before: tuple[Exchange, ...] = ()
    temperature: float = 0.0
    scope: Scope | None = None
    max_risk: float | None = None
    agent: bool = False
    on_step: Callable[[Step], None] = lambda _: None
    cancel: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def asks(self) -> str:
        """What of it is to be answered: of a long text, what it asks."""
        return question_parts.asked(self.text)

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since it arrived."""
        return (time.monotonic() - self.began) * 1000

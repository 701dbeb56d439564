"""A conversation that a client keeps, as memory: its messages become exchanges.

    user, assistant, user, …, user -> (the exchanges before, the question)

Earlier questions are made standalone anew, by the rules that made them so when they were asked.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from quire.answering import followups
from quire.answering.history import Exchange
from quire.search.query import checked_question
from quire.server.errors import Refused
from quire.server.marked_text import strip_marks

_SAID_BEFORE = 20  # exchanges: what lies further back is in no prompt, and lends no topic

Said = tuple[str, str]
"""Who speaks, and what."""


def remembered(messages: Sequence[Said]) -> tuple[tuple[Exchange, ...], str]:
    """What was said before, the oldest first, and what is asked now: the last message, which has
    to be the user's. What a system or a tool says is left out. Raises Refused."""
    spoken = [said for said in messages if said[0] in {"user", "assistant"}]
    if not spoken or spoken[-1][0] != "user":
        raise Refused(
            422,
            "no_question",
            "The last message has to be the user's: it is the question.",
            hint="Put the question at the end of the messages.",
            param="messages",
        )
    *before, (_, question) = spoken
    exchanges: list[Exchange] = []
    for asked, told in list(_pairs(before))[-_SAID_BEFORE:]:
        said = [each.question for each in exchanges]
        standalone = followups.standalone(checked_question(asked), said)
        exchanges.append(Exchange(standalone, strip_marks(told)))
    return tuple(exchanges), question


def _pairs(messages: Iterable[Said]) -> Iterator[Said]:
    """(question, answer): a question that was not answered, and an answer to none, are left out."""
    asked = ""
    for role, text in messages:
        if role == "user":
            asked = text
        elif asked.strip() and text.strip():
            yield asked, re.sub(r"\s+\Z", "", text)
            asked = ""

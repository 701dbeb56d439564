"""Makes readable text of the bytes that a model writes token by token.

A Chinese character is spread over several tokens, a stop string too, and a thinking model begins
with `<think>…</think>`. What is handed on is whole characters, never part of a stop string, and
nothing of the thinking.

Only what stands first can begin a thought: further on, `<think>` is what the reply speaks of. A
`</think>` that nothing opened ends a thought that the prompt had opened. Where a server's prompt
may have, the text is held back until that is known; where it was not expected, the reply is of no
use, because what was handed on belonged to the thought.
"""

import codecs
from collections.abc import Sequence
from typing import Literal

from quire.errors import ReplyUnusable

_OPEN, _CLOSE = "<think>", "</think>"

Opened = Literal["no", "hardly", "perhaps", "yes"]
"""Whether a reply begins inside a thought, because the prompt has opened one. Of a server's prompt
that is never certain."""


class ReplyText:
    """Feed it bytes, get text. `stopped` is set once a stop string was met, `thought` once there
    was a thought, `said` once there was text, and `leaked` when that was part of a thought.

    >>> reply = ReplyText(stop=["\\n\\n"])
    >>> reply.feed("<think>hm</think>四".encode()), reply.feed(b"\\n"), reply.feed(b"!\\n\\nMore")
    ('四', '', '\\n!')
    >>> reply.stopped, reply.thought
    (True, True)
    """

    def __init__(self, *, stop: Sequence[str] = (), opened: Opened = "no") -> None:
        self.stopped = False
        self.thought = opened == "yes"
        self.said = False
        self.leaked = False
        self._stop = tuple(text for text in stop if text)
        # Nearly every token has none of the characters that anything to be noticed begins with.
        self._telling = frozenset(text[0] for text in (_OPEN, _CLOSE, *self._stop))
        self._at: Literal["start", "thought", "unknown", "text"] = "start"
        if opened in ("yes", "perhaps"):
            self._at = "thought" if opened == "yes" else "unknown"
        self._may_leak = opened in ("hardly", "perhaps")
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    @property
    def thinking(self) -> bool:
        """Whether what comes next belongs to a thought."""
        return self._at == "thought"

    def feed(self, data: bytes) -> str:
        """Take what one token added and return the text that is now certain, often nothing."""
        text = self._decoder.decode(data)
        if self._at == "text" and self.said and not self._held and self._telling.isdisjoint(text):
            return "" if self.stopped or self.leaked else text
        self._held += text
        return self._release(final=False)

    def begin_outside(self) -> str:
        """Take note that the reply did not begin inside a thought, and return what was held back
        because of that."""
        self._may_leak = False
        if self._at == "unknown":
            self._at = "start"
        return self._release(final=False)

    def finish(self, *, cut_short: bool = False) -> str:
        """The rest, at the end of the reply; half a character or an unfinished thought is lost.

        A reply that may have begun inside a thought did so if it was `cut_short` before one ended.
        """
        if self._at == "unknown":
            self._at = "thought" if cut_short else "start"
            self.thought = self.thought or cut_short
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        if self.stopped or self.leaked:
            return ""
        if self._at == "unknown" and not self._known():
            return ""
        while True:
            while self._at != "text":
                there = self._leave_thought() if self.thinking else self._start(final=final)
                if not there:
                    return ""
            if (text := self._text(final=final)) is not None:
                self.said = self.said or bool(text.strip())
                return text

    def _known(self) -> bool:
        """Whether what has come tells where the reply began."""
        begin = self._held.lstrip()
        if begin.startswith(_OPEN):
            self._at = "start"
        elif _CLOSE in begin:
            self._at, self.thought = "thought", True
        return self._at != "unknown"

    def _leave_thought(self) -> bool:
        end = self._held.find(_CLOSE)
        if end < 0:
            keep = overlap(self._held, (_CLOSE,))
            self._held = self._held[len(self._held) - keep :]
            return False
        self._held = self._held[end + len(_CLOSE) :]
        self._at = "start"
        return True

    def _start(self, *, final: bool) -> bool:
        """Look at the first thing that is no white space; whether it is there."""
        begin = self._held.lstrip()
        space = self._held.removesuffix(begin)
        if self.thought:
            self._held, space = begin, ""
        if any(text in space for text in self._stop):
            self._at = "text"
        elif begin.startswith(_OPEN):
            self._held = begin[len(_OPEN) :]
            self._at, self.thought = "thought", True
        elif begin.startswith(_CLOSE):  # of a thought without a word
            self._held = begin[len(_CLOSE) :]
            self.thought = True
        elif not final and (_OPEN.startswith(begin) or _CLOSE.startswith(begin)):
            return False
        else:
            self._at = "text"
        return True

    def _text(self, *, final: bool) -> str | None:
        """What is certain of the text that is held; None where it was a thought after all."""
        text, end = self._held, len(self._held)
        opening, closing = text.find(_OPEN), text.find(_CLOSE)
        if 0 <= opening < closing or closing < 0 <= opening:
            self._may_leak = False  # it speaks of thoughts
        if lone := self._may_leak and closing >= 0:
            end = closing
        stops = [at for stop in self._stop if 0 <= (at := text.find(stop)) <= end]
        if stops:
            self.stopped = True
            return text[: min(stops)]
        if lone and (
            self.said or self.thought
        ):  # one thought has ended: what follows is the answer
            self.leaked = True
            return text[:end]
        if lone:
            self._held = text[end + len(_CLOSE) :]
            self._at, self.thought = "start", True
            return None
        keep = 0 if final else overlap(text, (_OPEN, _CLOSE, *self._stop))
        self._held = text[end - keep :]
        return text[: end - keep]


def require_answer(reply: ReplyText, *, model: str, finish: str, hint: str) -> None:
    """Raise ReplyUnusable for a reply that is nothing but a thought, or begins with one unnoticed.

    `hint` says what to do about thinking. A caller who left gets no error.
    """
    if finish == "cancelled" or reply.stopped:
        return
    if reply.leaked:
        raise ReplyUnusable(
            f"The model {model} began its reply with a thought that nothing announced.", hint=hint
        )
    if reply.thought and not reply.said:
        spent = "used all tokens of its reply for thinking"
        raise ReplyUnusable(
            f"The model {model} {spent if finish == 'length' else 'thought, and wrote nothing'}.",
            hint=hint,
        )


def overlap(text: str, targets: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of one of `targets`."""
    longest = max(map(len, targets)) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if text[-size:] and any(target.startswith(text[-size:]) for target in targets):
            return size
    return 0

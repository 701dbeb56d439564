"""Makes readable text of the bytes that a model writes token by token.

A Chinese character is spread over several tokens, a stop string too, and a thinking model begins
with `<think>…</think>`. What is handed on is whole characters, never part of a stop string, and
nothing of the thinking.
"""

import codecs
from collections.abc import Sequence

_OPEN, _CLOSE = "<think>", "</think>"


class ReplyText:
    """Feed it bytes, get text. `stopped` is set once a stop string was met.

    >>> reply = ReplyText(stop=["\\n\\n"])
    >>> reply.feed("<think>hm</think>四".encode()), reply.feed(b"\\n"), reply.feed(b"!\\n\\nMore")
    ('四', '', '\\n!')
    >>> reply.stopped
    True
    """

    def __init__(self, *, stop: Sequence[str] = (), thinking: bool = False) -> None:
        self.stopped = False
        self._stop = tuple(text for text in stop if text)
        self._thinking = thinking
        self._after_thought = thinking
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    @property
    def thinking(self) -> bool:
        """Whether what comes next belongs to a thought."""
        return self._thinking

    def feed(self, data: bytes) -> str:
        """Take what one token added and return the text that is now certain, often nothing."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        return self._release(final=False)

    def finish(self) -> str:
        """The rest, at the end of the reply; half a character or an unfinished thought is lost."""
        return "" if self.stopped else self._release(final=True)

    def _release(self, *, final: bool) -> str:
        out = ""
        while True:
            if self._thinking:
                end = self._held.find(_CLOSE)
                if end < 0:
                    keep = _overlap(self._held, (_CLOSE,))
                    self._held = self._held[len(self._held) - keep :]
                    return out
                self._held = self._held[end + len(_CLOSE) :]
                self._thinking, self._after_thought = False, True
            if self._after_thought:
                self._held = self._held.lstrip()
                if not self._held:
                    return out
                self._after_thought = False
            begin = self._held.find(_OPEN)
            visible = self._held if begin < 0 else self._held[:begin]
            stops = [at for text in self._stop if (at := visible.find(text)) >= 0]
            if stops:
                self.stopped = True
                return out + visible[: min(stops)]
            if begin >= 0:
                out += visible
                self._held = self._held[begin + len(_OPEN) :]
                self._thinking = True
                continue
            keep = 0 if final else _overlap(visible, (_OPEN, *self._stop))
            self._held = visible[len(visible) - keep :]
            return out + visible[: len(visible) - keep]


def _overlap(text: str, targets: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of one of `targets`."""
    longest = max(map(len, targets)) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if text[-size:] and any(target.startswith(text[-size:]) for target in targets):
            return size
    return 0

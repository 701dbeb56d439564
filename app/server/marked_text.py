"""The text of an answer as a client gets it: with marks in words, and the places of its quotes.

    text pieces, drafts, the answer -> Part (text, places), as they come

A statement that was not found, or that a source contradicts, says so in the text itself, because
most clients show nothing else. So a piece waits until the verdict on it is known.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from quire.conversations import layout
from quire.messages.texts import text as told
from quire.records import Answer, Citation, Draft, Sentence
from quire.text import languages

_DOUBTED = ("unsupported", "contradicted")


@dataclass(frozen=True, slots=True)
class Marking:
    """What the text holds beside the statements: `words` at those that are not found or
    contradicted; `sources`: the numbers of the sources, and a list of these at the end."""

    words: bool = True
    sources: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A citation, and the characters [start, end) of the text that it belongs to."""

    citation: Citation
    sentence: Sentence
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.citation.to_dict(),
            "support": self.sentence.support,
            "text_start": self.start,
            "text_end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """What is new of a text."""

    text: str = ""
    placed: tuple[Placed, ...] = ()


@dataclass(slots=True)
class MarkedText:
    """An answer's text as it grows. `waits` says that statements stay whatever the verdict, so that
    each is given only with its own; until one was found in the sources, all are held back: where
    none is, the answer is another one."""

    question: str
    marking: Marking
    waits: bool
    text: str = ""
    placed: list[Placed] = field(default_factory=list)
    _raw: str = ""
    _judged: int = 0

    def hear(self, piece: str | Draft | Answer) -> Iterator[Part]:
        """Take a piece; what is new then, if anything."""
        if isinstance(piece, Answer):
            yield from self._ended(piece)
        elif isinstance(piece, str):
            self._raw += piece
            if not self.waits:
                yield from self._grown(self._raw, [])
        elif piece.follows and self.waits and len(piece.sentences) > self._judged:
            self._judged = len(piece.sentences)
            if any(each.support not in {None, "unsupported"} for each in piece.sentences):
                end = max(each.end for each in piece.sentences)
                yield from self._grown(*self._marked(self._raw[:end], piece.sentences))

    def _ended(self, answer: Answer) -> Iterator[Part]:
        text, placed = self._marked(answer.text, answer.sentences)
        if self.marking.sources:
            text += self._sources(answer)
        if not text.startswith(self.text):  # what was written is no answer, and another is
            before = f"{self.text}\n\n"
            text = before + text
            placed = [
                dataclasses.replace(
                    each, start=each.start + len(before), end=each.end + len(before)
                )
                for each in placed
            ]
            self.placed = []
        yield from self._grown(text, placed)

    def _grown(self, text: str, placed: Sequence[Placed]) -> Iterator[Part]:
        new = Part(text[len(self.text) :], tuple(placed[len(self.placed) :]))
        self.text = text
        self.placed += new.placed
        if new.text or new.placed:
            yield new

    def _marked(self, text: str, sentences: Sequence[Sentence]) -> tuple[str, list[Placed]]:
        """The text with its marks, and where each citation belongs."""
        parts: list[str] = []
        placed: list[Placed] = []
        done = length = 0
        for sentence in sentences:
            if sentence.start < done or text[sentence.start : sentence.end] != sentence.text:
                continue  # a place that the text does not have
            start = length + sentence.start - done
            end = sentence.end
            if sentence.kind == "row" and sentence.text.rstrip().endswith("|"):
                end = sentence.start + sentence.text.rstrip().rindex("|")
            said = text[done:end].rstrip() if sentence.kind == "row" else text[done:end]
            mark = self._mark(sentence)
            said = said + mark + " " * (sentence.kind == "row") if mark else text[done:end]
            said += text[end : sentence.end]
            parts.append(said)
            length += len(said)
            done = sentence.end
            placed += [Placed(each, sentence, start, length) for each in sentence.citations]
        return "".join(parts) + text[done:], placed

    def _mark(self, sentence: Sentence) -> str:
        kept = sentence.to_dict()
        if not (self.marking.words and sentence.support in (*_DOUBTED, "computed")):
            kept["support"] = sentence.support if sentence.support == "partly" else "supported"
        if not self.marking.sources:
            if kept["support"] not in _DOUBTED:
                return ""
            kept["labels"] = []
        return layout.mark(kept, self._words)

    @property
    def _language(self) -> str:
        return "zh" if languages.detect(self.question) == "zh" else "en"

    @property
    def _words(self) -> layout.Words:
        if self._language == "en":
            return layout.ENGLISH
        contradicted, by = (
            told(f"answer.{key}", "zh") for key in ("contradicted", "contradicted_by")
        )
        return layout.Words(
            unsupported=told("answer.not_found", "zh"),
            contradicted=f"{contradicted}：{by}",
            right=told("answer.right", "zh"),
            computed=told("answer.computed_as", "zh"),
        )

    def _sources(self, answer: Answer) -> str:
        """The list of sources: each number with its places."""
        lines = []
        for label in sorted({citation.label for citation in answer.citations}):
            quoted = [each for each in answer.citations if each.label == label]
            pages = sorted({each.page for each in quoted if each.page is not None})
            where = [told("answer.page", self._language, page=page) for page in pages]
            comma = "，" if self._language == "zh" else ", "
            lines.append(f"[{label}] {comma.join([quoted[0].document.name, *where])}")
        if not lines:
            return ""
        colon = "：" if self._language == "zh" else ":"
        return "\n\n" + "\n".join([told("answer.sources", self._language) + colon, *lines])


_MARKS = re.compile(
    r" \((?:not found in the sources|出处中未找到|contradicted: the source says “[^”]*”[^()]*"
    r"|与出处矛盾：出处写的是：“[^”]*”[^()]*)\)| \[\d+\??\](?:\[\d+\??\])*"
)
_LIST = re.compile(r"\n\n(?:Sources:|出处：)(?:\n\[\d+\] .*)+\Z")


def strip_marks(text: str) -> str:
    """The text of an answer without what `MarkedText` has put into it.

    >>> strip_marks("In May [1]. Elephants (not found in the sources)\\n\\nSources:\\n[1] a")
    'In May. Elephants'
    """
    return _MARKS.sub("", _LIST.sub("", text))

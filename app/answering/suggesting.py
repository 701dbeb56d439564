"""Questions that the documents answer: made of their headings, their tables and the questions that
they ask themselves, and tried before anybody sees them.

    documents -> candidates -> those that are answered, and from where they were made

A question is tried as one is answered without a model: by quotes, within some hundredths of a
second. One that is refused, or answered from somewhere else, is no suggestion.
"""

import re
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from quire.answering import quoting
from quire.answering.finding import find
from quire.answering.question import Asked
from quire.indexes import documents
from quire.models.protocols import ReadsQuestions
from quire.records import Document, Passage, Sentence, Statement
from quire.search.retriever import Retriever
from quire.text import analysis, cells, languages, statements

_DOCUMENTS = 6  # looked into, those that came last
_CHUNKS = 40  # of each
_AROUND = 24  # chunks before and after what was cited, from which is asked on
_TRIED = 24  # candidates, at most: a second or two
_OF_A_TABLE = 1  # of each table, or all suggestions are of one
_TITLE_WORDS = (1, 9)  # of a heading that a question can be about; in Chinese characters, below
_TITLE_HAN = (2, 16)
_LABEL = 40  # characters of a row's name and of a column's
_NUMBER = re.compile(
    r"^\s*(?:第[一二三四五六七八九十百\d]{1,4}[编篇章节条]|(?:part|chapter|section|appendix|annex"
    r"|article|clause)\s+(?:\d+|[A-Z]|[IVX]+)\b|[（(]?[一二三四五六七八九十]{1,3}[）)、]|\d+(?:\.\d+)*"
    r"|[A-Z](?=[.)]))\s*[.:：)、]?\s*",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？]\s*$")
_OF_ANY = re.compile(
    r"(?:introduction|overview|background|summary|abstract|preface|foreword|scope|purpose|contents"
    r"|table of contents|definitions|terms|references|bibliography|acknowledg\w+|index|general"
    r"|attendance|any other business|miscellaneous|notes?|conclusions?|frequently asked questions"
    r"|questions and answers|[前引绪序]言|概述|背景|摘要|总则|附则|目[的录次]|适?用?范围|适用范围"
    r"|引用文件|规范性引用文件|术语(?:和定义)?|定义|参考文献|版本|附录|说明|其他|结论|常见问题)",
    re.IGNORECASE,
)
"""Headings that many documents have, and that say nothing of what this one is about."""
_NO_THING = re.compile(
    r"\d.*|(?:who|what|when|where|which|how|by|at|in|on|to|from|yes|no|not?\.?|remarks?|notes?)\b.*"
    r"|\w+ed|.*\b(?:at|by|in|on|to|of|for|from)",
    re.IGNORECASE,
)
"""Names of columns that "the … of" cannot stand before."""
_CURRENCIES = {*cells.CURRENCIES, *"AUD CAD INR KRW NZD SEK SGD TWD".split()}
_ASIDE = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")
_IS_AMOUNT = re.compile(r"\W*\d[\d,.]*\s*\D{0,3}")
_NAMES = re.compile(r"[^\W\d_]{2}|[^\W_]+-\d")


Kind = Literal["question", "row", "heading"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that a document may answer, in characters [start, end) of its text. `table` is
    where the table begins that it was made of, None elsewhere."""

    text: str
    kind: Kind
    document: Document
    start: int
    end: int
    table: int | None = None


def suggest(
    retriever: Retriever,
    *,
    most: int,
    first: Iterable[str] = (),
    language: str | None = None,
    reader: ReadsQuestions | None = None,
    cancel: threading.Event,
) -> list[str]:
    """At most so many questions to begin with, each answered by the documents: those of `first`
    that are, then others about the documents that came last, in a `language` before any other."""
    tried = _Tried(retriever, reader=reader, most=most, cancel=cancel)
    for text in first:
        tried.take(text)
    if tried.ended:
        return tried.found
    latest = sorted(retriever.documents(), key=lambda one: one.added_at, reverse=True)
    with retriever.snapshot() as snapshot:
        found = [
            _mixed(_candidates(snapshot.whole(document, most=_CHUNKS)))
            for document in latest[:_DOCUMENTS]
        ]
    in_turn = list(_in_turn(found))
    if language is not None:
        in_turn.sort(key=lambda one: languages.detect(one.text) != language)
    for candidate in in_turn:
        tried.take(candidate.text, made_of=candidate)
    return tried.found


def go_on(
    retriever: Retriever,
    *,
    most: int,
    questions: Sequence[str],
    cited: Sequence[tuple[str, int, int]],
    reader: ReadsQuestions | None = None,
    cancel: threading.Event,
) -> list[str]:
    """At most so many questions that lead on from an answer: about what stands nearest to what it
    cites, (document id, start, end), and neither asked by the `questions` of the chat nor told by
    the answer."""
    tried = _Tried(retriever, reader=reader, most=most, cancel=cancel, asked=questions, told=cited)
    with retriever.snapshot() as snapshot:
        there = documents.get(snapshot.connection, (id_ for id_, _, _ in cited))
        places = {id_: start for id_, start, _ in reversed(cited) if id_ in there}
        found: list[list[Candidate]] = []
        for id_, start in list(places.items())[::-1][:_DOCUMENTS]:
            passages = snapshot.around(there[id_], start, chunks=_AROUND)
            near = sorted(_candidates(passages), key=lambda one: abs(one.start - start))
            found.append(near)
    # Of a table that was cited its other rows are what one asks next, once all else was tried.
    first = [list(_spread(near)) for near in found]
    rest = [[one for one in near if one not in few] for near, few in zip(found, first, strict=True)]
    for candidate in (*_in_turn(first), *_in_turn(rest)):
        tried.take(candidate.text, made_of=candidate)
    return tried.found


class _Tried:
    """Candidates tried one after the other, until enough are `found` or too many were tried."""

    def __init__(
        self,
        retriever: Retriever,
        *,
        reader: ReadsQuestions | None,
        most: int,
        cancel: threading.Event,
        asked: Sequence[str] = (),
        told: Sequence[tuple[str, int, int]] = (),
    ) -> None:
        self.found: list[str] = []
        self._retriever = retriever
        self._reader = reader
        self._most = most
        self._cancel = cancel
        self._told = told
        self._words = [_words(question) for question in asked]
        self._left = _TRIED

    @property
    def ended(self) -> bool:
        """Whether none is tried any more."""
        return self._cancel.is_set() or len(self.found) >= self._most or not self._left

    def take(self, text: str, *, made_of: Candidate | None = None) -> None:
        """Keep a question if it is answered, from where it was made, and is a new one."""
        if self.ended:
            return
        words = _words(text)
        if any(_are_alike(words, other) for other in self._words):
            return
        if made_of and any(
            made_of.document.id == id_ and made_of.start < end and start < made_of.end
            for id_, start, end in self._told
        ):
            return
        self._left -= 1
        asked = Asked(text, "", cancel=self._cancel)
        status, shown = quoting.quoted(find(asked, self._retriever, reader=self._reader))
        if status != "extractive" or (made_of and not _rests_on(shown.sentences, made_of)):
            return
        self._words.append(words)
        self.found.append(text)


def _words(question: str) -> set[str]:
    """The words of a question that tell it from another one."""
    terms = set(analysis.terms(question))
    return terms - analysis.stop_terms() or terms


def _are_alike(words: Collection[str], other: Collection[str]) -> bool:
    """Whether one question says little that another does not."""
    return len(set(words) & set(other)) > 0.7 * min(len(words), len(other))


def _rests_on(sentences: Sequence[Sentence], candidate: Candidate) -> bool:
    """Whether an answer quotes, first of all, what a question was made of."""
    quotes = [cited for sentence in sentences[:2] for cited in sentence.citations]
    return any(
        cited.document.id == candidate.document.id
        and cited.start < candidate.end
        and candidate.start < cited.end
        for cited in quotes
    )


def _in_turn(found: Sequence[Sequence[Candidate]]) -> Iterator[Candidate]:
    """The first of each, then the second of each, and so on."""
    for at in range(max(map(len, found), default=0)):
        yield from (row[at] for row in found if at < len(row))


def _mixed(found: Iterable[Candidate]) -> list[Candidate]:
    """Candidates of each kind in turn: a document of many headings may have one good table."""
    spread = list(_spread(found))
    asks = [one for one in spread if one.kind == "question"]
    rows = [one for one in spread if one.kind == "row"]
    about = [one for one in spread if one.kind == "heading"]
    return list(_in_turn([asks, rows, about]))


def _spread(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Candidates without all but the first few of each table."""
    tables: dict[int, int] = {}
    for one in found:
        if one.table is not None:
            tables[one.table] = tables.get(one.table, 0) + 1
            if tables[one.table] > _OF_A_TABLE:
                continue
        yield one


def _candidates(passages: Iterable[Passage]) -> Iterator[Candidate]:
    """What can be asked about passages, in the order of the text. A heading is about all that
    follows until the next one."""
    for passage in passages:
        said = list(statements.of(passage))
        labels = Counter((one.group, one.cells[0][1]) for one in said if one.cells)
        for at, one in enumerate(said):
            if one.leads:
                end = next((other.start for other in said[at + 1 :] if other.leads), None)
                text = _about_heading(one.text, passage.document)
                last = said[-1].end if end is None else end
                if text and last > one.end:
                    kind: Kind = "question" if _ASKS.search(one.text.strip()) else "heading"
                    yield Candidate(text, kind, passage.document, one.start, last)
            elif one.cells and labels[one.group, one.cells[0][1]] == 1:
                for text in _about_row(one):
                    yield Candidate(text, "row", passage.document, one.start, one.end, one.group)


def _about_heading(heading: str, document: Document) -> str:
    """A question about what stands under a heading; empty where that names nothing."""
    said = _NUMBER.sub("", " ".join(heading.lstrip("# ").split())).strip()
    if _ASKS.search(said):
        return said
    if said == document.title or _OF_ANY.fullmatch(said) or not re.fullmatch(r"[^|:：]*\w", said):
        return ""
    if languages.detect(said) == "zh":
        least, most = _TITLE_HAN
        return f"关于{said}有哪些规定？" if least <= len(said) <= most else ""
    least, most = _TITLE_WORDS
    return f"What is said about {_lowered(said)}?" if least <= len(said.split()) <= most else ""


def _about_row(row: Statement) -> Iterator[str]:
    """Questions for the values of a row, by its name and those of the columns."""
    named = [(name.strip(), cell.strip()) for name, cell in row.cells]
    if len(named) < 2 or not all(name for name, _ in named[1:]):
        return
    label = _ASIDE.sub("", named[0][1])
    if not _NAMES.search(label) or len(label) > _LABEL:
        return
    for column, cell in sorted(named[1:], key=lambda pair: not _IS_AMOUNT.fullmatch(pair[1])):
        if not cell or len(column) > _LABEL or not _NAMES.search(column):
            continue
        if languages.detect(f"{label}{column}") == "zh":
            asks = "是多少" if _IS_AMOUNT.fullmatch(cell) else "是什么"
            yield f"{label}的{_ASIDE.sub('', column)}{asks}？"
        elif not _NO_THING.fullmatch(column):
            first = column.split()[0]
            several = first.endswith("s") and not first.endswith("ss")
            thing = _in_unit(_ASIDE.sub("", column))
            yield f"What {'are' if several else 'is'} the {_lowered(thing)} of “{label}”?"


def _in_unit(column: str) -> str:
    """The name of a column within a sentence, where it ends in the code of a currency.

    >>> _in_unit("Price EUR"), _in_unit("Price in EUR"), _in_unit("Name of NGO")
    ('Price in EUR', 'Price in EUR', 'Name of NGO')
    """
    thing, _, code = column.rpartition(" ")
    says_so = not thing or thing.endswith(" in")
    return column if says_so or code not in _CURRENCIES else f"{thing} in {code}"


def _lowered(title: str) -> str:
    """A title within a sentence: its first word in lower case, unless the title is one of names.

    >>> _lowered("Price in CNY"), _lowered("Ridge House"), _lowered("CO2 limits")
    ('price in CNY', 'Ridge House', 'CO2 limits')
    """
    first, _, rest = title.partition(" ")
    return title if not first[1:].islower() or rest.istitle() else f"{first.lower()} {rest}".strip()

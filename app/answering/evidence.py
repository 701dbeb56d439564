"""Evidence: the sentences of the passages that bear on a question, and how sure that is.

The sentences found here are the extractive answer, and all that a chat model is given to read: on a
CPU the time to its first token is the length of its prompt.

A sentence's score blends three views of it: which share of the question's information (terms
weighted by inverse document frequency) it holds, together with the heading or question that it
stands under; which share the passage around it holds, because a sentence may say "it" where the one
before said the name; and, where the embedder reads the language, the cosine of question and
sentence. Where it does not, and the script has no spaces, the share of the question's characters
stands in for it: pairs of characters miss a word whose neighbours differ. On 500 Chinese questions
that put the answer into the first sentence of 69.6% instead of 66.4%.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from quire.answering import expectations
from quire.answering.versions import differences
from quire.records import Citation, Passage, Statement
from quire.search.information import Information
from quire.search.query import Query
from quire.text import analysis, languages, lines, statements

_OWN, _AROUND, _COSINE, _RANK = 0.4, 0.25, 0.35, 0.05
_OWN_ZH, _AROUND_ZH, _CHARACTERS, _RANK_ZH, _CANDIDATE = 0.4, 0.2, 0.4, 0.1, 0.05
_TELLS = 0.1
"""What a sentence gains that has a date where "when" is asked, or a number where "how many" is. On
450 questions of SQuAD the right one then comes first for 79.8% instead of 78.7%, and for 80.0% of
those for a date instead of 75.0%. Names and places gained nothing: nearly every sentence has a
capital. Where only words are compared it changed too little to tell, on 500 of CMRC 2018."""
_CLOSE, _CLOSE_ZH = 0.8, 0.75  # share of the best score from which a sentence is shown beside it
_SHOWN, _SHOWN_ZH = 2, 3
"""Sentences shown at most; one more where only words were compared: the first is less often right,
and Chinese sentences are shorter."""
_NEXT = 3  # characters between a sentence and the one that goes on from it
_LIKE = 0.7
"""Of the first sentence's likeness to the question: what has less is not shown beside it. Of 425
second sentences on six sets, what is left out for this and its like are 36, of which one held an
answer; at 0.75 two more did."""
_LIKE_TOLD = 0.75
"""The same where the first tells the date or number asked for and the other adds no word of the
question. On nine sets the four of those apart from the first that held an answer have 0.76 and
more, and eight that follow it held none, however like."""
_NEAR = 0.6
"""Of the first sentence's score, from which the one after it is shown for a word that it adds. On
six sets 58 more are then shown, of which 14 held an answer, more often than other second ones."""
_FUNCTION_CHARACTERS = frozenset("的了是在有和与谁几哪什么吗呢多少年为被这个一")
_CANDIDATES = 12  # sentences embedded for one question: 6 to 40 showed the same answers
_ACROSS = 36  # more of them in another language than the question's, of which words tell nothing
_LONGEST = 600  # characters of a sentence shown; table rows and lists may run on
_STEPS = "step procedure instructions 步骤 流程"  # what the items of a numbered list are called
_BEFORE_TITLE = re.compile(
    r"^(?:(?:subject|re|fwd?|主题|标题|回复|答复|转发)\s*[:：]\s*)+", re.IGNORECASE
)
_SENTENCE = re.compile(r"[.!。！]\W*$")
_LEAD = 0.5  # what the score of a mere heading or question is worth: it asks and does not say


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement of a passage: characters [start, end) of the document's text.

    `own` and `around` are the shares of the question's information in the sentence and in its
    passage, `cosine` is its likeness to the question, or None where the embedder cannot read it.
    `characters` is the share of the question's characters in it, or None where the script has
    spaces; `candidate` says that it may hold a thing of the kind asked for, and `tells` that it
    has the date or the number asked for. `held` are the question's terms in its own words.
    `score`, between 0 and about 1, blends them.
    """

    passage: Passage
    statement: Statement
    own: float
    around: float
    cosine: float | None = None
    characters: float | None = None
    candidate: bool = False
    tells: bool = False
    held: frozenset[str] = frozenset()

    @property
    def start(self) -> int:
        return self.statement.start

    @property
    def text(self) -> str:
        return self.statement.text[:_LONGEST]

    @property
    def told(self) -> str:
        """What it says where it is read by itself: a row with its caption and header."""
        if not self.statement.cells:
            return self.text
        caption = next((s.text for s in self.statement.under if "|" not in s.text), "")
        return f"{caption} {self.statement.told}".strip()[:_LONGEST]

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def leads(self) -> bool:
        """Whether it says nothing by itself: a heading, or the document's title again, as on the
        head of a page or in the subject of an answered mail. A note may be called by what it says:
        a whole sentence, and all that there is, says something."""
        if self.statement.leads:
            return True
        says = _SENTENCE.search(self.text) or self.text.strip() == self.passage.text.strip()
        return not says and _named(self.text) == _named(self.passage.document.title)

    @property
    def score(self) -> float:
        if self.cosine is not None:
            score = _OWN * self.own + _AROUND * self.around + _COSINE * self.cosine
            score += _RANK / self.passage.label + _TELLS * self.tells
        elif self.characters is not None:
            score = _OWN_ZH * self.own + _AROUND_ZH * self.around + _CHARACTERS * self.characters
            score += _RANK_ZH / self.passage.label + _CANDIDATE * self.candidate
        else:
            score = (_OWN * self.own + _AROUND * self.around) / (_OWN + _AROUND)
            score += _RANK / self.passage.label
        return score * (_LEAD if self.leads else 1.0)

    def citation(self) -> Citation:
        return self.passage.cite(self.start, self.text)


def _named(title: str) -> str:
    """A title without what a mail puts before it."""
    return _BEFORE_TITLE.sub("", " ".join(title.split()), count=1)


class Embeds(Protocol):
    """What gives vectors of sentences, shape (len(texts), dimension)."""

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


def find(
    query: Query, passages: Sequence[Passage], *, information: Information, embedder: Embeds
) -> list[Evidence]:
    """The sentences of the passages that bear on what a query asks, the most relevant first.

    `information` is that of the query's words. `embedder` is asked only where it has embedded the
    query.
    """
    found = sorted(
        (
            proof
            for passage in passages
            for proof in _sentences(query, passage, information.weights)
        ),
        key=lambda evidence: -evidence.score,
    )
    if query.vector is None or not found:
        return found
    nearest = [*found[:_CANDIDATES], *_apart(query, found[_CANDIDATES:])]
    vectors = embedder.embed_passages([evidence.told for evidence in nearest])
    cosines: list[float] = np.dot(vectors, query.vector).tolist()
    scored = [
        dataclasses.replace(evidence, cosine=cosine)
        for evidence, cosine in zip(nearest, cosines, strict=True)
    ]
    return sorted(scored, key=lambda evidence: -evidence.score)


def form(statement: Statement) -> str:
    """What a statement is by its form, which its words need not say: an item with a number is a
    step. Empty for all others."""
    numbered = statement.kind == "item" and lines.read(statement.text)[0].number is not None
    return _STEPS if numbered else ""


def is_apart(query: Query, text: str) -> bool:
    """Whether a question and a text can share no word."""
    return languages.are_apart(query.language, languages.detect(text))


def _apart(query: Query, left: Sequence[Evidence]) -> list[Evidence]:
    """Sentences of the first passages that are in another language than the question: words say
    nothing of them, so that they come in the order of their passages."""
    return [proof for proof in left if not proof.leads and is_apart(query, proof.text)][:_ACROSS]


def best(found: Sequence[Evidence]) -> list[Evidence]:
    """The sentences to show as an answer by themselves: the first, and others nearly as good. In
    reading order where they come from one passage."""
    by_words = any(proof.cosine is None and proof.characters is not None for proof in found)
    most, close = (_SHOWN_ZH, _CLOSE_ZH) if by_words else (_SHOWN, _CLOSE)
    said = distinct(found, most=most)
    if not said:
        return []
    first, others = said[0], said[1:]
    chosen = [first]
    chosen += [
        other for other in others if other.score >= close * first.score and _is_beside(other, first)
    ]
    chosen += _going_on(first, [other for other in found if other not in chosen])
    one_passage = len({evidence.passage.label for evidence in chosen}) == 1
    return sorted(chosen, key=lambda evidence: evidence.start) if one_passage else chosen


def _is_beside(other: Evidence, first: Evidence) -> bool:
    """Whether a sentence that scores nearly as well as the first bears on the question too: one
    that goes on from the first does, unless the first tells the date or number asked for and it
    adds no word of the question: it shares the heading then, and not the topic. Another has a word
    of the question itself where the first has, may hold what is asked for where the first tells it,
    and is nearly as like the question where it has no more of its words."""
    if not first.held and not other.held:
        return True  # as where they are in another language: words tell nothing of either
    if _goes_on(other, first):
        return not first.tells or bool(other.held - first.held)
    if (first.tells and not other.candidate) or (first.held and not other.held):
        return False
    likely = other.own > first.own or other.tells > first.tells
    least = _LIKE if other.held - first.held or not first.tells else _LIKE_TOLD
    return likely or (other.cosine or 0.0) >= least * (first.cosine or 0.0)


def _going_on(first: Evidence, others: Iterable[Evidence]) -> list[Evidence]:
    """The sentence after the first, where it has a word of the question that the first lacks, as in
    "The form is filled in on admission. The nurse countersigns it." """
    return [
        other
        for other in others
        if _goes_on(other, first)
        and not other.leads
        and other.held - first.held
        and other.score >= _NEAR * first.score
    ][:1]


def _goes_on(other: Evidence, first: Evidence) -> bool:
    """Whether a sentence comes directly after another."""
    return other.passage.label == first.passage.label and 0 <= other.start - first.end <= _NEXT


def distinct(found: Iterable[Evidence], *, most: int) -> list[Evidence]:
    """The first `most` sentences that say something and do not repeat each other."""
    chosen: list[Evidence] = []
    for evidence in found:
        if len(chosen) == most:
            break
        if not evidence.leads and all(_differs(evidence.text, kept.text) for kept in chosen):
            chosen.append(evidence)
    return chosen


def _sentences(query: Query, passage: Passage, weights: Mapping[str, float]) -> Iterator[Evidence]:
    question = query.subject
    wanted = expectations.kind(question)
    characters = _characters(question) if query.language in {"zh", "ja"} else None
    said = statements.of(passage)
    forms = dict.fromkeys(map(form, said))
    read = (passage.document.title, *passage.heading_path, passage.text, *forms)
    around = _share(analysis.term_set(*read), weights)
    for statement in said:
        text = statement.text[:_LONGEST]
        above = (*passage.headings_at(statement.start)[-1:], form(statement))
        under = "\n".join((*above, *(stretch.text for stretch in statement.under)))
        own = analysis.term_set(text)
        yield Evidence(
            passage=passage,
            statement=statement,
            own=_share(own | analysis.term_set(under), weights),
            around=around,
            characters=_held(characters, text),
            candidate=expectations.holds(wanted, f"{under}\n{text}", question=question),
            tells=expectations.tells(wanted, text, question=question),
            held=frozenset(weights.keys() & own),
        )


def _share(present: Collection[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    held = sum(weight for term, weight in weights.items() if term in present)
    return held / total if total else 0.0


def _characters(text: str) -> frozenset[str]:
    """The characters of a text that say something."""
    return frozenset(c for c in analysis.fold(text) if c.isalnum()) - _FUNCTION_CHARACTERS


def _held(characters: frozenset[str] | None, text: str) -> float | None:
    """The share of the characters that a text holds."""
    if not characters:
        return None
    return len(characters & _characters(text)) / len(characters)


def _differs(one: str, other: str) -> bool:
    """Whether a sentence says something that another does not: less than four fifths of the terms
    shared, or another number, date, name or negation."""
    left, right = analysis.term_set(one), analysis.term_set(other)
    if len(left & right) < 0.8 * max(1, min(len(left), len(right))):
        return True
    return differences.adds(one, to=other)

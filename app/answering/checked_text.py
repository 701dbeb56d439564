"""Any text held against the documents, statement by statement.

    text -> its parts -> for each statement: search -> passages -> verdict with quotes

Each is looked for by itself, over all documents or those in a scope: a text need not say where it
has something from. It is searched for as it stands, and again with what it leans on: the heading
above it, what leads to its list, the sentence before.
"""

import bisect
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from quire.answering import checkable
from quire.answering.checkable import Part
from quire.checked import CheckedStatement, CheckedText, Searched
from quire.indexes.scope import Scope
from quire.models.protocols import Entailment, problem_of
from quire.records import Hit, ParsedDocument, Passage, Sentence
from quire.search import question_words
from quire.search.passages import context, in_turn
from quire.search.query import Query
from quire.search.recent import RecentVectors
from quire.search.retriever import Retriever
from quire.search.snapshot import Snapshot
from quire.text import languages
from quire.verification import Claim, TextCheck

MOST = 5_000  # statements of a text: some 250 dense pages
_TOGETHER = 32  # statements that are embedded and searched for in one state of the catalog
_LONGEST = 2_000  # characters that are searched for
_SEARCHED = 60  # chunks, from which the passages are made
_HITS = 6
_FOREIGN = 2
"""Of them at most, in another language than the statement, where there are others: a search lifts
all of these together, since words cannot find them."""
_NEAREST = 3  # passages shown where a statement was not found
_REMEMBERED = 20_000  # vectors of places
_HEADINGS = 2  # innermost ones that a statement is looked for with


@dataclass(frozen=True, slots=True)
class _Found:
    """What a statement is held against."""

    passages: tuple[Passage, ...] = ()
    nowhere: tuple[str, ...] = ()
    strange: float = 1.0


def check(
    document: ParsedDocument,
    *,
    name: str,
    retriever: Retriever | None,
    entailment: Entailment | None,
    scope: Scope | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    cancel: threading.Event | None = None,
) -> CheckedText:
    """The text with the verdicts on its statements. Without documents nothing is supported.

    `progress` hears how many statements of how many are done. Setting `cancel` ends it soon, with
    those. Where the text is itself a document, it is not held against itself. Raises
    DocumentNotFound where no document is in the scope.
    """
    parts = list(checkable.parts(document))
    claims = [part for part in parts if part.kind == "statement"]
    checker = _Checker(retriever, entailment, scope, but=document.id) if retriever else None
    searched = checker.searched(claims) if checker else Searched()
    verdicts: dict[int, CheckedStatement] = {}
    taken = claims[:MOST]
    progress(0, len(taken))
    for at in range(0, len(taken), _TOGETHER):
        some = taken[at : at + _TOGETHER]
        checked = checker.check(some) if checker else map(_unfounded, some)
        for part, verdict in zip(some, checked, strict=False):
            if cancel is not None and cancel.is_set():
                break
            verdicts[part.start] = _stated(document, part, verdict)
            progress(len(verdicts), len(taken))
        if cancel is not None and cancel.is_set():
            break
    left_out = len(claims) - len(verdicts)
    return CheckedText(
        name=name,
        text=document.text,
        statements=tuple(
            verdicts.get(part.start) or _unjudged(document, part)
            for part in parts
            if part.kind != "statement" or part.start in verdicts
        ),
        searched=searched,
        left_out=left_out,
        notes=tuple(_notes(document, checker, left_out=left_out)),
    )


def _notes(document: ParsedDocument, checker: "_Checker | None", *, left_out: int) -> Iterator[str]:
    yield from document.warnings
    if checker is None:
        yield "There are no documents yet, so nothing could be found. Add some, then check again."
    elif checker.holds_text:
        yield "This text is itself in the knowledge base; it was not held against itself."
    if checker and (problem := problem_of(checker.entailment)):
        yield problem.told
    if left_out:
        yield (
            f"{left_out:,} statements were not looked at: at most {MOST:,} of a text are, and "
            "fewer where the check is stopped. Check the rest by itself."
        )


def _stated(
    document: ParsedDocument, part: Part, verdict: tuple[Sentence, _Found]
) -> CheckedStatement:
    sentence, found = verdict
    doubtful = sentence.support in {"unsupported", "partly"}
    return CheckedStatement(
        part.start,
        part.end,
        "statement",
        sentence,
        under=part.headings,
        page=_page(document, part.start),
        nowhere=found.nowhere if doubtful else (),
        nearest=found.passages[:_NEAREST] if doubtful else (),
    )


def _unjudged(document: ParsedDocument, part: Part) -> CheckedStatement:
    sentence = Sentence(part.text, None, kind=part.form)
    page = _page(document, part.start)
    return CheckedStatement(
        part.start, part.end, part.kind, sentence, under=part.headings, page=page
    )


def _unfounded(part: Part) -> tuple[Sentence, _Found]:
    return Sentence(part.text, "unsupported", kind=part.form), _Found()


def _page(document: ParsedDocument, offset: int) -> int | None:
    """The page of the text that holds a character."""
    position = bisect.bisect_right(document.pages.starts, offset) - 1
    return document.pages.numbers[max(position, 0)]


class _Checker:
    """Holds statements against what a search for each of them finds."""

    def __init__(
        self, retriever: Retriever, entailment: Entailment | None, scope: Scope | None, *, but: str
    ) -> None:
        self._retriever = retriever
        self.entailment = entailment
        self._scope = scope
        self._but = but
        # Neighbouring statements meet the same places.
        self._embed = RecentVectors(retriever.embedder, most=_REMEMBERED).embed_passages
        self.holds_text = any(one.id == but for one in retriever.documents(scope))

    def searched(self, claims: Sequence[Part]) -> Searched:
        """What all of them are looked for in."""
        sample = " ".join(part.says for part in claims[:_TOGETHER])
        with self._retriever.snapshot() as snapshot:
            extent = snapshot.extent(self._scope)
        return Searched(
            **extent,
            scope=str(self._scope) if self._scope else None,
            by_meaning=self._retriever.reads_text(sample),
        )

    def check(self, claims: Sequence[Part]) -> Iterator[tuple[Sentence, _Found]]:
        """The verdict on each, with what it was held against."""
        alone = self._retriever.statements([part.says for part in claims])
        leaning = [at for at, part in enumerate(claims) if _leans_on(part)]
        led = self._retriever.statements([_in_context(claims[at]) for at in leaning])
        with_context = dict(zip(leaning, led, strict=True))
        for at, part in enumerate(claims):
            queries = [alone[at], *([with_context[at]] if at in with_context else [])]
            with self._retriever.snapshot() as snapshot:
                found = self._found(snapshot, part, queries)
            yield self._verdict(part, found, queries[0]), found

    def _found(self, snapshot: Snapshot, part: Part, queries: Sequence[Query]) -> _Found:
        searches = [
            self._others(snapshot.search(query, k=_SEARCHED, scope=self._scope))
            for query in queries
        ]
        hits = _near(part, searches[0] if len(searches) == 1 else in_turn(searches))
        return _Found(
            passages=tuple(snapshot.passages(hits)),
            nowhere=snapshot.nowhere(question_words.read(part.says), scope=self._scope),
            strange=snapshot.strange(queries[0]),
        )

    def _others(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits in other documents than the text itself."""
        return [hit for hit in hits if hit.document.id != self._but]

    def _verdict(self, part: Part, found: _Found, query: Query) -> Sentence:
        check = TextCheck(
            found.passages,
            strange=found.strange,
            model=self.entailment,
            embed=None if query.vector is None else self._embed,
        )
        return check.verdict(
            Claim(part.text, part.says, part.form, under=part.under, before=part.before)
        )


def _near(part: Part, hits: Sequence[Hit]) -> list[Hit]:
    """The best hits, most of them in the statement's language where there are any."""
    language = languages.detect(part.says)
    apart = {
        hit.rank for hit in hits if languages.are_apart(language, languages.detect(hit.chunk.text))
    }
    own = [hit for hit in hits if hit.rank not in apart]
    foreign = [hit for hit in hits if hit.rank in apart]
    least = max(_HITS - len(own), _FOREIGN)
    across = context(foreign, most=least, passages=least)
    most = _HITS - len(across)
    return [*context(own, most=most, passages=most), *across]


def _leans_on(part: Part) -> tuple[str, ...]:
    """What a statement is looked for with, beside by itself."""
    return (*part.headings[-_HEADINGS:], *part.under[-1:], *([part.before] if part.before else []))


def _in_context(part: Part) -> str:
    return "\n".join((*_leans_on(part), part.says))[-_LONGEST:]

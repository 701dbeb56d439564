"""The first step to an answer: what is asked, where it stands, and whether that is enough.

    Asked -> Found

A follow-up is made standalone and searched for; the sentences of the passages are ranked, and their
confidence decides whether there is an answer at all. A question about the whole collection is
answered by looking at every chunk. All of it sees one state of the catalog.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from quire.answering import (
    confidence,
    evidence,
    followups,
    rereading,
    several,
    showing,
    tabulating,
)
from quire.answering.confidence import Judgement
from quire.answering.evidence import Evidence
from quire.answering.found import Found
from quire.answering.question import Asked
from quire.answering.sense import Known
from quire.answering.tabulating import Tabled
from quire.answering.versions import comparing, eras, superseding
from quire.answering.versions import telling as versions
from quire.answering.versions.library import Library
from quire.answering.versions.settling import settle
from quire.indexes.scope import Scope
from quire.models.protocols import ReadsQuestions
from quire.records import Document, Hit, Near, Passage, Refusal, Sentence
from quire.search import each, subquestions
from quire.search.passages import context, in_turn, nearness, terms
from quire.search.query import Query
from quire.search.question_words import QuestionWords
from quire.search.retriever import Retriever
from quire.search.snapshot import Snapshot
from quire.surveys import telling
from quire.surveys.detect import Survey, detect
from quire.surveys.scan import scan
from quire.text import analysis, languages

if TYPE_CHECKING:  # only where a model plans
    from quire.answering.planning import Planned

_SEARCHED = 40  # chunks searched for an answer, from which those that it rests on are chosen
_NEAREST = 3  # passages of which is told what they lack
_HITS = 8  # … at most so many; neighbours among them become one passage


@dataclass(frozen=True, slots=True)
class _Near:
    """The chunks nearest to a question, and the passages that they make."""

    hits: Sequence[Hit]
    passages: tuple[Passage, ...]

    @property
    def cosine(self) -> float:
        """Of the question and the nearest of them; 0 where the embedder cannot read it."""
        return nearness(self.hits)


def find(
    asked: Asked,
    retriever: Retriever,
    *,
    planned: "Planned | None" = None,
    reader: ReadsQuestions | None = None,
) -> Found:
    """What the documents say to a question; `planned` is what a model made of it, where it did.
    `reader` helps to judge whether that is enough.

    Raises DocumentNotFound when no document is in its scope.
    """
    with retriever.snapshot() as snapshot:
        readings = followups.readings(
            asked.asks,
            [exchange.question for exchange in asked.before],
            unanswered=[each.question for each in asked.before if not each.answered],
            sense=Known(retriever, snapshot),
        )
        if planned:
            readings = itertools.chain([planned.question], readings)
        standalone = next(readings)
        query = retriever.query(standalone)
        there = snapshot.languages()
        if there and (survey := detect(standalone)):
            return _surveyed(asked, query, survey, snapshot, retriever)
        parts = planned.searches if planned else ()
        found = _searched(asked, query, there, snapshot, retriever, parts=parts, reader=reader)
        if found.changes:
            return found
        if beside := _beside(found, there, snapshot, retriever, reader=reader):
            return beside
        if asked.before and not (planned and found.enough):

            def read(reading: str, asked: Asked) -> Found:
                query = retriever.query(reading)
                return _searched(asked, query, there, snapshot, retriever, reader=reader)

            found = rereading.likeliest(found, readings, snapshot, read=read)
        # A capable model may find no answer where the evidence is strong.
        told = not there or (found.enough and not asked.by_model)
        return found if told else _refused(found, snapshot, retriever)


def find_nothing(asked: Asked) -> Found:
    """What an empty knowledge base says to a question."""
    asks = asked.asks
    return Found(asked, asks, languages.detect(asks))


def _surveyed(
    asked: Asked, query: Query, survey: Survey, snapshot: Snapshot, retriever: Retriever
) -> Found:
    sound = snapshot.words_are_sound()
    scanned = scan(snapshot.connection, survey, scope=asked.scope, sound=sound)
    passages = scanned.passages
    if not passages:
        phrase = retriever.query(survey.phrase)
        hits = snapshot.search(phrase, k=_HITS, scope=asked.scope)
        passages = tuple(snapshot.passages(hits)[: asked.passages])
    return Found(
        asked,
        query.text,
        query.language,
        passages=passages,
        survey=telling.write(survey, scanned, scope=asked.scope, language=query.language),
        embedder=retriever.embedder,
        retrieve_ms=asked.elapsed_ms,
    )


def _searched(
    asked: Asked,
    query: Query,
    there: Sequence[str],
    snapshot: Snapshot,
    retriever: Retriever,
    *,
    reader: ReadsQuestions | None,
    parts: Sequence[str] = (),
) -> Found:
    understood = query.text
    said, reworded = snapshot.reworded(understood, pieces=retriever.embedder.count_tokens)
    if reworded:
        query = retriever.query(said)
    near = snapshot.search(query, k=_SEARCHED, scope=asked.scope)
    if asked.section_tokens:
        searches = [
            snapshot.search(retriever.query(part), k=_SEARCHED, scope=asked.scope)
            for part in parts or subquestions.split(query.subject)
        ]
        near = in_turn([near, *searches])
        hits = snapshot.widened(near, passages=asked.passages, tokens=asked.section_tokens)
    else:
        hits = context(near, most=_HITS, passages=asked.passages)
    passages = tuple(snapshot.passages(hits))
    library = Library(snapshot, [hit.document for hit in near], within=asked.scope)
    read = query
    if library.has_versions(passages) and (bare := eras.timeless(query.text)) != query.text:
        # The time is told by the versions, and not in their words.
        read = dataclasses.replace(retriever.query(bare), text=query.text)
    proof, judgement = _judged(
        asked, read, _Near(hits, passages), snapshot, retriever, reader=reader
    )
    if eras.asks_for_changes(understood) and not asked.by_model:
        found = [passage.document for passage in passages]
        if changes := comparing.compare(understood, found, library):
            return Found(
                asked,
                understood,
                query.language,
                passages=changes.passages,
                changes=changes,
                hits=tuple(hits),
                embedder=retriever.embedder,
                retrieve_ms=asked.elapsed_ms,
            )
    at = eras.era(understood, today=date.today())
    settled = settle(proof, era=at, library=library)
    tabled = tabulating.answer(query.subject, query.language, passages, settled.evidence, snapshot)
    if tabled and (
        not _counts(tabled, settled.evidence, judgement, asked)
        or superseding.is_superseded(tabled.shown.sentences, settled.chains)
    ):
        tabled = None
    if tabled and asked.by_model and not tabled.beyond_reading:
        tabled = None
    unread: tuple[str, ...] = ()
    if there and not judgement.enough and not tabled:
        unread = _unread(query.tongue, there, passages, retriever)
    return Found(
        asked,
        understood,
        query.language,
        passages=(*passages, *settled.passages),
        evidence=settled.evidence,
        chains=settled.chains,
        reworded=reworded,
        judgement=judgement if there else None,
        unread=unread,
        hits=tuple(hits),
        tabled=tabled,
        embedder=retriever.embedder,
        retrieve_ms=asked.elapsed_ms,
    )


def _beside(
    found: Found,
    there: Sequence[str],
    snapshot: Snapshot,
    retriever: Retriever,
    *,
    reader: ReadsQuestions | None,
) -> Found | None:
    """What each of the documents says that a question means, where it means several and at least
    two of them answer it."""
    asked = found.asked
    if asked.by_model or found.tabled:
        return None
    documents = list({hit.document.id: hit.document for hit in found.hits}.values())
    said: list[tuple[Document, Found]] = []
    silent: list[Document] = []
    for part in each.parts(found.standalone, documents):
        alone = dataclasses.replace(asked, scope=Scope(file=part.document.uri))
        its = _searched(
            alone, retriever.query(part.question), there, snapshot, retriever, reader=reader
        )
        if its.enough and not its.changes:
            said.append((part.document, its))
        else:
            silent.append(part.document)
    if len(said) < 2:
        return None
    told = several.beside(
        [(document, _shown(its), its.passages) for document, its in said],
        silent=silent,
        language=found.language,
    )
    judgements = [its.judgement for _, its in said if its.judgement]
    return dataclasses.replace(
        found,
        passages=told.passages,
        evidence=(),
        chains=(),
        several=told,
        judgement=min(judgements, key=lambda judgement: judgement.confidence, default=None),
    )


def _shown(found: Found) -> tuple[Sentence, ...]:
    """What is shown of an answer by quotes, with what other versions say."""
    shown = (
        found.tabled.shown if found.tabled else showing.show(found.standalone, found.evidence)
    ).sentences
    return (*shown, *versions.tell(found.chains, shown, language=found.language)[0])


def _counts(tabled: Tabled, found: Sequence[Evidence], judgement: Judgement, asked: Asked) -> bool:
    """Whether an answer of a table is given: where the table accounts for the whole question; or
    where the evidence is enough, and the best of it is a row of that answer. What risk the first
    has was never measured, so it is no answer where one was asked for."""
    if tabled.certain and (judgement.enough or asked.max_risk is None):
        return True
    best = next((proof for proof in found if not proof.leads), None)
    return (
        judgement.enough
        and best is not None
        and any(
            passage.document.id == best.passage.document.id and start <= best.start < end
            for passage, start, end in tabled.rows
        )
    )


def _judged(
    asked: Asked,
    query: Query,
    near: _Near,
    snapshot: Snapshot,
    retriever: Retriever,
    *,
    reader: ReadsQuestions | None,
) -> tuple[tuple[Evidence, ...], Judgement]:
    """The evidence for a question, and for a follow-up that says something by itself the better of
    that for it as completed and as asked: the sentence that answers it names the topic less often
    than the passage around it."""
    elsewhere: Sequence[Passage] = ()
    if asked.scope:
        everywhere = snapshot.search(query, k=_SEARCHED)
        elsewhere = snapshot.passages(context(everywhere, most=_HITS, passages=asked.passages))

    def judged(query: Query, passages: Sequence[Passage]) -> tuple[tuple[Evidence, ...], Judgement]:
        information = snapshot.information(query)
        proof = evidence.find(query, passages, information=information, embedder=retriever.recent)
        judgement = confidence.judge(
            query,
            proof,
            information=information,
            embedder=retriever.embedder.name,
            max_risk=asked.max_risk,
            elsewhere=elsewhere,
            nearest=near.cosine,
            reader=None if asked.by_model else reader,
        )
        return tuple(proof), judgement

    best = judged(query, near.passages)
    own = followups.own(asked.asks, query.text)
    about = [each for each in near.passages if own and followups.is_about(each, query.text)]
    if about:
        asks = retriever.query(own)
        alone = judged(asks, near.passages)
        says = next((each for each in alone[0] if not each.leads), None)
        if says and says.passage not in about:
            alone = judged(asks, about)
            if not _tells_more(own, alone[0], best[0]):
                return best
        if alone[1].confidence > best[1].confidence:
            return alone
    return best


def _tells_more(asked: str, alone: Sequence[Evidence], completed: Sequence[Evidence]) -> bool:
    """Whether the best sentence for a follow-up as asked has telling words of it, and that for it
    as completed none: it would repeat the answer before."""
    words = set(analysis.question_terms(asked)) - confidence.common()
    held: list[frozenset[str]] = [
        next((proof.held & words for proof in found if not proof.leads), frozenset())
        for found in (alone, completed)
    ]
    return bool(held[0]) and not held[1]


def _refused(found: Found, snapshot: Snapshot, retriever: Retriever) -> Found:
    """What was found, with what was looked for and is not in it."""
    said = found.words
    scope = found.asked.scope
    return dataclasses.replace(
        found,
        refusal=Refusal(
            looked_for=said.all(),
            nowhere=snapshot.nowhere(said, scope=scope),
            **snapshot.extent(scope),
            scope=str(scope) if scope else None,
            nearest=tuple(_near(passage, said, found) for passage in found.passages[:_NEAREST]),
            by_meaning=retriever.reads(found.language),
        ),
    )


def _near(passage: Passage, said: QuestionWords, found: Found) -> Near:
    """What a passage has and lacks, and what of it comes nearest: evidence is sorted."""
    has, lacks = said.has_and_lacks(terms(passage))
    for proof in found.evidence:
        if proof.passage.label == passage.label and not proof.leads:
            return Near(passage.label, has, lacks, quote=proof.text, start=proof.start)
    return Near(passage.label, has, lacks)


def _unread(
    tongue: str, there: Sequence[str], passages: Sequence[Passage], retriever: Retriever
) -> tuple[str, ...]:
    """The documents' languages, where neither words nor meaning lead from a question in a language
    to any of them. Which of those in Latin letters there are, the nearest passages tell."""
    latin = (p.text for p in passages if p.document.language == "en" == languages.detect(p.text))
    near = set(map(languages.of_passage, latin))
    known = {*there} - {"en"} | (near or {"latin"} if "en" in there else set())
    read = retriever.reads(tongue) and any(map(retriever.reads, known))
    meets = tongue in known or (tongue == "en" and "latin" in known)
    return () if read or meets else tuple(sorted(known))

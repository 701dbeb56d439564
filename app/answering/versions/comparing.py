"""What has changed from one version of a document to the next, statement by statement.

Both are read whole, what both say is left out, and the rest is paired: rows by their first cell,
all else by its words. An amendment is a list of changes itself: each of its clauses that changes
another is paired with that one.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from quire.answering.versions import clauses, differences, editions, eras, telling
from quire.answering.versions.editions import Edition
from quire.answering.versions.library import Library
from quire.records import Citation, Document, Passage, Sentence, Statement
from quire.text import analysis, languages

_MOST = 24  # changes that are told
_FIT = 0.5  # share of the words of the shorter of two statements that are one, changed
_TEXTS = {
    "en": {
        "head": "{new}, compared with {old}:",
        "changed": "{new} (before: {old})",
        "added": "New: {new}",
        "gone": "No longer there: {old}",
    },
    "zh": {
        "head": "{new}与{old}相比：",
        "changed": "{new}（之前：{old}）",
        "added": "新增：{new}",
        "gone": "不再有：{old}",
    },
}


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, and the passage that it stands in."""

    passage: Passage
    statement: Statement


Change = tuple[Told | None, Told | None]
"""What the newer document says, and what the older one said; one of them may be nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What is told of changes, and the passages that are quoted; `left_out` counts those of all
    `of` changes that are not told."""

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    left_out: int
    of: int


def compare(question: str, documents: Iterable[Document], library: Library) -> Compared | None:
    """What a question about changes asks for; None where nothing can be compared. `documents` are
    those found for it, the best first."""
    pair = _pair(question, documents, library)
    if pair is None:
        return None
    newer, older = pair
    old = _read(library, [older])
    if newer[0].amends or newer[0].document.id == older.document.id:
        changes = list(_amended(_read(library, newer), old, library))
    else:
        changes = list(_changed(_read(library, newer), old))
    changes = _bearing(question, changes, [*newer, older])
    if not changes:
        return None
    names = (", ".join(each.document.name for each in newer), older.document.name)
    return _told(changes, names, language=languages.detect(question))


def _pair(
    question: str, documents: Iterable[Document], library: Library
) -> tuple[list[Edition], Edition] | None:
    """What to compare: the newest version of the first document that has others, or the one that is
    named, with the one before it; or a contract's amendments with the contract."""
    named = editions.versions(question)
    for document in documents:
        edition = library.edition(document)
        library.look_for_amendments(edition)
        family = library.family_of(edition)
        if family or library.has_parts(document.id):
            every = [edition, *family]
            amending = [each for each in every if each.amends]
            base = next((each for each in every if not each.amends), edition)
            asked = [each for each in amending if each.nth in editions.counted(question)]
            return editions.by_age(asked or amending or [base]), base
        ordered = editions.by_age([edition, *library.versions_of(edition)])
        if len(ordered) > 1:
            chosen = [each for each in ordered if each.version and each.version in named]
            new = chosen[-1] if chosen and chosen[-1] is not ordered[0] else ordered[-1]
            before = chosen[0] if chosen and chosen[0] is not new else None
            return [new], before or ordered[ordered.index(new) - 1]
    return None


def _read(library: Library, documents: Iterable[Edition]) -> list[Told]:
    return [
        Told(passage, statement)
        for edition in documents
        for passage in library.whole(edition.document)
        for statement in passage.statements
        if not statement.leads
    ]


def _amended(new: Sequence[Told], old: Sequence[Told], library: Library) -> Iterator[Change]:
    """Each statement that changes a clause, with what it changes."""
    before: dict[str, list[Told]] = defaultdict(list)
    for clause, said in _by_clause(old):
        passage, start = said[0].passage, said[0].statement.start
        if not library.part_of(passage, start).amends:
            for number in clauses.numbers_of(clause, passage.headings_at(start)):
                before[number] += said
    for clause, said in _by_clause(new):
        if not library.part_of(said[0].passage, said[0].statement.start).amends:
            continue
        numbers = clause.changes or ({clause.number} if clause.quoted else frozenset())
        for told in said:
            own = clauses.changed_by(told.statement, clause)
            there = [each for number in sorted(own or numbers) for each in before.get(number, ())]
            if own:
                there = [e for e in there if clauses.touches(told.statement.text, e.statement)]
            best = max(there, key=lambda each: _alike(told, each), default=None)
            if best and not own and _alike(told, best) < _FIT:
                best = None
            if own or numbers:
                yield told, best


def _by_clause(every: Sequence[Told]) -> Iterator[tuple[clauses.Clause, list[Told]]]:
    by_passage: dict[tuple[str, int], list[Told]] = defaultdict(list)
    for told in every:
        by_passage[told.passage.document.id, told.passage.span.start].append(told)
    for there in by_passage.values():
        for offset, text in there[0].passage.parts():
            for clause in clauses.read(text, offset=offset):
                said = [t for t in there if clause.start <= t.statement.start < clause.end]
                if said:
                    yield clause, said


def _changed(new: Sequence[Told], old: Sequence[Told]) -> Iterator[Change]:
    """The statements that only one of two versions has, in order, those about the same paired."""
    both = Counter(_plain(told) for told in new) & Counter(_plain(told) for told in old)
    added = [told for told in new if _plain(told) not in both]
    gone = [told for told in old if _plain(told) not in both]
    holding: dict[str, list[int]] = defaultdict(list)
    for at, told in enumerate(gone):
        for term in differences.content(told.statement.told):
            holding[term].append(at)
    free = set(range(len(gone)))
    for told in added:
        near = Counter(
            at for term in differences.content(told.statement.told) for at in holding[term]
        )
        fits = [
            (_alike(told, gone[at]), shared, -at) for at, shared in near.most_common() if at in free
        ]
        best = max((fit for fit in fits if fit[0] >= _FIT), default=None)
        if best is None:
            if _says_something(told):
                yield told, None
        else:
            free.discard(-best[2])
            yield told, gone[-best[2]]
    yield from ((None, gone[at]) for at in sorted(free) if _says_something(gone[at]))


def _alike(one: Told, other: Told) -> float:
    """How much two statements are about the same; a row is where it is named the same."""
    if one.statement.cells or other.statement.cells:
        return float(differences.same_subject(one.statement, other.statement))
    return differences.alike(one.statement.text, other.statement.text)


def _says_something(told: Told) -> bool:
    """Whether a statement says more than a number of a version or a date."""
    return len(differences.content(told.statement.told)) > 1


def _plain(told: Told) -> str:
    return " ".join(analysis.terms(told.statement.told))


def _bearing(question: str, changes: Sequence[Change], compared: Sequence[Edition]) -> list[Change]:
    """The changes of what a question names beside the documents; all where it names nothing."""
    known = {term for edition in compared for term in (*edition.name, *edition.title)}
    asked = set(analysis.question_terms(eras.without_changes(question))) - known
    held = [
        len(asked & set(analysis.terms(" ".join(t.statement.told for t in change if t))))
        for change in changes
    ]
    most = max(held, default=0)
    return [change for change, count in zip(changes, held, strict=True) if 2 * count >= most]


def _told(changes: Sequence[Change], names: tuple[str, str], *, language: str) -> Compared:
    texts = _TEXTS["zh" if language == "zh" else "en"]
    labels: dict[tuple[str, int], int] = {}
    passages: list[Passage] = []

    def cited(told: Told) -> tuple[Citation, ...]:
        place = told.passage.document.id, told.passage.span.start
        if place not in labels:
            labels[place] = len(labels) + 1
            passages.append(dataclasses.replace(told.passage, label=labels[place]))
        return passages[labels[place] - 1].cite_statement(told.statement)

    sentences: list[Sentence] = []
    for new, old in changes[:_MOST]:
        form = texts["changed" if new and old else "added" if new else "gone"]
        text = form.format(
            new=telling.quote(new.statement) if new else "",
            old=telling.quote(old.statement) if old else "",
        )
        quotes = tuple(citation for told in (new, old) if told for citation in cited(told))
        sentences.append(Sentence(text, "supported", quotes, kind="item"))
    head = texts["head"].format(new=names[0], old=names[1])
    first = Sentence(head, "supported", sentences[0].citations, kind="head")
    left_out = max(0, len(changes) - _MOST)
    return Compared((first, *sentences), tuple(passages), left_out, len(changes))

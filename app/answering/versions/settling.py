"""Which of the statements that say different things about the same is the answer.

    evidence -> Settled: the evidence without what is superseded, and the chains

A chain is what was said of one thing at different times. Two ways lead from one statement of it to
the next: a clause that changes another one by its number, in an amendment or in later minutes; and
the same place in another version of the document. The member that holds at the time that is asked
for takes the place of the others in the evidence; these are named beside the answer, each with its
quote (`telling`). Where it cannot be told which of two is newer, both are.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cmp_to_key
from typing import Literal

from quire.answering.evidence import Evidence
from quire.answering.versions import clauses, differences, editions
from quire.answering.versions.clauses import Clause
from quire.answering.versions.editions import Edition, Ground
from quire.answering.versions.eras import Era
from quire.answering.versions.library import Library
from quire.records import Passage, Statement
from quire.text import statements

Relation = Literal["earlier", "later", "other"]

_NEAR = 0.6  # of the best score: statements that may be read, and so are settled
_MOST = 12  # of them
_LOOKED_FOR = 3  # … for whose other versions and amendments the documents are searched
_HITS = 8  # chunks that such a search brings
_ROUNDS = 3  # steps from a clause to what changes it, and what changes that
_UNDER_ONE = 0.4  # of the words, where both are under one heading, as an item of two agendas is
_TOUCHED = 0.3  # what a statement that names what it changes has before one with as many words
_BESIDE = 0.75  # of the best score: what an unrelated document must have to be told as another view


@dataclass(frozen=True, slots=True)
class Said:
    """One member of a chain: where it is said, and in which edition. `day` is from when on it
    holds, where the statement itself or a heading above says so."""

    proof: Evidence
    edition: Edition
    day: date | None = None
    clause: Clause | None = None

    @property
    def since(self) -> date | None:
        """From when on it holds, as far as that is told."""
        return self.day or self.edition.begins

    @property
    def statement(self) -> Statement:
        return self.proof.statement


@dataclass(frozen=True, slots=True)
class Chain:
    """What was said of one thing: what holds at the time asked for, and what else was said, the
    nearest first. `repeated` say the same as one of these. `ground` is by what the order is known;
    None where it is not."""

    current: Said
    others: tuple[tuple[Said, Relation], ...]
    ground: Ground | None
    repeated: tuple[Said, ...] = ()

    @property
    def members(self) -> tuple[Said, ...]:
        return (self.current, *(said for said, _ in self.others), *self.repeated)


@dataclass(frozen=True, slots=True)
class Settled:
    """Evidence without what is superseded, and the passages that came in for that."""

    evidence: tuple[Evidence, ...]
    chains: tuple[Chain, ...] = ()
    passages: tuple[Passage, ...] = ()


def settle(
    found: Sequence[Evidence],
    *,
    era: Era,
    library: Library,
) -> Settled:
    """Settle the evidence for a question, which is sorted, the best first."""
    says = [proof for proof in found if not proof.leads]
    if not says:
        return Settled(tuple(found))
    return _Settling(found, says, era, library).settled()


class _Settling:
    """The work of settling the evidence for one question."""

    def __init__(
        self,
        found: Sequence[Evidence],
        says: Sequence[Evidence],
        era: Era,
        library: Library,
    ) -> None:
        self._found = found
        self._says = says
        self._era = era
        self._library = library
        self._passages = list({p.passage.label: p.passage for p in found}.values())
        self._pool = [*says, *_unread(self._passages, known=set(map(_place, found)))]
        self._clauses: dict[int, list[Clause]] = {}
        self._asked: set[str] = set()

    def settled(self) -> Settled:
        had = len(self._passages)
        near = [e for e in self._says if e.score >= _NEAR * self._says[0].score][:_MOST]
        done: dict[tuple[str, int], Evidence | None] = {}
        chains: list[Chain] = []
        for at, proof in enumerate(near):
            if _place(proof) in done:
                continue
            chain = self._chain(proof, search=at < _LOOKED_FOR)
            if chain is None:
                continue
            self._keep(proof, chain, done, chains)
        self._pair_the_rest(done, chains)
        used = {said.proof.passage.label for chain in chains for said in chain.members}
        return Settled(
            tuple(self._kept(done)),
            tuple(chain for chain in chains if chain.others),
            tuple(passage for passage in self._passages[had:] if passage.label in used),
        )

    def _keep(
        self,
        proof: Evidence,
        chain: Chain,
        done: dict[tuple[str, int], Evidence | None],
        chains: list[Chain],
    ) -> None:
        """Note what takes the place of a statement, and what is no longer evidence."""
        for said in chain.members:
            done.setdefault(_place(said.proof), None)
        current = chain.current.proof
        done[_place(proof)] = dataclasses.replace(
            proof, passage=current.passage, statement=current.statement
        )
        chains.append(chain)

    def _kept(self, done: dict[tuple[str, int], Evidence | None]) -> Iterable[Evidence]:
        for proof in self._found:
            kept = done.get(_place(proof), proof)
            if kept is not None:
                yield kept

    # -- one chain ----------------------------------------------------------------------------

    def _chain(self, proof: Evidence, *, search: bool) -> Chain | None:
        """What was said of what a statement says; None where there is nothing beside it."""
        own = self._said(proof)
        if search:
            self._look_around(own)
        members = [own, *self._amending(own)]
        members += self._parallel(own, members)
        if len(members) == 1:
            return self._another_view(own)
        return self._ordered(members)

    def _ordered(self, members: Sequence[Said]) -> Chain:
        """The chain of some members: what holds at the time that is asked for first."""
        grounds: list[Ground | None] = []

        def compare(one: Said, other: Said) -> int:
            order = _newer(one, other)
            grounds.append(order[1] if order else None)
            return order[0] if order else 0

        ordered = sorted(members, key=cmp_to_key(compare))
        if None in grounds:
            first, *rest = members
            return _chain(first, [(said, "other") for said in rest], None)
        at = _chosen(ordered, self._era)
        own = members[0]
        if ordered[at].edition.amends and clauses.touches_item(
            ordered[at].statement.text, own.statement
        ):
            at = ordered.index(own)
        current = ordered[at]
        others: list[tuple[Said, Relation]] = [
            *((said, "earlier") for said in reversed(ordered[:at])),
            *((said, "later") for said in ordered[at + 1 :]),
        ]
        weakest: tuple[Ground, ...] = ("files", "dates", "words")
        return _chain(current, others, next(ground for ground in weakest if ground in grounds))

    def _said(self, proof: Evidence) -> Said:
        edition = self._library.part_of(proof.passage, proof.start)
        clause = self._clause(proof)
        return Said(proof, edition, _day(proof, clause), clause)

    def _clause(self, proof: Evidence) -> Clause | None:
        return next(
            (
                clause
                for clause in self._clauses_of(proof.passage)
                if clause.start <= proof.start < clause.end
            ),
            None,
        )

    def _clauses_of(self, passage: Passage) -> list[Clause]:
        if passage.label not in self._clauses:
            read: list[Clause] = []
            for offset, text in passage.parts():
                read += clauses.read(text, offset=offset)
            self._clauses[passage.label] = read
        return self._clauses[passage.label]

    # -- amendments ---------------------------------------------------------------------------

    def _look_around(self, own: Said) -> None:
        """Bring in what the amendments and the other versions of a document say of the same."""
        document = own.proof.passage.document.id
        versions = [edition.document.id for edition in self._library.versions_of(own.edition)]
        if versions:
            self._bring(own.statement.told, versions)
        numbers = self._numbers(own)
        if not numbers:
            return
        if document not in self._asked:
            self._asked.add(document)
            self._library.look_for_amendments(own.edition)
        family = [document, *(e.document.id for e in self._library.family_of(own.edition))]
        if any(map(_is_code, numbers)):
            codes = filter(_is_code, numbers)
            self._bring(" ".join((*codes, own.statement.text)), [document, *versions])
        elif len(family) > 1 or self._library.has_parts(document):
            # A clause without a number of its own is changed by that of its heading.
            named = own.clause is not None and (own.clause.number or own.clause.changes)
            above = () if named else own.proof.passage.headings_at(own.proof.start)[-1:]
            self._bring(" ".join((*numbers, *above)), list(dict.fromkeys(family)))

    def _bring(self, words: str, documents: Sequence[str]) -> None:
        """Bring in what some documents say about something."""
        if words in self._asked:
            return
        self._asked.add(words)
        more = self._library.passages(words, documents, most=_HITS, beside=self._passages)
        self._passages += more
        self._pool += _unread(more, known=set(map(_place, self._pool)))

    def _numbers(self, said: Said) -> list[str]:
        """The numbers by which what a statement says can be changed: those of its clause, or, in an
        amendment, those that it changes."""
        clause = said.clause
        if clause is None:
            return []
        if clause.changes or said.edition.amends:
            changed = clauses.changed_by(said.statement, clause) or clause.changes
            return [*sorted(changed), *([clause.number] if clause.quoted else [])]
        headings = said.proof.passage.headings_at(said.proof.start)
        return clauses.numbers_of(clause, headings)

    def _amending(self, own: Said) -> list[Said]:
        """The members of a chain that are tied to a statement by the number of its clause."""
        numbers = set(self._numbers(own))
        if own.clause and _is_code(own.clause.number):
            numbers.add(own.clause.number)
        if not numbers or own.clause is None:
            return []
        family = {e.document.id for e in self._library.family_of(own.edition)}
        series = {e.document.id for e in self._library.versions_of(own.edition)}
        series.add(own.proof.passage.document.id)
        members: list[Said] = []
        told = [own]
        places = {(own.proof.passage.document.id, own.clause.start)}
        for _ in range(_ROUNDS):
            for passage in self._passages:
                if passage.document.id not in family | series:
                    continue
                for clause in self._clauses_of(passage):
                    place = passage.document.id, clause.start
                    if place in places or not self._is_tied(clause, numbers, passage, own, series):
                        continue
                    picked = self._picked(clause, passage, own)
                    if picked is None or not _agree(clause, told, own, picked):
                        continue
                    places.add(place)
                    told.append(picked)
                    members.append(picked)
                    if clause.changes:
                        numbers |= clause.changes
                    if _is_code(clause.number):
                        numbers.add(clause.number)
        return members

    def _is_tied(
        self,
        clause: Clause,
        numbers: set[str],
        passage: Passage,
        own: Said,
        series: set[str],
    ) -> bool:
        """Whether a clause changes one of some numbers or is what is changed: in another part than
        the statement, or by a number that a document gives out only once, such as D-41."""
        if self._library.part_of(passage, clause.start).amends:
            tied = clause.changes & numbers or (clause.quoted and clause.number in numbers)
            return bool(tied)
        if passage.document.id in series and not own.edition.amends:
            codes = {number for number in numbers if _is_code(number)}
            return bool(clause.changes & codes) or clause.number in codes or _moves(clause, own)
        return own.edition.amends and clause.number in numbers

    def _picked(self, clause: Clause, passage: Passage, own: Said) -> Said | None:
        """What a clause says about the same as a statement does; None where it is older and says
        nothing like it."""
        there = [
            each
            for each in self._pool
            if each.passage.label == passage.label and clause.start <= each.start < clause.end
        ]
        if not there:
            return None

        def fit(each: Evidence) -> tuple[float, float]:
            reached = _reaches(own, each.statement) or clauses.touches(each.text, own.statement)
            alike = differences.alike(own.statement.text, each.text)
            return alike + _TOUCHED * reached, each.score

        best = max(there, key=fit)
        said = self._said(best)
        order = _newer(own, said)
        return None if not fit(best)[0] and order and order[0] > 0 else said

    # -- versions -----------------------------------------------------------------------------

    def _parallel(self, own: Said, members: Sequence[Said]) -> list[Said]:
        """What the other versions of a document say in the same place: one for each."""
        others = {edition.document.id for edition in self._library.versions_of(own.edition)}
        if own.statement.cells and own.clause:  # the rows of a schedule that was replaced
            others |= {e.document.id for e in self._library.family_of(own.edition)}
        known = {said.proof.passage.document.id for said in members[1:]}
        found: dict[str, tuple[float, Evidence]] = {}
        for proof in self._pool:
            document = proof.passage.document.id
            if document not in others or document in known:
                continue
            fit = differences.alike(own.statement.told, proof.statement.told)
            under_one = self._under_one(proof, own.proof)
            if own.edition.records and not under_one:
                continue
            under_one = under_one and not (own.statement.cells or proof.statement.cells)
            if not differences.same_subject(own.statement, proof.statement) and not (
                under_one and fit >= _UNDER_ONE
            ):
                continue
            if self._headed(proof) == self._headed(own.proof):
                fit += 1
            if document not in found or fit > found[document][0]:
                found[document] = fit, proof
        return [self._said(proof) for _, proof in found.values()]

    def _under_one(self, one: Evidence, other: Evidence) -> bool:
        """Whether two statements stand under headings that are the same but for their number."""
        mine, theirs = (
            clauses.without_number(next(iter(each.passage.headings_at(each.start)[-1:]), ""))
            for each in (one, other)
        )
        return bool(mine) and mine == theirs

    def _headed(self, proof: Evidence) -> tuple[str, ...]:
        return proof.passage.headings_at(proof.start)[1:]

    def _pair_the_rest(
        self, done: dict[tuple[str, int], Evidence | None], chains: list[Chain]
    ) -> None:
        """Pair what may be shown beside the best: the rows of a table and the items of a list."""
        if not any(chain.others for chain in chains):
            return
        groups = {
            (chain.current.proof.passage.label, chain.current.statement.group)
            for chain in chains
            if chain.current.statement.group is not None
        }
        for proof in list(self._pool):
            if (proof.passage.label, proof.statement.group) in groups and _place(proof) not in done:
                chain = self._chain(proof, search=False)
                if chain and chain.ground:
                    self._keep(proof, chain, done, chains)

    # -- what only looks alike ----------------------------------------------------------------

    def _another_view(self, own: Said) -> Chain | None:
        """What a document that has nothing to do with a statement's own says otherwise."""
        least = _BESIDE * self._says[0].score
        others = [
            self._said(proof)
            for proof in self._says
            if proof.score >= least and self._contradicts(own, proof)
        ]
        if not others or own.proof.score < least:
            return None
        return _chain(own, [(said, "other") for said in others], None)

    def _contradicts(self, own: Said, proof: Evidence) -> bool:
        one, other = own.proof, proof
        if one.passage.document.id == other.passage.document.id:
            return False
        if not differences.say_the_same_but(one.statement, other.statement):
            return False
        if not differences.differ(one.text, other.text):
            return False
        edition = self._library.edition(other.passage.document)
        if own.edition.records and editions.are_versions(own.edition, edition):
            return False  # each tells of its own day
        return not editions.are_siblings(own.edition, edition)


def _chain(current: Said, others: Iterable[tuple[Said, Relation]], ground: Ground | None) -> Chain:
    """A chain whose others say something else than the current one and than each other."""
    told: list[tuple[Said, Relation]] = []
    repeated: list[Said] = []
    for said, relation in others:
        if all(_differ(said, known) for known in [current, *(said for said, _ in told)]):
            told.append((said, relation))
        else:
            repeated.append(said)
    return Chain(current, tuple(told), ground, tuple(repeated))


def _unread(passages: Iterable[Passage], *, known: set[tuple[str, int]]) -> list[Evidence]:
    """What passages say beside the best statements for a question."""
    return [
        Evidence(passage, statement, own=0.0, around=0.0)
        for passage in passages
        for statement in statements.of(passage)
        if not statement.leads and (passage.document.id, statement.start) not in known
    ]


def _day(proof: Evidence, clause: Clause | None) -> date | None:
    """From when on a statement holds: by its clause, where that changes another, or by the headings
    above it."""
    if clause and clause.changes and (day := editions.begins(clause.text)):
        return day
    above = reversed(proof.passage.headings_at(proof.start))
    return next((day for heading in above for _, _, day in editions.dates(heading)), None)


def _place(proof: Evidence) -> tuple[str, int]:
    return proof.passage.document.id, proof.start


def _is_code(number: str) -> bool:
    """Whether a number is given out only once, as that of a decision is: D-41, 7-2."""
    return "-" in number


def _moves(clause: Clause, own: Said) -> bool:
    """Whether of two decisions the later one gives another value to what the earlier one says,
    without its number."""
    if own.clause is None or not (_is_code(clause.number) and _is_code(own.clause.number)):
        return False
    first, second = sorted((clause, own.clause), key=lambda each: each.start)
    shared = differences.content(first.text) & differences.content(second.text)
    return bool(shared) and clauses.moves(second.text, first.text)


def _reaches(own: Said, other: Statement) -> bool:
    """Whether a statement that changes a clause changes what another says."""
    if own.clause is None or not own.clause.changes:
        return False
    return clauses.touches(clauses.touching(own.statement, own.clause), other)


def _agree(clause: Clause, told: Sequence[Said], own: Said, picked: Said) -> bool:
    """Whether a change bears on what a statement says, or on what replaced it; one of the changes
    of an amendment bears on no other."""
    if clause.changes:
        return any(
            clauses.touches(clause.text, said.statement)
            for said in told
            if not said.edition.amends or said.edition != picked.edition
        )
    if own.clause and own.clause.changes:
        return _reaches(own, picked.statement)
    return True


def _newer(one: Said, other: Said) -> tuple[int, Ground] | None:
    mine, theirs = one.edition, other.edition
    if mine.document.id == theirs.document.id:
        if mine.amends != theirs.amends:
            return (1 if mine.amends else -1), "words"
        return (1 if one.proof.start > other.proof.start else -1), "words"
    return editions.newer(mine, theirs)


def _chosen(ordered: Sequence[Said], era: Era) -> int:
    """Which of the members, the oldest first, holds at the time that is asked for."""
    last = len(ordered) - 1
    of_month = [
        at
        for at, said in enumerate(ordered)
        if said.edition.records and said.edition.dated and said.edition.dated.month == era.month
    ]
    if of_month:
        return of_month[-1]
    if era.when == "first":
        return 0
    if era.when == "before":
        return max(0, last - 1)
    if era.when == "version":
        return next(
            (at for at, said in enumerate(ordered) if said.edition.version == era.version), last
        )
    begun = [at for at, said in enumerate(ordered) if said.since is None or said.since <= era.day]
    return begun[-1] if begun else 0


def _differ(one: Said, other: Said) -> bool:
    mine, theirs = one.statement, other.statement
    if mine.cells and theirs.cells:
        return [cell for _, cell in mine.cells] != [cell for _, cell in theirs.cells]
    return differences.differ(mine.text, theirs.text)

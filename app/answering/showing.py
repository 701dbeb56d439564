"""What is shown of the evidence: its best sentences, or the whole list or table that they are of.

An item without its list tells a part for the whole, and steps without their order are wrong. So
where a list is asked for, or several of its items bear on the question, the list is shown from its
head to its end; where it is too long, it is cut, and the answer says so.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.answering import answer_forms, evidence, expectations, explaining, refusals
from quire.answering.evidence import Evidence
from quire.answering.explaining import length
from quire.records import Group, Passage, Sentence, Statement, Stretch
from quire.search import subquestions
from quire.text import analysis, cells, languages, lines, statements

_MOST = 900  # characters of a table that are shown, a Chinese one counting double
_MOST_OF_LIST = 2_400  # of a list, whose items follow from each other
_MOST_OF_TEXT = 1_600  # of running text that lists what is asked for
_ALWAYS = 3  # items of a list that are shown however long they are
_BESIDE = 0.75  # of the best score: an item that is as good speaks for its whole list
_AS_GOOD = 0.9  # of the best score: a sentence that is one of several things asked for
_FITTING = 0.75  # of what the best sentence tells of the question, at least, a list has to tell
_CALLED = 0.25  # of a question's terms: what it counts that a list is called what is asked for
_AFTER = 2  # sentences after a list or table that are shown with it
_FEW = 2  # items nearly as good that are shown by themselves; more speak for the whole list
_CLAUSE = re.compile(r"\d{1,2}(?:\.\d{1,2})+")
_BULLET = re.compile(r"^\s*(?:#{1,6}\s+)?(?:[-*+•·●○▪▫–◦‣➢✓☐]\s+)?")


@dataclass(frozen=True, slots=True)
class Shown:
    """Sentences with their quotes, in the order in which they are read. `left_out` counts the items
    or rows of the list or table that are not among them, and `of` all of them."""

    sentences: tuple[Sentence, ...]
    left_out: int = 0
    of: int = 0


def show(question: str, found: Sequence[Evidence]) -> Shown:
    """What to show of evidence, which is sorted, the best first, and enough."""
    says = [proof for proof in found if not proof.leads]
    if not says:
        return Shown(())
    asked = answer_forms.wants_list(question) or answer_forms.wants_count(question)
    step = answer_forms.step_asked(question)
    group = _group(question, says, asked=asked or step is not None)
    if group is None:
        return Shown(tuple(_sentences(question, found, asked=asked)))
    passage, whole = group
    if whole.members[0].kind == "row":
        return _table(question, says, passage, whole, asked=asked)
    only = _numbered(whole, step) if step is not None else None
    if only is not None:
        return Shown((*_heads(passage, only), _member(passage, only)))
    counted = _counted(question, passage, whole) if answer_forms.wants_count(question) else ()
    listed = _list(passage, whole)
    return Shown((*counted, *listed.sentences), listed.left_out, listed.of)


def _counted(question: str, passage: Passage, group: Group) -> tuple[Sentence, ...]:
    """How many items a list has in its outermost level, with each of them as a quote."""
    first = group.members[0].under
    items = [each for each in group.members if each.kind == "item" and each.under == first]
    places = [Stretch(each.start, each.end, each.text) for each in items]
    said = refusals.counted(languages.detect(question), of=len(items))
    cited = tuple(passage.cite(place.start, place.text) for place in places)
    return (Sentence(said, "supported", cited, kind="head"),)


def _group(question: str, says: Sequence[Evidence], *, asked: bool) -> tuple[Passage, Group] | None:
    """The list or table to show. Where a list is asked for, or how something is done, the one that
    tells most of the question; else that of the best sentence, where it is a table, or where
    several of its items fit."""
    best = says[0]
    own = best.passage.group(best.statement.group)
    instructs = answer_forms.wants_instructions(question)
    conditions = answer_forms.wants_conditions(question)
    if asked or instructs or conditions:
        terms = set(analysis.question_terms(question))
        under = (_context(best.passage, best.start), *(s.text for s in best.statement.under))
        least = _told(terms, (*under, best.text)) * (_FITTING if own else 1.0)
        passages = {
            proof.passage.label: proof.passage
            for proof in says
            if proof.score >= _BESIDE * best.score
        }
        thing = analysis.term_set(answer_forms.thing_asked(question)) if asked else frozenset()
        fitting = [
            (
                _fitness(terms, passage, group) + _CALLED * _is_called(thing, passage, group),
                group is own,
                -passage.label,
                -group.start,
                group,
            )
            for passage in passages.values()
            for group in passage.groups
            if (asked or instructs or answer_forms.heads_conditions(_head(group)))
            and (group is own or _may_hold(question, terms, group))
        ]
        numbered = [each for each in fitting if _counts(each[-1])]
        if instructs and (not asked or any(fit >= least for fit, *_ in numbered)):
            fitting = numbered
        if fitting:
            fit, _, label, _, group = max(fitting, key=lambda each: each[:4])
            # A sentence that tells as much as a table that it is not of is nearer to what is asked.
            if fit >= least and (own or fit > least or group.members[0].kind != "row"):
                return passages[-label], group
    if own is None:
        return None
    near = [proof for proof in says if proof.score >= _BESIDE * best.score]
    fit_too = sum(other.statement.group == own.start for other in near)
    of_one = expectations.kind(question) != "other"
    if asked or own.members[0].kind == "row" or (fit_too > _FEW and not of_one):
        return best.passage, own
    return None


def _may_hold(question: str, terms: set[str], group: Group) -> bool:
    """Whether a list or table may answer a question by what it is called alone. A table does not
    where one kind of thing is asked for, such as a number: the contacts under the heading of
    probation do not say how long it lasts."""
    if group.members[0].kind != "row" or expectations.kind(question) == "other":
        return True
    return bool(terms & analysis.term_set(_head(group), *(each.text for each in group.members)))


def _fitness(terms: set[str], passage: Passage, group: Group) -> float:
    """The share of a question's terms that a list or table tells, what it is called counting
    more than what its members say."""
    head = _head(group)
    called = _context(passage, group.start), head
    return (
        _told(terms, (*called, *(each.text for each in group.members)))
        + _told(terms, called)
        + _told(terms, (head,))
    ) / (1.5 if head else 2.0)


def _head(group: Group) -> str:
    """What stands directly above a list or table as its head; empty where nothing does."""
    return "\n".join(stretch.text for stretch in group.members[0].under)


def _is_called(thing: frozenset[str], passage: Passage, group: Group) -> bool:
    """Whether a list or table is called what is asked for, by its head or its heading."""
    path = passage.headings_at(group.start)[-1:]
    return bool(thing) and thing <= analysis.term_set(_head(group), *path)


def _context(passage: Passage, at: int) -> str:
    """The title and the headings that a place of a passage stands under."""
    return "\n".join((passage.document.title, *passage.headings_at(at)))


def _told(terms: set[str], texts: Sequence[str]) -> float:
    return len(terms & analysis.term_set(*texts)) / max(1, len(terms))


def _counts(group: Group) -> bool:
    """Whether the members of a group are numbered, as steps are."""
    first = group.members[0]
    return first.kind == "item" and lines.read(first.text)[0].number is not None


def _numbered(group: Group, number: int) -> Statement | None:
    """The item of a list with a number; -1 is the last."""
    items = [member for member in group.members if member.kind == "item"]
    if number < 0:
        return items[-1]
    return next((item for item in items if lines.read(item.text)[0].number == number), None)


def _list(passage: Passage, group: Group) -> Shown:
    first = group.members[0]
    shown: list[Sentence] = [*_heads(passage, first)]
    room = _MOST_OF_LIST
    items = sum(member.kind == "item" for member in group.members)
    told = 0
    for member in group.members:
        room -= length(member.text)
        if room < 0 and told >= _ALWAYS:
            return Shown(tuple(shown), items - told, items)
        told += member.kind == "item"
        shown.append(_member(passage, member))
    return Shown((*shown, *closing(passage, group.members[-1])), 0, items)


def closing(passage: Passage, last: Statement) -> tuple[Sentence, ...]:
    """The sentences after a list or table, whose last member is given, that belong to it: those up
    to the next heading or list, such as what holds for some of its items, or what must not be done
    after its steps."""
    following = [each for each in statements.of(passage) if each.start >= last.end]
    belong = itertools.takewhile(_goes_on, following[:_AFTER])
    return tuple(_member(passage, each) for each in belong)


def _goes_on(statement: Statement) -> bool:
    return statement.kind == "sentence" and not statement.leads


def notes(question: str, passage: Passage, last: Statement) -> tuple[Sentence, ...]:
    """Of the sentences after a table, whose last row is given, those with a word of the question
    that the table's title and headings do not have: what holds for some of its rows."""
    words = set(analysis.question_terms(question))
    words -= set(analysis.terms(_context(passage, last.start)))
    return tuple(
        sentence
        for sentence in closing(passage, last)
        if words & set(analysis.terms(sentence.text))
    )


def _heads(passage: Passage, member: Statement, *, titled: bool = True) -> Iterator[Sentence]:
    """What an item stands under, as far as it is needed to know what it is about: the head of its
    list and the items above it, or else the heading before it. A clause that is shown by itself
    needs no title."""
    over = member.under
    if titled and not over:
        before = [
            statement
            for statement in statements.of(passage)
            if statement.kind == "heading" and statement.end <= member.start
        ]
        over = tuple(Stretch(each.start, each.end, each.text) for each in before[-1:])
    for stretch in over:
        if titled or not stretch.heading:
            yield _headed(passage, stretch)


def _sentences(question: str, found: Sequence[Evidence], *, asked: bool) -> Iterator[Sentence]:
    """The best sentences. An item is shown under its head. With the sentence that tells a reason,
    several things, or whether something is so, go those around it."""
    best = [(proof.passage, proof.statement) for proof in evidence.best(found)]
    first = next(proof for proof in found if not proof.leads)
    if asked or answer_forms.wants_reason(question) or _opens(question, first):
        told = _explained(first, found, asked=asked)
        best = [*told, *(each for each in best if each not in told)]
        if len({passage.label for passage, _ in best}) == 1:
            best.sort(key=lambda each: each[1].start)
    headed: set[int] = set()
    for passage, statement in best:
        if statement.kind == "item":
            titled = not _CLAUSE.match(statement.text)
            for head in _heads(passage, statement, titled=titled):
                if head.citations[0].start not in headed:
                    headed.add(head.citations[0].start)
                    yield head
        yield _member(passage, statement)


def _explained(
    first: Evidence, found: Sequence[Evidence], *, asked: bool
) -> list[tuple[Passage, Statement]]:
    """The best sentence with those around it; where several things are asked for, which running
    text may list, with room for those and with the sentences of its passage that are as good."""
    if not asked:
        return [(first.passage, each) for each in explaining.explained(first)]
    told = explaining.explained(first, room=_MOST_OF_TEXT)
    room = _MOST_OF_TEXT - sum(length(each.text) for each in told)
    for proof in found:
        alike = proof.passage.label == first.passage.label and not proof.leads
        if not alike or proof.score < _AS_GOOD * first.score or proof.statement in told:
            continue
        room -= length(proof.text)
        if room < 0:
            break
        told.append(proof.statement)
    return [(first.passage, each) for each in told]


def _opens(question: str, best: Evidence) -> bool:
    """Whether one sentence of running text is seldom the whole answer: to a question for yes or no
    it has conditions, and one that asks several things has several."""
    several = answer_forms.wants_yes_or_no(question) or bool(subquestions.split(question))
    return several and best.statement.kind == "sentence"


def _table(
    question: str, says: Sequence[Evidence], passage: Passage, group: Group, *, asked: bool
) -> Shown:
    """The rows that fit, or all where they are asked for; with notes on the table."""
    fitting = {
        proof.statement.start
        for proof in says
        if proof.statement.group == group.start and proof.score >= _BESIDE * says[0].score
    }
    rows = [row(passage, each) for each in group.members if asked or each.start in fitting]
    shown, left_out = within_room(rows)
    whole = asked and not left_out
    last = group.members[-1]
    after = closing(passage, last) if whole else notes(question, passage, last)
    return Shown((*shown, *after), left_out, len(rows))


def row(passage: Passage, statement: Statement) -> Sentence:
    """A row as it is shown, under its header."""
    named = any(name for name, _ in statement.cells)
    if not named and "|" not in statement.text:  # "F-21: low pressure" is told as it stands
        statement = dataclasses.replace(statement, cells=())
    return _member(passage, statement)


def within_room(sentences: Sequence[Sentence]) -> tuple[tuple[Sentence, ...], int]:
    """As many of some rows as are shown of a table, and how many that leaves out."""
    room = _MOST
    for at, sentence in enumerate(sentences):
        room -= length(sentence.text)
        if room < 0 and at >= _ALWAYS:
            return tuple(sentences[:at]), len(sentences) - at
    return tuple(sentences), 0


def _member(passage: Passage, statement: Statement) -> Sentence:
    """A statement as it is shown: a row under its header, both of which are marked."""
    kind = statement.kind if statement.kind in {"item", "row"} else "sentence"
    told = statement.told if statement.cells else _BULLET.sub("", statement.text, count=1)
    citations = passage.cite_statement(statement)
    return Sentence(" ".join(told.split()) + _unit(statement), "supported", citations, kind=kind)


def _unit(statement: Statement) -> str:
    """The unit that stands over a row, where its numbers say none themselves: without "in millions"
    they would be read as they stand."""
    unit = cells.unit_over(statement)
    if not unit or unit in statement.told:
        return ""
    numbers = [
        cells.number(cell)
        for name, cell in statement.cells[1:]
        if cells.unit_at(statement, name) == unit
    ]
    if not any(number and not number.unit and number.kind == "number" for number in numbers):
        return ""
    return f"（单位：{unit}）" if cells.is_han(unit[-1]) else f" (in {unit})"


def by_itself(passage: Passage, statement: Statement) -> Iterator[Sentence]:
    """A statement as it is shown where the rest of its list or table is not: with its head."""
    if statement.kind == "item":
        yield from _heads(passage, statement, titled=not _CLAUSE.match(statement.text))
    yield row(passage, statement) if statement.kind == "row" else _member(passage, statement)


def _headed(passage: Passage, head: Stretch) -> Sentence:
    return Sentence(
        " ".join(head.text.split()),
        "supported",
        (passage.cite(head.start, head.text),),
        kind="head",
    )

"""What is shown of the evidence: its best sentences, or the whole list or table that they are of.

An item without its list tells a part for the whole, and steps without their order are wrong. So
where a list is asked for, or several of its items bear on the question, the list is shown from its
head to its end; where it is too long, it is cut, and the answer says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quire.answering import evidence
from quire.answering.evidence import Evidence
from quire.records import Citation, Group, Passage, Sentence, Statement, Stretch
from quire.text.languages import CJK

_LIST_EN = re.compile(
    r"\b(?:steps?|list|every|procedures?|step[- ]by[- ]step|in order|overview|table|items|checklist"
    r"|what (?:\w+ )*are (?:there|the)|which (?:\w+ )*(?:are|do|does|must|should|can|may|have|need)"
    r"|all (?:the|of|\w+s\b)|how (?:do|does|can|should|must|to)\b"
    r"|what (?:should|must|do|does) (?:i|we|one|you)\b"
    r"|what .*\b(?:jobs|services|checks|rules|documents|conditions|reasons|differences))\b",
    re.IGNORECASE,
)
_LIST_ZH = re.compile(
    "步骤|哪些|哪几|列出|列表|全部|所有|流程|程序|依次|清单|逐项|分别|表格|一览|有什么|怎么[办做处换清安操]"
    "|如何|怎样|包括什么"
)
_MOST = 900  # characters of a list that are shown, a Chinese one counting double
_ALWAYS = 3  # items of a list that are shown however long they are
_BESIDE = 0.75  # of the best score: an item that is as good speaks for its whole list
_HAN = re.compile(f"[{CJK}]")
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
    asked = asks_for_list(question)
    group = _group(says, asked=asked)
    if group is None:
        return Shown(tuple(map(_sentence, evidence.best(found))))
    passage, whole = group
    if whole.members[0].kind == "row":
        return _table(says, passage, whole, asked=asked)
    return _list(passage, whole)


def asks_for_list(question: str) -> bool:
    """Whether a question wants several things: steps, items, all that there are.

    >>> asks_for_list("What are the steps for changing the oil?"), asks_for_list("换油有哪些步骤？")
    (True, True)
    >>> asks_for_list("When does the lease end?")
    False
    """
    return bool(_LIST_EN.search(question) or _LIST_ZH.search(question))


def _group(says: Sequence[Evidence], *, asked: bool) -> tuple[Passage, Group] | None:
    """The list or table to show: that of the best sentence, or, where a list is asked for, of one
    nearly as good. A list whose items are not asked for is shown where several of them fit."""
    near = [proof for proof in says if proof.score >= _BESIDE * says[0].score]
    for proof in near if asked else near[:1]:
        group = proof.passage.group(proof.statement.group)
        if group is None:
            continue
        fit = sum(other.statement.group == group.start for other in near)
        if asked or group.members[0].kind == "row" or fit > 2:
            return proof.passage, group
    return None


def _list(passage: Passage, group: Group) -> Shown:
    shown: list[Sentence] = []
    room = _MOST
    if group.head:
        shown.append(_headed(passage, group.head))
    for at, member in enumerate(group.members):
        room -= _length(member.text)
        if room < 0 and at >= _ALWAYS:
            return Shown(tuple(shown), len(group.members) - at, len(group.members))
        shown.append(_member(passage, member))
    return Shown(tuple(shown), 0, len(group.members))


def _table(says: Sequence[Evidence], passage: Passage, group: Group, *, asked: bool) -> Shown:
    """The rows that fit, or all where they are asked for."""
    fitting = {
        proof.statement.start
        for proof in says
        if proof.statement.group == group.start and proof.score >= _BESIDE * says[0].score
    }
    rows = [row(passage, each) for each in group.members if asked or each.start in fitting]
    shown, left_out = within_room(rows)
    return Shown(shown, left_out, len(rows))


def row(passage: Passage, statement: Statement) -> Sentence:
    """A row as it is shown, under its header."""
    return _member(passage, statement)


def within_room(sentences: Sequence[Sentence]) -> tuple[tuple[Sentence, ...], int]:
    """As many of some rows as are shown of a table, and how many that leaves out."""
    room = _MOST
    for at, sentence in enumerate(sentences):
        room -= _length(sentence.text)
        if room < 0 and at >= _ALWAYS:
            return tuple(sentences[:at]), len(sentences) - at
    return tuple(sentences), 0


def _sentence(proof: Evidence) -> Sentence:
    return _member(proof.passage, proof.statement)


def _member(passage: Passage, statement: Statement) -> Sentence:
    """A statement as it is shown: a row under its header, both of which are marked."""
    kind = statement.kind if statement.kind in {"item", "row"} else "sentence"
    told = statement.told if statement.cells else _BULLET.sub("", statement.text, count=1)
    headers = [s for s in statement.under if statement.kind == "row"]
    return Sentence(
        " ".join(told.split()),
        "supported",
        (
            _citation(passage, Stretch(statement.start, statement.end, statement.text)),
            *(_citation(passage, header) for header in headers),
        ),
        kind=kind,
    )


def _headed(passage: Passage, head: Stretch) -> Sentence:
    return Sentence(
        " ".join(head.text.split()), "supported", (_citation(passage, head),), kind="head"
    )


def _citation(passage: Passage, place: Stretch) -> Citation:
    return Citation(
        label=passage.label,
        document=passage.document,
        page=passage.page_at(place.start),
        start=place.start,
        end=place.end,
        quote=place.text,
    )


def _length(text: str) -> int:
    """Characters, a Chinese one counting double."""
    return len(text) + len(_HAN.findall(text))

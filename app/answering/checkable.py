"""What of a text can be held against documents: its statements, and the kinds that are none.

    text with its blocks -> Part, one after the other

A statement is told with what it may lean on: the headings above it, what leads to its list, the
names of its columns, and the sentence before. What leads to something else, asks, says what its
author thinks or that something is not told, and what says nothing at all, is told apart: nothing in
a document makes it true or false.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.answering import absences
from quire.answering.reply_statements import plain
from quire.checked import PartKind
from quire.records import Block, ParsedDocument, SentenceKind, Statement, Stretch
from quire.text import analysis, statements
from quire.text.languages import CJK
from quire.verification import coverage, without_labels

_MOST_AT_ONCE = 40_000  # characters of a section that are read together
_LONGEST = 2_000  # characters of a statement; what is longer is no sentence
_KINDS: dict[str, SentenceKind] = {"sentence": "sentence", "item": "item", "row": "row"}
_MARKER = re.compile(r"\s*(?:>\s?)*(?:#{1,6}\s+|[-*+•·]\s+|\d{1,3}[.)]\s+|[（(]\d{1,2}[)）]\s*)?")
_THINKS = re.compile(
    r"\b(?:i|we) (?:(?:personally|really|still|also|would|do|must) )*"
    r"(?:think|believe|feel|find|guess|suppose|suspect|doubt|hope|wish|fear|like|love|prefer"
    r"|recommend|suggest|propose|assume|say that|am (?:sure|afraid|glad|happy|sorry))\b"
    r"|\b(?:in|to) my (?:opinion|view|mind|eyes)\b|\bin our (?:opinion|view)\b"
    r"|\b(?:strikes?|seems?|appears?|looks?|feels?) (?:\w+ ){0,2}?to (?:me|us)\b"
    r"|\bstrikes? (?:me|us)\b|\bif you ask me\b|\bpersonally,|^\W*(?:hopefully|luckily|sadly"
    r"|unfortunately|fortunately|frankly|honestly)\b"
    r"|^\W*(?:thank you|thanks|please|dear|sorry|apologies|kind regards|best regards|yours)\b"
    "|(?:我|我们|笔者|本人)(?:个人)?(?:都|也|还|倒)?(?:觉得|认为|以为|相信|希望|猜|估计|想|担心|喜欢"
    "|建议|推荐|怀疑|感觉|看来)|(?:依|在|就|据)(?:我|我们|笔者|个人)(?:看|之见|看来|而言)?"
    "|个人(?:觉得|认为|以为|看法)|总的来说.{0,12}(?:不错|很好|合理|满意|糟|差)"
    "|^\\W*(?:谢谢|感谢|多谢|您好|你好|此致|敬礼|抱歉)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text, characters [start, end), and what it `says`, without markup; `kind` says
    whether that can be checked. `form` is that of a statement. `headings` are those above it, the
    outermost first, `under` what leads to its list, and `before` the sentence before it in its
    paragraph: both empty where there is none."""

    start: int
    end: int
    text: str
    says: str
    kind: PartKind
    form: SentenceKind = "sentence"
    headings: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    before: str = ""


def parts(document: ParsedDocument) -> Iterator[Part]:
    """The pieces of a text in order; code is none."""
    headings: list[Block] = []
    for heading, blocks in _sections(document):
        if heading is not None:
            headings = [one for one in headings if one.level < heading.level]
            said = plain(document.text[heading.start : heading.end])
            above = _texts(document, headings)
            yield Part(
                heading.start,
                heading.end,
                document.text[heading.start : heading.end],
                said,
                "heading",
                headings=above,
            )
            headings.append(heading)
        path = _texts(document, headings)
        for first, last in _stretches(blocks):
            yield from _of_stretch(document, first, last, path)


def _sections(document: ParsedDocument) -> Iterator[tuple[Block | None, list[Block]]]:
    """Each heading with the blocks under it; None before the first."""
    heading: Block | None = None
    inside: list[Block] = []
    for block in document.blocks:
        if block.kind == "heading":
            if heading or inside:
                yield heading, inside
            heading, inside = block, []
        else:
            inside.append(block)
    if heading or inside:
        yield heading, inside


def _texts(document: ParsedDocument, headings: Sequence[Block]) -> tuple[str, ...]:
    return tuple(plain(document.text[one.start : one.end]) for one in headings)


def _stretches(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Places of blocks that follow each other, without code, in parts that are not too long."""
    start = end = -1
    for block in blocks:
        if block.kind == "code" or (start >= 0 and block.end - start > _MOST_AT_ONCE):
            if start >= 0:
                yield start, end
            start = -1
        if block.kind != "code":
            start = block.start if start < 0 else start
            end = block.end
    if start >= 0:
        yield start, end


def _of_stretch(
    document: ParsedDocument, first: int, last: int, path: tuple[str, ...]
) -> Iterator[Part]:
    text = document.text[first:last]
    before, ended = "", -1
    for one in statements.tell(text, 0, len(text), headings=path).statements:
        says = _says(one)
        begins = one.start + _marked(one)
        if one.kind not in {"sentence", "question"} or "\n\n" in text[max(ended, 0) : one.start]:
            before = ""
        yield Part(
            first + begins,
            first + one.end,
            text[begins : one.end],
            says,
            _kind(one, says),
            form=_KINDS.get(one.kind, "sentence"),
            headings=path,
            under=tuple(plain(stretch.text) for stretch in one.under if _leads(stretch, one)),
            before=before,
        )
        before, ended = says, one.end


def _leads(stretch: Stretch, one: Statement) -> bool:
    """Whether a statement leans on what it stands under; a row is told with its header's names."""
    named = sum(bool(name) and name in stretch.text for name, _ in one.cells)
    return not stretch.heading and named < 2


def _marked(one: Statement) -> int:
    """How many characters the mark of an item, a quote or a heading takes before it."""
    if one.cells:
        return 0
    found = _MARKER.match(one.text)
    return found.end() if found and found.end() < len(one.text) else 0


def _says(one: Statement) -> str:
    told = one.told if one.cells else one.text[_marked(one) :]
    return plain(without_labels(told))


def _kind(one: Statement, says: str) -> PartKind:
    if one.kind in {"heading", "question"}:
        return one.kind
    if len(says) > _LONGEST or not any(map(coverage.says, says)) or not _tells(says):
        return "nothing"
    if absences.is_absence(says):
        return "absence"
    if _THINKS.search(says):
        return "opinion"
    return "statement"


def _tells(says: str) -> bool:
    """Whether there is more in a piece than a name, a date or a greeting."""
    terms = analysis.question_terms(says)
    chinese = re.search(f"[{CJK}]", says)
    return len(terms) > (2 if chinese else 1)

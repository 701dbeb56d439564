"""Replies as a capable model writes them, written down: a stand-in for such a model.

A reply was written for its question by somebody who saw the documents, with a mark {k} where it
rests on `needs[k - 1]`, a piece of a document. The stand-in looks for the pieces in its prompt. It
gives the reply with the labels of the sources that hold them, and says that the sources do not tell
where one is missing. So the same replies judge any prompt, and all that becomes of a reply.
"""

import dataclasses
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quire.models.protocols import Message

REPLIES = Path(__file__).parent.parent / "training" / "replies"
NOTHING = "I do not know."  # to whatever else a model is asked
_NOISE = r"[\s|*_`>#]"  # what a prompt or an answer may change
_GAP = 80  # characters between two cells of a row: the names of their columns
_LABEL = re.compile(r"(?m)^\s*\[(\d{1,3})\]")
_MARK = re.compile(r"\{(\d+)\}")
_CITED = re.compile(r"\{\d+\}|\[\d{1,3}\]")
_NUMBER = re.compile(r"(?<!\d)\d(?:[\d,.]*\d)?")
_AUXILIARY = "is|are|was|were|must|may|will|should|could|would|might|does|did|do"
_DENIALS = (
    (r"\bcannot\b", "can"),
    (rf"\b({_AUXILIARY}|has|have|had|can) not\b", r"\1"),
    (r"\bnever\b", "always"),
    (r"\bno longer\b", "still"),
    (r"\bcan\b", "cannot"),
    (r"\b(is|are|was|were|must|may|will|should|could|would|might)\b", r"\1 not"),
    (r"\b(has|have|had)(?= (?:been|\w+ed)\b)", r"\1 not"),
    (r"\bhas to\b", "does not have to"),
    (r"\bhave to\b", "do not have to"),
    (r"\bhad to\b", "did not have to"),
    ("不可以", "可以"),
    ("不能", "能"),
    ("不得", "可以"),
    ("不需要|无需", "需要"),
    ("无须|不必", "必须"),
    ("没有", "有"),
    ("不是", "是"),
    ("必须", "不必"),
    ("应当|应该", "不应"),
    ("可以", "不可以"),
    ("需要", "不需要"),
    ("(?<![可功性技职智])能(?![力够源量])", "不能"),
    ("(?<![可还就也正但凡只要若于总像])是(?!否)", "不是"),
    ("(?<![所只现原具])有(?![效关限时些])", "没有"),
    ("(?<![因认作成以])为(?![了止什])", "不为"),
)
"""Of a denial and a statement each; the first that is found is put in place of the other."""


@dataclass(frozen=True, slots=True)
class Told:
    """A statement of a reply, without marks, and whether the documents say it."""

    text: str
    true: bool


@dataclass(frozen=True, slots=True)
class Written:
    """The reply to a question, and `absent`, what is said where one of its `needs` is missing."""

    id: str
    kind: str
    question: str
    needs: tuple[str, ...]
    reply: str
    absent: str
    claims: tuple[Told, ...]


def read(language: str) -> list[Written]:
    """Those of a language, "en" or "zh"."""
    lines = (REPLIES / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    names = [field.name for field in dataclasses.fields(Written)]
    return [
        Written(
            **{name: row[name] for name in names if name not in {"needs", "claims"}},
            needs=tuple(row["needs"]),
            claims=tuple(Told(claim["text"], claim["true"]) for claim in row["claims"]),
        )
        for row in map(json.loads, lines)
    ]


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def bare(text: str) -> str:
    """A text without what may be changed: white space, case, Markdown, labels and marks.

    >>> bare("It costs **£6.50** {1}."), bare("| H1 | Hall [2] |")
    ('itcosts£6.50.', 'h1hall')
    """
    return re.sub(f"{_NOISE}+", "", folded(_CITED.sub("", text)))


class Writer:
    """The function of a `FakeChatModel`. `complete` are the ids of replies given whole."""

    def __init__(self, replies: Sequence[Written]) -> None:
        self._replies = sorted(replies, key=lambda one: -len(one.question))
        self.complete: set[str] = set()

    def __call__(self, messages: Sequence[Message]) -> str:
        prompt, asked = folded(messages[-1].content), bare(messages[-1].content)
        if not _LABEL.search(prompt):
            return NOTHING
        for one in self._replies:
            if bare(one.question) in asked:
                return self._reply(one, prompt)
        return NOTHING

    def _reply(self, one: Written, prompt: str) -> str:
        places = [place(need, prompt) for need in one.needs]
        labels = [None if at is None else _label(prompt, at) for at in places]
        if None in labels:
            return one.absent
        self.complete.add(one.id)
        return _MARK.sub(lambda mark: labels[int(mark[1]) - 1] or "", one.reply)


def place(need: str, prompt: str) -> int | None:
    """Where a piece begins in a folded prompt. Cells of a row may have names between them.

    >>> place("H1 | 960", "[1] list.csv\\nh1: 9600 · code: h1 · area: 960"), place("96", "960")
    (13, None)
    """
    cells = [_pattern(cell) for cell in re.split(r"\s*\|\s*", folded(need)) if cell]
    for between in (f"{_NOISE}*", rf"[^\n]{{0,{_GAP}}}?"):
        if found := re.search(between.join(cells), prompt):
            return found.start()
    return None


def _pattern(cell: str) -> str:
    characters = [re.escape(one) for one in re.sub(f"{_NOISE}+", "", cell)]
    start = r"(?<!\d)" if characters and characters[0].isdigit() else ""
    end = r"(?!\d|[.,]\d)" if characters and characters[-1].isdigit() else ""
    return start + f"{_NOISE}*".join(characters) + end


def _label(prompt: str, at: int) -> str:
    """The label of the source that a place belongs to; empty where it stands before all."""
    labels = [found[1] for found in _LABEL.finditer(prompt, 0, at + 1)]
    return f"[{labels[-1]}]" if labels else ""


def twisted(one: Written) -> Written:
    """The reply with its first true statement that can be turned made false: another number in it,
    or where it has none a denial more or less. Some have neither, such as a list of orders."""
    return next((turned for at in range(len(one.claims)) if (turned := _turned(one, at))), one)


def _turned(one: Written, at: int) -> Written | None:
    found = _said(one.reply, one.claims[at].text) if one.claims[at].true else None
    if found is None:
        return None
    false = made_false(found[0])
    if false == found[0]:
        return None
    claims = list(one.claims)
    claims[at] = Told(_MARK.sub("", false), true=False)
    reply = one.reply[: found.start()] + false + one.reply[found.end() :]
    return dataclasses.replace(one, reply=reply, claims=tuple(claims))


def _said(reply: str, claim: str) -> re.Match[str] | None:
    """Where a reply says a statement, with marks in it."""
    characters = map(re.escape, re.sub(r"\s+", "", claim))
    return re.search(r"(?:\{\d+\}|\s)*".join(characters), reply)


def made_false(said: str) -> str:
    """A statement with another number, or where it has none with a denial more or less; as it is
    where nothing can be changed.

    >>> made_false("It takes 28 days {1}."), made_false("Dogs must be kept outside.")
    ('It takes 27 days {1}.', 'Dogs must not be kept outside.')
    >>> made_false("He cannot come."), made_false("值班员可以申请。")
    ('He can come.', '值班员不可以申请。')
    """
    marks = [mark.span() for mark in _MARK.finditer(said)]
    for number in _NUMBER.finditer(said):
        if not any(start <= number.start() < end for start, end in marks):
            return said[: number.start()] + _other(number[0]) + said[number.end() :]
    for pattern, instead in _DENIALS:
        changed = re.sub(pattern, instead, said, count=1)
        if changed != said:
            return changed
    return said


def _other(number: str) -> str:
    """Another number, such as a day or an hour that there is: a digit above 1 is lowered, the last
    one that can be.

    >>> [_other(number) for number in ("28", "2025", "30", "31", "10", "0")]
    ['27', '2024', '20', '21', '20', '1']
    """
    digits = [at for at, digit in enumerate(number) if digit.isdigit()]
    high = [at for at in digits if int(number[at]) > 1]
    if high:
        return _put(number, high[-1], int(number[high[-1]]) - 1)
    ones = [at for at in digits if number[at] == "1"]
    return _put(number, ones[-1], 2) if ones else _put(number, digits[-1], 1)


def _put(number: str, at: int, digit: int) -> str:
    return number[:at] + str(digit) + number[at + 1 :]

"""Which rows and columns of a table a question is about.

Each word of the question is looked for in what the table is called (its caption, headings, document
and file), in the names of its columns and in its cells. A cell that the question says as a whole,
by itself or after its column's name ("Hall C"), chooses its row, and so does a date in another
writing; where there is none, the rows that hold most of the words that are left. What then remains
is missing: a question of which nothing is missing is about this table and about nothing else.
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from quire.answering import bounds
from quire.answering.bounds import Bound
from quire.records import Group, Passage, Statement, Stretch
from quire.text import analysis, cells
from quire.text.cells import Words
from quire.verification import coverage, quantities

_LONGEST_PHRASE = 24  # words of a cell that a question may say as a whole
_LONGEST_PART = 60  # characters of a cell whose parts are looked at
_PARTS = re.compile(r"[,;/()，；、（）：]|:(?!\d)|\s(?:and|or)\s|[及和与或]")
_NOT = re.compile(
    r"\b(?:not|cannot|no|without|except|never|other than)\b|n['’]t\b"
    r"|除了|除外|以外|不[能可是得由需用属在允许]|没有|非",
    re.IGNORECASE,
)
_FILLERS = frozenset(
    analysis.stem(word)
    for word in (
        "list lists listed table tables row rows record records entry entries item items line lines"
        " file files document csv spreadsheet altogether overall all any each every number value"
        " values show give get got find make put name names one ones kind sort exactly only not no"
        " cannot never except without other than answer into per same still ever ordinary normal"
        " regular overview there altogether"
    ).split()
)
_FILLERS_ZH = frozenset(
    "的了是在有和与谁几哪什么吗呢多少为被这个一些里中表行条项份家台位名种请问能可以不非需要得应该会由到对及或从之"
    "共计总列出给我们把用做成个只各每数据记录文件分别以外除没怎如样发元格普通且于其并"
)
_WHICH = re.compile(r"\b(?:which|how many|list|name)\b|哪|几|多少", re.IGNORECASE)
_MARKS = dict.fromkeys("yes y x ✓ ✔ true 是 有 √ ● 可".split(), "yes")
_MARKS |= dict.fromkeys("no n - – — ✗ ✘ false 否 无 × 不可 没有".split(), "no")
_DAYS = frozenset({"day", "date", "日", "天"})
_LONE = re.compile(r"(?<=\s)[A-Z](?![\w’'])")  # a capital that begins no sentence is a name

_LETTERS_FIRST = re.compile(r"([^\W\d_]+)(\d.*)")
_CODE = re.compile(r"[a-z]\S*\d|\d\S*[a-z]")

Day = tuple[int, int, int]
Span = tuple[int, int]


def _stems(words: str) -> frozenset[str]:
    return frozenset(word if cells.is_han(word) else analysis.stem(word) for word in words.split())


_CURRENCY = re.compile(rf"[€£$¥元]|\b(?:{'|'.join(cells.CURRENCIES)})\b")
_MONEY = _stems("cost costs price prices fee fees charge rate pay rent much 价 费 钱")
_HOW = _stems(
    "long far often old high large big fast wide deep heavy soon late 久 长 大 高 低 多 少 贵"
)
_MEANS = _stems("mean means meaning stand 义 指") | {"意思", "含义"}
_LIKE = (
    _MONEY,
    _stems("weigh weighs weight heavy 重"),
    _stems("long length duration 长"),
    _stems("stand stands located location hall site place shelf 位"),
    _stems(
        "who whom person manager manages handled handle handles deal act"
        " responsible operator operates user 谁 人"
    ),
    _stems("mean means meaning 义"),
)
"""Words that ask for a column, and what it may be called."""
_ASKED_BY = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(called, re.IGNORECASE))
    for asks, called in (
        (
            r"\b(?:when|what time|which (?:day|date))\b|什么时[候间]|何时|几点|哪一?天|几[月号]",
            r"\b(?:dates?|times?|days?|deadline)\b|日期|时间|时刻|期限",
        ),
        (
            r"\bhow (?:often|long|frequently)\b|多久|多长时间|隔多长",
            r"\b(?:interval|frequency|period|duration|cycle|term)\b|周期|期限|时长|频[率次]|年限",
        ),
        (
            r"\bwhy\b|\bwhat causes?\b|为什么|为何|为啥|怎么回事|什么原因",
            r"\b(?:causes?|reasons?)\b|原因|理由",
        ),
        (
            r"\b(?:what (?:should|can|must) (?:i|we|one) do|how (?:do|can|should) (?:i|we|one)"
            r" (?:fix|solve|remedy|clear))\b|(?:怎么|如何|怎样)(?:办|处理|解决|排除|处置|应对)",
            r"\b(?:remed(?:y|ies)|actions?|solutions?|fix|measures?)\b|处理|措施|方法|对策|办法",
        ),
        (
            r"\bwhat does\b.{1,60}\bmean\b|(?:什么|啥|何)意思|什么含义",
            r"\b(?:meaning|description)\b|含义|意义|说明",
        ),
        (
            r"\bwhere\b|哪里|哪儿|何处|在哪|什么地方",
            r"\b(?:places?|locations?|rooms?|address|venue|site)\b|地[点址]|位置|办公室|教室|场[所地]",
        ),
        (
            r"\b(?:how much|what) .{0,60}\b(?:in total|altogether|in all)\b"
            r"|(?:一共|总共|合计|总计|共)[要需花付是]?多少[钱元]",
            r"\b(?:amount|total)\b|金额|总[价额计]|合计|小计",
        ),
    )
)
"""Phrases that ask for a column without a word of its name, and what it may be called."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a document. `about` is what it is called: caption, headings, title, file name;
    `near` only what stands directly above it, and the rest where the document is this table.
    """

    passage: Passage
    head: Stretch | None
    columns: tuple[str, ...]
    rows: tuple[Statement, ...]
    about: str
    near: str

    @property
    def caption(self) -> str:
        return self.head.text if self.head else ""

    def column(self, at: int) -> list[str]:
        """The cells of a column, empty where a row has none."""
        return [row.cells[at][1] if at < len(row.cells) else "" for row in self.rows]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a question fits a table: the rows that it is about (all where it names none), the columns
    that it names, those whose cells chose the rows, and the words that are `missing`. `turned` says
    that the rows are those whose cells the question does not want. `partly` says that no cell was
    named as a whole. `bounds` are those that the cells of columns lie within."""

    table: Table
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    chose: tuple[int, ...]
    missing: tuple[str, ...]
    held: int
    turned: bool = False
    partly: bool = False
    bounds: tuple[tuple[int, Bound], ...] = ()

    @property
    def names_rows(self) -> bool:
        return bool(self.chose)

    def told(self, row: int, *, columns: Iterable[int] = ()) -> Statement:
        """A row with the columns that the question is about: its label, those it names, and those
        that chose it. All of them, where it names none."""
        statement = self.table.rows[row]
        named = {*self.columns, *columns}
        if not named - {0}:
            return statement
        kept = sorted({0, *named, *self.chose})
        told = tuple(statement.cells[at] for at in kept if at < len(statement.cells))
        if not any(cell for name, cell in told[1:]):
            return statement
        return dataclasses.replace(statement, cells=told)


def of(
    passage: Passage, group: Group, *, headings: Iterable[str] = (), whole: bool = False
) -> Table | None:
    """A group as a table, where its members are rows. `headings` stand above it, and `whole` says
    that its document is this table, so that the names of the document are the table's."""
    rows = tuple(member for member in group.members if member.kind == "row" and member.cells)
    if not rows:
        return None
    columns = tuple(name for name, _ in max((row.cells for row in rows), key=len))
    caption = group.head.text if group.head else ""
    document, path = passage.document, tuple(headings)
    called = (caption, *path, document.title, document.name)
    near = (columns[0], *(called if whole else (caption, *path[-1:])))
    return Table(
        passage, group.head, columns, rows, "\n".join((*called, *columns)), "\n".join(near)
    )


def fit(question: str, table: Table, *, known: Iterable[str] = ()) -> Fit:
    """What of a table a question is about. `known` are parts of the question that need not be
    looked for, such as those that say what is to be computed."""
    limits = bounds.read(question)
    free = bounds.without(question)
    asked = _Asked(question, [*known, *(limit.said for limit in limits)])
    columns = _named(asked, table)
    within = _within(limits, table, columns)
    if within is None:
        asked = _Asked(question, known)
        columns, within, free = _named(asked, table), (), question
    chose, rows = _chosen(asked, table)
    exact = bool(chose)
    denied = _NOT.search(free) is not None
    turned = bool(chose) and 0 not in chose and denied
    if 0 not in chose and not turned and _WHICH.search(question):
        marked = _marked(table, columns, "no" if denied else "yes")
        rows = tuple(at for at in marked[1] if not chose or at in rows) if marked[0] else rows
        chose = tuple(sorted({*chose, *marked[0]}))
        exact = bool(chose)
    asked.hold(cells.bag(cells.words(table.about)) | coverage.known(table.about))
    if not exact:
        chose, rows = _holding(asked, table)
    partly = bool(chose) and not exact
    asked.hold(_asking(table, columns, chose, rows))
    if any(columns):
        asked.hold_ends(_HOW)
    if turned:
        rows = tuple(sorted({*range(len(table.rows))} - {*rows}))
    if not chose:
        rows = tuple(range(len(table.rows)))
    if within:
        rows = tuple(row for row in rows if all(_is_within(table, row, *one) for one in within))
        chose = tuple(sorted({*chose, *(at for at, _ in within)}))
        asked.hold(frozenset().union(*(bounds.words(limit) for _, limit in within)))
    held = len(asked.held & asked.content)
    return Fit(table, rows, columns, chose, asked.missing, held, turned, partly, within)


def _marked(
    table: Table, named: Iterable[int], mark: Literal["yes", "no"]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The columns among those named in which each cell says yes or no, and the rows in which all
    of these say what is asked for: "Which rooms are heated?" """
    every = {at: [_MARKS.get(cell.strip().casefold()) for cell in table.column(at)] for at in named}
    columns = tuple(at for at, said in every.items() if at and all(said))
    rows = tuple(
        row for row in range(len(table.rows)) if all(every[at][row] == mark for at in columns)
    )
    return columns, rows


def _within(
    limits: Sequence[Bound], table: Table, named: Sequence[int]
) -> tuple[tuple[int, Bound], ...] | None:
    """The bounds of a question with the columns that they are about; None where one is about none,
    or where a row is called as it says ("over 10 guests")."""
    every = [table.column(at) for at in range(len(table.columns))] if limits else []
    found: list[tuple[int, Bound]] = []
    for limit in limits:
        said = analysis.fold(limit.said)
        at = bounds.column(limit, table.columns, every, named)
        if at is None or any(said in analysis.fold(row.text) for row in table.rows):
            return None
        found.append((at, limit))
    return tuple(found)


def _is_within(table: Table, row: int, at: int, limit: Bound) -> bool:
    values = table.rows[row].cells
    return at < len(values) and limit.holds(values[at][1], column=table.columns[at])


def _asking(
    table: Table, columns: Iterable[int], chose: Iterable[int], rows: Iterable[int]
) -> frozenset[str]:
    """Words that only ask for what rows and columns tell: what it costs where they have prices, how
    long it is where a column is named, what it means where a row is."""
    found: set[str] = set()
    told = [cell for row in rows for _, cell in table.rows[row].cells]
    if any(_CURRENCY.search(cell) for cell in (*told, *table.columns)):
        found |= _MONEY
    if any(columns):
        found |= _HOW
    names = cells.bag(
        tuple(word for at in {*columns, *chose} for word in cells.words(table.columns[at]))
    )
    for like in _LIKE:
        found |= like if like & names else frozenset()
    if 0 in chose:
        found |= _MEANS
    return frozenset(found)


class _Asked:
    """The words of a question, and which of them were found so far, by their places."""

    def __init__(self, question: str, known: Iterable[str]) -> None:
        self.words: Words = cells.words(question)
        self.held: set[int] = set()
        stops = analysis.stop_terms() | _FILLERS
        lone = {one.casefold() for one in _LONE.findall(question)}
        self.content = {
            at
            for at, word in enumerate(self.words)
            if (
                word not in _FILLERS_ZH
                if cells.is_han(word)
                else word in lone or (word not in stops and (len(word) > 1 or word.isdigit()))
            )
        }
        for phrase in map(cells.words, known):
            if (at := self.find(phrase)) is not None:
                self.content -= {*range(at, at + len(phrase))}
        self.days: list[tuple[Day, frozenset[int]]] = []
        folded = analysis.fold(question)
        self._phrases: list[tuple[re.Pattern[str], frozenset[int]]] = []
        for asks, called in _ASKED_BY:
            if said := asks.search(question):
                phrase = cells.words(said[0])
                at = self.find(phrase)
                if at is not None:
                    self._phrases.append((called, frozenset(range(at, at + len(phrase)))))
        for one in quantities.quantities(question):
            at = self.find(cells.words(folded[one.start : one.end]))
            if one.unit == "date" and at is not None:
                year, month, day = [*one.value.split("-"), "", ""][:3]
                length = len(cells.words(folded[one.start : one.end]))
                parts = (int(year or 0), int(month or 0), int(day or 0))
                self.days.append((parts, frozenset(range(at, at + length))))

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(self.words[at] for at in sorted(self.content - self.held))

    def find(self, phrase: Words) -> int | None:
        """Where a phrase stands in the question."""
        length = len(phrase)
        if not 0 < length <= _LONGEST_PHRASE:
            return None
        for at in range(len(self.words) - length + 1):
            if self.words[at] == phrase[0] and self.words[at : at + length] == phrase:
                return at
        return None

    def places(self, bag: frozenset[str]) -> set[int]:
        """The places of words of content that a bag holds; a Chinese character beside others needs
        one of them beside it there too."""
        return {
            at
            for at in self.content
            if self._in(at, bag) or (cells.is_han(self.words[at]) and self._beside(at, bag))
        }

    def hold(self, bag: frozenset[str]) -> None:
        self.held |= self.places(bag)

    def hold_ends(self, bag: frozenset[str]) -> None:
        """Holds Chinese characters of a bag after which no other word stands: 收入高, not 高层."""
        self.held |= {
            at for at in self.content if self.words[at] in bag and at + 1 not in self.content
        }

    def by_phrase(self, column: str, bag: frozenset[str]) -> set[int]:
        """The places of phrases that ask for a column of this name, such as when for a date, each
        with the word after it that the name has too (多久换 of 更换周期)."""
        found: set[int] = set()
        for called, places in self._phrases:
            if called.search(column):
                after = max(places) + 1
                found |= places
                if after < len(self.words) and self.words[after] in bag:
                    found.add(after)
        return found

    def _in(self, at: int, bag: frozenset[str]) -> bool:
        word = self.words[at]
        if not cells.is_han(word):
            return word in bag
        pairs = [
            self.words[first] + self.words[first + 1]
            for first in (at - 1, at)
            if {first, first + 1} <= self.content
            and cells.is_han(self.words[first])
            and cells.is_han(self.words[first + 1])
        ]
        return any(pair in bag for pair in pairs) if pairs else word in bag

    def _beside(self, at: int, bag: frozenset[str]) -> bool:
        """Whether a Chinese character goes with the one after it, as in 哪类城市 of 城市类别."""
        return self.words[at] in bag and at + 1 in self.content and self._in(at + 1, bag)


def _named(asked: _Asked, table: Table) -> tuple[int, ...]:
    """The columns that the question names: those of whose names it says most, as far as what it
    says of one is not part of what it says of another."""
    said: dict[int, set[int]] = {}
    names = [cells.words(cells.without_unit(name)) for name in table.columns]
    bags = [cells.bag(name) for name in names]
    called = [
        asked.places(bag) | asked.by_phrase(table.columns[at], bag) for at, bag in enumerate(bags)
    ]
    for at, bag in enumerate(bags):
        # what one column is called does not ask for another: a price is not a "rated" power
        found = called[at] or _like(asked, bag).difference(*called)
        if not found and at == 0 and _is_of_days(table):
            found = {place for place in asked.content if asked.words[place] in _DAYS}
        if found:
            said[at] = found
    kept = [
        at
        for at, found in said.items()
        if not any(found < other for other in said.values())
        and not any(found == said[o] and len(names[o]) < len(names[at]) for o in said)
    ]
    for at in kept:
        asked.held |= said[at]
    return tuple(kept)


def _like(asked: _Asked, bag: frozenset[str]) -> set[int]:
    """The places of words that ask for a column without its name."""
    found: set[int] = set()
    for like in _LIKE:
        if bag & like:
            found |= {at for at in asked.content if asked.words[at] in like}
    return found


def _is_of_days(table: Table) -> bool:
    found = [cells.date(cell.strip()) for cell in table.column(0)[:3] if cell]
    return bool(found) and all(found)


Hits = dict[int, dict[int, list[Span]]]
"""By column and row, where in the question a cell is said."""


def _chosen(asked: _Asked, table: Table) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The columns with cells that the question says as a whole, and the rows that have such cells
    in each of these columns."""
    sieve = _sieve(asked)
    if sieve is None:
        return (), ()
    names = [cells.words(cells.without_unit(name)) for name in table.columns]
    hits: Hits = {}
    for at, row in enumerate(table.rows):
        if sieve.search(analysis.fold(row.text)):
            for column, (_, cell) in enumerate(row.cells):
                if cell and (found := _said(asked, cell, names[column], label=column == 0)):
                    hits.setdefault(column, {})[at] = found
    return _agreeing(asked, _longest(hits))


def _longest(hits: Hits) -> Hits:
    """Hits without those that are part of a longer one: who says "trained user" says no "user"."""
    spans = {span for rows in hits.values() for found in rows.values() for span in found}
    part = {
        span
        for span in spans
        if any(o != span and o[0] <= span[0] and span[1] <= o[1] for o in spans)
    }
    return {
        column: kept
        for column, rows in hits.items()
        if (kept := {at: left for at, found in rows.items() if (left := [*{*found} - part])})
    }


def _agreeing(asked: _Asked, hits: Hits) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The columns that choose rows, and the rows that all of them choose. What is said once chooses
    by one column, the first."""
    by: dict[Span, int] = {}
    for column, rows in sorted(hits.items()):
        for span in (span for found in rows.values() for span in found):
            by.setdefault(span, column)
    fitting: set[int] = set()
    used: list[int] = []
    for column, rows in sorted(hits.items()):
        own = {at for at, found in rows.items() if any(by[span] == column for span in found)}
        both = own & fitting if used else own
        if both:
            fitting = both
            used.append(column)
            for first, last in (span for at in own for span in rows[at]):
                asked.held |= {*range(first, last)}
                if _CODE.search(" ".join(asked.words[first:last])):
                    asked.held.add(first - 1)  # what it is called: error 0x1F03
    return tuple(used), tuple(sorted(fitting))


def _sieve(asked: _Asked) -> re.Pattern[str] | None:
    """What stands in each row that has a cell that the question says: the beginnings of its words,
    as they may be written. It spares looking at the cells of most rows."""
    starts = {rf"(?<!\d)0?{day or month}(?!\d)" for (_, month, day), _ in asked.days if month}
    for word in (asked.words[at] for at in asked.content):
        if code := _LETTERS_FIRST.fullmatch(word):
            starts.add(rf"{code[1]}[\W_]*{re.escape(code[2])}")
        else:
            letters = re.match(r"[^\W\d]+", word)
            starts.add(re.escape(letters[0][:3] if letters else word))
    return re.compile("|".join(sorted(starts))) if starts else None


def _said(asked: _Asked, cell: str, name: Words, *, label: bool) -> list[Span]:
    """Where in the question a cell is said, as places of words."""
    parts = [cells.words(cell)]
    if len(cell) <= _LONGEST_PART:
        parts += [cells.words(part) for part in _PARTS.split(cell)]
    found = _days_said(asked, cell)
    for part in parts:
        for before in (name, name[-1:]):
            at = asked.find((*before, *part)) if before else None
            if at is not None:
                found.append((at, at + len(before) + len(part)))
        at = asked.find(part)
        if at is None or not {*range(at, at + len(part))} & asked.content:
            continue
        if label or not all(word.replace(".", "").isdigit() for word in part):
            found.append((at, at + len(part)))
    return found


def _days_said(asked: _Asked, cell: str) -> list[Span]:
    """Where the question says the day that a cell is, in whatever writing."""
    if not asked.days or len(cell) > _LONGEST_PART or not any(map(str.isdigit, cell)):
        return []
    day = cells.date(cell.strip())
    if day is None and len(told := quantities.quantities(cell)) == 1 and told[0].unit == "date":
        year, month, of_month = [*told[0].value.split("-"), "", ""][:3]
        day = int(year or 0), int(month or 0), int(of_month or 0)
    return [
        (min(places), max(places) + 1)
        for asked_day, places in asked.days
        if day and all(not a or a == b for a, b in zip(asked_day, day, strict=True))
    ]


def _holding(asked: _Asked, table: Table) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The columns and rows that hold most of what the question says beside the names, a word that
    few rows hold counting more."""
    left = asked.content - asked.held
    words = {asked.words[at] for at in left}
    if not words:
        return (), ()
    starts = {re.escape(word if cells.is_han(word) else word[:3]) for word in words}
    sieve = re.compile("|".join(sorted(starts)))
    held: dict[int, dict[int, frozenset[int]]] = {}
    for at, row in enumerate(table.rows):
        if sieve.search(analysis.fold(row.text)):
            for column, (_, cell) in enumerate(row.cells):
                bag = cells.bag(cells.words(cell))
                if places := frozenset(asked.places(bag) & left):
                    held.setdefault(at, {})[column] = places
    common = Counter(place for row in held.values() for place in frozenset().union(*row.values()))
    weights = {place: math.log(1 + len(table.rows) / count) for place, count in common.items()}
    scores = {
        at: sum(weights[place] for place in frozenset().union(*row.values()))
        for at, row in held.items()
    }
    if not scores:
        return (), ()
    most = max(scores.values())
    rows = tuple(at for at, score in scores.items() if score > 0.99 * most)
    columns = {column for at in rows for column in held[at]}
    for at in rows:
        asked.held |= frozenset().union(*held[at].values())
    return tuple(sorted(columns)), rows

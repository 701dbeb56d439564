"""Records that a text writes one below the other: each has a heading or a first line of its own and
gives values to the same keys ("Status: open. Budget: £5,370."). They are a table in all but form.

What a key is, the text itself tells: what stands before a colon time and again. Everything here is
linear in the text.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quire.records import Group, Statement
from quire.text.languages import CJK

_PAIR = re.compile(
    rf"(?:^|(?<=[.;。；])\s*|(?<=\s\s))(?:[-*+•·–][ \t]+)?"
    rf"(?P<key>[^\W\d_{CJK}][^\n:：.;。；]{{0,38}}|[{CJK}][^\n:：.;。；]{{0,18}})"
    r"[:：][ \t]*(?=[^\s/:：])"
)
_LISTED = re.compile(
    r"[ \t]*(?:[-*+•·–][ \t]+)?(?P<key>[^\W_][^\n:：.;。；|]{0,60})[:：][ \t]*(?=[^\s/:：])"
)
_HEADING = re.compile(r"#{1,6}[ \t]+")
_LEAST = 3  # records; and how often something is said before a colon to be a key
_LONGEST = 200  # characters of a line that can name a record
_NAME = re.compile(rf"[^\W\d_{CJK}]+(?:[ ][^\W\d_{CJK}]+)?|[{CJK}]{{2,6}}")


@dataclass(slots=True)
class _Entry:
    """A record in the making: its name, where it stands, its keys with their values."""

    name: str
    start: int
    end: int
    pairs: list[tuple[str, str]] = field(default_factory=list)


def may_be_in(passage: str) -> bool:
    """Whether a passage looks like a part of such records: it gives two values."""
    return len(list(itertools.islice(_pairs(passage), 2))) > 1


def find(text: str) -> Group | None:
    """The records of a text as the rows of a table, whose first column is what they are called;
    None where there are no three.

    >>> jobs = [f"# Job {n}: roof\\nStatus: open. Cost: £{n}.\\n" for n in (4, 5, 6)]
    >>> [row.told for row in find("".join(jobs)).members][1]
    'Job: 5: roof · Status: open · Cost: £5'
    """
    rows = [(start, line, list(_PAIR.finditer(line))) for start, line in _lines(text)]
    counted = Counter(pair["key"].strip() for _, _, pairs in rows for pair in pairs)
    keys = {key for key, count in counted.items() if count >= _LEAST}
    if not keys:
        return None
    entries = [entry for entry in _entries(rows, keys) if entry.pairs]
    common = Counter(key for entry in entries for key, _ in entry.pairs).most_common(1)
    if not common or common[0][1] < _LEAST:
        return None
    entries = [entry for entry in entries if common[0][0] in dict(entry.pairs)]
    return _group(text, entries)


def _pairs(text: str) -> Iterator[re.Match[str]]:
    return (pair for line in text.split("\n") for pair in _PAIR.finditer(line))


def listed(text: str) -> Group | None:
    """The lines of a text that each give a value to a key of their own ("F-21: low pressure"), as
    the rows of a table without a header; None where there are no two below each other.

    >>> [row.cells for row in listed("F-21：水压过低。\\nF-12：排水超时。").members][0]
    (('', 'F-21'), ('', '水压过低。'))
    """
    members = []
    before = False
    for start, line in _lines(text):
        found = _LISTED.match(line)
        if found and (before or _LISTED.match(text, start + len(line) + 1)):
            key = found["key"].strip()
            value = line[found.end() :].strip()
            begin, end = start + found.start("key"), start + len(line.rstrip())
            members.append(
                Statement("row", begin, end, text[begin:end], cells=(("", key), ("", value)))
            )
        before = found is not None
    keys = Counter(member.cells[0][1] for member in members)
    members = [member for member in members if keys[member.cells[0][1]] == 1]
    return Group(members[0].start, None, tuple(members)) if len(members) > 1 else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _entries(
    rows: Sequence[tuple[int, str, list[re.Match[str]]]], keys: set[str]
) -> Iterator[_Entry]:
    """The records: a line without a key begins one where pairs follow it."""
    entry: _Entry | None = None
    for start, line, found in rows:
        pairs = [pair for pair in found if pair["key"].strip() in keys]
        bare = line.strip()
        if not bare:
            continue
        if _HEADING.match(bare) or not pairs:
            if entry:
                yield entry
            name = _HEADING.sub("", bare)[:_LONGEST]
            entry = _Entry(name, start + line.index(bare), start + len(line.rstrip()))
            continue
        if entry is None:
            entry = _Entry("", start + line.index(bare), start)
        for pair, after in zip(pairs, [*pairs[1:], None], strict=True):
            end = after.start() if after else len(line)
            value = line[pair.end() : end].strip().rstrip(".;。；").strip()
            key = pair["key"].strip()
            if key in dict(entry.pairs):
                yield entry
                entry = _Entry("", start + pair.start(), start)
            entry.pairs.append((key, value))
            entry.end = start + len(line[:end].rstrip())
    if entry:
        yield entry


def _group(text: str, entries: Sequence[_Entry]) -> Group | None:
    if len(entries) < _LEAST:
        return None
    first = _NAME.match(entries[0].name)
    called = first[0] if first else ""
    while called and sum(entry.name.startswith(called) for entry in entries) < 0.9 * len(entries):
        called = called.rpartition(" ")[0]
    columns = list(dict.fromkeys(key for entry in entries for key, _ in entry.pairs))
    members = []
    for entry in entries:
        values = dict(entry.pairs)
        name = entry.name.removeprefix(called).strip() if called else entry.name
        label = ((called, name),) if any(one.name for one in entries) else ()
        cells = (*label, *((column, values.get(column, "")) for column in columns))
        members.append(
            Statement("row", entry.start, entry.end, text[entry.start : entry.end], cells=cells)
        )
    return Group(members[0].start, None, tuple(members))

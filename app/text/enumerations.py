"""Lists within a sentence: "… shall (a) clean it; (b) test it.", 依次办理：（1）…；（2）…。"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from quire.text import sentences
from quire.text.lines import han_number

Span = tuple[int, int]

_MARK = re.compile(
    r"[（(](?:(?P<number>\d{1,2})|(?P<letter>[a-z])|(?P<han>[一二三四五六七八九十]{1,2}))[)）]"
    "|(?P<circle>[①-⑳])"
)
_LEADS = re.compile(r"[:：]\s*$")
_FEW = 3  # items that make a list where nothing says that one follows
_LEAST = 4  # characters of an item; less is a reference: "as said in (1) and (2)"


def find(said: str) -> tuple[Span, tuple[Span, ...]] | None:
    """The first list within a paragraph: what leads to it, and its items; None without one.

    >>> said = "Hand in: (a) the keys; (b) the pass. Thank you."
    >>> head, items = find(said)
    >>> said[slice(*head)], [said[slice(*item)] for item in items]
    ('Hand in:', ['(a) the keys;', '(b) the pass.'])
    """
    marks = list(_MARK.finditer(said))
    for run in _runs(marks):
        cuts = sentences.split(said)
        start = max(begin for begin, _ in cuts if begin <= run[0].start())
        end = min(stop for _, stop in cuts if stop > run[-1].start())
        edges = [*(mark.start() for mark in run), end]
        items = [(a, a + len(said[a:b].rstrip())) for a, b in pairwise(edges)]
        if any(b - mark.end() < _LEAST for mark, (_, b) in zip(run, items, strict=True)):
            continue
        head = said[start : run[0].start()].rstrip()
        if head and (_LEADS.search(head) or len(items) >= _FEW):
            return (start, start + len(head)), tuple(items)
    return None


def _runs(marks: Sequence[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Marks that count from one on, of one kind each."""
    for kind in ("number", "letter", "han", "circle"):
        run: list[re.Match[str]] = []
        for mark in marks:
            if mark.lastgroup == kind and _number(mark) == len(run) + 1:
                run.append(mark)
        if len(run) > 1:
            yield run


def _number(mark: re.Match[str]) -> int:
    said = mark[mark.lastgroup or 0]
    if mark.lastgroup == "number":
        return int(said)
    if mark.lastgroup == "han":
        return han_number(said)
    return ord(said) - ord("a" if mark.lastgroup == "letter" else "①") + 1

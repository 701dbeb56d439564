"""Where the clauses of a text begin and end, in English and Chinese.

A clause ends where its sentence does, at a comma, colon or semicolon, and before what joins it to
the next: "and", "but", "while", "whereas", 而, 但, 并且. Rules of thumb: "bread and butter" are two
clauses here. What is compared clause by clause is compared with the whole sentence as well.

A statement is coarser: commas alone do not end it, so that "Pets may stay, if they are small" is
one, condition included. Compared clause by clause, what qualifies a sentence would be lost: 75 of
1,703 false generated Chinese sentences were then called supported, each a condition dropped
(如果下雪，…), instead of none.
"""

import re
from functools import lru_cache

from quire.text import sentences

_JOINS = r"(?:and|but|while|whereas)\s"
_JOINS_ZH = "而(?!且)|但|并且"
_CLAUSE = re.compile(
    # A comma or a colon between digits is part of a number or a time: 1,200 and 12:30.
    rf"(?:(?<!\d)[,，:：]|[,，:：](?!\d)|;)\s*(?:{_JOINS})?|\s{_JOINS}|{_JOINS_ZH}"
)
_STATEMENT = re.compile(rf";|[,，]\s*(?={_JOINS}|{_JOINS_ZH})")


@lru_cache(maxsize=4096)  # the sentences of an answer's passages, each compared many times
def split(text: str, *, statements: bool = False) -> tuple[tuple[int, int], ...]:
    """Offsets (start, end) of the clauses of a text, or of its `statements`, in order. What joins
    two clauses is in neither, and none is empty.

    >>> text = "The fee is 1,200 yuan, and guests, if they stay until 12:30, pay 10."
    >>> [text[start:end] for start, end in split(text)]
    ['The fee is 1,200 yuan', 'guests', 'if they stay until 12:30', 'pay 10.']
    >>> [text[start:end] for start, end in split(text, statements=True)]
    ['The fee is 1,200 yuan', 'and guests, if they stay until 12:30, pay 10.']
    """
    breaks = _STATEMENT if statements else _CLAUSE
    found: list[tuple[int, int]] = []
    for first, last in sentences.split(text):
        gaps = [match.span() for match in breaks.finditer(text, first, last)]
        starts = [first, *(end for _, end in gaps)]
        ends = [*(start for start, _ in gaps), last]
        found += zip(starts, ends, strict=True)
    return tuple((start, end) for start, end in found if text[start:end].strip())


def texts(text: str, *, statements: bool = False) -> list[str]:
    """The clauses themselves.

    >>> texts("成人票价为1,200元，但学生免费；12:30后停止入场。")
    ['成人票价为1,200元', '学生免费；', '12:30后停止入场。']
    """
    return [text[start:end] for start, end in split(text, statements=statements)]

"""What a follow-up names in the form of something in the last question: another code of the same
series, the same words about another number, or a year counted from the one asked about."""

import re

_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{0,4}-?\d[A-Za-z0-9]*(?:[-/][A-Za-z0-9]+)*")
_RUN = re.compile(r"[A-Za-z]+|\d+")
_KIND = re.compile(
    r"^(?:the )?(?:model|type|version|variant|size|series)\s+|\s+(?:model|type|version|one)$"
    r"|[型款版]$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*|[一二三四五六七八九十百千两]+(?=[年月天日周级类号层楼期档人])"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_YEARS_ON = (
    (-1, r"(?:an?|one|the) year (?:earlier|before)|the (?:previous|preceding) year|上一?年|前一年"),
    (1, r"(?:an?|one|the) year (?:later|after)|the (?:next|following) year|下一年|次年|后一年"),
)


def put(said: str, last: str) -> str | None:
    """The last question with what a follow-up says in the place of what has its form; None where
    nothing has it.

    >>> put("80B", "CS-80A净重多少？"), put("model B", "How heavy is the DW-410-A?")
    ('CS-80B净重多少？', 'How heavy is the DW-410-B?')
    >>> put("满10年", "满5年工龄年假有几天？"), put("上一年", "2024年的收入是多少？")
    ('满10年工龄年假有几天？', '2023年的收入是多少？')
    """
    return _year(said, last) or _code(said, last) or _number(said, last)


def _year(said: str, last: str) -> str | None:
    for on, words in _YEARS_ON:
        years = list(_YEAR.finditer(last))
        if years and re.fullmatch(words, said, re.IGNORECASE):
            year = years[-1]
            return f"{last[: year.start()]}{int(year[0]) + on}{last[year.end() :]}"
    return None


def _code(said: str, last: str) -> str | None:
    """A code may be told by its end alone, where its runs of letters and digits are like those."""
    named = re.sub(r"^(?:the|an?)\s+", "", _KIND.sub("", said), flags=re.IGNORECASE).strip()
    runs = list(_RUN.finditer(named))
    if not runs or not re.fullmatch(r"[A-Z0-9][A-Za-z0-9/-]*", named):
        return None
    for code in reversed(list(_CODE.finditer(last))):
        own = list(_RUN.finditer(code[0]))
        tail = own[-len(runs) :]
        alike = len(runs) < len(own) and all(
            one[0].isdigit() == other[0].isdigit() and len(one[0]) <= max(2, len(other[0]))
            for one, other in zip(runs, tail, strict=True)
        )
        if alike and tail[-1].end() == len(code[0]):
            start = code.start() + tail[0].start()
            return f"{last[:start]}{named}{last[code.end() :]}"
    return None


def _number(said: str, last: str) -> str | None:
    """The same words about another number; words there must be."""
    if not _NUMBER.search(said) or not _NUMBER.sub("", said).strip():
        return None
    parts = [re.escape(part) for part in _NUMBER.split(said)]
    found = re.search(f"(?:{_NUMBER.pattern})".join(parts), last, re.IGNORECASE)
    if not found or found[0].casefold() == said.casefold():
        return None
    return f"{last[: found.start()]}{said}{last[found.end() :]}"

"""Where sentences begin and end, in English and Chinese, as offsets into the text itself.

Rules rather than a model: they are the same on every machine, take microseconds, and a wrong cut
costs little because neighbouring sentences are joined again when passages are built. A sentence
ends

- after 。！？； and …, with any closing quotes and brackets that follow,
- after . ! ? when white space and something that can begin a sentence follow, unless the stop
  belongs to an abbreviation, an initial or a numbered heading,
- at an empty line, and at the end of a line that is a list item, a heading or a row of a table.
"""

import re
from collections.abc import Iterator

from quire.text.languages import CJK

_CLOSING = "\"'”’」』）)】》〉］\\]"
# subtle: lookbehinds and "++" have a long run of stops or blanks tried once, from its beginning.
# Tried from each of its characters, and backwards, 20,000 dots took half a minute.
_BREAK = re.compile(
    rf"""
    (?P<cjk>(?:[。！？；]|…+|(?<=[\u3400-\u9fff])[!?;](?=[\u3400-\u9fff\s]|$))+[{_CLOSING}]*)
  | (?P<latin>(?<![.!?])[.!?]++[{_CLOSING}]*+)(?=\s)
  | (?P<line>(?<!\s)\s*\n\s*\n\s*)
  | (?P<newline>(?<![ \t])[ \t]*\n[ \t]*)
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'])(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Rev|Gen|Col|Lt|Sgt|Capt|Gov|Sen|Rep|Hon"
    r"|Inc|Ltd|Co|Corp|Bros|No|Nos|Vol|Fig|Figs|Eq|Sec|Art|Ch|pp?|ed|eds|vs|cf|ca|approx|est|al"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|e\.g|i\.e|U\.S|U\.K|a\.m|p\.m|[A-Z])\.$"
)
_NUMBERED = re.compile(r"(?:^|\n)\s*(?:\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,4})\.$")
_CAN_BEGIN = re.compile(r"[\s\"'“‘(\[«]*(?:[A-Z0-9À-Þ\u0400-\u042f]|[^\x00-\u024f])")
_ITEM = re.compile(r"\s*(?:[-*+•·●▪–]\s|\d{1,3}[.)、]\s?|[(（]\d{1,2}[)）]|#{1,6}\s|\||>)")

_SAYS = re.compile(rf"[.。！!；;:：…][{_CLOSING}]*$|\|")
_ASKS = re.compile(rf"[?？][{_CLOSING}]*$")
# 9.3 Drones.
_RUN_IN = re.compile(r"(?:[A-Z]\.)?\d+(?:\.\d+)*\.?\s+(?![a-z])(?:[^\W\d]+\s+){0,2}[^\W\d]+\.")
_HAN = re.compile(f"[{CJK}]")
_NOT_BLANK = re.compile(r"\S")
_HEADING_WORDS, _HEADING_HAN = 12, 24


def split(text: str) -> list[tuple[int, int]]:
    """Offsets (start, end) of the sentences of `text`, in order, without white space around them.

    >>> text = "The fee is 3.5 percent. See No. 4 for details! 年假为五天。病假另计。"
    >>> [text[start:end] for start, end in split(text)]
    ['The fee is 3.5 percent.', 'See No. 4 for details!', '年假为五天。', '病假另计。']

    Every character that is not white space lies in exactly one sentence.
    """
    return list(within(text, 0, len(text)))


def within(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """As `split`, of the characters [start, end) of a text, which may be millions: one by one, and
    without a copy of them. What stands before them ends in white space."""
    begin = start
    for cut in _cuts(text, start, end):
        if span := trimmed(text, begin, cut):
            yield span
        begin = cut
    if span := trimmed(text, begin, end):
        yield span


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A stretch of a text without the white space around it; None where there is nothing else."""
    found = _NOT_BLANK.search(text, start, end)
    if found is None:
        return None
    while text[end - 1].isspace():
        end -= 1
    return found.start(), end


def leads(sentence: str) -> bool:
    """Whether it is a heading or a question: it leads to what the next one says, and says nothing.

    >>> leads("5. Insurance"), leads("9.3 Drones."), leads("How long?"), leads("It rains.")
    (True, True, True, False)
    """
    if _ASKS.search(sentence) or runs_in(sentence):
        return True
    if _SAYS.search(sentence):
        return False
    return len(_HAN.findall(sentence)) <= _HEADING_HAN and len(sentence.split()) <= _HEADING_WORDS


def runs_in(sentence: str) -> bool:
    """Whether it is a heading with which its paragraph begins: a number and a few words.

    >>> runs_in("9.3 Drones."), runs_in("B.1 Premises."), runs_in("2 rooms are let.")
    (True, True, False)
    """
    return _RUN_IN.fullmatch(sentence) is not None


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    for match in _BREAK.finditer(text, start, end):
        if match["cjk"] or match["line"]:
            yield match.end()
        elif match["newline"]:
            before = text[max(start, text.rfind("\n", start, match.start()) + 1) : match.start()]
            if _is_row(before) or _ITEM.match(text, match.end(), end):
                yield match.end()
        elif _ends_sentence(text, match, start, end):
            yield match.end()


def _ends_sentence(text: str, match: re.Match[str], start: int, end: int) -> bool:
    stop = match["latin"]
    before = text[max(start, match.start() - 16) : match.start() + 1]
    if stop == "." and (_ABBREVIATION.search(before) or _NUMBERED.search(before)):
        return False
    return _CAN_BEGIN.match(text, match.end(), end) is not None


def _is_row(line: str) -> bool:
    return " | " in line or line.startswith("#") or _ITEM.match(line) is not None

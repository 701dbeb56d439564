"""How many things a text names: "the sites are A, B and C" names three."""

import re
from collections.abc import Iterator

_LIST = re.compile(
    r"(?P<before>[^\n:：.。;；]*[:：])?(?P<items>[^\n:：.。;；、，,]{1,80}"
    r"(?:\s?[、,，]\s?[^\n:：.。;；、，,]{1,80}){0,40})"
)
_BETWEEN = re.compile(r"\s*[、,，]\s*(?:and\s|or\s|以?及|和|或者?)?\s*|\s+(?:and|or)\s+|以及")
_BETWEEN_ZH = re.compile(r"[和及与或]")
_LEAD = re.compile(
    r"^.*(?:\b(?:are|is|includes?|comprises?|covers?|namely|has|have|of|between)\s|包括|分为|[有是为])",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:\S+\s+){6}|[^\x00-\xff]{15}|^(?:which|that|who|where|but|so)\b", re.IGNORECASE
)
_FEW = 3  # things that are a list where nothing leads to it
_MOST = 2_000  # characters


def named(text: str, *, led: bool = False) -> Iterator[tuple[str, ...]]:
    """The things that each list within a text names; of two only where a colon leads to them;
    `led` are only those to which one does.

    >>> list(named("Three sites: Mill House, Silo Quay and Barrow Yard."))
    [('Mill House', 'Silo Quay', 'Barrow Yard')]
    >>> list(named("包括合同、附件和图纸三部分。"))
    [('合同', '附件', '图纸三部分')]
    """
    for found in _LIST.finditer(text[:_MOST]):
        items = [item.strip() for item in _BETWEEN.split(found["items"]) if item.strip()]
        if items and "、" in found["items"] and _BETWEEN_ZH.search(items[-1]):
            items[-1:] = [item for item in _BETWEEN_ZH.split(items[-1], maxsplit=1) if item]
        items[:1] = [_LEAD.sub("", items[0]) or items[0]] if items else []
        if any(_CLAUSE.search(item) for item in items[1:]):
            continue
        if len(items) >= (2 if found["before"] else _FEW) and (found["before"] or not led):
            yield tuple(items)

"""Requests to Quire itself and about its collection, told apart from questions about what the
documents say.

"How many documents do you have?" and "Summarize the handbook" have no passage that answers them.
They are recognised by their form, which the whole text must have: the rules would rather miss one
than take an ordinary question for one. What names a document must name one that is there, or be
written as a file's name is; otherwise "Summarize the refund policy" is a question like others.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from quire.records import Document
from quire.requests import chinese, english, naming
from quire.requests.forms import Kind, group
from quire.requests.naming import Named
from quire.text.languages import CJK

Language = Literal["en", "zh"]
Order = Literal["newest", "oldest", "longest", "shortest", "added"]

_LONGEST = 160  # characters: what is longer says more than a request
_TOPIC_WORDS, _TOPIC_HAN = 10, 20  # at most in a topic: a longer one is a clause
_HAN = re.compile(f"[{CJK}]")
_ENDS = re.compile(r"[\s?？!！.。…~～]+$")
_QUOTES = re.compile(r"^[\"“‘'「『《]+|[\"”’'」』》]+$")
_ORDERS: tuple[tuple[Order, str], ...] = (
    ("oldest", "oldest|earliest|最旧|最老|最早"),
    ("longest", "longest|largest|biggest|most$|最长|最大|最厚|页数最多"),
    ("shortest", "shortest|smallest|fewest|最短|最小|最薄|页数最少"),
    ("added", "add|upload|index|ingest|import|load|store|添加|上传|导入"),
    ("newest", ""),
)
_TEXTS = (".docx", ".docm", ".dotx", ".doc", ".odt", ".rtf")
_SHEETS = (".xlsx", ".xlsm", ".xltx", ".ods", ".csv")
_SLIDES = (".pptx", ".pptm", ".ppsx", ".potx", ".odp")
_MAILS = (".eml", ".msg", ".mbox")
_SUFFIXES = {
    "pdf": (".pdf",),
    "word": _TEXTS,
    "excel": _SHEETS,
    "spreadsheet": _SHEETS,
    "电子表格": _SHEETS,
    "powerpoint": _SLIDES,
    "ppt": _SLIDES,
    "presentation": _SLIDES,
    "演示文稿": _SLIDES,
    "幻灯片": _SLIDES,
    "text": (".txt",),
    "文本": (".txt",),
    "markdown": (".md", ".markdown"),
    "html": (".html", ".htm"),
    "csv": (".csv",),
    "email": _MAILS,
    "邮件": _MAILS,
    "epub": (".epub",),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of Quire, in which language.

    `topic` is what documents shall be about, or be compared in. `named` are those that it names.
    `suffixes` are the endings of the files that it asks about, none where it asks about all.
    `order` says which of them comes first, and `pages` that pages are asked for. `everything` says
    that all documents are named at once. `sentences` is how long a summary shall be. `verb` is what
    cannot be done here, as it was said.
    """

    kind: Kind
    language: Language
    topic: str = ""
    named: tuple[Named, ...] = ()
    suffixes: tuple[str, ...] = ()
    order: Order = "newest"
    everything: bool = False
    sentences: int | None = None
    pages: bool = False
    verb: str = ""


def detect(text: str, documents: Callable[[], Sequence[Document]]) -> Request | None:
    """The request that a text makes, or None for an ordinary question. `documents` gives
    those that it may name, and is called only where it names some.

    >>> detect("How many documents do you have?", list).kind, detect("谢谢！", list).kind
    ('count', 'thanks')
    >>> detect("What do you have on parental leave?", list).topic
    'parental leave'
    >>> detect("How many documents must the applicant submit?", list)
    >>> detect("最新的版本号是多少？", list)
    """
    said = " ".join(text.split())
    if len(said) > _LONGEST:
        return None
    language: Language = "zh" if _HAN.search(said) else "en"
    rules = chinese if language == "zh" else english
    whole = _ENDS.sub("", said)
    shortened = _ENDS.sub("", rules.ENDING.sub("", rules.POLITE.sub("", whole)))
    for wording in dict.fromkeys((whole, shortened)):
        for kind, pattern in rules.FORMS:
            match = pattern.fullmatch(wording)
            made = match and _made(kind, match, language, documents, wording)
            if made:
                return made
    return None


def _made(
    kind: Kind,
    match: re.Match[str],
    language: Language,
    documents: Callable[[], Sequence[Document]],
    wording: str,
) -> Request | None:
    """The request of a form that fits; None where what it names or asks about is none."""
    rules = chinese if language == "zh" else english
    topic = _topic(group(match, "topic"), language)
    if kind == "about" and not topic:
        return None
    names = [name for key in ("first", "second") if (name := group(match, key))]
    everything = any(rules.EVERYTHING.fullmatch(name) for name in names)
    known = documents() if names else ()
    named = tuple(_named(name, language, known) for name in names)
    verb = group(match, "verb")
    if not everything and not _meant(kind, named):
        return None
    if everything and kind not in {"summary", "cannot"}:
        return None
    media = (group(match, "media") or group(match, "short")).casefold()
    return Request(
        kind,
        language,
        topic=topic,
        named=() if everything else named,
        suffixes=_suffixes(media),
        order=_order(match),
        everything=everything,
        sentences=_number(group(match, "number"), language),
        pages="pages" in wording.casefold() or "页" in wording,
        verb=verb.casefold(),
    )


def _meant(kind: Kind, named: Sequence[Named]) -> bool:
    """Whether the names of a request mean documents: otherwise it is a question about what they
    say. One that is written as a file's name is enough; else each must name one that is there."""
    if not named:
        return True
    if any(name.file for name in named):
        return True
    if kind == "compare":
        found = [name.documents for name in named]
        return len({d.id for one in found for d in one}) == 2 == sum(map(len, found))
    if kind in {"facts", "cannot"}:  # "How long is the lease?" asks for its term
        return False
    return bool(named[0].documents)


def _named(name: str, language: Language, documents: Sequence[Document]) -> Named:
    rules = chinese if language == "zh" else english
    if rules.THIS.fullmatch(name) and len(documents) == 1:
        return Named(name, tuple(documents), file=False)
    return naming.find(name, documents)


def _topic(text: str, language: Language) -> str:
    rules = chinese if language == "zh" else english
    topic = _QUOTES.sub("", text.strip(" ,，:：")).strip()
    if not topic or rules.CLAUSE.search(topic):
        return ""
    longest = len(topic) > _TOPIC_HAN if language == "zh" else len(topic.split()) > _TOPIC_WORDS
    return "" if longest else topic


def _order(match: re.Match[str]) -> Order:
    said = " ".join(group(match, name) for name in ("most", "last", "pages"))
    return next(order for order, words in _ORDERS if re.search(words, said.strip(), re.IGNORECASE))


def _suffixes(media: str) -> tuple[str, ...]:
    plain = media.replace("-", "")
    return _SUFFIXES.get(plain) or _SUFFIXES.get(plain.removesuffix("s"), ())


def _number(text: str, language: Language) -> int | None:
    rules = chinese if language == "zh" else english
    if not text:
        return None
    return int(text) if text.isdigit() else rules.NUMBERS[text.casefold()]

"""Which document a request means: "the handbook", lease-2023.pdf, 员工手册."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from quire.records import Document
from quire.text import analysis
from quire.text.languages import CJK

_KINDS = frozenset(
    "agreement agreements article book charter contract faq guide guideline guidelines handbook"
    " invoice lease letter list manual memo minutes note notes plan policy presentation proposal"
    " prospectus report rules schedule specification statement tariff terms".split()
)
_KIND_ZH = re.compile(
    "(?:手册|合同|协议|指南|制度|规定|规程|章程|报告|纪要|说明书?|清单|价目表|通知|方案|规范|条例|年报|简历|计划|问答)$"
)
_FILE = re.compile(
    r"\S\.(?:pdf|do[ct][xm]?|pp[ts][xm]?|pot[xm]|xl[st][xm]?|od[tsp]|rtf|md|txt|html?|csv|tsv"
    r"|epub|eml|msg|mbox|ics|json|rst)$",
    re.I,
)
_FRAME = re.compile(
    r"""
    ^(?:(?:the|my|our|your|this|that|an?|file|document)[ ]
      |这[个份篇本]?|我们?的|文件|文档|[《“\"'‘])+
  | (?:[ ](?:file|document)|这[个份篇本](?:文件|文档)|文件|文档|[》”\"'’])+$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HAN = re.compile(f"[{CJK}]")
_WORD = re.compile(r"[^\W_]+")
_HALF = 0.5  # of the words of a name or title: less may be about anything in it


@dataclass(frozen=True, slots=True)
class Named:
    """The documents that a name may mean. `file` says that it is written as a file's name is, so
    that nothing else can be meant."""

    text: str
    documents: tuple[Document, ...]
    file: bool

    @property
    def one(self) -> Document | None:
        return self.documents[0] if len(self.documents) == 1 else None


def find(name: str, documents: Sequence[Document]) -> Named:
    """The documents that are called so, wholly or by what tells them from the others.

    A name or title may be shortened to half of its words, or to the kind of document it is, with
    any of its words: "the handbook" is employee-handbook-2024.pdf where there is no other.
    """
    text = _bare(name)
    file = _FILE.search(text) is not None
    wanted = text.casefold()
    same = [
        d
        for d in documents
        if wanted in {d.name.casefold(), d.uri.casefold(), d.title.casefold(), d.id}
        or (not file and wanted == PurePath(d.name).stem.casefold())
    ]
    if same or file:
        return Named(text, tuple(same), file)
    return Named(text, tuple(d for d in documents if _fits(text, d)), file)


def _bare(name: str) -> str:
    """A name without article, quotation marks and the word "file"."""
    text, before = name.strip(), ""
    while text != before:
        before, text = text, _FRAME.sub("", text).strip()
    return text or name.strip()


def _fits(text: str, document: Document) -> bool:
    for called in (PurePath(document.name).stem, document.title):
        if _HAN.search(text):
            if _fits_chinese(text, called):
                return True
        elif _fits_words(_words(text), _words(called)):
            return True
    return False


def _fits_words(said: list[str], called: list[str]) -> bool:
    if not said or not set(said) <= set(called):
        return False
    kind = said[-1] in _KIND_STEMS
    telling = [word for word in called if not word.isdigit()]
    covered = sum(word in set(said) for word in telling)
    return kind or covered >= max(1, _HALF * len(telling))


def _fits_chinese(text: str, called: str) -> bool:
    if len(text) < 2 or text not in called:
        return False
    return _KIND_ZH.search(text) is not None or 2 * len(text) >= len(_HAN.findall(called))


def _words(text: str) -> list[str]:
    return [
        analysis.stem(word.casefold())
        for word in _WORD.findall(text)
        if word.casefold() not in analysis.STOP_WORDS
    ]


_KIND_STEMS = frozenset(map(analysis.stem, _KINDS))

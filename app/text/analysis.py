"""From text to the terms of lexical search, alike for documents and for questions.

SQLite's own tokenizers find no Chinese word of two characters, so Quire analyses text itself:

- NFKC and casefold: full and half width, ligatures and case make no difference;
- traditional Chinese is folded to simplified, character by character (OpenCC's table);
- a run of Han or kana becomes its overlapping pairs, and its last character, so that a question
  of one character can be answered by a prefix: 数据库 -> 数据 据库 库;
- Latin words lose their accents and are stemmed (Snowball English);
- numbers lose their thousands separators;
- codes such as GB/T 1234-2020, a model number or a version are kept whole beside their parts.
"""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import snowballstemmer

from quire.text.languages import UNSPACED

VERSION = 1
"""Raised whenever the terms of an unchanged text change; stored with each knowledge base."""

_TOKEN = re.compile(
    rf"""
    (?P<standard>\b[a-z]{{1,5}}(?:/[a-z]{{1,2}})?\ ?\d[\d.]*(?:[-–—]\d+)+)
  | (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?)
  | (?P<code>[a-z0-9]+(?:[-/._+#&'’@:][a-z0-9]+)+)
  | (?P<unspaced>[{UNSPACED}]+)
  | (?P<word>[^\W_{UNSPACED}]+)
    """,
    re.VERBOSE,
)
_PARTS = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_POSSESSIVE = re.compile(r"['’]s?$")
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "may",
        "me",
        "must",
        "my",
        "of",
        "on",
        "or",
        "our",
        "shall",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "tell",
        "please",
        "say",
        "says",
        "about",
        "according",
        "much",
        "many",
    ]
)
_STOP_PAIRS = frozenset(
    [
        "什么",
        "么是",
        "是什",
        "哪些",
        "哪个",
        "哪里",
        "哪儿",
        "哪一",
        "哪年",
        "哪位",
        "哪种",
        "多少",
        "少个",
        "怎么",
        "么样",
        "怎样",
        "如何",
        "何时",
        "何地",
        "何人",
        "为何",
        "为什",
        "是否",
        "是谁",
        "谁是",
        "请问",
        "有没",
        "没有",
        "有哪",
        "是哪",
        "是多",
        "有多",
        "有什",
        "的是",
        "是的",
        "多大",
        "多久",
        "多长",
        "几个",
        "几年",
        "几次",
        "几天",
        "告诉",
        "诉我",
        "关于",
        "根据",
        "位于",
        "吗",
        "呢",
        "的",
        "了",
        "是",
        "在",
        "有",
        "和",
        "与",
        "谁",
        "几",
        "哪",
    ]
)


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, with repetitions.

    >>> terms("The leases of 數據庫 (GB/T 1234-2020) cost 1,500 EUR")
    ['the', 'leas', 'of', '数据', '据库', '库', 'gb/t_1234-2020', 'gb', 't', '1234', '2020', \
'cost', '1500', 'eur']
    """
    found: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        kind, token = match.lastgroup, match[0]
        if kind == "unspaced":
            found.extend(token[i : i + 2] for i in range(len(token)))
        elif kind == "number":
            found.append(token.replace(",", ""))
        elif kind == "word":
            found.extend(_word(token))
        else:
            found.extend(_code(token))
    return found


def question_terms(text: str) -> list[str]:
    """The distinct terms to search for: without question words, and without lone characters.

    Where nothing else is left, the question words and lone characters themselves are used, so that
    「茶」 and "who" still find something.

    >>> question_terms("什么叫年假？"), question_terms("What is the notice period?")
    (['么叫', '叫年', '年假'], ['notic', 'period'])
    """
    found = list(dict.fromkeys(terms(text)))
    chosen = [
        term
        for term in found
        if term not in _stop_terms()
        and not (len(term) == 1 and (not term.isascii() or term.isalpha()))
    ]
    return chosen or found


def fold(text: str) -> str:
    """`text` with width, case and Chinese variant folded; the basis of every comparison."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_simplified())


def _word(token: str) -> list[str]:
    if token.isascii() and not token.isalpha():  # 25kg, b2, 2019
        parts = _PARTS.findall(token)
        return [token] if len(parts) < 2 else [token, *(stem(part) for part in parts)]
    return [stem(token)]


def _code(token: str) -> list[str]:
    possessive = _POSSESSIVE.sub("", token)
    if possessive.isalpha():  # the lessor's
        return [stem(possessive)]
    whole = re.sub("[–—]", "-", token.replace(" ", "_"))
    parts = [stem(part) for part in _PARTS.findall(token)]
    return [whole] if parts == [whole] else [whole, *parts]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball English stem of a folded word, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    stemmed: str = _stemmer().stemWord(plain)
    return stemmed


@cache
def _stop_terms() -> frozenset[str]:
    """Question words as they are when a text has become terms: "does" is then "doe"."""
    return _STOP_PAIRS | STOP_WORDS | {stem(word) for word in STOP_WORDS}


@cache
def _stemmer() -> snowballstemmer.basestemmer.BaseStemmer:
    return snowballstemmer.stemmer("english")


@cache
def _simplified() -> dict[int, str]:
    table = files("quire.text").joinpath("traditional_to_simplified.txt").read_text("utf-8")
    return {ord(pair[0]): pair[1] for pair in table.split()}

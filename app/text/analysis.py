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
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

import snowballstemmer

from quire.text import languages
from quire.text.languages import UNSPACED

VERSION = 1
"""Raised whenever the terms of an unchanged text change; stored with each knowledge base."""

_TOKEN = re.compile(
    rf"""
    (?P<word_alone>[a-z]++(?=[,;)\n]|\.(?![a-z0-9])|\ (?!\d)|$))  # most are: spares the rest
  | (?P<standard>\b[a-z]{{1,5}}(?:/[a-z]{{1,2}})?\ ?\d[\d.]*(?:[-–—]\d+)+)
  | (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?)
  | (?P<code>[a-z0-9]+(?:[-/._+#&'’@:][a-z0-9]+)+)
  | (?P<unspaced>[{UNSPACED}]+)
  | (?P<word>[^\W_{UNSPACED}]+)
    """,
    re.VERBOSE,
)
_KEPT = 50_000  # words whose terms are known: with those, some 20 MB
_TEXTS_KEPT = 4_096  # texts whose terms are known: of 1,200 characters each, some 30 MB
_LONGEST_TEXT = 8_000  # characters of such a text
_LONGEST_KEPT = 64  # characters of such a word: in a hostile text each may have ten thousand

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
_BETWEEN = re.compile(
    r"""
    什么时[候间]|为什么|有什么|什么|甚么|怎么样|怎么|怎样|如何|是否|能否|有没有|没有|请问|告诉我
  | [有是为]?哪(?:一?[个种年位家届部座项次篇]|[些里儿])?|[因为]何|何[时地人处年]
  | 有?多少[个人年]?|有?(?<![很许众最更诸])多[大久长高远深重]|几[个种年位家次天名]|是?由?谁
  | 关于|根据|位于|吗|呢
  | (?<![目标])的(?![确士])|(?<![于但可还只就])是|(?<![现存所正内外潜实])在(?![线职建校位任])
    """,
    re.VERBOSE,
)
"""What joins the content words of a Chinese question and tells nothing itself. Pairs of characters
across it are rare by chance, and so would count the most. Longer words that hold one of these
characters (目的, 现在, 但是) are told apart by their neighbours."""

_COUNTED = re.compile("[年月日号](?![末底初中间度代报份])")
"""What a number that comes before it counts: 2019年研发费用 is about 研发, and 年研 is no word."""

_HIRAGANA = re.compile("[\u3041-\u309f]")  # particles and endings, mostly
_POINTING = frozenset("我你他她它您咱其此这那该本")


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, with repetitions.

    >>> terms("The leases of 數據庫 (GB/T 1234-2020) cost 1,500 EUR")
    ['the', 'leas', 'of', '数据', '据库', '库', 'gb/t_1234-2020', 'gb', 't', '1234', '2020', \
'cost', '1500', 'eur']
    """
    found: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        if match.lastgroup == "unspaced":
            found.extend(match[0][i : i + 2] for i in range(len(match[0])))
        else:
            found.extend(_spaced(match.lastgroup, match[0]))
    return found


def term_set(*texts: str) -> frozenset[str]:
    """The distinct index terms of texts. Those of the last few thousand texts are kept: what is
    found for a question is looked at from many sides.

    >>> sorted(term_set("The lease", "of the dome"))
    ['dome', 'leas', 'of', 'the']
    """
    return frozenset().union(
        *(
            _term_set_once(text) if len(text) <= _LONGEST_TEXT else frozenset(terms(text))
            for text in texts
        )
    )


def question_terms(text: str) -> list[str]:
    """The distinct terms to search for: without question words, and without lone characters.

    A lone character is kept where a Chinese question begins with it (蓍的叶子), and stands for all
    terms that begin with it. Where nothing else is left, the question words and lone characters
    themselves are used, so that 「茶」 and "who" still find something.

    >>> question_terms("什么叫年假？"), question_terms("What is the notice period?")
    (['叫年', '年假'], ['notic', 'period'])
    """
    folded = fold(text)
    found: list[str] = []
    for match in _TOKEN.finditer(folded):
        if match.lastgroup == "unspaced":
            after_digit = folded[: match.start()].rstrip()[-1:].isdigit()  # 2019年的…
            found.extend(_asked(match[0], leads=not after_digit))
        else:
            kept = _spaced(match.lastgroup, match[0])
            found.extend(term for term in kept if not _tells_nothing(term))
    return list(dict.fromkeys(found)) or list(dict.fromkeys(terms(text)))


def telling_terms(question: str, language: str) -> list[str]:
    """The terms to search for without what tells nothing in a language, as `languages.identify`
    names it: function words of one in Latin letters, and in Japanese whatever holds hiragana.
    Where nothing else is left, all of them.

    >>> telling_terms("Quand se termine le bail ?", "fr"), telling_terms("契約はいつですか", "ja")
    (['termin', 'bail'], ['契约'])
    """
    found = question_terms(question)
    if language == "ja":
        told = [term for term in found if not _HIRAGANA.search(term)]
    else:
        silent = {stem(word) for word in languages.function_words(language)}
        told = [term for term in found if term not in silent]
    return told or found


def _asked(run: str, *, leads: bool) -> Iterator[str]:
    """The pairs of a run of Han or kana that do not reach across what joins its words."""
    start = 0 if leads or not _COUNTED.match(run) else 1
    for end, following in [*(match.span() for match in _BETWEEN.finditer(run)), (len(run),) * 2]:
        piece = run[start:end]
        if len(piece) == 1 and start == 0 and end < len(run) and leads and piece not in _POINTING:
            yield piece
        yield from (piece[i : i + 2] for i in range(len(piece) - 1))
        start = following


def _tells_nothing(term: str) -> bool:
    lone = len(term) == 1 and (not term.isascii() or term.isalpha())
    return lone or term in stop_terms()


def fold(text: str) -> str:
    """`text` with width, case and Chinese variant folded; the basis of every comparison."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else folded.translate(_simplified())


def _spaced(kind: str | None, token: str) -> tuple[str, ...]:
    """The terms of a token other than a run of Han or kana."""
    return (_spaced_anew if len(token) > _LONGEST_KEPT else _spaced_once)(kind, token)


def _spaced_anew(kind: str | None, token: str) -> tuple[str, ...]:
    if kind == "number":
        return (token.replace(",", ""),)
    return tuple(_code(token) if kind in {"standard", "code"} else _word(token))


def _word(token: str) -> list[str]:
    if token.isascii() and not token.isalpha():  # 25kg, b2, 2019
        parts = _PARTS.findall(token)
        return [token] if len(parts) < 2 else [token, *(stem(part) for part in parts)]
    return [_stem_anew(token)]  # kept with the token


def _code(token: str) -> list[str]:
    possessive = _POSSESSIVE.sub("", token)
    if possessive.isalpha():  # the lessor's
        return [stem(possessive)]
    whole = re.sub("[–—]", "-", token.replace(" ", "_"))
    parts = [stem(part) for part in _PARTS.findall(token)]
    return [whole] if parts == [whole] else [whole, *parts]


def stem(word: str) -> str:
    """The Snowball English stem of a folded word, without accents."""
    return (_stem_anew if len(word) > _LONGEST_KEPT else _stem_once)(word)


def _stem_anew(word: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    stemmed: str = _stemmer().stemWord(plain)
    return stemmed


_spaced_once = lru_cache(maxsize=_KEPT)(_spaced_anew)
_stem_once = lru_cache(maxsize=_KEPT)(_stem_anew)


@lru_cache(maxsize=_TEXTS_KEPT)
def _term_set_once(text: str) -> frozenset[str]:
    return frozenset(terms(text))


@cache
def stop_terms() -> frozenset[str]:
    """Words that say nothing by themselves, also as they are when a text has become terms: "does"
    is then "doe"."""
    return STOP_WORDS | {stem(word) for word in STOP_WORDS}


def _stemmer() -> "snowballstemmer.basestemmer.BaseStemmer":  # not there beside PyStemmer
    """The stemmer of this thread. It holds the word that it works on: two threads that share one
    get wrong stems, which are remembered and indexed, or an IndexError."""
    if not hasattr(_own, "stemmer"):
        _own.stemmer = snowballstemmer.stemmer("english")
    stemmer: snowballstemmer.basestemmer.BaseStemmer = _own.stemmer
    return stemmer


_own = threading.local()


@cache
def _simplified() -> dict[int, str]:
    table = files("quire.text").joinpath("traditional_to_simplified.txt").read_text("utf-8")
    return {ord(pair[0]): pair[1] for pair in table.split()}

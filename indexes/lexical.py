"""Lexical search: BM25 over SQLite's FTS5, on terms that Quire makes itself.

The rows stand in the catalog and are committed with the text they were made from. Scores are
FTS5's BM25 (k1 1.2, b 0.75) with the sign turned, so that higher is better.
"""

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import apsw

from quire.indexes.checksums import checksum
from quire.indexes.noticing import notice
from quire.text import analysis

WEIGHTS = (1.5, 1.5, 1.5)
"""Of body, heading path and title: what a heading says counts for each chunk below it as if the
chunk said it. FTS5 weighs occurrences before it saturates them, so 1.5 is BM25 with a k1 of 0.8:
a passage gains less by repeating a word than by holding another word of the question
(docs/decisions/bm25.md)."""

CHUNKS_OF = "SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?))"
"""The ids of the chunks of documents, whose ids are given as a JSON list."""

_COUNT = "SELECT coalesce(sum(chunks), 0) FROM documents"
_COUNT_OF = (
    "SELECT coalesce(sum(chunks), 0) FROM documents WHERE id IN (SELECT value FROM json_each(?))"
)
_HOLDING = "SELECT rowid FROM lexical WHERE lexical MATCH ?"
_INDEXED = "SELECT count(*) FROM chunks WHERE id IN (SELECT id FROM lexical_docsize)"
_SCORED = "SELECT rowid, -bm25(lexical, ?, ?, ?) AS score FROM lexical WHERE lexical MATCH ?"
_BROKEN = (apsw.CorruptError, apsw.SQLError, UnicodeDecodeError)  # what damage looks like
_COMMON = 0.5  # a term in more than this share of the chunks tells nothing and costs the most time
_COMMON_CHARACTER = 0.05  # … and the same of a lone character, which is looked up as a prefix
_MOST_ROWS = 20_000  # chunks to be scored, at 2 microseconds each: the rarest terms' come first
_FEW = 20  # below this many chunks, shares mean nothing


class Frequencies:
    """In how many chunks each term stands, by one state of the catalog: that which a connection
    sees. Each is read once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._known: dict[str, int] = {}

    @cached_property
    def chunks(self) -> int:
        """How many chunks there are."""
        return chunk_count(self.connection)

    def of(self, terms: Iterable[str]) -> dict[str, int]:
        """The count of each term. A lone character counts as the prefix of a pair."""
        wanted = list(terms)
        for term in wanted:
            if term not in self._known:
                try:
                    self._known[term] = _holding_term(self.connection, term)
                except _BROKEN:
                    notice_damage(self.connection)
                    self._known[term] = 0
        return {term: self._known[term] for term in wanted}


def beginning(connection: apsw.Connection, letter: str) -> list[str]:
    """The terms that stand in some chunk and begin with a letter."""
    if not letter:
        return []
    try:
        rows = connection.execute(
            "SELECT term FROM lexical_terms WHERE term >= ? AND term < ?",
            (letter, chr(ord(letter) + 1)),
        )
        return [term for (term,) in rows]
    except _BROKEN:
        notice_damage(connection)
        return []


def texts_holding(connection: apsw.Connection, term: str) -> Iterator[str]:
    """The texts of the chunks that hold a term."""
    for (text,) in connection.execute(
        "SELECT text FROM chunks WHERE id IN (SELECT rowid FROM lexical WHERE lexical MATCH ?)",
        (_quoted(term),),
    ):
        yield text


def notice_damage(connection: apsw.Connection) -> None:
    """Leave word that the index is damaged: what it finds may lack something."""
    notice(connection, "The index of words is damaged: what is found by it may lack something.")


def insert(
    connection: apsw.Connection, rows: Iterable[tuple[int, str, Sequence[str], str]]
) -> None:
    """Add rows (chunk id, text, heading path, title)."""
    connection.executemany(
        "INSERT INTO lexical (rowid, body, heading, title) VALUES (?, ?, ?, ?)",
        (
            (chunk, _row(text), _row("\n".join(headings)), _row(title))
            for chunk, text, headings, title in rows
        ),
    )


def delete(connection: apsw.Connection, *, first: int, last: int) -> None:
    """Remove the rows of the chunks `first` to `last`."""
    connection.execute("DELETE FROM lexical WHERE rowid BETWEEN ? AND ?", (first, last))


def clear(connection: apsw.Connection) -> None:
    """Remove all rows."""
    connection.execute("INSERT INTO lexical (lexical) VALUES ('delete-all')")


def search(
    frequencies: Frequencies,
    question: str,
    *,
    k: int,
    aside: str = "",
    documents: Sequence[str] | None = None,
) -> list[tuple[int, float]]:
    """The `k` best chunks as (chunk id, BM25 score), best first. Never fails on any text.

    What is said `aside`, such as the source that a question names, counts half. `documents` are the
    ids of those to search in, or None for all. Among a few of them, the words that are too common
    to tell chunks apart elsewhere are used when the others find nothing.
    """
    connection = frequencies.connection
    terms = selective_terms(frequencies, question)
    beside = [t for t in selective_terms(frequencies, aside) if t not in terms] if aside else []
    query, times = _query(frequencies.of(terms), beside, all_=documents is not None)
    found = _ranked(connection, query, k=k, documents=documents)
    if not found and documents is not None:
        every, times = _any(analysis.question_terms(question)), 1
        found = _ranked(connection, every, k=k, documents=documents)
    return [(chunk, score / times) for chunk, score in found]


def _query(frequencies: Mapping[str, int], beside: Sequence[str], *, all_: bool) -> tuple[str, int]:
    """Chunks with any of the terms, or with any of the rarest where all would be too many and not
    `all_` are wanted; and how often each term stands in the query, for so often BM25 counts it.
    What is `beside` them stands in it once.

    Where all would be too many, the others only add to the score. Of 100 questions of SQuAD over
    100,000 paragraphs of Wikipedia all had the same ten first; over a million the time fell to two
    fifths.
    """
    terms = list(frequencies)
    rarest = sorted(terms, key=lambda term: frequencies[term])
    looked_at = list(itertools.accumulate(frequencies[term] for term in rarest))
    needed = max(1, sum(rows <= _MOST_ROWS for rows in looked_at))
    if all_ or needed >= len(terms):
        return (_any([*terms, *terms, *beside]), 2) if beside else (_any(terms), 1)
    others = [*rarest, *rarest[needed:], *beside]
    return f"({_any(rarest[:needed])}) AND ({_any(others)})", 2


def _any(terms: Sequence[str]) -> str:
    return " OR ".join(map(_quoted, terms))


def _ranked(
    connection: apsw.Connection,
    query: str,
    *,
    k: int,
    documents: Sequence[str] | None,
) -> list[tuple[int, float]]:
    if not query:
        return []
    # subtle: the plus sign keeps SQLite from asking FTS5 for one row after the other.
    within = "" if documents is None else f"AND +rowid IN ({CHUNKS_OF})"
    try:
        rows = connection.execute(
            f"{_SCORED} {within} ORDER BY score DESC, rowid LIMIT ?",
            (*WEIGHTS, query, *([] if documents is None else [json.dumps(documents)]), k),
        )
        return [(chunk, score) for chunk, score in rows]
    except _BROKEN:
        notice_damage(connection)
        return []


def holding(
    connection: apsw.Connection, terms: Iterable[str], *, documents: Sequence[str] | None = None
) -> list[int]:
    """The ids of the chunks whose own text has every one of these terms, in order. A lone character
    of Chinese stands for all terms that begin with it."""
    query = " AND ".join(dict.fromkeys(map(_quoted, terms)))
    within = "" if documents is None else f"AND +rowid IN ({CHUNKS_OF})"
    try:
        rows = connection.execute(
            f"{_HOLDING} {within} ORDER BY rowid",
            (f"body : ({query})", *([] if documents is None else [json.dumps(documents)])),
        )
        return [chunk for (chunk,) in rows]
    except _BROKEN:
        notice_damage(connection)
        return []


def stands(connection: apsw.Connection, term: str, *, documents: Sequence[str]) -> bool:
    """Whether a term stands in the text, a heading or the title of any of these documents."""
    try:
        found = connection.execute(
            f"{_HOLDING} AND +rowid IN ({CHUNKS_OF}) LIMIT 1",
            (_quoted(term), json.dumps(documents)),
        ).fetchone()
    except _BROKEN:
        notice_damage(connection)
        return False
    return found is not None


def selective_terms(frequencies: Frequencies, question: str) -> list[str]:
    """The question's terms that some chunks contain and most do not."""
    counts = frequencies.of(analysis.question_terms(question))
    known = [term for term, count in counts.items() if count]
    if frequencies.chunks < _FEW:
        return known
    return [
        term
        for term in known
        if counts[term] <= (_COMMON_CHARACTER if _is_prefix(term) else _COMMON) * frequencies.chunks
    ] or known


def shares(frequencies: Frequencies, question: str, texts: Iterable[str]) -> dict[str, float]:
    """How much of a question's information stands in each of some short texts, from 0 to 1: a word
    counts with the logarithm of how rare it is among the chunks."""
    counts = frequencies.of(analysis.question_terms(question))
    total = frequencies.chunks
    information = {term: math.log1p(total / max(n, 1)) for term, n in counts.items()}
    whole = sum(information.values()) or 1.0
    return {
        text: sum(information[term] for term in information.keys() & set(analysis.terms(text)))
        / whole
        for text in texts
    }


def _holding_term(connection: apsw.Connection, term: str) -> int:
    if _is_prefix(term):
        row = connection.execute(
            "SELECT sum(doc) FROM lexical_terms WHERE term >= ? AND term < ?",
            (term, chr(ord(term) + 1)),
        ).fetchone()
    else:
        row = connection.execute("SELECT doc FROM lexical_terms WHERE term = ?", (term,)).fetchone()
    return (row[0] or 0) if row else 0


def chunk_count(connection: apsw.Connection, *, documents: Sequence[str] | None = None) -> int:
    """How many chunks there are, of all or of these documents, by what the documents say."""
    if documents is None:
        return int(connection.execute(_COUNT).get)
    return int(connection.execute(_COUNT_OF, (json.dumps(documents),)).get)


def indexed_count(connection: apsw.Connection, *, documents: Sequence[str] | None = None) -> int:
    """How many chunks, of all or of these documents, have a row in the index: all that there are,
    unless it is damaged."""
    if documents is None:
        return int(connection.execute(_INDEXED).get)
    within = f"{_INDEXED} AND id IN ({CHUNKS_OF})"
    return int(connection.execute(within, (json.dumps(documents),)).get)


Row = tuple[tuple[int, ...], int]
"""Of a chunk's row the number of terms in body, heading and title, and a sum over all terms and
their places."""


def rows(connection: apsw.Connection) -> dict[int, Row] | None:
    """What FTS5 has of each chunk id, read from its lists term by term; None where it cannot be
    read to its end."""
    sums: dict[int, int] = {}
    try:
        connection.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.lexical_places "
            "USING fts5vocab (main, lexical, instance)"
        )
        places = connection.execute("SELECT term, doc, col, offset FROM temp.lexical_places")
        for term, chunk, column, offset in places:
            sums[chunk] = sums.get(chunk, 0) + checksum(term, column, offset)
        lengths = {
            chunk: _varints(sizes)
            for chunk, sizes in connection.execute("SELECT id, sz FROM lexical_docsize")
        }
    except _BROKEN:
        return None
    return {id_: (lengths.get(id_, ()), sums.get(id_, 0)) for id_ in lengths.keys() | sums.keys()}


def expected_row(text: str, headings: Sequence[str], title: str) -> Row:
    """What `rows` must say of a chunk."""
    fields = {"body": text, "heading": "\n".join(headings), "title": title}
    terms = {column: analysis.terms(field) for column, field in fields.items()}
    total = sum(
        checksum(term, column, offset)
        for column, found in terms.items()
        for offset, term in enumerate(found)
    )
    return tuple(map(len, terms.values())), total


def _row(text: str) -> str:
    return " ".join(analysis.terms(text))


def _is_prefix(term: str) -> bool:
    """Whether a term is a lone character of Chinese, which begins the pairs it is looked up by."""
    return len(term) == 1 and not term.isascii()


def _quoted(term: str) -> str:
    prefix = "*" if _is_prefix(term) else ""
    return '"' + term.replace('"', '""') + '"' + prefix


def _varints(blob: object) -> tuple[int, ...]:
    """SQLite's variable-length integers: seven bits a byte, the highest bit saying "more"."""
    numbers, value = [], 0
    for byte in blob if isinstance(blob, bytes) else b"":  # damaged, it may be anything
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return tuple(numbers)

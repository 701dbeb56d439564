"""The two search indexes of one knowledge base, kept in step with its catalog.

The catalog is the truth. The vector index in memory is a snapshot file plus the changes that the
catalog has noted since; whenever another process has committed, the next search replays what is
new. A snapshot that is missing, damaged or stale only costs the time to read the vectors from the
catalog again.
"""

import contextlib
import hashlib
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt

from quire.errors import KnowledgeBaseDamaged, KnowledgeBaseMismatch
from quire.indexes import (
    documents,
    embeddings,
    filing,
    lexical,
    lexical_sum,
    scans,
    settings,
    tags,
    totals,
)
from quire.indexes.catalog import Catalog
from quire.indexes.checksums import checksum, is_sound
from quire.indexes.folder import files, names
from quire.indexes.lexical import Frequencies
from quire.indexes.noticing import notice
from quire.indexes.scope import Selection
from quire.indexes.vectors import VectorIndex
from quire.records import PAGE_BREAK

_BATCH = 10_000  # vectors added at once: 15 MB at 384 dimensions
_STALE_SHARE = 0.1  # a snapshot is renewed when this share of the vectors changed since
_STALE_LEAST = 256  # … and at least this many, which replay in a few milliseconds

Ranking = list[tuple[int, float]]
"""(chunk id, score), best first."""


class Index:
    """Dense and lexical search over a catalog. Safe to use from several threads.

    `fingerprint` is that of the embedding model whose vectors it searches; empty, it is not tested.
    """

    def __init__(
        self, catalog: Catalog, folder: Path, *, dimension: int, fingerprint: str = ""
    ) -> None:
        self.fingerprint = fingerprint
        self._catalog = catalog
        self._folder = folder
        self._dimension = dimension
        self._lock = threading.Lock()
        self._vectors: VectorIndex | None = None
        self._sequence = 0  # the last change that is in self._vectors
        self._examining = threading.Lock()
        self._words: tuple[int, bool] | None = None  # after how many commits the words were sound

    def dense(
        self,
        connection: apsw.Connection,
        vector: npt.NDArray[np.float32],
        *,
        k: int,
        within: Selection | None = None,
    ) -> Ranking:
        """The `k` chunks nearest to a question's vector, shape (dimension,).

        `connection` is one that `Catalog.reading()` has just given: the vectors are brought up to
        the state that it sees, and no further.
        """
        among = within.chunks if within else None
        with self._lock:
            return self._current(connection).search(vector, k=k, among=among)

    def cosines(
        self,
        connection: apsw.Connection,
        vector: npt.NDArray[np.float32],
        chunks: Collection[int],
    ) -> dict[int, float]:
        """How near each of these chunks is to a question's vector."""
        among = np.fromiter(chunks, np.int64, len(chunks))
        with self._lock:
            return dict(self._current(connection).search(vector, k=len(chunks), among=among))

    def lexical(
        self,
        frequencies: Frequencies,
        question: str,
        *,
        k: int,
        aside: str = "",
        within: Selection | None = None,
    ) -> Ranking:
        """The `k` chunks that BM25 ranks first; what is said `aside` counts half."""
        among = within.documents if within else None
        self.words_are_sound(frequencies.connection)
        return lexical.search(frequencies, question, k=k, aside=aside, documents=among)

    def words_are_sound(self, connection: apsw.Connection) -> bool:
        """Whether the lexical index is as it was stored; where it is not, word is left of it.

        It is read whole for that once, as the vectors' snapshot is, and again after a change where
        it was damaged.
        """
        with self._examining:
            kept = totals.read(connection)
            commits = kept.commits if kept else 0
            if self._words is None or (not self._words[1] and self._words[0] != commits):
                sound = kept is None or not commits or lexical_sum.is_of(connection, kept.lexical)
                if self._words is not None and sound:  # somebody has put it right
                    self._catalog.forget_noticed()
                self._words = (commits, sound)
            if not self._words[1]:
                lexical.notice_damage(connection)
            return self._words[1]

    def save_snapshot(self, *, renew: bool = False) -> None:
        """Write the vectors to a file if the last one has fallen far behind, or to `renew` it.

        The caller holds the writer lock.
        """
        with self._catalog.reading() as connection, self._lock:
            sequence = _last_change(connection)
            if not (renew or _is_stale(connection, sequence)):
                return
            vectors = self._current(connection)
        if vectors.outgrown:  # searches go on meanwhile, in the old one
            vectors = vectors.in_groups()
            with self._lock:
                self._vectors, self._sequence = vectors, sequence
        size, digest = len(vectors), hashlib.sha256()
        vectors.write(digest.update)
        files.make_private_folder(self._folder)
        with self._catalog.writing() as connection:
            generation = _insert_snapshot(
                connection, sequence, digest.hexdigest(), size, vectors.recall
            )
            connection.execute("DELETE FROM snapshots WHERE generation < ?", (generation,))
            # Written before the commit: a row names a file that is there. A file without a row is
            # written again under the same name.
            path = self._path(generation)
            files.write_pieces(path, vectors.write)
        for old in self._folder.glob("*.faiss"):
            if old != path:
                files.remove(old)

    def rebuild(self) -> None:
        """Make the lexical rows and the snapshot anew from the catalog's texts and vectors.

        Documents whose texts are damaged are passed over. The caller holds the writer lock.
        """
        with self._catalog.writing(recount=True) as connection:
            lexical.clear(connection)
            for document_id in documents.ids(connection):
                with contextlib.suppress(KnowledgeBaseDamaged):
                    title = documents.existing(connection, document_id).title
                    rows = [
                        (chunk.id, chunk.text, chunk.heading_path, title)
                        for chunk in documents.chunks_of(connection, document_id)
                    ]
                    lexical.insert(connection, rows)
        with self._lock:
            self._vectors = None
        with self._examining:
            self._words = None
        self._catalog.forget_noticed()
        with self._catalog.writing() as connection:
            connection.execute("DELETE FROM snapshots")
        self.save_snapshot(renew=True)

    def problems(self) -> list[tuple[str, str]]:
        """What disagrees between catalog, lexical rows and vectors, as (what, where).

        Reads and checks every row. An out-of-date snapshot is no problem: it rebuilds itself.
        """
        found = [(f"SQLite: {text}", names.CATALOG) for text in self._catalog.damage()]
        with self._catalog.reading() as connection:
            vectors = embeddings.sound(connection)
            found += [
                ("what OCR read is damaged", f"page {number} of {document_id}")
                for document_id, number in scans.damaged_pages(connection)
            ]
            found += _disagreements(connection, vectors)
            if all(vectors.values()):
                with self._lock:
                    if set(self._current(connection).ids().tolist()) != set(vectors):
                        found.append(("vectors and catalog hold different chunks", names.VECTORS))
        return found

    def _path(self, generation: int) -> Path:
        return self._folder / f"{generation:08d}.faiss"

    def _current(self, connection: apsw.Connection) -> VectorIndex:
        """The vectors as `connection` sees them. The caller holds the lock.

        Raises KnowledgeBaseMismatch when they are another model's by now.
        """
        made_by = settings.one(connection, "fingerprint")
        if self.fingerprint and made_by != self.fingerprint:
            raise KnowledgeBaseMismatch(
                "The knowledge base was embedded with another model this very moment.",
                hint="Try again.",
            )
        last = _last_change(connection)
        changed = self._vectors is None or self._sequence != last
        if self._vectors is None or self._sequence > last:  # behind only after a restored backup
            self._vectors, self._sequence = self._load(connection)
        if self._sequence < last:
            _replay(connection, self._vectors, since=self._sequence)
            self._sequence = last
        if changed and len(self._vectors) != lexical.chunk_count(connection):
            notice(
                connection,
                "The index of meanings is damaged: what is found by it may lack something.",
            )
        return self._vectors

    def _load(self, connection: apsw.Connection) -> tuple[VectorIndex, int]:
        row = _last_snapshot(connection)
        if row is not None:
            generation, sequence, sha256, _, recall = row
            loaded = VectorIndex.load(
                self._path(generation), dimension=self._dimension, sha256=sha256, recall=recall
            )
            if loaded is not None:
                return loaded, sequence
        return VectorIndex(self._dimension), 0


def _insert_snapshot(
    connection: apsw.Connection, sequence: int, sha256: str, vectors: int, recall: float
) -> int:
    """Add the row of a snapshot; returns its generation."""
    generation = int(
        connection.execute(
            "INSERT INTO snapshots (sequence, sha256, vectors, recall) VALUES (?, ?, ?, ?) "
            "RETURNING generation",
            (sequence, sha256, vectors, recall),
        ).get
    )
    connection.execute(
        "UPDATE snapshots SET checksum = ? WHERE generation = ?",
        (checksum(generation, sequence, sha256, vectors, recall), generation),
    )
    return generation


def _last_snapshot(connection: apsw.Connection) -> tuple[int, int, str, int, float] | None:
    """(generation, sequence, SHA-256, vectors, recall) of the newest snapshot, if that is as it was
    stored."""
    row = connection.execute(
        "SELECT generation, sequence, CAST(sha256 AS BLOB), vectors, recall, checksum "
        "FROM snapshots ORDER BY generation DESC LIMIT 1"
    ).fetchone()
    if row is None or not is_sound(row):
        return None
    generation, sequence, sha256, vectors, recall, _ = row
    return generation, sequence, sha256.decode(), vectors, recall


def _last_change(connection: apsw.Connection) -> int:
    last = connection.execute("SELECT coalesce(max(sequence), 0) FROM changes").get
    return int(last)


def _is_stale(connection: apsw.Connection, sequence: int) -> bool:
    row = _last_snapshot(connection)
    since, size = (row[1], row[3]) if row is not None else (0, 0)
    changed = connection.execute(
        "SELECT coalesce(sum(chunk_last - chunk_first + 1), 0) FROM changes "
        "WHERE sequence > ? AND sequence <= ?",
        (since, sequence),
    ).get
    return changed > 0 and (not row or changed >= max(_STALE_LEAST, _STALE_SHARE * size))


def _replay(connection: apsw.Connection, vectors: VectorIndex, *, since: int) -> None:
    changes: list[tuple[Any, ...]] = connection.execute(
        "SELECT kind, chunk_first, chunk_last FROM changes WHERE sequence > ? ORDER BY sequence",
        (since,),
    ).fetchall()
    # subtle: chunk ids are never used twice, so all removals can come first, in one pass over the
    # vectors, and what was added is what there is now of it.
    held = vectors.ids()
    gone = np.zeros(len(held), bool)
    for kind, first, last in changes:
        if kind == "remove":
            gone |= (held >= first) & (held <= last)
    vectors.remove(held[gone])
    added: set[int] = set()
    ids: list[int] = []
    rows: list[npt.NDArray[np.float16]] = []

    def flush() -> None:
        if ids:
            vectors.add(ids, np.stack(rows).astype(np.float32))
            ids.clear()
            rows.clear()

    for kind, first, last in changes:
        if kind != "add" or first in added:  # a vector that was replaced is noted twice
            continue
        for chunk, vector in embeddings.between(connection, first, last):
            added.add(chunk)
            ids.append(chunk)
            rows.append(vector)
            if len(ids) >= _BATCH:
                flush()
    flush()


def _disagreements(
    connection: apsw.Connection, vectors: Mapping[int, bool]
) -> list[tuple[str, str]]:
    found = documents.location_problems(connection) + tags.problems(connection)
    found += filing.problems(connection)
    words = lexical.rows(connection)
    if words is None:
        found.append(("the index of words cannot be read", names.CATALOG))
    for document_id in documents.ids(connection):
        try:
            document = documents.existing(connection, document_id)
            pages = documents.pages(connection, document_id)
            chunks = documents.chunks_of(connection, document_id)
        except KnowledgeBaseDamaged as error:
            found.append((error.message, document_id))
            for chunk_id in documents.chunk_ids(connection, document_id):
                (words or {}).pop(chunk_id, None)
            continue
        text = PAGE_BREAK.join(page.text for page in pages)
        if len(chunks) != document.chunks:
            found.append((f"{document.chunks} chunks expected, {len(chunks)} found", document.name))
        for chunk in chunks:
            where = f"{document.name}, chunk {chunk.ordinal}"
            if text[chunk.span.start : chunk.span.end] != chunk.text:
                found.append(("a chunk differs from the document's text", where))
            if words is not None:
                row = lexical.expected_row(chunk.text, chunk.heading_path, document.title)
                if words.pop(chunk.id, None) != row:
                    found.append(("lexical row is missing or stale", where))
            if not vectors.get(chunk.id, False):
                found.append(("vector is missing or damaged", where))
    found += [("lexical row without a chunk", f"row {row}") for row in words or ()]
    return found

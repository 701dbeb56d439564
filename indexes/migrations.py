"""The catalog's schema as an append-only list of steps; `PRAGMA user_version` counts those taken.

A released step is never changed: a new one is added. A catalog that has taken more steps than this
version knows is refused, with its files untouched.
"""

import apsw

from quire.errors import KnowledgeBaseDamaged, KnowledgeBaseMismatch
from quire.indexes.checksums import checksum

_FIRST = """
CREATE TABLE settings (          -- fixed when the knowledge base is made
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (         -- one row per content, whatever the number of places
    id           TEXT PRIMARY KEY,
    content_hash TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    language     TEXT NOT NULL,
    pages        INTEGER,        -- NULL: the format has none
    chunks       INTEGER NOT NULL,
    added_at     TEXT NOT NULL,
    warnings     TEXT NOT NULL,  -- JSON list of sentences
    checksum     INTEGER NOT NULL -- CRC-32 of the rest, as in all tables below
) STRICT, WITHOUT ROWID;

CREATE TABLE locations (         -- the places that hold a content
    path        BLOB PRIMARY KEY, -- as the operating system spells it: not always UTF-8
    document_id TEXT NOT NULL REFERENCES documents (id),
    size        INTEGER NOT NULL, -- bytes
    modified_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX locations_by_document ON locations (document_id);

CREATE TABLE pages (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL, -- from 0
    number      INTEGER,          -- physical page from 1; NULL: the format has none
    start       INTEGER NOT NULL, -- offset in the document's text
    text        TEXT NOT NULL,
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (document_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    document_id  TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal      INTEGER NOT NULL,
    start        INTEGER NOT NULL,
    end          INTEGER NOT NULL,
    page_first   INTEGER,
    page_last    INTEGER,
    heading_path TEXT NOT NULL,   -- JSON list
    tokens       INTEGER NOT NULL,
    text         TEXT NOT NULL,
    checksum     INTEGER NOT NULL,
    UNIQUE (document_id, ordinal)
) STRICT;

CREATE TABLE vectors (
    chunk_id  INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    text_hash BLOB NOT NULL,      -- BLAKE2b-128 of the text that was embedded
    vector    BLOB NOT NULL,      -- float16, little-endian, of unit length
    checksum  INTEGER NOT NULL    -- CRC-32 of vector
) STRICT;
CREATE INDEX vectors_by_text ON vectors (text_hash);

-- Terms are made by quire.text.analysis and stand here separated by blanks.
CREATE VIRTUAL TABLE lexical USING fts5 (
    body, heading, title,
    content = '', contentless_delete = 1,
    tokenize = "ascii tokenchars '-_/.+#&@:'''"
);
INSERT INTO lexical (lexical, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE lexical_terms USING fts5vocab (lexical, row);

CREATE TABLE changes (           -- what the derived indexes replay
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('add', 'remove')),
    chunk_first INTEGER NOT NULL,
    chunk_last  INTEGER NOT NULL
) STRICT;

CREATE TABLE snapshots (         -- files in vectors/; the one of the highest generation counts
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence   INTEGER NOT NULL, -- all changes up to this one are in it
    sha256     TEXT NOT NULL,
    vectors    INTEGER NOT NULL
) STRICT;
"""

_TAGS = """
CREATE TABLE tags (              -- words that a user gave to a document
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    tag         TEXT NOT NULL,
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (document_id, tag)
) STRICT, WITHOUT ROWID;
"""

_RECALL = """
-- Of the ten nearest neighbours, the share that a search in the snapshot finds; 1: all are
-- compared.
ALTER TABLE snapshots ADD COLUMN recall REAL NOT NULL DEFAULT 1;
"""

_STAGED = """
CREATE TABLE staged (            -- vectors of another embedding model, until all are there
    chunk_id  INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    text_hash BLOB NOT NULL,
    vector    BLOB NOT NULL,
    checksum  INTEGER NOT NULL   -- the columns are those of vectors
) STRICT;
CREATE INDEX staged_by_text ON staged (text_hash);
"""

_TOTALS = """
CREATE TABLE totals (            -- one row: what there must be, so that what is missing is noticed
    commits   INTEGER NOT NULL,  -- made since there is this table; see quire.indexes.folder.ledger
    documents INTEGER NOT NULL,
    locations INTEGER NOT NULL,
    tags      INTEGER NOT NULL,
    lexical   INTEGER NOT NULL,  -- see quire.indexes.lexical_sum
    checksum  INTEGER NOT NULL
) STRICT;

-- The tables that had no checksums.
ALTER TABLE locations ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE locations SET checksum = row_checksum(path, document_id, size, modified_ns);
ALTER TABLE settings ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE settings SET checksum = row_checksum(name, value);
ALTER TABLE snapshots ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE snapshots SET checksum = row_checksum(generation, sequence, sha256, vectors, recall);
"""

_SCANS = """
CREATE TABLE scans (             -- pages whose text is a picture, or beside one
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL, -- physical page from 1
    unsure      TEXT,            -- JSON: places of numbers that may be wrong; NULL: not read
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (document_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE scanned_words (     -- where the words of those pages stand
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    width       REAL NOT NULL,   -- points
    height      REAL NOT NULL,
    words       TEXT NOT NULL,   -- JSON: a list of quire.records.RecognizedWord
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (document_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE recognitions (      -- what OCR read of a picture, so that none is read twice
    picture  BLOB PRIMARY KEY,   -- SHA-256 of the page's image
    found    TEXT NOT NULL,      -- JSON: see quire.ingest.loaders.ocr.words
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_FILED = """
CREATE TABLE filed (             -- documents that a user put into a folder of the library
    document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    folder      TEXT NOT NULL,   -- see quire.indexes.filing
    checksum    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE totals RENAME TO totals_before;
CREATE TABLE totals (            -- one row: as before, with what was filed
    commits   INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    locations INTEGER NOT NULL,
    tags      INTEGER NOT NULL,
    filed     INTEGER NOT NULL,
    lexical   INTEGER NOT NULL,
    checksum  INTEGER NOT NULL
) STRICT;
INSERT INTO totals
SELECT commits, documents, locations, tags, 0, lexical,
       row_checksum(commits, documents, locations, tags, 0, lexical)
FROM totals_before
WHERE checksum = row_checksum(commits, documents, locations, tags, lexical);
DROP TABLE totals_before;
"""

_STEPS = (_FIRST, _TAGS, _RECALL, _STAGED, _TOTALS, _SCANS, _FILED)
_APPLICATION = int.from_bytes(b"Quir")  # stands in the file's header, apart from the version


def is_current(connection: apsw.Connection, *, where: str) -> bool:
    """Whether the catalog has taken all steps. Changes nothing.

    Raises KnowledgeBaseMismatch when it was made by a newer version, and KnowledgeBaseDamaged when
    it is no catalog of Quire at all.
    """
    taken = connection.pragma("user_version")
    made = connection.execute("SELECT count(*) FROM sqlite_schema").get > 0
    if made and connection.pragma("application_id") != _APPLICATION:
        raise KnowledgeBaseDamaged(
            f"The catalog in {where} was not made by Quire, or is damaged.",
            hint="Name another folder with --kb, or restore this one from a backup.",
        )
    if taken > len(_STEPS):
        raise KnowledgeBaseMismatch(
            f"The knowledge base at {where} was made by a newer version of Quire "
            f"(schema {taken}; this version knows {len(_STEPS)}).",
            hint="Update Quire. Nothing was changed.",
        )
    return bool(taken == len(_STEPS))


def migrate(connection: apsw.Connection, *, where: str) -> None:
    """Bring the catalog to this version in one transaction. The caller holds the writer lock."""
    connection.create_scalar_function("row_checksum", checksum)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not is_current(connection, where=where):  # another process may have been quicker
            for step in _STEPS[connection.pragma("user_version") :]:
                connection.execute(step)
            connection.pragma("user_version", len(_STEPS))
            connection.pragma("application_id", _APPLICATION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_as_made(connection: apsw.Connection) -> bool:
    """Whether the catalog has the tables and indexes that this version makes, word for word."""
    made = apsw.Connection(":memory:")
    migrate(made, where="")
    return _schema(made) == _schema(connection)


def _schema(connection: apsw.Connection) -> list[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
    return sorted(row for row in rows if not row[1].startswith("sqlite_stat"))

"""A knowledge base that an older version has made is brought up to date, and loses nothing."""

from pathlib import Path

import apsw
import pytest

from faults import contents
from made_documents import assert_equal, state
from quire import KnowledgeBase, load_settings
from quire.indexes import migrations
from quire.indexes.checksums import checksum
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

# What undoes each step of the schema, by the version that it leads to.
UNDOING = {
    2: "DROP TABLE tags",
    3: "ALTER TABLE snapshots DROP COLUMN recall",
    4: "DROP TABLE staged",
    5: "DROP TABLE totals; ALTER TABLE locations DROP COLUMN checksum;"
    "ALTER TABLE settings DROP COLUMN checksum; ALTER TABLE snapshots DROP COLUMN checksum",
    6: "DROP TABLE scans; DROP TABLE scanned_words; DROP TABLE recognitions",
    7: "DROP TABLE filed; ALTER TABLE totals RENAME TO newer; CREATE TABLE totals (commits INTEGER,"
    "documents INTEGER, locations INTEGER, tags INTEGER, lexical INTEGER, checksum INTEGER);"
    "INSERT INTO totals SELECT commits, documents, locations, tags, lexical, "
    "row_checksum(commits, documents, locations, tags, lexical) FROM newer; DROP TABLE newer",
}


def opened(folder: Path) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none")
    return KnowledgeBase.open(settings=settings, embedder=FakeEmbedder())


def made_by(version: int, kb: Path) -> None:
    """Turn a knowledge base into one that this version of the schema has made."""
    connection = apsw.Connection(str(kb / "catalog.sqlite3"))
    connection.create_scalar_function("row_checksum", checksum)
    for later in range(len(migrations._STEPS), version, -1):
        connection.execute(UNDOING[later])
    connection.pragma("user_version", version)
    connection.close()
    if version < 5:  # which brought it
        (kb / "catalog.ledger").unlink()


@pytest.mark.parametrize("version", range(1, len(migrations._STEPS)))
def test_a_base_of_an_older_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    (tmp_path / "files").mkdir()
    for number in range(3):
        (tmp_path / "files" / f"{number}.txt").write_text(f"The lamp {number} is lit.")
    with opened(tmp_path / "kb") as kb:
        kb.add(tmp_path / "files")
        kb.add_upload("上传.md", "# 灯\n\n灯亮了。".encode())
        if version > 1:
            kb.tag("1.txt", add="lamp")
        before = state(kb._catalog)
        hits = [hit.to_dict() for hit in kb.search("lamp")]
    made_by(version, tmp_path / "kb")
    with opened(tmp_path / "kb") as kb:
        assert kb.warnings == ()
        assert kb.verify() == []
        assert_equal(state(kb._catalog), before)
        assert [hit.to_dict() for hit in kb.search("lamp")] == hits
        assert kb.add(tmp_path / "files").unchanged == 3
        assert kb.tag("2.txt", add="new")[0].tags == ("new",)
        kb.tag("2.txt", remove="new")
        kb.remove("上传.md")
        kb.restore(kb.removed()[0].document_id)
        assert kb.verify() == []
    with opened(tmp_path / "kb") as kb:
        assert kb.warnings == ()
        assert_equal(state(kb._catalog), before)
        assert "catalog.ledger" in contents(kb.folder)

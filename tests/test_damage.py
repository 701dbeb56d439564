"""One flipped bit, anywhere in a database: what is found, listed, answered and shown is as it was,
or it is told that it may not be; and `verify` finds it."""

import os
import random
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import files_with, flipped
from made_documents import delete, insert
from quire import Answer, KnowledgeBase, load_settings
from quire.conversations import transcripts
from quire.conversations.schema import UNREADABLE
from quire.errors import QuireError
from quire.indexes import lexical, tags, totals
from quire.indexes.catalog import Catalog
from quire.indexes.documents import UNKNOWN_PATH
from quire.indexes.scope import Scope
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

_SEED = int(os.environ.get("QUIRE_TEST_SEED", "1"))
CATALOG = "catalog.sqlite3"
CHATS = "conversations.sqlite3"
QUESTIONS = (
    "When does the lease end?",
    "年假有几天？",
    "Which files mention the notice period?",
    "Who keeps the lamp of the tower?",
)


def opened(folder: Path) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", entailment="none")
    return KnowledgeBase.open(settings=settings, embedder=FakeEmbedder())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base with files, uploads, tags and a chat, closed."""
    folder = tmp_path_factory.mktemp("whole")
    files = folder / "files"
    files.mkdir()
    (files / "lease.txt").write_text(
        "The lease ends in May.\n\nThe notice period is two months.\n\nThe dog may stay."
    )
    (files / "leave.md").write_text("# 年假\n\n员工每年有五天年假。\n\n# 病假\n\n病假十天。")
    for number in range(6):
        text = f"# Lamp {number}\n\nThe keeper of the tower {number} lights lamp {number * 7}.\n\n"
        (files / f"lamp {number}.md").write_text(text + "Some more words of it. " * number)
    with opened(folder / "kb") as kb:
        kb.add(files)
        kb.add_upload("contract.txt", b"Contract. The notice period of this contract is a week.")
        kb.tag(["lease.txt", "contract.txt"], add=["legal", "2024"])
        first = kb.ask(QUESTIONS[0])
        for question in QUESTIONS:
            kb.ask(question, conversation=first.conversation)
        kb.ask(QUESTIONS[1])
        kb.feedback(first.id, "down", comment="It should name the year.")
    return folder


@pytest.fixture
def kb(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole / "kb", tmp_path / "kb")


def of_answer(answer: Answer) -> dict[str, Any]:
    kept = answer.to_dict()
    return {key: kept[key] for key in ("status", "text", "sentences", "citations", "passages")}


def looked_at(base: KnowledgeBase) -> dict[str, Any]:
    """What the documents give."""
    return {
        "search": [
            hit.to_dict()
            for question in QUESTIONS
            for mode in ("hybrid", "lexical", "dense")
            for hit in base.search(question, mode=mode)  # type: ignore[arg-type]
        ],
        "scoped": [
            hit.to_dict()
            for scope in (Scope(tag="legal"), Scope(file="lamp*"), Scope(language="zh"))
            for hit in base.search("lamp", scope=scope)
        ],
        "list": [document.to_dict() for document in base.documents()],
        "text": [base.pages(document) for document in base.documents()],
        "asked": [of_answer(base.ask(question, store=False)) for question in QUESTIONS],
    }


def damaged(kb: Path, name: str, content: bytes) -> None:
    """Put this content in the place of a database."""
    (kb / name).write_bytes(content)
    for end in ("-wal", "-shm"):
        (kb / f"{name}{end}").unlink(missing_ok=True)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flips", [40, pytest.param(400, marks=pytest.mark.soak)])
def test_no_flipped_bit_of_the_catalog_is_silent(kb: Path, flips: int) -> None:
    with opened(kb) as base:
        before = looked_at(base)
    content = (kb / CATALOG).read_bytes()
    choose = random.Random(f"{_SEED} {flips}")
    silent, refused, told, other = [], 0, 0, 0
    for _ in range(flips):
        bit = choose.randrange(8 * len(content))
        damaged(kb, CATALOG, flipped(content, bit))
        try:
            with opened(kb) as base:
                now = looked_at(base)
                if now != before:
                    other += 1
                    known = [*base.warnings, *base.verify()]
                    told += bool(base.warnings)
                    if not base.warnings or not known:
                        silent.append((bit, [key for key in now if now[key] != before[key]]))
        except QuireError:
            refused += 1
    print(f"{flips} flips: {other} gave something else, {told} were told, {refused} refused")
    assert silent == []


# -- the index of words --------------------------------------------------------------------------


def rows_of(kb: Path, table: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(kb / CATALOG))
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    return rows


def changed(kb: Path, sql: str, *values: Any) -> None:
    """Change a row behind Quire's back."""
    connection = apsw.Connection(str(kb / CATALOG))
    connection.execute(sql, values)
    connection.close()


def test_a_damaged_row_of_the_index_of_words_is_told_found_and_put_right(
    kb: Path, whole: Path, tmp_path: Path
) -> None:
    choose = random.Random(_SEED)
    with opened(kb) as base:
        before = looked_at(base)
    tables = {
        "lexical_data": ("block", "id"),
        "lexical_docsize": ("sz", "id"),
        "lexical_idx": ("term", "pgno"),
    }
    for table, (column, key) in tables.items():
        for row in rows_of(kb, table):
            copy = shutil.copytree(kb, tmp_path / "copy")
            names = {"lexical_data": 0, "lexical_docsize": 0, "lexical_idx": 2}
            id_, content = row[names[table]], row[1]
            if not content:
                shutil.rmtree(copy)
                continue
            new = flipped(content, choose.randrange(8 * len(content)))
            changed(copy, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", new, id_)
            with opened(copy) as base:
                looked_at(base)  # raises nothing
                assert [warning.code for warning in base.warnings] == ["knowledge_base_damaged"]
                assert "index of words is damaged" in base.warnings[0].message
                answer = base.ask(QUESTIONS[0], store=False)
                assert any("index of words is damaged" in note for note in answer.notes)
                assert base.verify() != []
                base.repair()
                assert base.warnings == ()
                assert base.verify() == []
                assert looked_at(base) == before
            shutil.rmtree(copy)


def test_a_row_of_the_index_that_says_something_else_is_named(kb: Path) -> None:
    """Of the same length, and with all sums as they must be."""
    with opened(kb) as base, base._catalog.writing() as connection:
        connection.execute("DELETE FROM lexical WHERE rowid = 1")
        connection.execute(
            "INSERT INTO lexical (rowid, body, heading, title) VALUES (1, 'contract gate', '', 'x')"
        )
    with opened(kb) as base:
        base.search("gate")
        assert base.warnings == ()
        assert [what for what, _ in base.verify()] == ["lexical row is missing or stale"]


@given(st.lists(st.integers(0, 9), max_size=30))
@settings(max_examples=20)
def test_the_totals_that_are_taken_along_are_those_that_are_counted(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    """Each step adds the document of that number, or removes it where it is there; now and then the
    indexes are made anew and the file is written anew."""
    catalog = Catalog(tmp_path_factory.mktemp("totals") / CATALOG, create=True)
    there: dict[int, str] = {}
    try:
        for at, number in enumerate(steps):
            if number in there:
                delete(catalog, there.pop(number))
            else:
                there[number] = insert(catalog, f"{number}", f"word{number} lamp " * 40 * number)
                with catalog.writing() as connection:
                    tags.add(connection, there[number], [f"tag {at}", "all"])
            if at % 7 == 6:
                catalog.vacuum()
            if at % 5 == 4:
                with catalog.writing() as connection:
                    lexical.clear(connection)
            with catalog.reading() as connection:
                kept = totals.read(connection)
                assert kept is not None
                assert kept == totals.count(connection, commits=kept.commits)
    finally:
        catalog.close()


# -- paths ---------------------------------------------------------------------------------------


def test_a_damaged_path_is_told_and_put_right(kb: Path, whole: Path, tmp_path: Path) -> None:
    choose = random.Random(_SEED)
    with opened(kb) as base:
        before = looked_at(base)
    for path, document_id, *_ in rows_of(kb, "locations"):
        copy = shutil.copytree(kb, tmp_path / "copy")
        new = flipped(path, choose.randrange(8 * len(path)))
        changed(copy, "UPDATE locations SET path = ? WHERE path = ?", new, path)
        with opened(copy) as base:
            looked_at(base)  # raises nothing
            (listed,) = (each for each in base.documents() if each.id == document_id)
            assert (listed.name, listed.uri) == (UNKNOWN_PATH, UNKNOWN_PATH)
            assert "path is damaged" in listed.warnings[0]
            assert any("path" in warning.message for warning in base.warnings)
            assert any(what == "a path is damaged" for what, _ in base.verify())
            base.repair()  # the checksum tells which bit it was
            assert base.verify() == []
            assert base.warnings == ()
            assert looked_at(base) == before
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE locations SET size = size + 7 WHERE path LIKE '%lease.txt'",
        "UPDATE locations SET modified_ns = 5 WHERE path LIKE '%lease.txt'",
        "UPDATE locations SET document_id = CAST(x'ff' AS TEXT) WHERE path LIKE '%lease.txt'",
        "UPDATE locations SET checksum = 5 WHERE path LIKE '%lease.txt'",
        "DELETE FROM locations WHERE path LIKE '%lease.txt'",
        "DELETE FROM tags WHERE tag = '2024'",
        "DELETE FROM totals",
        "UPDATE totals SET documents = documents + 1",
    ],
)
def test_what_is_wrong_beyond_a_bit_is_told_until_the_file_is_added_again(
    kb: Path, whole: Path, sql: str
) -> None:
    changed(kb, sql.replace("path LIKE", "CAST(path AS TEXT) LIKE"))
    with opened(kb) as base:
        base.documents()
        if "DELETE FROM totals" not in sql:  # as if it had just been brought up to date
            assert base.warnings != ()
            assert base.verify() != []
        base.repair()
        assert len(base.documents()) == 9
        assert base.add(whole / "files").failed == ()
        base.repair()
        assert base.verify() == []
        assert base.warnings == ()
        assert base.document("lease.txt").uri == str(whole / "files" / "lease.txt")


# -- chats ---------------------------------------------------------------------------------------


def talked(base: KnowledgeBase) -> dict[str, Any]:
    """What the chats give."""
    chats = base.conversations
    found = chats.all()
    return {
        "list": [chat.to_dict() for chat in found],
        "turns": [[turn.to_dict() for turn in chats.turns(chat.id)] for chat in found],
        "last": [[turn.to_dict() for turn in chats.turns(chat.id, last=2)] for chat in found],
        "export": [transcripts.markdown(chat, chats.turns(chat.id)) for chat in found],
        "search": [turn.to_dict() for turn in chats.search("lease")],
    }


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flips", [40, pytest.param(400, marks=pytest.mark.soak)])
def test_no_flipped_bit_of_the_chats_is_silent(kb: Path, flips: int) -> None:
    with opened(kb) as base:
        before = talked(base)
    content = (kb / CHATS).read_bytes()
    choose = random.Random(f"{_SEED} {flips}")
    silent, refused, told = [], 0, 0
    for _ in range(flips):
        bit = choose.randrange(8 * len(content))
        damaged(kb, CHATS, flipped(content, bit))
        with opened(kb) as base:
            try:
                now = talked(base)
            except QuireError:  # the file cannot be opened at all
                with pytest.raises(QuireError):
                    _ = base.conversations
                refused += 1
                continue
            if now != before:
                told += 1
                if not base.warnings or not base.verify():
                    silent.append((bit, [key for key in now if now[key] != before[key]]))
    print(f"{flips} flips: {told} gave something else, all told; {refused} refused")
    assert silent == []


def test_a_damaged_answer_is_one_unreadable_turn(kb: Path) -> None:
    choose = random.Random(_SEED)
    connection = apsw.Connection(str(kb / CHATS))
    columns = ("question", "standalone", "answer", "receipt", "asked_at", "checksum", "position")
    chat, turns = connection.execute("SELECT id, turns FROM conversations WHERE turns > 1").get
    for at, column in enumerate(columns, start=1):
        position = at % turns + 1
        (before,) = connection.execute(
            f"SELECT {column} FROM turns WHERE conversation_id = ? AND position = ?",
            (chat, position),
        ).fetchone()
        if isinstance(before, int):
            wrong: Any = before ^ 1 << 20
        else:
            wrong = flipped(before.encode(), choose.randrange(8 * len(before)))
        sql = f"UPDATE turns SET {column} = {{}} WHERE conversation_id = ? AND position = ?"
        given = "?" if isinstance(wrong, int) else "CAST(? AS TEXT)"
        connection.execute(sql.format(given), (wrong, chat, position))
        moved = wrong if column == "position" else position
        with opened(kb) as base:
            found = base.conversations.turns(chat)
            assert [turn.readable for turn in found] == [n != position for n in range(1, turns + 1)]
            assert found[position - 1].to_dict()["readable"] is False
            assert "damaged and cannot be read" in transcripts.markdown(
                base.conversations.find(chat), found
            )
            assert len(base.conversations.all()) == 2
            assert "some chats or answers cannot be read" in base.warnings[0].message
            assert any("is damaged" in what for what, _ in base.verify())
            answer = base.ask("When does the lease end?", conversation=chat, store=False)
            assert "May" in answer.text  # the others are its conversation
        connection.execute(sql.format("?"), (before, chat, moved))
    connection.close()
    with opened(kb) as base:
        assert base.verify() == []


def test_an_answer_that_is_gone_is_one_unreadable_turn(kb: Path) -> None:
    connection = apsw.Connection(str(kb / CHATS))
    chat, turns = connection.execute("SELECT id, turns FROM conversations WHERE turns > 1").get
    for position in (1, 2, turns):
        connection.execute("SAVEPOINT here")
        connection.execute("DELETE FROM turns WHERE position = ?", (position,))
        copy = kb.with_name(f"gone {position}")
        connection.execute("RELEASE here")
        shutil.copytree(kb, copy)
        with opened(copy) as base:
            found = base.conversations.turns(chat)
            assert found[position - 1].readable is False
            assert len(found) == turns
            assert base.warnings != ()
            assert base.verify() != []
    connection.close()


def test_a_damaged_title_hides_no_answer(kb: Path) -> None:
    connection = apsw.Connection(str(kb / CHATS))
    connection.execute("UPDATE conversations SET title = CAST(x'ff' AS TEXT) WHERE turns = 1")
    connection.execute("DELETE FROM conversations WHERE turns > 1")
    connection.close()
    with opened(kb) as base:
        chats = base.conversations.all()
        assert [chat.title for chat in chats] == [UNREADABLE, UNREADABLE]
        assert sorted(len(base.conversations.turns(chat.id)) for chat in chats) == [1, 5]
        assert base.warnings != ()
        assert base.verify() != []
        base.conversations.rename(chats[0].id, "Named anew")
        assert base.conversations.find(chats[0].id).title == "Named anew"


def test_a_damaged_answer_leaves_nothing_when_what_was_removed_is_overwritten(kb: Path) -> None:
    changed_chats = apsw.Connection(str(kb / CHATS))
    changed_chats.execute("UPDATE turns SET standalone = 'else' WHERE position = 1")
    changed_chats.close()
    with opened(kb) as base:
        assert files_with(kb, "lease.txt")
        base.remove("lease.txt")
        base.compact()
        assert files_with(kb, "lease.txt") == []
        chat = max(base.conversations.all(), key=lambda chat: chat.turns)
        assert [turn.readable for turn in base.conversations.turns(chat.id)][:2] == [False, True]

"""Stored chats."""

import dataclasses
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from faults import contents, files_with, watched_disk
from quire.conversations import schema
from quire.conversations.chats import Chats
from quire.conversations.forgetting import DELETED, Remains
from quire.conversations.store import Conversations, new_id
from quire.errors import (
    ConversationNotFound,
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseMismatch,
    UsageError,
)
from quire.records import (
    Answer,
    Citation,
    Document,
    Passage,
    Receipt,
    Sentence,
    Span,
    Timings,
    Usage,
)


def document(id_: str) -> Document:
    return Document(id_, id_ * 4, f"/{id_}", id_, id_, "text/plain", "en", None, 1, "", "")


def answer(conversation: str, question: str = "When?", *quotes: tuple[str, str]) -> Answer:
    """An answer that quotes (document id, text), sentence by sentence."""
    sentences, passages = [], []
    for label, (id_, text) in enumerate(quotes, start=1):
        citation = Citation(label, document(id_), None, 0, len(text), text)
        sentences.append(Sentence(text, "supported", (citation,)))
        passages.append(Passage(label, text, document(id_), Span(None, None, 0, len(text)), 1.0))
    return Answer(
        id=new_id(),
        conversation=conversation,
        question=question,
        standalone_question=question,
        status="extractive",
        text=" ".join(text for _, text in quotes) or "Nothing was found.",
        sentences=tuple(sentences),
        passages=tuple(passages),
        model=None,
        usage=Usage(),
        timings=Timings(1.0, None, 2.0),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def chats(path: Path) -> Iterator[Conversations]:
    chats = Conversations(path)
    yield chats
    chats.close()


def test_turns_come_back_in_order_as_the_command_line_shows_them(chats: Conversations) -> None:
    answers = [answer("a", f"Question {n}", ("doc", f"Quote {n}.")) for n in range(3)]
    for each in answers:
        chats.add(each)
    turns = chats.turns("a")
    assert [turn.question for turn in turns] == ["Question 0", "Question 1", "Question 2"]
    assert [turn.answer["text"] for turn in turns] == ["Quote 0.", "Quote 1.", "Quote 2."]
    assert turns[0].answer == answers[0].to_dict()


def test_answers_of_one_conversation_are_kept_at_the_same_time(path: Path) -> None:
    chats, asked = Chats(path), [f"Question {n}" for n in range(8)]
    together = threading.Barrier(len(asked))

    def keep(question: str) -> tuple[str, ...]:
        together.wait()
        return chats.keep(answer("a", question), replacing=None, origin="program").notes

    with ThreadPoolExecutor(len(asked)) as threads:
        assert [*threads.map(keep, asked)] == [()] * len(asked)
    assert sorted(turn.question for turn in chats.turns("a")) == asked
    chats.close()


def test_conversations_are_listed_the_latest_first_by_their_first_question(
    chats: Conversations,
) -> None:
    for conversation, question in (("a", "First of a"), ("b", "First of b"), ("a", "Second of a")):
        chats.add(answer(conversation, question))
    assert [(chat.id, chat.title) for chat in chats.all()] == [
        ("a", "First of a"),
        ("b", "First of b"),
    ]
    chats.rename("b", "  Another name ")
    assert chats.all()[1].title == "Another name"


def test_an_unknown_conversation_is_told(chats: Conversations) -> None:
    with pytest.raises(ConversationNotFound, match="'missing'"):
        chats.turns("missing")


def test_a_deleted_conversation_leaves_no_byte(chats: Conversations, path: Path) -> None:
    canary = "Zanzibar-8841"
    chats.add(answer("a", f"Where is {canary}?", ("doc", f"{canary} is far away. " * 500)))
    chats.add(answer("b", "Something else", ("doc", "Kept.")))
    chats.delete("a")
    assert [chat.id for chat in chats.all()] == ["b"]
    assert files_with(path.parent, canary) == []


def test_a_removed_conversation_comes_back_until_the_bin_is_emptied(
    chats: Conversations, path: Path
) -> None:
    canary = "Zanzibar-8841"
    for id_ in ("a", "b"):
        chats.add(answer(id_, f"Where is {canary} {id_}?"))
    before = chats.turns("a")
    chats.remove("a")
    assert [chat.id for chat in chats.all()] == ["b"]
    assert [chat.id for chat in chats.removed()] == ["a"]
    assert {each.conversation for each in chats.search(canary)} == {"b"}
    with pytest.raises(ConversationNotFound):
        chats.turns("a")
    assert chats.restore("a").removed_at == ""
    assert chats.restore("a").id == "a"  # what is there is given as it is
    assert chats.turns("a") == before
    chats.remove("a")
    chats.remove("b")
    chats.empty_bin()
    assert (chats.all(), chats.removed()) == ([], [])
    assert files_with(path.parent, canary) == []
    assert chats.problems() == []
    with pytest.raises(ConversationNotFound):
        chats.restore("a")


def test_a_conversation_of_a_program_becomes_its_readers_once_he_goes_on(
    chats: Conversations,
) -> None:
    chats.add(answer("a", "One"))
    chats.add(answer("b", "One"), origin="page")
    assert {chat.id: chat.origin for chat in chats.all()} == {"a": "program", "b": "page"}
    chats.add(answer("a", "Two"), origin="page")
    chats.add(answer("b", "Two"))
    assert {chat.id: chat.origin for chat in chats.all()} == {"a": "page", "b": "page"}


def test_quotes_of_deleted_documents_are_overwritten_and_no_others(
    chats: Conversations, path: Path
) -> None:
    chats.add(answer("a", "One", ("gone", "Secret words."), ("kept", "Public words.")))
    chats.add(answer("a", "Two", ("kept", "Other public words.")))
    before = chats.turns("a")
    chats.forget(Remains({"kept"}, {"kept"}))
    first, second = chats.turns("a")
    assert files_with(path.parent, "Secret words") == []
    assert first.question == "One"
    assert first.answer["text"] == "(source deleted) Public words."
    assert [s["text"] for s in first.answer["sentences"]] == ["(source deleted)", "Public words."]
    assert [c["quote"] for c in first.answer["citations"]] == ["(source deleted)", "Public words."]
    assert [p["text"] for p in first.answer["passages"]] == ["(source deleted)", "Public words."]
    assert second == before[1]


def test_names_of_what_is_gone_go_from_notes_scopes_titles_questions_and_comments(
    chats: Conversations, path: Path
) -> None:
    question = "Do Zanzibar.pdf and Mombasa.pdf differ? " + "Tell me all of it. " * 3
    given = answer("a", question, ("Zanzibar.pdf", "Secret."), ("Mombasa.pdf", "See Zanzibar.pdf."))
    hit = {"document": "Zanzibar.pdf", "document_id": "Zanzibar.pdf", "sha256": "0"}
    scope = {"files": ["ZANZIBAR.pdf", "Mombasa.pdf"], "folders": [], "dates": "modified"}
    receipt = Receipt(
        versions={},
        settings={"scope": "named Zanzibar.pdf or Mombasa.pdf", "confined_to": scope},
        embedder={},
        model={},
        prompt={},
        hits=(hit,),
        evidence=(),
        steps=(
            {"tool": "search", "arguments": {"text": "her words", "page": 3}, "refused": False},
        ),
    )
    note = "Zanzibar.pdf was removed while this answer was being written."
    chats.add(dataclasses.replace(given, notes=(note,), receipt=receipt))
    chats.give_feedback(given.id, "down", comment="It should quote /private/Zanzibar.pdf.")
    chats.forget(Remains({"Mombasa.pdf"}, {"Mombasa.pdf"}, {"/private/Zanzibar.pdf"}))
    (turn,) = chats.turns("a")
    assert turn.question == turn.answer["question"] == question.replace("Zanzibar.pdf", DELETED)
    assert chats.all()[0].title.startswith("Do (source deleted) and Mombasa.pdf differ? Tell")
    assert turn.answer["notes"] == [
        "(source deleted) was removed while this answer was being written."
    ]
    assert [each["document"] for each in turn.answer["citations"]] == [DELETED, "Mombasa.pdf"]
    assert turn.answer["citations"][1]["quote"] == "See Zanzibar.pdf."  # Mombasa.pdf says so
    assert turn.answer["text"] == "(source deleted) See Zanzibar.pdf."
    assert turn.receipt is not None
    assert turn.receipt["settings"]["scope"] == "named (source deleted) or Mombasa.pdf"
    assert turn.receipt["settings"]["confined_to"]["files"] == [DELETED, "Mombasa.pdf"]
    assert turn.receipt["hits"][0]["document"] == DELETED
    assert turn.receipt["steps"][0]["arguments"] == {"text": DELETED, "page": DELETED}
    assert turn.feedback is not None
    assert turn.feedback.comment == "It should quote (source deleted)."
    assert files_with(path.parent, "private") == []


def test_a_name_that_another_document_has_too_is_left(chats: Conversations) -> None:
    chats.add(answer("a", "What does lease.pdf say?", ("old", "It ended.")))
    old = chats.turns("a")[0].answer["citations"][0]
    assert old["document"] == "old"
    chats.forget(Remains({"new"}, {"OLD", "lease.pdf"}, {"lease.pdf"}))
    (turn,) = chats.turns("a")
    assert turn.question == "What does lease.pdf say?"
    assert turn.answer["citations"] == [{**old, "quote": DELETED}]


def test_a_name_without_an_ending_may_be_any_word(chats: Conversations) -> None:
    given = answer("a", "Is a gate a door?", ("a", "A gate is a door."))
    chats.add(dataclasses.replace(given, notes=("a was removed.",)))
    chats.add(answer("a", "Is a door a gate?"))
    chats.forget(Remains(set(), set()))
    first, second = chats.turns("a")
    assert (first.question, second.question) == ("Is a gate a door?", "Is a door a gate?")
    assert first.answer["notes"] == ["(source deleted) was removed."]
    assert first.answer["citations"][0]["document"] == DELETED


def test_processes_and_threads_add_without_losing_a_turn(path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from test_conversations import Conversations, answer\n"
        "sys.stdin.read(); chats = Conversations(Path(sys.argv[1]))\n"
        "for n in range(20): chats.add(answer('a', f'{n}'))\n"
        "chats.close()"
    )
    arguments = [sys.executable, "-c", code, str(path), str(Path(__file__).parent)]
    processes = [subprocess.Popen(arguments, stdin=subprocess.PIPE) for _ in range(2)]
    for process in processes:  # both wait for the end of their input, and then begin together
        assert process.stdin is not None
        process.stdin.close()
    chats = Conversations(path)

    def add() -> None:
        for n in range(20):
            chats.add(answer("a", f"{n}"))

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    assert len(chats.turns("a")) == 80
    chats.close()


def test_the_file_is_its_owner_s_alone(chats: Conversations, path: Path) -> None:
    chats.add(answer("a"))
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_a_newer_version_is_refused_with_every_file_as_it_was(path: Path) -> None:
    Conversations(path).close()
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("user_version", 99)
    connection.close()
    before = contents(path.parent)
    with pytest.raises(KnowledgeBaseMismatch, match="newer version"):
        Conversations(path)
    assert contents(path.parent) == before


def test_write_protected_chats_can_be_read(
    chats: Conversations, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats.add(answer("a", "First"))
    chats.close()
    before = contents(path.parent)
    monkeypatch.setattr(
        "quire.conversations.store.is_writable", lambda _: False
    )  # root can always write
    protected = Conversations(path)
    assert [turn.question for turn in protected.turns("a")] == ["First"]
    with pytest.raises(KnowledgeBaseError, match="cannot be read or written"):
        protected.add(answer("a", "Second"))
    protected.close()
    assert contents(path.parent) == before


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all")
    with pytest.raises(KnowledgeBaseDamaged, match="conversations"):
        Conversations(path)


def test_a_write_that_fails_at_any_point_leaves_the_turns_before_it(path: Path) -> None:
    with watched_disk() as disk:
        chats = Conversations(path)
        chats.add(answer("a", "First"))
        for nth in range(1, 100):
            disk.fails_from = disk.writes + nth
            try:
                chats.add(answer("a", "Second", ("doc", "Long. " * 5000)))
            except KnowledgeBaseError as error:
                assert "full" in error.message  # noqa: PT017  it does not always fail
            else:
                break
            finally:
                disk.fails_from = None
            assert [turn.question for turn in chats.turns("a")] == ["First"]
        assert nth > 3
        assert [turn.question for turn in chats.turns("a")] == ["First", "Second"]
        chats.close()


def test_ids_are_never_the_same() -> None:
    ids: set[Any] = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(each) for each in ids} == {16}


def test_a_file_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    stored = answer("a", "Old", ("doc", "An old quote."))
    made_by_version_1(path, stored)
    chats = Conversations(path)
    (turn,) = chats.turns("a")
    assert (turn.question, turn.receipt, turn.feedback) == ("Old", None, None)
    assert turn.answer == stored.to_dict()
    chats.add(answer("a", "New"))
    chats.give_feedback(stored.id, "up")
    assert chats.all()[0].turns == 2
    chats.close()


def test_a_file_of_the_second_version_is_brought_up_to_date(path: Path) -> None:
    stored = answer("a", "Old", ("doc", "An old quote."))
    connection = apsw.Connection(str(path))
    for step in schema._MIGRATIONS[:2]:
        connection.execute(step)
    connection.pragma("user_version", 2)
    connection.execute("INSERT INTO conversations VALUES ('a', 'Old', '2026-01-01')")
    connection.execute(
        "INSERT INTO turns VALUES (?, 'a', 1, 'Old', 'Old', ?, '2026-01-01', 'null')",
        (stored.id, json.dumps(stored.to_dict())),
    )
    connection.execute("INSERT INTO feedback VALUES (?, 'down', '差', '2026-01-01')", (stored.id,))
    connection.close()
    chats = Conversations(path)
    (turn,) = chats.turns("a")
    assert (turn.readable, turn.answer) == (True, stored.to_dict())
    assert turn.feedback is not None
    assert (turn.feedback.verdict, turn.feedback.comment) == ("down", "差")
    assert chats.find("a").turns == 1
    chats.add(answer("a", "New"))
    assert [turn.question for turn in chats.turns("a")] == ["Old", "New"]
    assert (chats.warnings, chats.problems()) == ([], [])
    chats.close()


def test_a_write_protected_file_of_the_first_version_is_read_as_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by_version_1(path, answer("a", "Old"))
    before = contents(path.parent)
    monkeypatch.setattr(
        "quire.conversations.store.is_writable", lambda _: False
    )  # root can always write
    protected = Conversations(path)
    assert [turn.question for turn in protected.turns("a")] == ["Old"]
    with pytest.raises(KnowledgeBaseError, match="cannot be read or written"):
        protected.rename("a", "Another")
    protected.close()
    assert contents(path.parent) == before


def made_by_version_1(path: Path, stored: Answer) -> None:
    """The file as the first version made it."""
    connection = apsw.Connection(str(path))
    connection.execute(
        """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY, title TEXT NOT NULL, updated_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE turns (
            id TEXT PRIMARY KEY,
            conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            position INTEGER NOT NULL, question TEXT NOT NULL, standalone TEXT NOT NULL,
            answer TEXT NOT NULL, asked_at TEXT NOT NULL, UNIQUE (conversation_id, position)
        ) STRICT, WITHOUT ROWID;
        PRAGMA user_version = 1;
        """
    )
    connection.execute("INSERT INTO conversations VALUES ('a', 'Old', '2026-01-01')")
    connection.execute(
        "INSERT INTO turns VALUES (?, 'a', 1, ?, ?, ?, '2026-01-01')",
        (stored.id, stored.question, stored.question, json.dumps(stored.to_dict())),
    )
    connection.close()


def test_a_conversation_is_found_by_the_beginning_of_its_id(chats: Conversations) -> None:
    for id_ in ("abcdef01", "abcdef02", "12345678"):
        chats.add(answer(id_, f"About {id_}"))
    assert chats.find("1234").title == "About 12345678"
    assert chats.find("abcdef02").turns == 1
    for reference, problem in (("abcd", "beginning of 2"), ("123", "no conversation"), ("%", "no")):
        with pytest.raises(ConversationNotFound, match=problem):
            chats.find(reference)


def test_the_beginning_of_several_ids_lists_the_candidates(chats: Conversations) -> None:
    given = [
        dataclasses.replace(answer(f"abcdef0{n}", f"About {n}?"), id=f"fedcba0{n}") for n in (1, 2)
    ]
    for each in given:
        chats.add(each)
    with pytest.raises(
        ConversationNotFound, match=r"abcdef01 \(About 1\?\), abcdef02 \(About 2\?\)"
    ):
        chats.find("abcd")
    with pytest.raises(
        ConversationNotFound, match=r"fedcba01 \(About 1\?\), fedcba02 \(About 2\?\)"
    ):
        chats.turn("fedc")


def test_an_answer_is_found_by_the_beginning_of_its_id(chats: Conversations) -> None:
    given = answer("talk")
    chats.add(given)
    assert chats.turn(given.id[:4])[1].id == given.id
    chats.give_feedback(given.id[:4], "up")
    assert chats.turn(given.id)[1].feedback is not None
    with pytest.raises(ConversationNotFound, match="no stored answer"):
        chats.turn(given.id[:3])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LEASE", ["en"]),
        ("lease may", ["en"]),
        ("年假", ["zh"]),
        ("五天", ["zh"]),
        ("長假", []),
        ("停車", ["zh"]),  # traditional
        ("ｌｅａｓｅ", ["en"]),  # full width
        ("lease 年假", []),
        ("100%", []),
        ("document_id", []),  # a key of the stored JSON
    ],
)
def test_questions_and_answers_are_searched_by_all_words(
    chats: Conversations, text: str, found: list[str]
) -> None:
    chats.add(answer("en", "When does the Lease end?", ("doc", "It ends in May.")))
    chats.add(answer("zh", "年假有几天？", ("doc", "员工有五天年假，可以停车。")))
    assert [turn.conversation for turn in chats.search(text)] == found


def test_what_a_search_finds_is_shown_with_the_words_around(chats: Conversations) -> None:
    chats.add(answer("a", "Long?", ("doc", "before " * 30 + "the needle" + " after" * 30)))
    (found,) = chats.search("needle")
    assert "the needle after" in found.excerpt
    assert len(found.excerpt) < 100
    assert found.excerpt.startswith("…")
    assert found.excerpt.endswith("…")
    with pytest.raises(UsageError, match="empty"):
        chats.search("  ")


def test_the_last_answer_can_be_replaced_and_no_other(chats: Conversations) -> None:
    first, second = answer("a", "One"), answer("a", "Two", ("doc", "Zanzibar."))
    chats.add(first)
    chats.add(second)
    chats.give_feedback(second.id, "down")
    anew = answer("a", "Two", ("doc", "Better."))
    chats.add(anew, replacing=second.id)
    turns = chats.turns("a")
    assert [turn.id for turn in turns] == [first.id, anew.id]
    assert turns[1].feedback is None
    with pytest.raises(UsageError, match="not the last answer"):
        chats.add(answer("a", "Two"), replacing=first.id)
    assert [turn.id for turn in chats.turns("a")] == [first.id, anew.id]


def test_the_last_word_on_an_answer_is_kept_and_goes_with_it(
    chats: Conversations, path: Path
) -> None:
    given = answer("a", "One")
    chats.add(given)
    chats.give_feedback(given.id, "down", comment=" Zanzibar ")
    chats.give_feedback(given.id, "up", comment="Mombasa")
    feedback = chats.turn(given.id)[1].feedback
    assert feedback is not None
    assert (feedback.verdict, feedback.comment) == ("up", "Mombasa")
    assert chats.turns("a")[0].to_dict()["feedback"]["verdict"] == "up"
    with pytest.raises(ConversationNotFound, match="no stored answer"):
        chats.give_feedback("unknown", "up")
    chats.delete("a")
    assert files_with(path.parent, "Mombasa") == []
    assert files_with(path.parent, "Zanzibar") == []


def test_a_title_is_the_first_question_on_one_line(chats: Conversations) -> None:
    chats.add(answer("a", "What\nabout\tthis " + "and that " * 20))
    (chat,) = chats.all()
    assert chat.title.startswith("What about this and that")
    assert len(chat.title) == 60
    with pytest.raises(UsageError, match="empty"):
        chats.rename("a", " \n ")


# -- what is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b""])
def test_chats_that_are_gone_are_told_once_and_begun_anew(
    chats: Conversations, path: Path, content: bytes | None
) -> None:
    for question in ("One", "Two", "Three"):
        chats.add(answer("a", question))
    chats.close()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    again = Conversations(path)
    assert [warning.message for warning in again.warnings] == [
        f"The chats in {path} are gone, with 3 answers."
    ]
    assert again.problems()[0] == (again.warnings[0].message, path.name)
    assert again.all() == []
    again.add(answer("b", "Four"))
    again.close()
    later = Conversations(path)
    assert (later.warnings, later.problems()) == ([], [])
    later.close()


def test_answers_that_are_lost_with_the_end_of_the_log_are_told_once(
    chats: Conversations, path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    killed = tmp_path_factory.mktemp("killed") / "kb" / path.name
    chats.add(answer("a", "One"))
    chats.close()
    chats = Conversations(path)
    chats.add(answer("a", "Two"))
    chats.add(answer("b", "Three"))
    shutil.copytree(path.parent, killed.parent)
    chats.close()
    killed.with_name(f"{path.name}-wal").unlink()
    lost = Conversations(killed)
    assert "has lost its last 2 changes" in lost.warnings[0].message
    assert [turn.question for turn in lost.turns("a")] == ["One"]
    lost.add(answer("a", "Four"))
    lost.close()
    later = Conversations(killed)
    assert (later.warnings, later.problems()) == ([], [])
    assert [turn.question for turn in later.turns("a")] == ["One", "Four"]
    later.close()


def test_a_file_that_was_never_there_is_no_loss(path: Path) -> None:
    chats = Conversations(path)
    assert (chats.warnings, chats.problems()) == ([], [])
    chats.close()
    again = Conversations(path)
    assert (again.warnings, again.problems()) == ([], [])
    again.close()

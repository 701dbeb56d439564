"""Every command: what it prints, as text and as JSON, and the code it ends with."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from quire import KnowledgeBase, cli
from quire.models import opening
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

Run = Callable[..., "Done"]


class Done:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process, with an embedder that needs no loading."""
    monkeypatch.setattr(opening, "embedder", lambda _: FakeEmbedder())
    monkeypatch.setattr(opening, "embedder_name", lambda _: "fake")
    monkeypatch.setenv("QUIRE_MODEL", "none")
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("QUIRE_LOCK_WAIT", "0.1")

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["quire", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return Done(caught.value.code, out, err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "lease.txt").write_text("The lease ends in May.\n\nThe dog may stay.")
    (folder / "leave.md").write_text("# 年假\n\n员工每年有五天年假。")
    return folder


# -- ingest ------------------------------------------------------------------------------------


def test_ingest_reports_every_file_once(run: Run, folder: Path) -> None:
    (folder / "empty.txt").write_text("")
    done = run("ingest", folder, "--json")
    assert done.code == 0
    report = done.json
    assert set(report) == {
        *("added", "updated", "unchanged", "removed", "skipped", "failed", "warnings"),
        *("chunks", "seconds", "cancelled", "to_read"),
    }
    assert (report["added"], report["chunks"]) == (2, 2)
    (refusal,) = report["skipped"]
    assert (refusal["path"], refusal["reason"]) == (str(folder / "empty.txt"), "empty file")
    again = run("ingest", folder)
    assert again.code == 0
    assert "2 unchanged, 1 skipped" in again.out


def test_failed_files_end_in_code_3_and_the_others_are_there(run: Run, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    done = run("ingest", folder, "--json")
    assert done.code == 3
    assert [refusal["path"] for refusal in done.json["failed"]] == [str(folder / "broken.pdf")]
    assert "FAILED" in run("ingest", folder).out
    assert len(run("list", "--json").json["documents"]) == 2


def test_a_dry_run_makes_no_knowledge_base(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("ingest", folder, "--dry-run", "--json")
    assert (done.code, done.json["added"]) == (0, 2)
    assert not (tmp_path / "kb").exists()
    run("ingest", folder)
    (folder / "lease.txt").unlink()
    assert run("ingest", folder, "--sync", "--dry-run", "--json").json["removed"] == 1
    assert len(run("list", "--json").json["documents"]) == 2


def test_a_path_that_does_not_exist_makes_no_knowledge_base(run: Run, tmp_path: Path) -> None:
    done = run("ingest", tmp_path / "missing", "--json")
    assert done.code == 1
    assert done.json["error"]["code"] == "unreadable"
    assert not (tmp_path / "kb").exists()


def test_a_second_writer_is_told_who_writes(run: Run, folder: Path, tmp_path: Path) -> None:
    run("ingest", folder)
    with (
        KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb,
        kb._collection.writing(),
    ):
        done = run("remove", "lease.txt", "--json")
    assert done.code == 1
    assert done.json["error"]["code"] == "knowledge_base_locked"
    assert str(os.getpid()) in done.json["error"]["message"]


# -- the other commands ------------------------------------------------------------------------


def test_list_has_the_promised_keys(run: Run, folder: Path) -> None:
    run("ingest", folder)
    done = run("list", "--json")
    assert done.code == 0
    documents = done.json["documents"]
    assert {"id", "name", "path", "media_type", "pages", "chunks", "added_at"} <= set(documents[0])
    assert [document["name"] for document in documents] == ["lease.txt", "leave.md"]
    assert "2 documents" in run("list").out


def test_stats_count_what_there_is_and_what_was_asked(run: Run, folder: Path) -> None:
    run("ingest", folder)
    run("ask", "How many days of leave are there?", "--model", "none")
    counted = run("stats", "--json").json
    assert counted["holdings"]["documents"] == 2
    assert counted["holdings"]["passages"] >= 2
    (day,) = counted["days"]
    assert (day["asked"], day["programs"]) == (1, 1)
    assert day["written"] + day["quotes"] + day["refused"] + day["itself"] == 1
    told = run("stats").out
    assert "2 documents (en 1, zh 1), 0 not read whole" in told
    assert f"{day['day']}  1 asked" in told


def test_show_tells_a_document_and_its_text(run: Run, folder: Path) -> None:
    run("ingest", folder)
    assert run("show", "lease.txt", "--json").json["name"] == "lease.txt"
    done = run("show", "lease.txt", "--text", "--json")
    assert done.json["text"] == [
        {"number": None, "text": "The lease ends in May.\n\nThe dog may stay."}
    ]
    assert "The dog may stay." in run("show", "lease.txt", "--text").out


def test_search_has_the_promised_keys(run: Run, folder: Path) -> None:
    run("ingest", folder)
    done = run("search", "dog", "-k", "1", "--json")
    assert set(done.json) == {"hits", "timings_ms"}
    (hit,) = done.json["hits"]
    assert set(hit) == {
        *("rank", "score", "ranks", "document", "page_first", "page_last", "start", "end"),
        *("text", "document_id", "path", "duplicates"),
    }
    assert (hit["rank"], hit["document"]) == (1, "lease.txt")
    assert "lease.txt" in run("search", "年假", "--mode", "dense").out
    assert run("search", "unheard", "--mode", "lexical").out == "Nothing was found.\n"


def test_ask_has_the_promised_keys_and_goes_on_with_a_conversation(run: Run, folder: Path) -> None:
    run("ingest", folder)
    first = run("ask", "When does the lease end?", "--json")
    assert first.code == 0
    assert {
        *("id", "conversation", "status", "text", "standalone_question", "sentences"),
        *("citations", "passages", "model", "usage", "timings_ms"),
    } <= set(first.json)
    assert first.json["text"] == "The lease ends in May."
    conversation = first.json["conversation"]
    second = run("ask", "May the dog stay?", "--conversation", conversation)
    assert second.code == 0
    assert "The dog may stay." in second.out
    assert "lease.txt" in second.out
    missing = run("ask", "When?", "--conversation", "missing", "--json")
    assert (missing.code, missing.json["error"]["code"]) == (1, "conversation_not_found")


def test_a_search_and_a_question_are_confined_by_options_and_tags(run: Run, folder: Path) -> None:
    run("ingest", folder)
    done = run("tag", "leave.md", "--add", "HR", "--add", "draft", "--json")
    assert [document["tags"] for document in done.json["documents"]] == [["draft", "hr"]]
    assert "leave.md" in run("tag", "leave.md", "--remove", "draft").out
    assert "#hr" in run("list").out
    assert "hr" in run("show", "leave.md").out
    for options in (
        ("--tag", "hr"),
        ("--language", "zh"),
        ("--file", "*.md", "--folder", folder, "--since", "2020-01-01"),
        ("--file", "leave.md", "--until", "2999-12-31", "--dates", "added"),
    ):
        hits = run("search", "lease", *options, "--json").json["hits"]
        assert [hit["document"] for hit in hits] == ["leave.md"]
        assert "lease.txt" not in run("ask", "When does the lease end?", *options).out
    refused = run("search", "lease", "--tag", "hr", "--language", "en", "--json")
    assert refused.code == 1
    assert refused.json["error"]["message"] == "No document is in the language en, tagged hr."
    assert run("search", "lease", "--since", "tomorrow").code == 2


def test_search_tells_why_a_document_is_found_or_not(run: Run, folder: Path) -> None:
    run("ingest", folder)
    done = run("search", "When does the lease end?", "--why", "lease.txt")
    assert done.out.splitlines()[-1] == "Hits: it is hit 1."
    done = run("search", "lease", "--why", "missing.pdf:3", "--json")
    assert (done.code, done.json["lost_at"], done.json["page"]) == (0, "document", 3)
    assert run("search", "lease", "--why", "lease.txt:3", "--json").code == 1


def test_a_question_about_all_documents_is_counted(run: Run, folder: Path) -> None:
    run("ingest", folder)
    done = run("ask", "Which documents mention the dog?", "--json")
    assert done.json["status"] == "extractive"
    scan = done.json["scan"]
    assert (scan["documents"], scan["mentions"], scan["looked_up_chunks"]) == (1, 1, 2)
    assert [row["document"] for row in scan["found"]] == ["lease.txt"]
    assert "1 of 2 documents mentions “dog”" in run("ask", "Which documents mention the dog?").out


def test_remove_compact_and_verify(run: Run, folder: Path) -> None:
    run("ingest", folder)
    removed = run("remove", "lease.txt", "--json")
    assert [document["name"] for document in removed.json["removed"]] == ["lease.txt"]
    compacted = run("compact", "--json")
    assert set(compacted.json) == {"bytes_before", "bytes_after"}
    verified = run("verify", "--json")
    assert (verified.code, verified.json) == (0, {"ok": True, "problems": []})
    assert "Removed leave.md" in run("remove", "leave.md").out
    assert "MB now" in run("compact").out
    assert "All is well" in run("verify").out


def test_verify_names_the_damage_ends_in_code_1_and_repairs(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("ingest", folder)
    with (
        KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb,
        kb._catalog.writing() as connection,
    ):
        connection.execute("DELETE FROM lexical")
    done = run("verify", "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert {"what": "lexical row is missing or stale", "where": "lease.txt, chunk 0"} in done.json[
        "problems"
    ]
    assert "lease.txt, chunk 0: lexical row" in run("verify").out
    assert run("verify", "--repair", "--json").json == {"ok": True, "problems": []}
    assert run("verify").code == 0


def test_doctor_tells_what_is_there_and_what_to_do_about_the_rest(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("ingest", folder)
    done = run("doctor", "--json")
    checks = {check["name"]: check for check in done.json["checks"]}
    assert (done.code == 0) == done.json["ok"]
    assert checks["Embedding model"]["found"] == "fake, 32 dimensions, on the processor"
    assert checks["Chat model"]["found"].startswith("none")
    assert str(tmp_path / "kb") in checks["Knowledge base"]["found"]
    monkeypatch.setenv("QUIRE_MODEL", str(tmp_path / "missing.gguf"))
    done = run("doctor")
    assert done.code == 1
    assert "->  Chat model" in done.out
    assert "missing.gguf" in done.out


@pytest.mark.parametrize(
    "words",
    [("ask", "When?"), ("summarize", "lease.txt"), ("chat",), ("replay", "0123456789abcdef")],
)
def test_a_model_that_is_named_and_cannot_be_had_is_an_error(
    run: Run, folder: Path, words: tuple[str, ...]
) -> None:
    run("ingest", folder)
    done = run(*words, "--model", "nonesuch", "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "model_not_found")
    assert "nonesuch" in done.json["error"]["message"]
    assert done.json["error"]["hint"]


def test_a_model_of_the_settings_that_cannot_be_had_is_told_once_with_its_hint(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run("ingest", folder)
    monkeypatch.setenv("QUIRE_MODEL", "nonesuch")
    for words in (("ask", "When does the lease end?"), ("summarize", "lease.txt")):
        done = run(*words, "--json")
        assert done.code == 0
        (note,) = [note for note in done.json["notes"] if "nonesuch" in note]
        assert note.endswith("quire models list")
        assert "nonesuch" not in done.err + caplog.text


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "x"),
        ("remove", "x"),
        ("compact",),
        ("search", "x"),
        ("ask", "x"),
        ("verify",),
    ],
)
def test_only_ingest_makes_a_knowledge_base(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    wrong = tmp_path / "wrong"
    done = run(*words, "--kb", wrong, "--json")
    assert done.code == 1
    error = done.json["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == "knowledge_base_not_found"
    assert str(wrong) in error["message"]
    assert "quire ingest" in error["hint"]
    assert not wrong.exists()
    plain = run(*words, "--kb", wrong)
    assert plain.out == ""
    assert plain.err.startswith("quire: There is no knowledge base")


@pytest.mark.parametrize(
    "words",
    [
        ("search",),
        ("search", "x", "-k", "0"),
        ("search", "x", "-k", "many"),
        ("search", "x", "--mode", "magic"),
        ("ingest",),
        ("ask", "x", "--no-such-option"),
        ("no-such-command",),
        ("search", " "),
    ],
)
def test_wrong_usage_ends_in_code_2(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    run("ingest", folder)
    done = run(*words, "--json")
    assert done.code == 2
    assert done.json["error"]["code"] == "usage"
    plain = run(*words)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.startswith("quire: ")


def test_a_wrong_setting_is_named_with_where_to_correct_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_PASSAGES", "many")
    done = run("ingest", Path(__file__), "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "settings")
    assert "QUIRE_PASSAGES" in done.json["error"]["hint"]


def test_text_of_a_document_cannot_command_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil\x1b[31m.txt").write_text("The dog \x1b]0;owned\x07 sleeps.")
    run("ingest", tmp_path / "evil\x1b[31m.txt")
    (document,) = run("list", "--json").json["documents"]
    for words in (
        ("list",),
        ("search", "dog"),
        ("ask", "Does the dog sleep?"),
        ("show", document["id"], "--text"),
        ("show", "\x1b[31m"),
    ):
        done = run(*words)
        assert "\x1b" not in done.out + done.err
        assert "\x07" not in done.out + done.err


# -- in a process of its own ---------------------------------------------------------------------

_CLI = """
import os, sys, time
from quire.models import fakes, opening
class Embedder(fakes.FakeEmbedder):
    def embed_passages(self, texts, **options):
        time.sleep(len(texts) * float(os.environ.get("SECONDS_A_TEXT", 0)))
        return super().embed_passages(texts, **options)
opening.embedder = lambda _: Embedder()
opening.embedder_name = lambda _: "fake"
from quire.cli import main
main()
"""


# Says that it has begun, and then waits. subtle: not in one long sleep, because a signal that comes
# right before it is only heard after it.
_WAIT = """
import sys, time
def rest():
    for _ in range(3000):
        time.sleep(0.05)
def wait():
    print("loading", file=sys.stderr, flush=True)
    rest()
"""


def command(*words: str | Path) -> list[str]:
    """A command line in a child process, with an embedder that needs no loading."""
    return [sys.executable, "-c", _CLI, *map(str, words)]


def test_standard_output_holds_the_json_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command("ingest", folder, "--json", "--kb", tmp_path / "kb"),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert json.loads(done.stdout)["added"] == 2
    assert done.stderr == b""


def test_a_reader_that_leaves_ends_the_command_quietly(folder: Path, tmp_path: Path) -> None:
    subprocess.run(
        command("ingest", folder, "--kb", tmp_path / "kb"), check=True, capture_output=True
    )
    process = subprocess.Popen(
        command("list", "--kb", tmp_path / "kb"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_ingest_and_keeps_what_is_committed(
    tmp_path: Path, number: signal.Signals
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for n in range(400):
        (many / f"{n:03}.txt").write_text(f"Number {n} of many. " * 300)
    kb = tmp_path / "kb"
    process = subprocess.Popen(
        command("ingest", many, "--json", "--kb", kb),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SECONDS_A_TEXT": "0.01"},
    )
    while process.poll() is None and not _documents(kb):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, err) == (1, "")
    report = json.loads(out)
    assert report["cancelled"]
    assert 0 < report["added"] < 400
    with KnowledgeBase.open(kb, embedder=FakeEmbedder()) as base:
        assert len(base.documents()) == report["added"]
        assert base.verify() == []


def test_a_signal_ends_an_ingest_whose_model_is_being_loaded(folder: Path, tmp_path: Path) -> None:
    code = (
        f"{_WAIT}from quire.models import opening; from quire.commands import terminal\n"
        "terminal._PATIENCE = 0.2\n"
        "opening.embedder = lambda _: wait()\n"
        "from quire.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "ingest", folder, "--json", "--kb", tmp_path / "kb"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "loading\n"
    process.terminate()
    out, err = process.communicate()
    assert (process.returncode, err) == (1, "")
    assert json.loads(out)["error"]["message"] == "Stopped."


@pytest.mark.parametrize(
    ("words", "waits"),
    [
        (("models", "bench"), "wait()"),
        (("models", "recommend"), "wait()"),
        (("doctor",), "wait()"),
        (("doctor",), "[ctypes.CFUNCTYPE(None)(wait)(), rest()]"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_ctrl_c_ends_any_command_with_a_word(
    words: tuple[str, ...], waits: str, as_json: bool
) -> None:
    """At the place where it loads a model, also when C has called back into Python there."""
    code = (
        f"{_WAIT}import ctypes, signal; from quire.models import opening\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "load = lambda _: " + waits + "\n"
        "opening.embedder = opening.chat_model = opening.llama_model = load\n"
        "from quire.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words, *(["--json"] if as_json else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 1
    if as_json:
        assert json.loads(out) == {"error": {"code": "error", "message": "Stopped.", "hint": ""}}
        assert err == ""
    else:
        assert (out, err) == ("", "quire: Stopped.\n")


def _documents(kb: Path) -> int:
    if not (kb / "catalog.sqlite3").exists():
        return 0
    try:
        with KnowledgeBase.open(kb, create=False, embedder=FakeEmbedder()) as base:
            return len(base.documents())
    except Exception:
        return 0  # it is just being made


# -- what is lost --------------------------------------------------------------------------------


@pytest.fixture
def lost(run: Run, folder: Path, tmp_path: Path) -> Path:
    """A knowledge base that has lost a document with its log."""
    with KnowledgeBase.open() as kb:
        kb.add(folder / "lease.txt")
    with KnowledgeBase.open() as kb:
        kb.add(folder)
        shutil.copytree(tmp_path / "kb", tmp_path / "killed")
    (tmp_path / "killed" / "catalog.sqlite3-wal").unlink()
    return tmp_path / "killed"


def test_a_loss_is_told_once_by_each_command_beside_what_it_prints(run: Run, lost: Path) -> None:
    for command in (("list",), ("search", "dog"), ("list", "--json")):
        done = run(*command, "--kb", lost)
        assert done.code == 0
        assert done.err.count("lost its last 1 changes") == 1
        assert "1 documents that were added are lost: leave.md." in done.err
        assert "quire verify --repair" in done.err
        assert "lost" not in done.out


def test_a_loss_stands_in_the_report_of_an_ingest(run: Run, lost: Path, folder: Path) -> None:
    done = run("ingest", folder, "--kb", lost, "--json")
    assert done.json["added"] == 1
    assert [warning.split(":")[0] for warning in done.json["warnings"]] == [
        f"{lost}/catalog.sqlite3 has lost its last 1 changes with the end of its log.",
        "1 documents that were added are lost",
    ]
    assert run("list", "--kb", lost).err == ""


def test_verify_finds_a_loss_and_repairs_it(run: Run, lost: Path) -> None:
    done = run("verify", "--kb", lost, "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert "leave.md" in done.json["problems"][1]["what"]
    done = run("verify", "--repair", "--kb", lost, "--json")
    assert (done.code, done.json) == (0, {"ok": True, "problems": []})
    assert "leave.md" in run("list", "--kb", lost).out


def test_a_chat_that_cannot_be_kept_goes_on(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ingest", folder)
    (tmp_path / "kb" / "conversations.sqlite3").mkdir()
    questions = io.StringIO("When does the lease end?\nMay the dog stay?\n")
    monkeypatch.setattr(sys, "stdin", questions)
    done = run("chat", "--json")
    assert done.code == 0
    assert [answer["text"] for answer in done.json["answers"]] == [
        "The lease ends in May.",
        "The dog may stay.",
    ]
    assert "not kept" in done.json["answers"][1]["notes"][0]


def test_a_damaged_answer_is_shown_as_such_and_exported_so(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("ingest", folder)
    chat = run("ask", "When does the lease end?", "--json").json["conversation"]
    run("ask", "May the dog stay?", "--conversation", chat)
    connection = apsw.Connection(str(tmp_path / "kb" / "conversations.sqlite3"))
    connection.execute("UPDATE turns SET receipt = '' WHERE position = 1")
    connection.close()
    for command in ("show", "export"):
        done = run("conversations", command, chat)
        assert done.code == 0
        assert "This answer is damaged and cannot be read." in done.out
        assert "The dog may stay." in done.out
        assert "some chats or answers cannot be read" in done.err
    turns = run("conversations", "show", chat, "--json").json["turns"]
    assert [turn["readable"] for turn in turns] == [False, True]
    assert run("ask", "May the dog stay?", "--conversation", chat).code == 0
    assert run("verify").code == 1

"""What is named on the command line and is not there is an error, and no wrong usage."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from quire import KnowledgeBase, cli
from quire.commands.shared import app
from quire.config import Settings
from quire.models import opening
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

# Of each parameter that names something, a command line with a name in good form of which there is
# nothing, and the code of the error.
NAMING: dict[tuple[str, str], tuple[str, str]] = {
    ("ingest", "PATH…"): ("ingest nowhere.txt", "unreadable"),
    ("show", "DOC"): ("show nothing.pdf", "document_not_found"),
    ("remove", "DOC…"): ("remove lease.txt nothing.pdf", "document_not_found"),
    ("move", "DOC…"): ("move nothing.pdf --to A", "document_not_found"),
    ("tag", "DOC…"): ("tag nothing.pdf --add hr", "document_not_found"),
    ("summarize", "DOC"): ("summarize nothing.pdf", "document_not_found"),
    ("search", "--why"): ("search lease --why lease.txt:9", "page_not_found"),
    ("search", "--file"): ("search lease --file nothing.pdf", "document_not_found"),
    ("search", "--folder"): ("search lease --folder nowhere", "document_not_found"),
    ("search", "--language"): ("search lease --language fr", "document_not_found"),
    ("search", "--tag"): ("search lease --tag nothing", "document_not_found"),
    ("ask", "--file"): ("ask lease --file nothing.pdf", "document_not_found"),
    ("ask", "--folder"): ("ask lease --folder nowhere", "document_not_found"),
    ("ask", "--language"): ("ask lease --language fr", "document_not_found"),
    ("ask", "--tag"): ("ask lease --tag nothing", "document_not_found"),
    ("ask", "--model"): ("ask lease --model nothing", "model_not_found"),
    ("ask", "--conversation"): ("ask lease --conversation 0123abcd", "conversation_not_found"),
    ("check", "FILE"): ("check nowhere.md", "unreadable"),
    ("check", "--file"): ("check SET/documents/lease.txt --file nothing.pdf", "document_not_found"),
    ("check", "--folder"): ("check SET/documents/lease.txt --folder nowhere", "document_not_found"),
    ("check", "--language"): ("check SET/documents/lease.txt --language fr", "document_not_found"),
    ("check", "--tag"): ("check SET/documents/lease.txt --tag nothing", "document_not_found"),
    ("export-answer", "ID"): ("export-answer 0123abcd", "conversation_not_found"),
    ("chat", "--conversation"): ("chat --conversation 0123abcd", "conversation_not_found"),
    ("chat", "--model"): ("chat --model nothing", "model_not_found"),
    ("replay", "ID"): ("replay 0123abcd", "conversation_not_found"),
    ("replay", "--model"): ("replay 0123abcd --model nothing", "model_not_found"),
    ("summarize", "--model"): ("summarize lease.txt --model nothing", "model_not_found"),
    ("conversations show", "ID"): ("conversations show 0123abcd", "conversation_not_found"),
    ("conversations rename", "ID"): ("conversations rename 0123abcd x", "conversation_not_found"),
    ("conversations restore", "ID"): ("conversations restore 0123abcd", "conversation_not_found"),
    ("conversations delete", "ID"): ("conversations delete 0123abcd", "conversation_not_found"),
    ("conversations export", "[ID]"): ("conversations export 0123abcd", "conversation_not_found"),
    ("serve", "--base"): ("serve --port 0 --base nowhere", "knowledge_base_not_found"),
    ("mcp", "--base"): ("mcp --base nowhere", "knowledge_base_not_found"),
    ("mcp", "--model"): ("mcp --model nothing", "model_not_found"),
    ("serve", "--model"): ("serve --port 0 --model nothing", "model_not_found"),
    ("eval", "DATASET"): ("eval nowhere", "unreadable"),
    ("eval", "--baseline"): ("eval SET --baseline nowhere.json", "unreadable"),
    ("reindex", "--embedder"): ("reindex --embedder nothing", "model_not_found"),
    ("models starter", "WHEEL"): ("models starter nothing.whl", "model_not_found"),
    ("models info", "NAME"): ("models info nothing", "model_not_found"),
    ("models pull", "NAME"): ("models pull nothing", "model_not_found"),
    ("models add", "PATH"): ("models add nowhere.gguf", "model_not_found"),
    ("models use", "NAME"): ("models use nothing", "model_not_found"),
    ("models remove", "NAME"): ("models remove nothing", "model_not_found"),
    ("models bench", "NAME"): ("models bench nothing", "model_not_found"),
}

# What other parameters are given: words and numbers of the user's own, one of a few that the help
# lists, or something that is yet to be made.
OTHER = {
    *("TEXT", "TITLE", "R", "DATE", "HEX", "--jobs", "--password", "--sentences", "-k", "--limit"),
    *("--what", "--mode", "--dates", "--from", "models recommend --language", "--name"),
    *("--port", "--api", "--host", "--to", "--report", "--output", "--key-file", "tag --add"),
    "--allow-host",
    "tag --remove",  # what a document lacks need not be taken from it
}


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a knowledge base of one document, and an evaluation set."""
    folder = tmp_path_factory.mktemp("there")
    documents = folder / "SET" / "documents"
    documents.mkdir(parents=True)
    (documents / "lease.txt").write_text("The lease ends in May.")
    question = {
        "question": "When does the lease end?",
        "answers": ["May"],
        "document": "lease.txt",
        "evidence": "The lease ends in May.",
    }
    (folder / "SET" / "questions.jsonl").write_text(json.dumps(question))
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as kb:
        kb.add(documents)
    return folder


@pytest.fixture(autouse=True)
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("QUIRE_KB", str(folder / "kb"))
    monkeypatch.setenv("QUIRE_MODEL", "none")
    real = opening.embedder

    def embedder(settings: Settings) -> Any:
        return real(settings) if settings.embedder == "nothing" else FakeEmbedder()

    monkeypatch.setattr(opening, "embedder", embedder)
    monkeypatch.setattr(opening, "embedder_name", lambda _: "fake")


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["quire", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code, *capsys.readouterr()


def test_each_parameter_that_names_something_is_among_them() -> None:
    found = set()
    for name, command in commands(typer.main.get_command(app)):
        for parameter in command.params:
            option = parameter.opts[-1]
            if getattr(parameter, "is_flag", False) or option in {"--kb", "--json", "--help"}:
                continue
            kinds = {option, parameter.metavar, f"{name} {option}"}
            if kinds.isdisjoint(OTHER):
                found.add((name, option if option.startswith("-") else parameter.metavar))
    assert found == NAMING.keys()


@pytest.mark.parametrize(("words", "kind"), NAMING.values(), ids=lambda each: each)
def test_a_name_of_nothing_ends_in_code_1_with_a_sentence(
    words: str, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ended(monkeypatch, capsys, *words.split())
    assert (code, out) == (1, "")
    assert err.startswith("quire: ")
    if words.startswith(("chat", "mcp")):
        return  # they talk, and have no JSON
    code, out, _ = ended(monkeypatch, capsys, *words.split(), "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (1, kind)
    assert set(error) == {"code", "message", "hint"}
    assert error["message"] in err


@pytest.mark.parametrize(
    "words", ["list", "show a", "search a", "ask a", "conversations list", "compact", "verify"]
)
def test_a_knowledge_base_that_is_not_there_ends_in_code_1(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ended(monkeypatch, capsys, *words.split(), "--kb", "nowhere", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "knowledge_base_not_found")


def test_a_beginning_of_several_ids_is_refused_like_a_name_of_several_documents(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as kb:
        for number in (1, 2):
            (answer,) = list(kb.stream("When does the lease end?", store=False))[-1:]
            kb.conversations.add(
                dataclasses.replace(answer, id=f"fedcba0{number}", conversation=f"abcdef0{number}")
            )
    for words in ("conversations show abcd", "replay fedc"):
        code, out, _ = ended(monkeypatch, capsys, *words.split(), "--json")
        assert (code, json.loads(out)["error"]["code"]) == (1, "conversation_not_found")

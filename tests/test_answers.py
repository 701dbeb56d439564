"""What is kept of answers: drafts before them, receipts beside them, and answers made again."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faults import files_with
from quire import KnowledgeBase, Question, Scope, cli, load_settings
from quire.conversations import transcripts
from quire.errors import ConversationNotFound, UsageError
from quire.models import opening
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.records import Draft

pytestmark = pytest.mark.usefixtures("parser_here")

NOTES = """# Harbour rules

The harbour opens at six in the morning. Mooring costs 25 crowns a night.
Dogs are not allowed on the pier. Ada Holm is the harbour master.

# 港口规定

港口每天早上六点开放。停泊费每晚25克朗。码头禁止带狗。
"""
QUESTION, TRUE = "How much does mooring cost?", "Mooring costs 25 crowns a night."
Open = Callable[..., KnowledgeBase]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "harbour.md").write_text(NOTES, encoding="utf-8")
    return tmp_path / "harbour.md"


@pytest.fixture
def opened(tmp_path: Path, notes: Path) -> Open:
    """Opens a knowledge base of the notes, with a model that gives a set reply."""

    def opened(reply: Any = TRUE, **options: Any) -> KnowledgeBase:
        settings = load_settings(kb=tmp_path / "kb", prompts=tmp_path / "prompts")
        kb = KnowledgeBase.open(
            tmp_path / "kb",
            settings=settings,
            embedder=FakeEmbedder(),
            model=FakeChatModel(reply, **options),
        )
        kb.add(notes)
        return kb

    return opened


# -- drafts ------------------------------------------------------------------------------------


def test_quotes_are_there_before_the_model_is_asked(opened: Open) -> None:
    events: list[str] = []

    def reply(_: object) -> str:
        events.append("asked")
        return TRUE

    drafts: list[Draft] = []

    def on_draft(draft: Draft) -> None:
        events.append("draft")
        drafts.append(draft)

    with opened(reply) as kb:
        *pieces, answer = kb.stream(QUESTION, on_draft=on_draft)
    assert events == ["draft", "asked"]
    assert drafts[0].text == drafts[0].to_dict()["text"] == TRUE
    assert drafts[0].sentences[0].quote == TRUE
    assert pieces == [TRUE]
    assert answer.status == "answered"  # type: ignore[union-attr]


def test_without_anything_to_quote_there_is_no_draft(opened: Open) -> None:
    drafts: list[Draft] = []
    with opened() as kb:
        list(kb.stream("What is the boiling point of tungsten?", on_draft=drafts.append))
    assert drafts == []


# -- receipts and replays ------------------------------------------------------------------------


def test_a_receipt_says_what_an_answer_was_made_with_and_quotes_nothing(opened: Open) -> None:
    with opened() as kb:
        answer = kb.ask(QUESTION)
        (document,) = kb.documents()
        stored = kb.conversations.turn(answer.id)[1].receipt
    assert answer.receipt is not None
    receipt = answer.receipt.to_dict()
    assert stored == json.loads(json.dumps(receipt))
    assert receipt["model"] == {
        "name": "fake",
        "sha256": "fake",
        "context_tokens": 4096,
        "sent_to": None,
    }
    assert receipt["prompt"]["name"] == "answer.en"
    assert len(receipt["prompt"]["sha256"]) == 64
    assert receipt["embedder"]["sha256"] == FakeEmbedder().fingerprint
    assert {"quire", "faiss-cpu", "llama-cpp-python"} <= receipt["versions"].keys()
    first = receipt["hits"][0]
    assert (first["document_id"], first["sha256"]) == (document.id, document.content_hash)
    assert {leg for hit in receipt["hits"] for leg in hit["scores"]} == {
        "dense",
        "lexical",
        "fused",
    }
    assert any(row["passage_read"] for row in receipt["evidence"])
    assert TRUE not in json.dumps(receipt)


def test_where_no_model_was_asked_the_receipt_names_none(opened: Open) -> None:
    with opened(languages=frozenset({"en"})) as kb:
        answer = kb.ask("停泊费是多少？")
    assert answer.receipt is not None
    assert (answer.receipt.model, answer.receipt.prompt) == ({}, {})


@pytest.mark.parametrize("languages", [{"en"}, {"en", "zh"}])
def test_a_small_model_is_not_given_what_it_cannot_read(
    tmp_path: Path, languages: set[str]
) -> None:
    (tmp_path / "rates.md").write_text("# 费率\n\nBX-1007泊位每晚25克朗。\n", encoding="utf-8")
    model = FakeChatModel("BX-1007 泊位 泊位", languages=frozenset(languages))
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as kb:
        kb.add(tmp_path / "rates.md")
        answer = kb.ask(Question("How much is BX-1007?", max_risk=1.0))
    assert (answer.status, answer.text) == ("extractive", "BX-1007泊位每晚25克朗。")
    assert bool(model.asked) == ("zh" in languages)


def test_a_replay_finds_the_same(opened: Open) -> None:
    with opened() as kb:
        answer = kb.ask(QUESTION)
        result = kb.replay(answer.id)
        assert (result.same, result.differences, result.gone) == (True, (), ())
        assert result.now.text == answer.text
        assert len(kb.conversations.turns(answer.conversation)) == 1
        with pytest.raises(ConversationNotFound, match="no stored answer"):
            kb.replay("unknown")


def test_a_replay_keeps_the_model_that_it_is_at(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    class Closing(FakeChatModel):
        def close(self) -> None:
            heard.append("freed")

    def reply(_: object) -> str:
        kb.follow(settings)
        heard.append("replied")
        return TRUE

    monkeypatch.setattr(opening, "chat_model", lambda _: Closing(reply))
    with opened() as kb:
        answer = kb.ask(QUESTION)
        settings = kb.settings.model_copy(update={"model": "starter"})
        kb.follow(settings)
        assert kb.replay(answer.id).same
        assert heard == ["replied", "freed"]


def test_what_is_asked_while_a_model_is_freed_goes_to_the_next_one(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def replying(name: str) -> Callable[[object], str]:
        return lambda _: asked.append(name) or TRUE

    class Closing(FakeChatModel):
        def close(self) -> None:
            kb.ask(QUESTION)

    made = iter([Closing(replying("first")), FakeChatModel(replying("second"))])
    monkeypatch.setattr(opening, "chat_model", lambda _: next(made))
    with opened() as kb:
        settings = kb.settings.model_copy(update={"model": "starter"})
        kb.follow(settings)
        kb.ask(QUESTION)
        kb.follow(settings)
    assert asked == ["first", "second"]


def test_a_replay_says_what_has_changed(opened: Open, notes: Path) -> None:
    with opened() as kb:
        answer = kb.ask(QUESTION)
        old = kb.documents()[0].id
    notes.write_text(NOTES.replace("25 crowns", "30 crowns"), encoding="utf-8")
    (notes.parent / "prompts").mkdir()
    (notes.parent / "prompts" / "answer.en.txt").write_text(
        "Be brief.\n---\n{evidence}\n{question}", encoding="utf-8"
    )
    with opened("Mooring costs 30 crowns a night.", context_tokens=2048) as kb:
        result = kb.replay(answer.id)
        new = kb.documents()[0].id
    found = {difference.what: difference for difference in result.differences}
    assert not result.same
    assert found.keys() == {"sentences", "passages", "model", "prompt"}
    assert found["sentences"].before == [TRUE]
    assert found["sentences"].now == ["Mooring costs 30 crowns a night."]
    assert found["model"].now == {"context_tokens": 2048}
    assert result.gone == ({"document": "harbour.md", "document_id": old, "now": new},)
    assert json.loads(json.dumps(result.to_dict()))["same"] is False


def test_a_follow_up_is_replayed_as_it_was_understood(opened: Open) -> None:
    with opened() as kb:
        first = kb.ask("Who is the harbour master?")
        second = kb.ask("When does it open?", conversation=first.conversation)
        kb.ask("And the dogs?", conversation=first.conversation)
        assert kb.replay(second.id).now.standalone_question == second.standalone_question


def test_a_question_is_replayed_and_answered_anew_where_it_was_asked(
    opened: Open, notes: Path
) -> None:
    other = notes.with_name("pier.md")
    other.write_text("# Pier\n\nMooring costs 40 crowns a night.\n", encoding="utf-8")
    scope = Scope(file="pier.md", until="2099-12-31", language="en")
    with opened("") as kb:
        kb.add(other)
        answer = kb.ask(QUESTION, scope=scope)
        result = kb.replay(answer.id)
        again = kb.regenerate(answer.id)
        stored = kb.conversations.turn(again.id)[1].receipt
    assert {citation.document.name for citation in answer.citations} == {"pier.md"}
    assert (result.same, result.differences) == (True, ())
    assert again.citations == answer.citations
    assert stored is not None
    assert stored["settings"]["scope"] == str(scope)


def test_a_receipt_that_has_its_scope_in_words_alone_is_replayed_and_says_so(opened: Open) -> None:
    with opened() as kb:
        answer = kb.ask(QUESTION, store=False)
        assert answer.receipt is not None
        settings = {**answer.receipt.settings, "scope": "named harbour.md"}
        del settings["confined_to"]  # as an early version left it
        kb.conversations.add(replace(answer, receipt=replace(answer.receipt, settings=settings)))
        result = kb.replay(answer.id)
    (difference,) = result.differences
    assert (result.same, difference.what) == (True, "settings")
    assert (difference.before, difference.now) == ({"scope": "named harbour.md"}, {"scope": None})


# -- answered anew -------------------------------------------------------------------------------


def test_the_last_answer_is_made_anew_in_its_place(opened: Open) -> None:
    with opened() as kb:
        first = kb.ask("Who is the harbour master?")
        second = kb.ask("When does it open?", conversation=first.conversation)
        anew = kb.regenerate(second.id)
        turns = kb.conversations.turns(first.conversation)
        assert [turn.id for turn in turns] == [first.id, anew.id]
        assert anew.standalone_question == second.standalone_question
        assert anew.receipt is not None
        assert anew.receipt.settings["temperature"] > 0
        with pytest.raises(UsageError, match="not the last answer"):
            kb.regenerate(first.id)


def test_a_question_put_otherwise_takes_the_place_of_the_last(opened: Open) -> None:
    with opened() as kb:
        first = kb.ask("Whose harbour?")
        (*_, answer) = kb.stream(QUESTION, conversation=first.conversation, replacing=first.id)
        (turn,) = kb.conversations.turns(first.conversation)
        assert (turn.question, turn.id) == (QUESTION, answer.id)  # type: ignore[union-attr]


# -- the conversation in the prompt ----------------------------------------------------------------


@pytest.mark.parametrize("capable", [True, False])
def test_only_a_capable_model_is_told_the_conversation(opened: Open, capable: bool) -> None:
    model = FakeChatModel(
        "Ada Holm is the harbour master.", parameters=None if capable else 135_000_000
    )
    with opened() as first:
        folder = first.folder
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        answer = kb.ask("Who is the harbour master?")
        kb.ask("When does it open?", conversation=answer.conversation)
        kb.ask(QUESTION, conversation=answer.conversation)
    told = ["Earlier in this conversation" in messages[1].content for messages in model.asked]
    assert told == [False, capable, False]  # the last question stands by itself


@pytest.mark.parametrize("context", [16, 64, 256, 512, 1024, 4096])
@pytest.mark.parametrize("capable", [True, False])
def test_the_context_never_overflows(opened: Open, context: int, capable: bool) -> None:
    with opened(
        context_tokens=context, parameters=None if capable else 135_000_000
    ) as kb:  # the fake refuses what is too long
        conversation = None
        for _ in range(8):
            answer = kb.ask(f"{QUESTION} And what does it cost? " * 6, conversation=conversation)
            conversation = answer.conversation
            assert answer.status in ("answered", "extractive")
            assert answer.usage.prompt_tokens + answer.usage.completion_tokens <= context
            assert any("too few" in note for note in answer.notes) == (context < 256)


# -- what can go wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply", ["", "   \n", "<think>hm", "spam " * 500, "…" * 300, "Mooring costs 25" + " 5" * 300]
)
def test_a_model_that_says_nothing_of_use_leaves_the_quotes(opened: Open, reply: str) -> None:
    with opened(reply) as kb:
        answer = kb.ask(QUESTION)
    assert (answer.status, answer.text) == ("extractive", TRUE)


def test_half_a_sentence_at_the_end_of_what_a_model_may_write_is_not_shown(opened: Open) -> None:
    with opened(f"{TRUE} The harbour opens at six in the morning.") as kb:
        settings = kb.settings.model_copy(update={"answer_tokens": 16})
        folder = kb.folder
    model = FakeChatModel(f"{TRUE} Mooring costs 25 crowns a night each and every day of it")
    with KnowledgeBase.open(folder, settings=settings, embedder=FakeEmbedder(), model=model) as kb:
        assert kb.ask(QUESTION).text == TRUE


def test_a_document_that_goes_while_it_is_cited_is_named(opened: Open) -> None:
    holder: list[KnowledgeBase] = []

    def reply(_: object) -> str:
        holder[0].remove("harbour.md")
        return TRUE

    with opened(reply) as kb:
        holder.append(kb)
        answer = kb.ask(QUESTION)
        assert (answer.status, answer.text) == ("answered", TRUE)
        assert answer.notes == ("harbour.md was removed while this answer was being written.",)
        assert kb.ask(QUESTION).status == "not_found"
        kb.compact()
        assert files_with(kb.folder, "25 crowns") == []


def test_a_question_of_a_hundred_kilobytes_is_answered(opened: Open) -> None:
    with opened() as kb:
        answer = kb.ask(f"{QUESTION} " + "and so on " * 10_000)
    assert len(answer.question) <= 2_000
    assert answer.text


# -- on the command line ---------------------------------------------------------------------------


@pytest.fixture
def run(
    opened: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Runs a command on the notes; returns what it printed, as JSON where that was asked for."""
    monkeypatch.setattr(opening, "embedder", lambda _: FakeEmbedder())
    monkeypatch.setattr(opening, "embedder_name", lambda _: "fake")
    monkeypatch.setattr(
        opening, "chat_model", lambda s: None if s.model == "none" else FakeChatModel(TRUE)
    )
    monkeypatch.setenv("QUIRE_MODEL", "starter")
    with opened() as kb:
        monkeypatch.setenv("QUIRE_KB", str(kb.folder))

    def run(*words: str, code: int = 0, said: str = "") -> Any:
        monkeypatch.setattr(sys, "argv", ["quire", *words])
        monkeypatch.setattr(sys.stdin, "readline", iter([*said.splitlines(True), ""]).__next__)
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out = capsys.readouterr().out
        assert caught.value.code == code, out
        return json.loads(out) if "--json" in words else out

    return run


def test_chats_are_listed_shown_searched_renamed_exported_and_deleted(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    asked = run("ask", QUESTION, "--json")
    id_ = asked["conversation"]
    assert run("conversations", "list", "--json")["conversations"][0]["title"] == QUESTION
    (turn,) = run("conversations", "show", id_[:6], "--json")["turns"]
    assert turn["answer"] == asked
    assert turn["receipt"]["model"]["name"] == "fake"
    assert "25 crowns" in run("conversations", "show", id_)
    assert run("conversations", "search", "crowns", "--json")["found"][0]["turn"] == asked["id"]
    assert "Nothing" in run("conversations", "search", "zebra")
    assert run("conversations", "rename", id_, "Fees", "--json")["title"] == "Fees"
    run("conversations", "export", id_, "--to", str(tmp_path / "fees.md"))
    text = (tmp_path / "fees.md").read_text(encoding="utf-8")
    assert text.startswith("# Fees\n")
    assert f"harbour.md: “{TRUE}”" in text
    assert run("conversations", "export", "--json")["conversations"][0]["turns"] == [turn]
    assert run("conversations", "delete", id_, "--json")["deleted"]["id"] == id_
    assert run("conversations", "list", "--json") == {"conversations": []}
    run("conversations", "show", id_, code=1)


def test_a_replay_is_told_in_words_and_as_json(run: Callable[..., Any]) -> None:
    id_ = run("ask", QUESTION, "--json")["id"]
    assert "the same" in run("replay", id_)
    result = run("replay", id_, "--model", "none", "--json")
    assert "status" in [difference["what"] for difference in result["differences"]]
    assert "another one now" in run("replay", id_, "--model", "none")


def test_a_chat_goes_on_line_by_line(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    said = (
        f"{QUESTION}\n/good thanks\n\nAnd a dog?\n/again\n/sources\n/export {path}\n/what\n/quit\n"
    )
    out = run("chat", said=said)
    assert out.count(TRUE) >= 2
    assert "It is noted" in out
    assert "/again" in out
    text = path.read_text(encoding="utf-8")
    assert "*Feedback: up: thanks*" in text
    assert text.count("\n## ") == 2
    stored = run("conversations", "list", "--json")["conversations"]
    assert [chat["turns"] for chat in stored] == [2]


def test_a_chat_in_json_is_one_document_with_all_answers(run: Callable[..., Any]) -> None:
    out = run("chat", "--json", said=f"/good\n{QUESTION}\n/new\n{QUESTION}\n")
    assert [answer["question"] for answer in out["answers"]] == [QUESTION]
    assert len(run("conversations", "list", "--json")["conversations"]) == 2


def test_nothing_in_a_transcript_becomes_markup() -> None:
    hostile = "![x](http://e.example/a.png) <img src=x> `a` **b** # c\n# d\n1. e\x1b[31m | $x$"
    inert = transcripts.inert(hostile)
    assert "\n" not in inert
    assert "\x1b" not in inert
    assert not re.search(r"(?<!\\)[\[\]<>*`#|$!]", inert)
    assert transcripts.inert("- item") == "\\- item"
    assert transcripts.inert("1. item") == "1\\. item"
    assert transcripts.inert("2.1 The lease") == "2\\.1 The lease"

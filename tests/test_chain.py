"""From question to answer, with models whose replies are set."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from quire import Answer, KnowledgeBase, QuireError
from quire.commands.output import answer_lines
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.protocols import Message
from quire.text import languages

NOTES = """# Harbour rules

The harbour opens at six in the morning. Mooring costs 25 crowns a night.
Dogs are not allowed on the pier. Ada Holm is the harbour master.

# 港口规定

港口每天早上六点开放。停泊费每晚25克朗。码头禁止带狗。
"""
QUESTION = "How much does mooring cost?"
TRUE = "Mooring costs 25 crowns a night."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    (folder / "harbour.md").write_text(NOTES, encoding="utf-8")
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as kb:
        assert kb.add(folder / "harbour.md").added == 1
    return folder / "kb"


def ask(folder: Path, reply: str, question: str = QUESTION, **options: object) -> Answer:
    model = FakeChatModel(reply, **options)  # type: ignore[arg-type]
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        return kb.ask(question)


def test_what_the_passages_support_is_the_answer(folder: Path) -> None:
    answer = ask(folder, TRUE)
    assert (answer.status, answer.text, answer.model) == ("answered", TRUE, "fake")
    (sentence,) = answer.sentences
    assert (sentence.support, sentence.quote) == ("supported", TRUE)
    assert answer.usage.completion_tokens > 0


def test_what_they_do_not_support_is_dropped(folder: Path) -> None:
    answer = ask(folder, f"{TRUE} The fee was raised in 1987. Penguins moor for free.")
    assert (answer.status, answer.text) == ("answered", TRUE)


@pytest.mark.parametrize(
    "reply",
    [
        "Mooring costs 52 crowns a night.",
        "I do not know.",
        "",
        "Dogs are not allowed on the pier.",
        "?!…\n\n\n",
    ],
)
def test_a_reply_that_does_not_hold_gives_way_to_quotes(folder: Path, reply: str) -> None:
    answer = ask(folder, reply)
    assert (answer.status, answer.model) == ("extractive", None)
    assert TRUE in answer.text
    assert all(sentence.support == "supported" for sentence in answer.sentences)


def test_a_model_is_not_asked_in_a_language_that_it_does_not_write(folder: Path) -> None:
    model = FakeChatModel(TRUE, languages=frozenset({"en"}))
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        answer = kb.ask("停泊费是多少？")
    assert (answer.status, model.asked) == ("extractive", [])
    assert "停泊费每晚25克朗。" in answer.text


def test_a_question_that_the_documents_do_not_answer_is_refused_in_its_language(
    folder: Path,
) -> None:
    for question in ("What is the boiling point of tungsten?", "木星有多少颗卫星？"):
        answer = ask(folder, TRUE, question)
        assert (answer.status, answer.sentences, answer.citations) == ("not_found", (), ())
        assert languages.detect(answer.text) == languages.detect(question)


def test_an_empty_knowledge_base_says_so(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        answer = kb.ask(QUESTION)
        assert answer.status == "not_found"
        assert "no documents yet" in answer.text
        assert kb.search(QUESTION) == []


def test_a_stream_gives_the_text_and_then_the_answer(folder: Path) -> None:
    model = FakeChatModel(f"{TRUE} Nonsense follows here. Mooring costs 25 crowns.")
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        *pieces, answer = kb.stream(QUESTION)
    assert isinstance(answer, Answer)
    assert "".join(str(piece) for piece in pieces) == answer.text


def test_a_model_that_breaks_leaves_the_quotes_and_a_note(folder: Path) -> None:
    def broken(_: object) -> str:
        raise_model_error()
        return ""

    model = FakeChatModel(broken)
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        answer = kb.ask(QUESTION)
    assert answer.status == "extractive"
    assert answer.notes == ("The model broke.",)


@pytest.mark.parametrize("step", ["count_tokens", "prompt_tokens", "stream"])
def test_what_a_model_of_the_host_application_raises_leaves_the_quotes_and_a_note(
    folder: Path, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    def raising(*_: object, **__: object) -> int:
        raise RuntimeError(f"cannot read: {TRUE}")

    model = FakeChatModel(TRUE, parameters=None)
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        first = kb.ask("Who is the harbour master?")
        setattr(model, step, raising)
        answer = kb.ask("How much does it cost to moor there?", conversation=first.conversation)
    assert answer.status == "extractive"
    assert TRUE in answer.text
    assert answer.notes == ("The model fake failed (RuntimeError); the log says where.",)
    assert "raising" in caplog.text  # the place in the code
    assert "crowns" not in caplog.text


@pytest.mark.parametrize(
    "reply",
    [
        "mooring " * 3_000,
        f"{TRUE[:-1]} " * 3_000,
        "Mooring mooring mooring.",
        "crowns a night " * 9,
    ],
)
def test_words_over_and_over_are_cut_and_never_an_answer(folder: Path, reply: str) -> None:
    answer = ask(folder, reply, parameters=None)
    assert answer.status == "extractive"
    assert TRUE in answer.text


def test_a_reply_that_begins_to_loop_is_stopped_and_what_held_before_it_stays(folder: Path) -> None:
    model = FakeChatModel(f"{TRUE} Mooring {'mooring ' * 3_000}", parameters=None)
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        answer = kb.ask(QUESTION)
    assert (answer.status, answer.text) == ("answered", TRUE)
    assert answer.usage.completion_tokens < 100


def raise_model_error() -> None:
    from quire.errors import ModelError  # noqa: PLC0415

    raise ModelError("The model broke.")


def test_a_missing_model_file_leaves_everything_but_generation(folder: Path) -> None:
    from quire import load_settings  # noqa: PLC0415

    settings = load_settings(model="/nowhere/model.gguf")
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), settings=settings) as kb:
        answer = kb.ask(QUESTION)
        assert answer.status == "extractive"
        assert any("/nowhere/model.gguf" in note for note in answer.notes)


def test_a_conversation_is_stored_and_continued(folder: Path) -> None:
    model = FakeChatModel("")
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        first = kb.ask("Who is the harbour master?")
        second = kb.ask("When does it open?", conversation=first.conversation)
        assert second.conversation == first.conversation
        assert second.standalone_question != second.question
        assert "harbour" in second.standalone_question
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        turns = kb.conversations.turns(first.conversation)
        assert [turn.question for turn in turns] == [first.question, second.question]
        with pytest.raises(QuireError, match="no conversation"):
            kb.ask("And?", conversation="unknown")


def test_setting_cancel_keeps_what_was_written(folder: Path) -> None:
    cancel = threading.Event()
    model = FakeChatModel(" ".join([TRUE] + ["More words follow here."] * 50))
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        stream: Iterator[str | Answer] = kb.stream(QUESTION, cancel=cancel)
        first = next(stream)
        cancel.set()
        *_, answer = stream
    assert first == TRUE
    assert isinstance(answer, Answer)
    assert answer.text == TRUE


def test_the_prompt_holds_evidence_with_labels_and_the_question_last(folder: Path) -> None:
    model = FakeChatModel(TRUE)
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        kb.ask(QUESTION)
    ((system, user),) = model.asked
    assert isinstance(system, Message)
    assert (system.role, user.role) == ("system", "user")
    assert f"[1] {TRUE}"[:3] in user.content
    assert user.content.index(TRUE) < user.content.index(QUESTION)


@pytest.mark.parametrize("question", ["", "   ", "\x00"])
def test_an_empty_question_is_an_error_that_says_so(folder: Path, question: str) -> None:
    with pytest.raises(QuireError, match="empty"):
        ask(folder, TRUE, question)


@pytest.mark.parametrize(
    "question",
    ['"', "NEAR(a b", "a* OR b*", "😀😀", "'; DROP TABLE x;--", "a" * 100_000, "AND", "-", "（）"],
)
def test_no_question_breaks_the_search(folder: Path, question: str) -> None:
    assert ask(folder, TRUE, question).text


def test_a_risk_that_cannot_be_promised_leaves_no_answer_and_says_why(folder: Path) -> None:
    with KnowledgeBase.open(folder, embedder=FakeEmbedder()) as kb:
        assert kb.ask(QUESTION, max_risk=1.0).status != "not_found"
        answer = kb.ask(QUESTION, max_risk=0.001)
        assert (answer.status, answer.sentences) == ("not_found", ())
        assert "cannot be promised" in answer.text
        assert answer.confidence == kb.ask(QUESTION).confidence
        with pytest.raises(QuireError, match="risk"):
            kb.ask(QUESTION, max_risk=2.0)


def test_where_nothing_is_shown_the_closest_passages_are(folder: Path) -> None:
    answer = ask(folder, TRUE, "What does mooring cost on Jupiter's moon Ganymede?")
    assert answer.status == "not_found"
    lines = "\n".join(answer_lines(answer))
    assert "closest passages" in lines
    assert "harbour.md" in lines
    assert TRUE in lines

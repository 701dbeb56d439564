"""The steps from a question to its answer, each alone: find, read and write, check."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt
import pytest
from langchain_core.messages import AIMessageChunk

from quire import Answer, KnowledgeBase
from quire.answering import prompting
from quire.answering.checking import check
from quire.answering.finding import find, find_nothing
from quire.answering.found import Found
from quire.answering.history import Exchange
from quire.answering.question import Asked
from quire.answering.reading_plan import ReadingPlan, plan
from quire.answering.writing import Reading, read, write
from quire.config import load_settings
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.opening import LateModel
from quire.models.protocols import Ability
from quire.records import Draft

pytestmark = pytest.mark.usefixtures("parser_here")

QUESTION = "How much does mooring cost?"
TRUE = "Mooring costs 25 crowns a night."


class CountingEmbedder(FakeEmbedder):
    """Counts the questions that it embeds, and does something whenever it embeds passages."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []
        self.meanwhile: Any = None

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        self.questions.append(text)
        return super().embed_question(text)

    def embed_passages(self, texts: Any, **options: Any) -> npt.NDArray[np.float32]:
        if self.meanwhile is not None:
            self.meanwhile()
        return super().embed_passages(texts, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "harbour.txt").write_text(f"The harbour opens at six. {TRUE}")
    (tmp_path / "dogs.txt").write_text("Dogs are not allowed on the pier.")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        assert kb.add([tmp_path / "harbour.txt", tmp_path / "dogs.txt"]).added == 2
    return tmp_path / "kb"


@pytest.fixture
def statements() -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """What SQLite is asked, by any connection that is opened from now on."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def trace(_: object, sql: str, bindings: Any) -> bool:
        asked.append((sql, tuple(bindings or ())))
        return True

    def hook(connection: apsw.Connection) -> None:
        connection.exec_trace = trace

    apsw.connection_hooks.append(hook)
    yield asked
    apsw.connection_hooks.remove(hook)


def asked(text: str = QUESTION, **options: Any) -> Asked:
    return Asked(text, "talk", passages=6, answer_tokens=64, **options)


def found_in(folder: Path, question: Asked) -> Found:
    with KnowledgeBase.open(folder, embedder=FakeEmbedder()) as kb:
        retriever = kb._search()
        assert retriever is not None
        return find(question, retriever)


def late(model: FakeChatModel) -> LateModel:
    return LateModel(load_settings(model="none"), given=model)


def wording(task: str, language: str) -> prompting.Wording:
    return prompting.wording(task, language)


def planned(ability: Ability) -> ReadingPlan:
    return plan(ability, patience=15)


def test_finding_gives_passages_evidence_and_a_judgement(folder: Path) -> None:
    found = found_in(folder, asked())
    assert found.enough
    assert (found.standalone, found.language) == (QUESTION, "en")
    assert found.evidence[0].text == TRUE
    assert found.passages[0].document.name == "harbour.txt"


def test_a_follow_up_is_found_as_it_was_understood(folder: Path) -> None:
    before = (Exchange(QUESTION, TRUE),)
    found = found_in(folder, asked("And when does it open?", before=before))
    assert found.standalone == "And when does it open? (mooring cost)"
    assert found.asked.text == "And when does it open?"


def test_all_of_a_question_sees_one_state_whatever_is_removed_meanwhile(folder: Path) -> None:
    """The document is removed between the search and the judgement."""
    expected = found_in(folder, asked())
    embedder = CountingEmbedder()

    def remove() -> None:
        embedder.meanwhile = None
        with KnowledgeBase.open(folder, embedder=FakeEmbedder()) as beside:
            beside.remove("harbour.txt")

    with KnowledgeBase.open(folder, embedder=embedder) as kb:
        retriever = kb._search()
        assert retriever is not None
        embedder.meanwhile = remove
        found = find(asked(), retriever)
        assert [each.name for each in kb.documents()] == ["dogs.txt"]
        later = find(asked(), retriever)
    assert found.judgement == expected.judgement
    assert [proof.text for proof in found.evidence] == [proof.text for proof in expected.evidence]
    assert {proof.passage.document.name for proof in later.evidence} == {"dogs.txt"}


def test_a_question_is_one_transaction_one_search_and_each_count_is_read_once(
    folder: Path, statements: list[tuple[str, tuple[object, ...]]]
) -> None:
    embedder = CountingEmbedder()
    with KnowledgeBase.open(folder, embedder=embedder) as kb:
        retriever = kb._search()
        assert retriever is not None
        statements.clear()
        embedder.questions.clear()
        assert find(asked(), retriever).enough
    sql = [text for text, _ in statements]
    assert sum(text == "BEGIN" for text in sql) == 1
    assert sum("lexical MATCH" in text for text in sql) == 1
    counts = [bound for text, bound in statements if "lexical_terms" in text]
    assert len(counts) == len(set(counts)) > 0
    assert embedder.questions.count(QUESTION) == 1


def test_an_empty_knowledge_base_finds_nothing_to_judge() -> None:
    found = find_nothing(asked())
    assert (found.passages, found.judgement, found.embedder) == ((), None, None)


def test_a_model_is_given_the_sentences_to_read_and_then_writes(folder: Path) -> None:
    found = found_in(folder, asked())
    model = FakeChatModel("Twenty-five crowns.")
    reading = read(found, model=late(model), wording=wording, planned=planned)
    assert reading is not None
    assert TRUE in reading.prompt.messages[-1].content
    assert reading.relevant[0].text == TRUE
    reply = write(found, reading)
    assert reply is not None
    assert "".join(message.text for message in reply.stream({})) == "Twenty-five crowns."
    assert model.asked == [reading.prompt.messages]


def test_nothing_is_read_where_the_evidence_is_too_weak(folder: Path) -> None:
    found = found_in(folder, asked("What is the boiling point of tungsten?"))
    assert not found.enough
    model = FakeChatModel("3,422 degrees.")
    assert read(found, model=late(model), wording=wording, planned=planned) is None
    assert write(found, None) is None
    assert model.asked == []


def pieces(found: Found, reading: Reading | None, *texts: str) -> list[object]:
    replies = [{"reply": AIMessageChunk(text)} for text in texts]
    return list(check(iter([{"found": found}, {"reading": reading}, *replies])))


def test_a_reply_is_checked_sentence_by_sentence_as_it_comes(folder: Path) -> None:
    found = found_in(folder, asked())
    reading = read(found, model=late(FakeChatModel("")), wording=wording, planned=planned)
    draft, text, answer = pieces(
        found, reading, "Mooring costs 25 cro", "wns a night. It ", "rains."
    )
    assert isinstance(draft, Draft)
    assert text == TRUE
    assert isinstance(answer, Answer)
    assert (answer.status, answer.text, answer.model) == ("answered", TRUE, "fake")
    assert answer.receipt is not None
    assert answer.receipt.model["name"] == "fake"


def test_without_a_reply_the_answer_is_the_quotes(folder: Path) -> None:
    found = found_in(folder, asked())
    _, text, answer = pieces(found, None)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.text) == ("extractive", text)
    assert TRUE in answer.text

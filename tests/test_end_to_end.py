"""The sample questions over the sample documents, with the real models.

What is right is counted in answers by quotes; what must hold for every answer is looked at in those
too that the starter chat model has written, whatever it writes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from quire import Answer, KnowledgeBase, Scope
from quire.models.engine.llama import LlamaEngine
from quire.records import PAGE_BREAK
from quire.text import languages

EXAMPLES = Path(__file__).parent.parent / "examples"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["answers"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answers"]]


@pytest.fixture(scope="module")
def answers(sample_kb: KnowledgeBase) -> dict[str, Answer]:
    return {question["id"]: sample_kb.ask(question["question"]) for question in QUESTIONS}


@pytest.fixture(scope="module")
def written(sample_kb: KnowledgeBase, engine: LlamaEngine) -> list[Answer]:
    """Answers for which the starter chat model was asked where there was something to ask."""
    english = [question for question in ANSWERABLE if question["lang"] == "en"]
    with KnowledgeBase.open(sample_kb.folder, embedder=sample_kb.embedder, model=engine) as kb:
        answers = [kb.ask(question["question"], store=False) for question in english[:4]]
    assert any(answer.usage.completion_tokens for answer in answers)
    return answers


def test_every_quote_stands_on_its_page_at_its_offsets(
    answers: dict[str, Answer], written: list[Answer], sample_kb: KnowledgeBase
) -> None:
    seen = 0
    for answer in (*answers.values(), *written):
        for citation in answer.citations:
            pages = sample_kb.pages(citation.document)
            text = PAGE_BREAK.join(page.text for page in pages)
            assert text[citation.start : citation.end] == citation.quote
            if citation.page is not None:
                (page,) = [page for page in pages if page.number == citation.page]
                assert citation.quote in page.text
            seen += 1
    assert seen >= len(ANSWERABLE) * 0.8


def test_every_citation_points_to_a_passage_of_the_answer(
    answers: dict[str, Answer], written: list[Answer]
) -> None:
    for answer in (*answers.values(), *written):
        passages = {passage.label: passage for passage in answer.passages}
        for citation in answer.citations:
            passage = passages[citation.label]
            assert passage.document.id == citation.document.id
            # A list or table may reach beyond the passage, and its header stand before it.
            starts = [passage.span.start, *(group.start for group in passage.groups)]
            ends = [passage.span.end, *(group.members[-1].end for group in passage.groups)]
            assert min(starts) <= citation.start < citation.end <= max(ends)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_most_answers_hold_what_was_asked_for_with_its_page(
    answers: dict[str, Answer], language: str
) -> None:
    asked = [question for question in ANSWERABLE if question["lang"] == language]
    right = 0
    for question in asked:
        answer = answers[question["id"]]
        said = any(accepted in answer.text for accepted in question["answers"])
        proven = any(
            (citation.document.name, citation.page) == (question["document"], question["page"])
            for citation in answer.citations
        )
        right += said and proven
    assert right / len(asked) >= 0.75


@pytest.mark.parametrize("question", UNANSWERABLE, ids=lambda question: question["id"])
def test_what_the_documents_do_not_say_is_not_answered(
    answers: dict[str, Answer], question: dict[str, Any]
) -> None:
    answer = answers[question["id"]]
    assert (answer.status, answer.sentences, answer.citations) == ("not_found", (), ())
    assert answer.text


def test_an_answer_is_in_the_language_of_its_question(answers: dict[str, Answer]) -> None:
    assert languages.detect(answers[UNANSWERABLE[0]["id"]].text) == "en"
    assert languages.detect(answers[UNANSWERABLE[1]["id"]].text) == "zh"


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does a ticket cost for adults?", "visitor-faq.md"),
        ("Who represents the tenant?", "lease-and-handbook.pdf"),
        ("新员工上岗前要培训多少学时？", "设备维护规程.pdf"),
    ],
)
def test_an_answer_is_as_sure_where_only_its_own_document_is_searched(
    sample_kb: KnowledgeBase, question: str, name: str
) -> None:
    anywhere = sample_kb.ask(question, store=False)
    there = sample_kb.ask(question, scope=Scope(file=name), store=False)
    assert {citation.document.name for citation in anywhere.citations} == {name}
    assert there.status != "not_found"
    assert there.confidence == pytest.approx(anywhere.confidence, abs=0.02)


def test_a_follow_up_that_says_enough_is_as_sure_as_without_its_topic(
    sample_kb: KnowledgeBase,
) -> None:
    alone = sample_kb.ask("可以拍照吗？", store=False)
    first = sample_kb.ask("氧气瓶多少钱？")
    later = sample_kb.ask("那里可以拍照吗？", conversation=first.conversation)
    assert "氧气瓶" in later.standalone_question
    assert (alone.status, later.status) == ("extractive", "extractive")
    assert later.citations[0] == alone.citations[0]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("How much is the deposit?", "What happens when it is cloudy?", "cloudy"),
        ("Who may end the lease?", "How much is the deposit?", "20,400"),
    ],
)
def test_a_short_question_on_another_subject_is_answered(
    sample_kb: KnowledgeBase, first: str, second: str, said: str
) -> None:
    before = sample_kb.ask(first)
    answer = sample_kb.ask(second, conversation=before.conversation)
    assert answer.standalone_question.startswith(second)
    assert said in answer.text

"""Requests to Quire itself: told apart from questions, in both languages."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quire import Answer, KnowledgeBase, Scope
from quire.models.fakes import FakeEmbedder
from quire.records import Document, Passage, Span
from quire.requests.comparing import compare
from quire.requests.detect import detect

HERE = Path(__file__).parent / "requests"
NAMES = (
    ("employee-handbook-2024.pdf", "Employee Handbook"),
    ("pump-manual.md", "Manual of the BX-1007 pump"),
    ("lease-2023.pdf", "Lease of 2023"),
    ("lease-2024.pdf", "Lease of 2024"),
    ("员工手册.docx", "员工手册"),
    ("水泵说明书.md", "水泵说明书"),
    ("租赁合同2023.pdf", "租赁合同"),
    ("租赁合同2024.pdf", "租赁合同"),
)


def document(name: str, title: str) -> Document:
    return Document(
        id=f"{abs(hash(name)):016x}"[:16],
        content_hash="0" * 64,
        uri=f"/docs/{name}",
        name=name,
        title=title,
        media_type="text/plain",
        language="en",
        pages=None,
        chunks=1,
        added_at="2024-01-01T00:00:00Z",
        modified="2024-01-01T00:00:00Z",
    )


DOCUMENTS = [document(name, title) for name, title in NAMES]


def lines(name: str) -> Iterator[str]:
    yield from (HERE / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", [*lines("yes.en.txt"), *lines("yes.zh.txt")])
def test_a_request_is_recognised(line: str) -> None:
    kind, text = line.split(" | ")
    request = detect(text, lambda: DOCUMENTS)
    assert request is not None
    assert request.kind == kind


@pytest.mark.parametrize("question", [*lines("no.en.txt"), *lines("no.zh.txt")])
def test_an_ordinary_question_is_taken_for_none(question: str) -> None:
    assert detect(question, lambda: DOCUMENTS) is None


# -- carried out -------------------------------------------------------------------------------

MILL = """# Lease of Mill Lane 17

The monthly rent is £985, payable on the third day of each month. The deposit is £985.
The tenant may end the lease with one month's notice. The landlord insures the building.
"""
OAK = """# Lease of Oak Court 4

The monthly rent is £1,150, payable on the first day of each month. The deposit is £1,725.
The tenant may end the lease with two months' notice. The landlord insures the building.
Pets are not allowed.
"""
NOTICE = "食堂中午十二点开门。停车费每天五元。\n员工停车须先登记车牌。\n"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("requests")
    texts = {"mill-lane.md": MILL, "oak-court.md": OAK, "通知.txt": NOTICE}
    for day, (name, text) in enumerate(texts.items(), start=1):
        (folder / name).write_text(text, encoding="utf-8")
        moment = datetime(2024, 5, day, 12, tzinfo=UTC).timestamp()
        os.utime(folder / name, (moment, moment))
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as base:
        base.add([folder / name for name in texts])
        yield base


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("How many documents do you have?", "answered", "There are 3 documents: 2 MD, 1 TXT."),
        ("How many text files are there?", "answered", "There is 1 document of these among 3"),
        ("List all documents", "answered", "- mill-lane.md\n- oak-court.md\n- 通知.txt"),
        ("Which document is the newest?", "answered", "通知.txt is the one changed last, on 2024"),
        ("What is the oldest document?", "answered", "mill-lane.md is the one not changed for the"),
        ("When was oak-court.md added?", "answered", "its file last changed on 2024-05-02"),
        ("Delete oak-court.md", "not_found", "quire remove oak-court.md"),
        ("Summarize all documents", "not_found", "one document at a time"),
        ("Summarize the lease", "not_found", "may mean 2 documents"),
        ("Summarize attic.pdf", "not_found", "no document called “attic.pdf”"),
        ("Hello!", "answered", "3 documents"),
        ("Thank you", "answered", "You are welcome."),
        ("What can you do?", "answered", "Summarize"),
        ("你有多少文件？", "answered", "共有3个文档"),
        ("哪个文件是最新的？", "answered", "通知.txt：文件最后修改于2024-05-03，是最新的"),
        ("删除通知.txt", "not_found", "quire remove 通知.txt"),
        ("总结所有文件", "not_found", "一次总结一个文档"),
        ("你好", "answered", "3个文档"),
        ("你能做什么？", "answered", "总结"),
    ],
)
def test_quire_says_what_it_knows_and_what_to_do_instead(
    kb: KnowledgeBase, text: str, status: str, says: str
) -> None:
    answer = kb.ask(text, store=False)
    assert (answer.status, answer.sentences, answer.citations) == (status, (), ())
    assert says in answer.text
    assert answer.request is not None
    assert "".join(p for p in kb.stream(text, store=False) if isinstance(p, str)) == answer.text


@pytest.mark.parametrize(
    ("text", "documents", "quote"),
    [
        ("Which documents are about the deposit?", ["mill-lane.md", "oak-court.md"], "deposit is"),
        ("What do you have on pets?", ["oak-court.md"], "Pets are not allowed."),
        ("你有哪些关于停车的资料？", ["通知.txt"], "停车"),
    ],
)
def test_documents_on_a_subject_are_named_with_their_best_passages(
    kb: KnowledgeBase, text: str, documents: list[str], quote: str
) -> None:
    answer = kb.ask(text, store=False)
    assert (answer.status, answer.request) == ("extractive", "about")
    assert sorted(document.name for document in answer.listed) == documents
    assert all(quote in citation.quote for citation in answer.citations[:1])
    _proved(answer)


def test_a_subject_that_no_document_has_is_not_found(kb: KnowledgeBase) -> None:
    answer = kb.ask("What do you have on zeppelins?", store=False)
    assert (answer.status, answer.text) == (
        "not_found",
        "None of 3 documents bears on “zeppelins”.",
    )


def test_a_document_is_summarized_with_its_quotes(kb: KnowledgeBase) -> None:
    for text in ("Summarize oak-court.md in two sentences", "总结oak-court.md，用两句话"):
        answer = kb.ask(text, store=False)
        assert (answer.status, answer.request, len(answer.sentences)) == (
            "extractive",
            "summary",
            2,
        )
        assert {citation.document.name for citation in answer.citations} == {"oak-court.md"}
        _proved(answer)


def test_two_documents_are_compared_statement_by_statement(kb: KnowledgeBase) -> None:
    for text in ("Compare mill-lane.md and oak-court.md", "比较mill-lane.md和oak-court.md"):
        answer = kb.ask(text, store=False)
        said = [
            citation.quote for sentence in answer.sentences[1:] for citation in sentence.citations
        ]
        assert answer.request == "compare"
        assert said[2:4] == ["The deposit is £985.", "The deposit is £1,725."]
        assert said[4].endswith("one month's notice.")
        assert said[5].endswith("two months' notice.")
        assert said[6:] == ["Pets are not allowed."]
        _proved(answer)


def test_a_comparison_may_be_of_one_subject(kb: KnowledgeBase) -> None:
    answer = kb.ask("Compare mill-lane.md with oak-court.md regarding the deposit", store=False)
    assert [citation.quote for citation in answer.citations] == [
        "The deposit is £985.",
        "The deposit is £1,725.",
    ]


def test_only_the_documents_in_the_scope_are_counted_and_listed(kb: KnowledgeBase) -> None:
    answer = kb.ask("List all documents", scope=Scope(file="*.md"), store=False)
    assert [document.name for document in answer.listed] == ["mill-lane.md", "oak-court.md"]


def test_a_greeting_lends_nothing_to_the_question_after_it(kb: KnowledgeBase) -> None:
    first = kb.ask("Hello")
    kb.ask("How many documents do you have?", conversation=first.conversation)
    answer = kb.ask("And the deposit?", conversation=first.conversation)
    assert answer.standalone_question == "And the deposit?"


def test_an_empty_knowledge_base_says_that_it_is_empty(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        assert base.ask("How many documents do you have?").text == "There are 0 documents."
        assert base.ask("列出所有文件").text == "共有0个文档。"
        assert base.ask("Which document is the newest?").text == "There are 0 documents."
        assert base.ask("What do you have on pets?").status == "not_found"
        assert base.ask("Hi").status == "answered"


def test_a_chat_forgets_the_names_that_a_list_has_told(tmp_path: Path) -> None:
    (tmp_path / "SECRETNAME").write_text("The gate is open.", encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        base.add(tmp_path / "SECRETNAME")
        answer = base.ask("List all documents")
        base.remove("SECRETNAME")
        base.compact()
        _, turn = base.conversations.turn(answer.id)
        assert "SECRETNAME" not in str(turn)
        (row,) = turn.answer["listed"]
        assert row["document"] == row["path"] == "(source deleted)"


def test_documents_of_a_thousand_statements_are_compared_in_linear_time() -> None:
    def passage(copies: int, changed: str) -> list[Passage]:
        text = "\n".join(f"The fee of room {at} is {at}{changed} crowns." for at in range(copies))
        span = Span(None, None, 0, len(text))
        return [Passage(1, text, DOCUMENTS[0], span, 1.0, stretches=((0, len(text)),))]

    began = time.process_time()
    compare(passage(1500, "5"), passage(1500, "6"))
    assert time.process_time() - began < 20


def _proved(answer: Answer) -> None:
    """Every citation is in a passage, at its place."""
    passages = {passage.label: passage for passage in answer.passages}
    for citation in answer.citations:
        passage = passages[citation.label]
        offset = citation.start - passage.span.start
        assert passage.document == citation.document
        assert passage.text[offset : offset + len(citation.quote)] == citation.quote

"""Requests to Quire itself: told apart from questions, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quire.records import Document
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

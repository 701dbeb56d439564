"""Evaluation sets: a folder with `documents/` and `questions.jsonl`, one JSON object a line.

id, question, answers (accepted ones; empty: the documents do not answer it), document (a name
in documents/), evidence (a paragraph of it, word for word), lang, page (from 1, or null)
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import UsageError
from quire.text import languages


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """A question with what is known about it. `answers` is empty where there is none."""

    __test__ = False  # a record, not a test for pytest

    id: str
    question: str
    answers: tuple[str, ...]
    document: str | None
    evidence: str
    language: str
    page: int | None


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    documents: Path
    questions: tuple[TestQuestion, ...]


def load(folder: Path) -> Dataset:
    """Read a set. Raises UsageError with the line and what is wrong with it."""
    documents, path = folder / "documents", folder / "questions.jsonl"
    for needed in (documents, path):
        if not needed.exists():
            raise UsageError(
                f"{folder} is no evaluation set: there is no {needed.name} in it.",
                hint="A set is a folder with documents/ and questions.jsonl.",
            )
    questions = tuple(_questions(path, documents))
    if not questions:
        raise UsageError(f"{path} has no questions.", hint="Write one JSON object on each line.")
    return Dataset(folder.resolve().name, documents, questions)


def _questions(path: Path, documents: Path) -> Iterator[TestQuestion]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error}.", hint="Save it as UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _question(json.loads(line), number, documents)
            except (ValueError, TypeError, KeyError) as error:
                what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise UsageError(
                    f"{path}, line {number}: {what}.",
                    hint="Each line is an object with question, answers, document and evidence.",
                ) from error


def _question(row: dict[str, Any], number: int, documents: Path) -> TestQuestion:
    if not isinstance(row, dict):
        raise TypeError("not a JSON object")
    question, answers = row["question"], row["answers"]
    if not isinstance(question, str) or not question.strip():
        raise ValueError("question is not a text")
    if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
        raise ValueError("answers is not a list of texts")
    document, page = row.get("document"), row.get("page")
    if answers and (not document or not (documents / document).is_file()):
        raise ValueError(f"there is no document {document!r} in {documents}")
    if page is not None and not (isinstance(page, int) and page >= 1):
        raise ValueError(f"page is {page!r}, and pages count from 1")
    return TestQuestion(
        id=str(row.get("id", number)),
        question=question,
        answers=tuple(answers),
        document=document,
        evidence=row.get("evidence") or "",
        language=row.get("lang") or languages.detect(question),
        page=page,
    )

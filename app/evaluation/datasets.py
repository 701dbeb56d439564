"""Evaluation sets: a folder with `documents/` and `questions.jsonl`, one JSON object a line.

    question   what is asked
    answers    the accepted ones; empty: the documents do not answer it
    document   the file in documents/ that holds the answer
    evidence   the paragraph of it that does, word for word; may be missing where there is a page
    needs      optional: the snippets, word for word, that an answer must show, such as each item of
               a list or a cell with the label of its row; answers may then be empty
    kind       optional: what sort of question it is, such as table or version
    page       the physical page, from 1; null or missing in formats without pages
    id, lang   optional; else the line's number, and the language that the question's script tells

`conversations.jsonl` holds conversations, `{"id", "turns": [{question, answers, document, …}]}`,
beside the questions or in their place. A turn with answers and no document is history: it is not
scored, and its first answer is what the later turns look back on.

`evidence_all.jsonl` may add further places that hold an answer, `{"id", "evidence": [{"document",
"page", "text"}]}`; a turn's id is its conversation's, `#`, and its position from 0.
"""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from quire.errors import Unreadable, UsageError
from quire.text import languages

_T = TypeVar("_T")
QUESTIONS, CONVERSATIONS, FURTHER = "questions.jsonl", "conversations.jsonl", "evidence_all.jsonl"
_SHAPES = {
    QUESTIONS: "Each line is an object with question, answers, document and evidence.",
    CONVERSATIONS: 'Each line is {"id", "turns": [{question, answers, document, evidence}]}.',
    FURTHER: 'Each line is {"id", "evidence": [{"document", "page", "text"}]}.',
}


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that holds the answer: a document in `documents/` by its name, and in it a page, a
    stretch of text, or both."""

    document: str
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """A question with what is known about it.

    `answers` and `needs` are empty where the documents have none; `gold` are all places that hold
    one. `language` is a code such as "en". In a conversation, `conversation` is its id and `turn`
    the position from 0.
    """

    __test__ = False  # a record, not a test for pytest

    id: str
    question: str
    answers: tuple[str, ...]
    gold: tuple[Gold, ...]
    language: str
    conversation: str | None = None
    turn: int = 0
    needs: tuple[str, ...] = ()
    kind: str | None = None

    @property
    def answerable(self) -> bool:
        return bool(self.answers or self.needs)

    @property
    def is_history(self) -> bool:
        """Whether it only prepares later turns, and is not scored."""
        return self.conversation is not None and self.answerable and not self.gold


@dataclass(frozen=True, slots=True)
class Dataset:
    """`threads` are the conversations, turn by turn; a question by itself is a thread of one.

    `warnings` are sentences about what of the set could not be used.
    """

    name: str
    documents: Path
    threads: tuple[tuple[TestQuestion, ...], ...]
    warnings: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[TestQuestion, ...]:
        """All that are scored."""
        return tuple(turn for thread in self.threads for turn in thread if not turn.is_history)

    def first(self, limit: int | None) -> "Dataset":
        """The set with its first `limit` questions, or with all."""
        if limit is None:
            return self
        threads, left = [], limit
        for thread in self.threads:
            taken = []
            for turn in thread:
                if not left:
                    break
                left -= not turn.is_history
                taken.append(turn)
            if any(not turn.is_history for turn in taken):
                threads.append(tuple(taken))
        return dataclasses.replace(self, threads=tuple(threads))


def load(folder: Path) -> Dataset:
    """Read a set. Raises Unreadable where it is not there, and UsageError with the line and what is
    wrong with it."""
    if not folder.exists():
        raise Unreadable(f"{folder} does not exist", hint="Check the path's spelling.")
    documents = folder / "documents"
    there = [folder / name for name in (QUESTIONS, CONVERSATIONS) if (folder / name).is_file()]
    if not documents.is_dir() or not there:
        lacking = "documents/" if there else f"{QUESTIONS} or {CONVERSATIONS}"
        raise UsageError(
            f"{folder} is no evaluation set: there is no {lacking} in it.",
            hint=f"A set is a folder with documents/ and {QUESTIONS}.",
        )
    seen: dict[str, str] = {}
    threads = [thread for path in there for thread in _threads(path, documents, seen)]
    if not any(not turn.is_history for thread in threads for turn in thread):
        raise UsageError(f"{there[0]} has no questions.", hint=_SHAPES[there[0].name])
    warnings: list[str] = []
    if (folder / FURTHER).is_file():
        further = _further(folder / FURTHER, documents, seen, warnings)
        threads = [
            tuple(
                dataclasses.replace(
                    turn, gold=tuple(dict.fromkeys((*turn.gold, *further.get(turn.id, ()))))
                )
                if turn.gold
                else turn
                for turn in thread
            )
            for thread in threads
        ]
    return Dataset(folder.resolve().name, documents, tuple(threads), tuple(warnings))


def _threads(
    path: Path, documents: Path, seen: dict[str, str]
) -> Iterator[tuple[TestQuestion, ...]]:
    """The threads of a file; `seen` collects where each id stands."""

    def thread(row: dict[str, Any], number: int) -> tuple[TestQuestion, ...]:
        id_ = str(row["id"] if row.get("id") is not None else number)
        if path.name == QUESTIONS:
            turns = [_question(row, id_, documents)]
        else:
            turns = [
                dataclasses.replace(turn, conversation=id_, turn=position)
                for position, turn in enumerate(_turns(row, id_, documents))
            ]
        for turn in turns:
            if turn.id in seen:
                raise ValueError(f"the id {turn.id!r} is already that of {seen[turn.id]}")
            seen[turn.id] = f"{path.name}, line {number}"
        return tuple(turns)

    return _lines(path, thread)


def _turns(row: dict[str, Any], id_: str, documents: Path) -> Iterator[TestQuestion]:
    turns = row["turns"]
    if not isinstance(turns, list) or not turns:
        raise ValueError("turns is not a list of questions")
    language = row.get("lang")  # of all turns: "And in 1998?" does not tell it
    for position, turn in enumerate(turns):
        if not isinstance(turn, dict):
            raise TypeError(f"turn {position} is not a JSON object")
        try:
            told = {"lang": language} | {key: turn[key] for key in turn if turn[key] is not None}
            made = _question(told, f"{id_}#{position}", documents, may_be_history=True)
            language = made.language
            yield made
        except KeyError as error:
            raise KeyError(f"{error.args[0]} of turn {position}") from error
        except (ValueError, TypeError) as error:
            raise ValueError(f"in turn {position}, {error}") from error


def _question(
    row: dict[str, Any], id_: str, documents: Path, *, may_be_history: bool = False
) -> TestQuestion:
    question, answers = row["question"], row["answers"]
    if not isinstance(question, str) or not question.strip():
        raise ValueError("question is not a text")
    if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
        raise ValueError("answers is not a list of texts")
    if any(not answer.strip() for answer in answers):
        raise ValueError("one of the answers is empty (no answer at all is an empty list)")
    needs, kind = row.get("needs") or [], row.get("kind")
    if not isinstance(needs, list) or not all(isinstance(n, str) and n.strip() for n in needs):
        raise ValueError("needs is not a list of texts")
    if not isinstance(kind, str | None):
        raise TypeError("kind is not a text")
    document, language = row.get("document"), row.get("lang")
    if language is not None and not isinstance(language, str):
        raise ValueError(f"lang is {language!r}, and a language is a code such as en")
    gold: tuple[Gold, ...] = ()
    answerable = bool(answers or needs)
    if answerable and not (document is None and may_be_history):
        place = _gold(document, row.get("page"), row.get("evidence"), documents)
        if place.page is None and not place.text:
            raise ValueError("evidence and page are both missing: say where the answer stands")
        gold = (place,)
    elif not answerable:
        _page(row.get("page"))
    language = language or languages.detect(question)
    return TestQuestion(
        id_, question, tuple(answers), gold, language, needs=tuple(needs), kind=kind
    )


def _gold(document: object, page: object, text: object, documents: Path) -> Gold:
    if not isinstance(document, str) or not document:
        raise ValueError(f"document is {document!r}, and it should name a file in {documents}")
    if not (documents / document).is_file():
        raise ValueError(f"there is no document {document!r} in {documents}")
    if not isinstance(text, str | None):
        raise TypeError("evidence is not a text")
    return Gold(document, _page(page), (text or "").strip())


def _page(page: object) -> int | None:
    if page is None:
        return None
    if not isinstance(page, int) or isinstance(page, bool) or page < 1:
        raise ValueError(f"page is {page!r}, and pages count from 1")
    return page


def _further(
    path: Path, documents: Path, seen: dict[str, str], warnings: list[str]
) -> dict[str, list[Gold]]:
    """Further places that hold an answer, by question."""
    strangers: list[str] = []

    def row_of(row: dict[str, Any], _: int) -> tuple[str, list[Gold]]:
        id_, places = str(row["id"]), row["evidence"]
        if not isinstance(places, list) or not all(isinstance(place, dict) for place in places):
            raise ValueError("evidence is not a list of objects")
        if id_ not in seen:
            strangers.append(id_)
        return id_, [
            _gold(place["document"], place.get("page"), place.get("text"), documents)
            for place in places
        ]

    further = dict(_lines(path, row_of))
    if strangers:
        warnings.append(
            f"{path.name} has {len(strangers)} ids that no question has, such as {strangers[0]!r}."
        )
    return further


def _lines(path: Path, read: Callable[[dict[str, Any], int], _T]) -> Iterator[_T]:
    """What `read` makes of each line's object and its number."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path}, line {number}: not UTF-8.", hint="Save the file as UTF-8."
        ) from error
    # Not splitlines(): a JSON text may hold other line separators, such as U+2028.
    for number, line in zip(itertools.count(1), content.split("\n"), strict=False):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise TypeError("not a JSON object")
            made = read(row, number)
        except json.JSONDecodeError as error:
            raise _wrong(path, number, f"not JSON: {error.msg} at {error.colno}") from error
        except KeyError as error:
            raise _wrong(path, number, f"{error.args[0]} is missing") from error
        except (ValueError, TypeError) as error:
            raise _wrong(path, number, str(error)) from error
        yield made


def _wrong(path: Path, number: int, what: str) -> UsageError:
    return UsageError(f"{path}, line {number}: {what}.", hint=_SHAPES[path.name])

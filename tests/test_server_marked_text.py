"""The text that a client of the server gets: marks, places, and what is taken back as memory."""

from pathlib import Path
from typing import Any

import pytest

import serving
from quire.records import Answer, Draft
from quire.server.marked_text import MarkedText, Marking, Part, strip_marks
from quire.server.memory import remembered

pytestmark = pytest.mark.usefixtures("parser_here")

TABLE = (
    "The terms [1]:\n\n| What | How much |\n|---|---|\n| Rent | 1,200 euros a month |\n"
    "| Deposit | 9,600 euros |\n\nThe lease ends on 31 March 2029 [1]."
)


def heard(
    tmp_path: Path, reply: str, question: str = "What are the terms?", **marking: bool
) -> tuple[list[Part], MarkedText, Answer]:
    """The parts of an answer as they come, the text that they make, and the answer."""
    text = MarkedText(question, Marking(**marking), waits=True)
    parts: list[Part] = []
    drafts: list[Draft] = []
    with serving.served(tmp_path, reply) as served:
        base = served.bases["kb"].base
        for piece in base.stream(question, on_draft=drafts.append):
            for draft in drafts:
                parts += text.hear(draft)
            drafts.clear()
            parts += text.hear(piece)
            if isinstance(piece, Answer):
                answer = piece
    assert "".join(part.text for part in parts) == text.text
    assert [each for part in parts for each in part.placed] == text.placed
    return parts, text, answer


@pytest.mark.parametrize("reply", [TABLE, "The lease ends on 31 March 2029 [1]. Rent is due [1]."])
@pytest.mark.parametrize("sources", [False, True])
def test_without_its_marks_the_text_is_the_answers(
    tmp_path: Path, reply: str, sources: bool
) -> None:
    _, text, answer = heard(tmp_path, reply, sources=sources)
    assert " ".join(strip_marks(text.text).split()) == " ".join(answer.text.split())
    for placed in text.placed:
        assert placed.sentence.text.rstrip(" |") in text.text[placed.start : placed.end]


def test_a_row_is_marked_within_its_table(tmp_path: Path) -> None:
    _, text, _ = heard(tmp_path, TABLE)
    (row,) = (line for line in text.text.splitlines() if "9,600" in line)
    assert "(" in row
    assert row.startswith("| Deposit |")
    assert row.endswith(" |")
    assert row.count("|") == 3


def test_a_chinese_question_gets_chinese_marks(tmp_path: Path) -> None:
    reply = "The lease ends on 31 March 2029 [1]. 罗马市长每天喂两次大象 [1]。"
    _, text, _ = heard(tmp_path, reply, "租约何时结束？", sources=True)
    assert "（" not in text.text
    assert "(出处中未找到)" in text.text
    assert "出处：\n[1] lease.md" in text.text
    assert "大象" in strip_marks(text.text)
    assert "出处" not in strip_marks(text.text)


def test_what_is_found_nowhere_is_never_shown_before_the_refusal(tmp_path: Path) -> None:
    reply = "Elephants are fed twice by the mayor of Rome. Zebras sing opera in Vienna."
    parts, text, answer = heard(tmp_path, reply)
    assert answer.status == "not_found"
    assert text.text == answer.text
    assert len(parts) == 1


@pytest.mark.parametrize(
    ("messages", "before", "question"),
    [
        ([("user", "Who?")], [], "Who?"),
        ([("user", "A?"), ("assistant", "B. [1]"), ("user", "C?")], [("A?", "B.")], "C?"),
        ([("user", "A?"), ("user", "C?")], [], "C?"),
        ([("assistant", "Hello!"), ("user", "C?")], [], "C?"),
        ([("user", "A?"), ("assistant", " "), ("user", "C?")], [], "C?"),
        ([("user", "A?"), ("tool", "x"), ("assistant", "B"), ("user", "C?")], [("A?", "B")], "C?"),
    ],
)
def test_messages_become_exchanges(messages: Any, before: Any, question: str) -> None:
    exchanges, asked = remembered(messages)
    assert [(each.question, each.answer) for each in exchanges] == before
    assert asked == question

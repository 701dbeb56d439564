"""Prompts: their wording, the user's own, and what fits."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from made_passages import passage
from quire.answering.evidence import Evidence
from quire.answering.prompting import filled, fixed_part, pack, wording
from quire.errors import SettingsError
from quire.models.protocols import Message
from quire.records import Statement
from quire.text import statements


def words(messages: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in messages)


def evidence(*texts: str) -> list[Evidence]:
    return [
        Evidence(
            passage(text, label=label),
            Statement("sentence", 0, len(text), text),
            own=1.0,
            around=1.0,
        )
        for label, text in enumerate(texts, start=1)
    ]


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_a_prompt_has_a_version_and_a_hash_and_no_comment_in_it(language: str) -> None:
    text = wording("answer", language)
    assert text.version
    assert len(text.sha256) == 64
    messages = filled(text, question="Q?", evidence="[1] E.", history="")
    assert messages[1].content.rstrip().endswith(("Answer:", "回答："))
    assert "#" not in messages[0].content + messages[1].content
    assert fixed_part(text)[0] == messages[0]


def test_a_user_s_own_prompt_takes_the_place_of_quire_s(tmp_path: Path) -> None:
    own = "# version mine\nBe brief.\n---\n{evidence}\nQ: {question}"
    (tmp_path / "answer.en.txt").write_text(own, encoding="utf-8")
    text = wording("answer", "en", folder=tmp_path)
    assert (text.version, text.parts) == ("mine", ("Be brief.", "{evidence}\nQ: {question}"))
    assert text.sha256 != wording("answer", "en").sha256
    assert wording("answer", "zh", folder=tmp_path) == wording("answer", "zh")


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        (b"Be brief.\n---\n{evidence}", "no {question}"),
        (b"Be brief.", "no {evidence}"),
        (b"\xff\xfe\xff", "cannot be read"),
    ],
)
def test_a_user_s_own_prompt_that_cannot_work_is_refused_by_name(
    tmp_path: Path, own: bytes, problem: str
) -> None:
    (tmp_path / "answer.en.txt").write_bytes(own)
    with pytest.raises(SettingsError, match=problem) as caught:
        wording("answer", "en", folder=tmp_path)
    assert "answer.en.txt" in caught.value.message


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    (_, user) = filled(
        wording("answer", "en"), question="What is {evidence}?", evidence="{question}", history=""
    )
    assert "What is {evidence}?" in user.content
    assert "\n{question}\n" in user.content


def test_as_much_evidence_as_fits_is_packed_the_best_first() -> None:
    text = wording("answer", "en")
    proofs = evidence("one two three", "four five six", "seven eight nine")
    whole = pack("Q", proofs, text=text, budget=1000, count=words)
    assert len(whole.passages) == 3
    room = whole.tokens - 1
    cut = pack("Q", proofs, text=text, budget=room, count=words)
    assert [p.label for p in cut.passages] == [1, 2]
    assert cut.tokens <= room
    assert pack("Q", proofs, text=text, budget=5, count=words).passages == ()


def test_history_gives_way_to_evidence() -> None:
    text = wording("answer", "en")
    proofs = evidence("one two three")
    alone = pack("Q", proofs, text=text, budget=1000, count=words)
    beside = pack("Q", proofs, text=text, budget=1000, count=words, history="We spoke.\n\n")
    assert "We spoke." in beside.messages[1].content
    tight = pack("Q", proofs, text=text, budget=alone.tokens, count=words, history="We spoke.\n\n")
    assert tight == alone


def test_a_row_is_read_with_its_header_and_an_item_with_its_head() -> None:
    text = "Room | Fee\nHall | 20 euros\n\nClean it as follows:\n- the lid\n- the pump"
    read = passage(text)
    proofs = [
        Evidence(read, statement, own=1.0, around=1.0)
        for statement in statements.of(read)
        if not statement.leads
    ]
    packed = pack("How?", proofs, text=wording("answer", "en"), budget=1_000, count=words)
    said = packed.messages[-1].content
    assert "] Room: Hall · Fee: 20 euros Clean it as follows: - the lid - the pump" in said

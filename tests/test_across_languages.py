"""A question in one language over documents in the other, with the bilingual starter embedder."""

import re
from pathlib import Path

import pytest

from quire import Answer, KnowledgeBase
from quire.models.fakes import FakeChatModel
from quire.models.store import starter

pytestmark = pytest.mark.skipif(
    starter.BILINGUAL.path is None, reason="make starter has not been run here"
)

CHINESE = """# 员工手册

## 工作时间

上班时间为上午八点半至下午五点半。午休时间为十二点至一点。

## 年休假

入职满一年的员工每年享有十五天带薪年休假。未休完的年休假可以结转到次年三月底。

## 差旅

出差住宿标准为每晚不超过四百五十元，凭发票报销。
"""
ENGLISH = """# Staff handbook

## Working hours

Work begins at half past eight in the morning and ends at half past five.

## Leave

Staff who have been here for a year have fifteen days of paid leave.

## Travel

A hotel may cost at most 450 yuan a night, and is paid back against the invoice.
"""


def asked(question: str, text: str, folder: Path) -> Answer:
    """The answer from a document with that text alone."""
    (folder / "handbook.md").write_text(text, encoding="utf-8")
    with KnowledgeBase.open(folder / "kb") as kb:
        kb.add(folder / "handbook.md")
        return kb.ask(question)


@pytest.mark.parametrize(
    ("text", "question", "quoted", "note"),
    [
        (CHINESE, "How many days of paid annual leave do employees get?", "十五天", "Chinese"),
        (CHINESE, "How much may a hotel cost on a business trip?", "四百五十元", "Chinese"),
        (ENGLISH, "员工每年有多少天带薪年休假？", "fifteen days", "英文"),
        (ENGLISH, "出差时酒店住宿每晚最多多少钱？", "450 yuan", "英文"),
    ],
)
def test_the_original_is_quoted_and_its_language_told(
    text: str, question: str, quoted: str, note: str, tmp_path: Path
) -> None:
    answer = asked(question, text, tmp_path)
    assert answer.status == "extractive"
    assert quoted in answer.text
    assert any(note in told for told in answer.notes)


@pytest.mark.parametrize(
    ("text", "question"),
    [(CHINESE, "What is the boiling point of tungsten?"), (ENGLISH, "木星有多少颗卫星？")],
)
def test_what_the_documents_have_nothing_on_is_not_answered(
    text: str, question: str, tmp_path: Path
) -> None:
    answer = asked(question, text, tmp_path)
    assert (answer.status, answer.notes) == ("not_found", ())


@pytest.mark.parametrize(
    ("text", "question", "right", "wrong"),
    [
        (
            ENGLISH,
            "出差时酒店住宿每晚最多多少钱？",
            "出差住宿每晚最多 450 元，凭发票报销[1]。",
            "出差住宿每晚最多 540 元，凭发票报销[1]。",
        ),
        (
            CHINESE,
            "How much may a hotel cost on a business trip?",
            "A hotel on a business trip may cost at most 450 yuan a night [1].",
            "A hotel on a business trip may cost at most 540 yuan a night [1].",
        ),
    ],
)
def test_a_model_answers_in_the_question_s_language_and_its_numbers_are_checked(
    text: str, question: str, right: str, wrong: str, tmp_path: Path
) -> None:
    (tmp_path / "handbook.md").write_text(text, encoding="utf-8")
    replies = iter((right, wrong))
    model = FakeChatModel(lambda _: next(replies), parameters=None)
    with KnowledgeBase.open(tmp_path / "kb", model=model) as kb:
        kb.add(tmp_path / "handbook.md")
        first, second = kb.ask(question), kb.ask(question)
    asks = "Question:" if text == CHINESE else "问题："
    assert asks in model.asked[0][-1].content
    assert first.status == "answered"
    assert first.text == re.sub(r" ?\[1\]", "", right)
    assert first.sentences[0].support in {"supported", "computed", "partly"}
    assert second.status == "not_found" or second.sentences[0].support == "contradicted"

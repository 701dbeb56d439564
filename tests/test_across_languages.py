"""A question in one language over documents in the other, with the bilingual starter embedder."""

from pathlib import Path

import pytest

from quire import Answer, KnowledgeBase
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

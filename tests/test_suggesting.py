"""Questions that are suggested: made of the documents, and tried before anybody sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quire import KnowledgeBase
from quire.errors import ConversationNotFound

PRICES = """# Prices of the boat hire

| Boat | Price in EUR | Seats |
| --- | --- | --- |
| Canoe Alder | 31 | 2 |
| Rowing boat Birch | 44 | 5 |

# Returning a boat late

A boat that comes back after nine in the evening costs EUR 12 for each hour begun.

# May dogs come along?

Dogs may come along in every boat but a canoe, if they wear a vest.
"""
RULES = """# 设备管理办法

## 钥匙的保管

钥匙由值班员保管，每天晚上八点交回管理处。

## 灯具维修

灯具损坏后应在三天内报修，维修费用由管理处承担。
"""
NOT_TOLD = "What is the capital of Mongolia?"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path_factory.mktemp("suggesting") / "kb") as base:
        base.add_upload("规定.md", RULES.encode())
        base.add_upload("boats.md", PRICES.encode())
        yield base


def answered(kb: KnowledgeBase, question: str) -> bool:
    return kb.ask(question, store=False).status != "not_found"


def test_a_suggestion_is_made_of_a_heading_a_table_or_a_question_and_is_answered(
    kb: KnowledgeBase,
) -> None:
    suggested = kb.suggest(language="en", most=4)
    assert "May dogs come along?" in suggested
    assert "What is the price in EUR of “Canoe Alder”?" in suggested
    assert "What is said about returning a boat late?" in suggested
    assert all(answered(kb, question) for question in suggested)


def test_the_readers_language_comes_first(kb: KnowledgeBase) -> None:
    suggested = kb.suggest(language="zh", most=2)
    assert suggested == ["关于钥匙的保管有哪些规定？", "关于灯具维修有哪些规定？"]
    assert all(answered(kb, question) for question in suggested)


def test_a_question_that_nothing_answers_is_never_suggested(kb: KnowledgeBase) -> None:
    assert not answered(kb, NOT_TOLD)
    suggested = kb.suggest(first=[NOT_TOLD, "May dogs come along?"], language="en")
    assert suggested[0] == "May dogs come along?"
    assert NOT_TOLD not in suggested


def test_what_follows_an_answer_is_about_its_neighbourhood_and_was_not_told(
    kb: KnowledgeBase,
) -> None:
    answer = kb.ask("What does a canoe cost?")
    suggested = kb.suggest(after=answer.id)
    assert "What is said about returning a boat late?" in suggested
    assert "What is the price in EUR of “Canoe Alder”?" not in suggested
    assert not any("\u4e00" <= letter < "\u9fff" for text in suggested for letter in text)


def test_what_follows_an_answer_from_a_table_is_in_its_other_rows(tmp_path: Path) -> None:
    rows = ["| Lamp | Price EUR | Stock |", "| --- | --- | --- |"]
    rows += [f"| {name} | {n + 3} | {n} |" for n, name in enumerate(("Alder", "Birch", "Cedar"))]
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("lamps.md", "\n".join(rows).encode())
        answer = base.ask("What is the price in EUR of “Alder”?")
        assert "3" in answer.text
        suggested = base.suggest(after=answer.id)
        assert "What is the price in EUR of “Birch”?" in suggested
        assert not any("Alder" in question for question in suggested)
        assert all(answered(base, question) for question in suggested)


def test_a_heading_of_one_word_is_enough_to_ask_about(tmp_path: Path) -> None:
    texts = {
        "contract.md": "# Agreement\n\n## Liability\n\nLiability ends at EUR 250,000 a year.",
        "制度.md": "# 差旅管理制度\n\n## 费用\n\n费用由公司承担，每月最多150元。",
    }
    with KnowledgeBase.open(tmp_path / "kb") as base:
        for name, text in texts.items():
            base.add_upload(name, text.encode())
        suggested = base.suggest(language="zh")
    assert suggested == ["关于费用有哪些规定？", "What is said about liability?"]


def test_an_empty_knowledge_base_suggests_nothing_and_an_unknown_answer_is_an_error(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "empty") as empty:
        assert empty.suggest(first=["May dogs come along?"]) == []
    with pytest.raises(ConversationNotFound):
        kb.suggest(after="nothing-of-the-kind")

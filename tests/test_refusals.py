"""What is said where a question and the documents are in languages that do not meet."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from quire import KnowledgeBase
from quire.models.fakes import FakeEmbedder

ENGLISH = "The harbour opens at six in the morning. Mooring costs 25 crowns a night.\n"
CHINESE = "港口每天早上六点开放。停泊费每晚25克朗。码头禁止带狗。\n"

Vector = npt.NDArray[np.float32]


class ReadsEnglishAlone(FakeEmbedder):
    """Like an English model: every other text is the same to it."""

    def embed_question(self, text: str) -> Vector:
        return super().embed_question(text if text.isascii() else "?")

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> Vector:
        asked = [text if text.isascii() else "?" for text in texts]
        return super().embed_passages(asked, progress=progress)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("How much does mooring cost?", "The documents are in Chinese"),
        ("Combien coûte l'amarrage ?", "The documents are in Chinese"),
        ("계류 비용은 얼마입니까?", "The documents are in Chinese"),
        ("كم تبلغ رسوم الرسو؟", "The documents are in Chinese"),
        ("けいりゅうひはいくらですか？", "The documents are in Chinese"),
    ],
)
def test_a_question_in_a_language_that_leads_to_no_document_is_told_so(
    tmp_path: Path, question: str, says: str
) -> None:
    (tmp_path / "harbour.txt").write_text(CHINESE, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        answer = kb.ask(question)
        assert answer.status == "not_found"
        assert answer.text.startswith(says)
        assert "multilingual" in answer.text
        assert kb.ask("停泊费是多少？").status == "extractive"
        assert "没有回答" in kb.ask("木星有多少颗卫星？").text


@pytest.mark.parametrize(
    ("question", "text", "says"),
    [
        ("Wann öffnet der Hafen und wer ist dort?", ENGLISH, "The documents are in English,"),
        ("Quand est-ce que le port est ouvert ?", ENGLISH, "The documents are in English,"),
        (
            "Who is the director?",
            "Le port est ouvert et il ne ferme pas.",
            "The documents are in F",
        ),
        ("Who is the director?", ENGLISH, "The documents do not answer"),
        ("Qui est le directeur ?", "Le port est ouvert et il ne ferme pas.", "The documents do no"),
    ],
)
def test_a_question_in_latin_letters_is_told_so_where_the_documents_are_in_another_language(
    tmp_path: Path, question: str, text: str, says: str
) -> None:
    (tmp_path / "harbour.txt").write_text(text, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        answer = kb.ask(question)
    assert (answer.status, answer.text[: len(says)]) == ("not_found", says)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Quand se termine le bail ?", "Le bail se termine le 31 mars 2029."),
        ("Wann endet der Mietvertrag?", "Der Mietvertrag endet im März 2029."),
        ("契約はいつ終了しますか？", "契約は2029年3月31日に終了します。"),
    ],
)
def test_a_question_in_another_language_is_answered_by_the_words_that_it_shares(
    tmp_path: Path, question: str, text: str
) -> None:
    (tmp_path / "lease.txt").write_text(text, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "lease.txt")
        answer = kb.ask(question)
    assert (answer.status, answer.text) == ("extractive", text)


def test_a_chinese_question_to_english_documents_is_told_so_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "harbour.txt").write_text(ENGLISH, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        answer = kb.ask("停泊费是多少？")
    assert (answer.status, answer.text[:5]) == ("not_found", "文档是英文")

"""What is said where nothing is found: which words are missing, and in which languages it was."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire import KnowledgeBase, Scope
from quire.answering import confidence
from quire.commands import output
from quire.models.fakes import FakeEmbedder
from quire.search import question_words

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


MACHINES = """# Machines

Model B has a rated power of 7.5 kW. Model C has a rated power of 11 kW.
"""


def test_a_refusal_says_what_was_looked_for_and_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "machines.md").write_text(MACHINES, encoding="utf-8")
    (tmp_path / "harbour.txt").write_text(ENGLISH, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add([tmp_path / "machines.md", tmp_path / "harbour.txt"])
        answer = kb.ask("Which zeppelin tows the dredger Aurora?")
        confined = kb.ask("Which crowns wear a zeppelin?", scope=Scope(file="machines.md"))
        stored = kb.conversations.turn(answer.id)[1].answer
    assert answer.status == "not_found"
    refusal = answer.refusal
    assert refusal is not None
    assert (refusal.documents, refusal.passages, refusal.scope) == (2, 2, None)
    assert refusal.looked_for == ("zeppelin tows", "dredger Aurora")
    assert refusal.nowhere == ("zeppelin tows", "dredger Aurora")
    assert refusal.by_meaning
    assert "stand in none of the 2 documents (2 passages)" in answer.text
    assert "embedding model" not in answer.text
    assert stored["refusal"] == refusal.to_dict()
    assert confined.refusal is not None
    assert confined.refusal.nowhere == ("crowns wear", "zeppelin")  # crowns are elsewhere
    assert confined.refusal.scope == "named machines.md"
    assert "do not stand in the one document named machines.md (1 passage)" in confined.text


def test_a_refusal_tells_what_the_nearest_passage_has_and_lacks(tmp_path: Path) -> None:
    (tmp_path / "machines.md").write_text(MACHINES, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "machines.md")
        answer = kb.ask("Who certified the rated power of model B for the Kingston shipyard?")
    assert answer.refusal is not None
    (near,) = answer.refusal.nearest
    assert (near.label, near.has) == (1, ("rated power", "model B"))
    assert near.lacks == ("certified", "Kingston shipyard")
    assert [shown for shown in output.answer_lines(answer) if "found:" in shown] == [
        "    found: rated power, model B; not found: certified, Kingston shipyard"
    ]


def test_a_refusal_says_that_a_multilingual_embedder_would_help(tmp_path: Path) -> None:
    (tmp_path / "harbour.txt").write_text(CHINESE, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        answer = kb.ask("码头的起重机是哪家公司维修的？")
    assert answer.refusal is not None
    assert not answer.refusal.by_meaning
    assert answer.refusal.nowhere == ("起重机", "公司维修")
    assert "1个文档（1个段落）中都没有出现“起重机”、“公司维修”。" in answer.text
    assert "最接近的段落有“码头”" in answer.text
    assert "读不懂中文" in answer.text
    assert "quire reindex --embedder" in answer.text


def test_a_question_that_is_answered_has_no_refusal(tmp_path: Path) -> None:
    (tmp_path / "harbour.txt").write_text(ENGLISH, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        answer = kb.ask("When does the harbour open?")
    assert (answer.status, answer.refusal) == ("extractive", None)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (
            "How much does mooring for a night cost in the marina?",
            "What is quoted may not answer the question: “marina” stands nowhere in it.",
        ),
        ("How much does mooring cost?", "What is quoted may not answer the question."),
        ("木栈道停泊费每晚是多少？", "引文不一定回答了这个问题：其中没有“木栈道”。"),
    ],
)
def test_what_may_be_no_answer_is_shown_with_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str, says: str
) -> None:
    made = confidence.calibrations()
    (tmp_path / "harbour.txt").write_text(f"{ENGLISH}\n{CHINESE}", encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path / "harbour.txt")
        for sure_from, notes in ((0.0, 0), (1.0, 1)):
            told = tuple(replace(one, usual=0.0, sure_from=sure_from) for one in made)
            monkeypatch.setattr(confidence, "calibrations", lambda told=told: told)
            answer = kb.ask(question, store=False)
            assert answer.status == "extractive"
            assert list(answer.notes) == [says] * notes


@given(st.text(max_size=200))
def test_the_words_of_any_question_can_be_told(question: str) -> None:
    words = question_words.read(question)
    has, lacks = words.has_and_lacks(set())
    assert has == ()
    assert lacks == words.all()
    assert words.has_and_lacks(words.terms) == (words.all(), ())


def test_chinese_parts_of_an_english_document_do_not_make_the_documents_chinese(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.txt").write_text("港口的首都 capital 不在这里。", encoding="utf-8")
    (tmp_path / "harbour.txt").write_text(ENGLISH, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=ReadsEnglishAlone()) as kb:
        kb.add(tmp_path)
        answer = kb.ask("What is the capital of Mongolia?")
    assert {passage.document.language for passage in answer.passages} == {"en", "zh"}
    assert answer.text.startswith("The documents do not answer")

"""Why a page is found, or at which stage of a search it is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quire import KnowledgeBase, Scope, load_settings
from quire.errors import DocumentNotFound, PageNotFound
from quire.models.fakes import FakeEmbedder
from quire.models.store import starter

pytestmark = pytest.mark.usefixtures("parser_here")

FILES = {
    "lease.txt": "The notice period of the lease is three months.",
    "copy.txt": "THE NOTICE PERIOD of the lease is three months!",
    "dog.txt": "The dog may stay in the garden.",
    "boiler.txt": "A boiler needs notice before the tower is shut.",
    "leave.txt": "员工每年有五天年假。",
}
QUESTION = "What is the notice period of the lease?"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("why")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = load_settings(kb=folder / "kb", model="none")
    with KnowledgeBase.open(folder / "kb", settings=settings, embedder=FakeEmbedder()) as kb:
        assert kb.add([folder / name for name in FILES]).added == len(FILES)
        yield kb


def test_what_is_found_is_followed_to_its_hit(kb: KnowledgeBase) -> None:
    best, *_ = kb.search(QUESTION)
    explained = kb.explain(QUESTION, best.document.name)
    assert (explained.rank, explained.lost_at) == (1, None)
    assert [step.stage for step in explained.steps] == [
        *("document", "text", "lexical", "dense", "fused", "hits")
    ]
    assert all(step.passed for step in explained.steps)
    assert "it has “notice”, “period”, “lease”" in explained.steps[2].text


def test_a_copy_is_named_as_what_it_repeats(kb: KnowledgeBase) -> None:
    best, *_ = kb.search(QUESTION)
    (copy,) = best.duplicates
    explained = kb.explain(QUESTION, copy.document.name)
    assert (explained.rank, explained.lost_at) == (None, "duplicates")
    assert f"same as hit 1 ({best.document.name})" in explained.steps[-1].text


def test_what_ranks_too_low_is_told_at_which_number_it_is_shown(kb: KnowledgeBase) -> None:
    hits = kb.search(QUESTION, k=10)
    last = hits[-1]
    explained = kb.explain(QUESTION, last.document.name, k=1)
    assert explained.lost_at == "hits"
    assert f"With -k {last.rank} it is shown" in explained.steps[-1].text
    assert kb.explain(QUESTION, last.document.name, k=last.rank).rank == last.rank


def test_what_has_none_of_the_words_is_no_candidate_of_a_search_by_words(
    kb: KnowledgeBase,
) -> None:
    explained = kb.explain(QUESTION, "dog.txt", mode="lexical")
    assert explained.lost_at == "fused"
    (words,) = (step for step in explained.steps if step.stage == "lexical")
    assert not words.passed
    assert "it lacks “notice”, “period”, “lease”" in words.text


def test_a_leg_that_cannot_read_the_question_is_said_to_take_no_part(
    tmp_path: Path,
) -> None:
    (tmp_path / "lease.txt").write_text(FILES["lease.txt"])
    settings = load_settings(model="none", embedder=starter.ENGLISH.name)
    with KnowledgeBase.open(tmp_path / "kb", settings=settings) as english:
        english.add(tmp_path / "lease.txt")
        explained = english.explain("合同的押金是多少？", "lease.txt")
    (dense,) = (step for step in explained.steps if step.stage == "dense")
    assert "cannot read the question's language" in dense.text


def test_a_document_outside_of_the_scope_is_lost_there(kb: KnowledgeBase) -> None:
    explained = kb.explain(QUESTION, "lease.txt", scope=Scope(file="dog.txt"))
    assert explained.lost_at == "scope"
    assert explained.steps[-1].text == "Scope: it is not among the documents named dog.txt."
    assert kb.explain(QUESTION, "dog.txt", scope=Scope(file="dog.txt")).rank == 1


def test_a_document_that_is_not_there_is_lost_at_once(kb: KnowledgeBase) -> None:
    explained = kb.explain(QUESTION, "missing.txt", page=3)
    assert (explained.lost_at, explained.document) == ("document", None)
    assert explained.to_dict()["document"] == "missing.txt"


def test_a_page_without_text_is_lost_there_and_one_that_is_none_is_refused(
    sample_kb: KnowledgeBase, kb: KnowledgeBase
) -> None:
    document = next(d for d in sample_kb.documents() if d.pages)
    for page in range(1, (document.pages or 0) + 1):
        assert sample_kb.explain("deposit", document.name, page=page).page == page
    with pytest.raises(PageNotFound, match="there is no page 99"):
        sample_kb.explain("deposit", document.name, page=99)
    with pytest.raises(PageNotFound, match="has no pages"):
        kb.explain(QUESTION, "dog.txt", page=1)


def test_a_name_of_several_documents_is_refused(kb: KnowledgeBase, tmp_path: Path) -> None:
    settings = load_settings(kb=tmp_path / "kb", model="none")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text(f"Text of {folder}.")
    with KnowledgeBase.open(tmp_path / "kb", settings=settings, embedder=FakeEmbedder()) as two:
        two.add([tmp_path / "a", tmp_path / "b"])
        with pytest.raises(DocumentNotFound, match="names 2 documents"):
            two.explain("text", "same.txt")


def test_the_end_of_every_explanation_is_what_the_search_did(kb: KnowledgeBase) -> None:
    for mode in ("hybrid", "dense", "lexical"):
        for k in (1, 2, 8):
            ranks = {
                hit.document.name: hit.rank
                for hit in kb.search(QUESTION, k=k, mode=mode)  # type: ignore[arg-type]
            }
            for name in FILES:
                explained = kb.explain(QUESTION, name, k=k, mode=mode)  # type: ignore[arg-type]
                assert explained.rank == ranks.get(name), (mode, k, name)

"""LangChain's own tests of a retriever, a vector store and embeddings, and what they leave out.

None of them is skipped.
"""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests

from quire import GivenText, KnowledgeBase, Scope, load_settings
from quire.errors import UsageError
from quire.langchain import QuireEmbeddings, QuireRetriever, QuireVectorStore
from quire.models.fakes import FakeEmbedder

# Asynchronous tests run by anyio, which comes with LangChain.
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def kb(tmp_path: Path, parser_here: None) -> Iterator[KnowledgeBase]:
    settings = load_settings(kb=tmp_path / "kb")
    with KnowledgeBase.open(settings=settings, embedder=FakeEmbedder()) as kb:
        yield kb


@pytest.fixture
def store(kb: KnowledgeBase) -> QuireVectorStore:
    return QuireVectorStore(kb)


class TestAsAnyVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, store: QuireVectorStore) -> VectorStore:  # type: ignore[override]
        return store


class Lent:
    """Tests of a class that LangChain asks for through properties, which no fixture reaches."""

    _kb: KnowledgeBase

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def lent(cls, sample_kb: KnowledgeBase) -> None:
        cls._kb = sample_kb


class TestAsAnyRetriever(Lent, RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return QuireRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"kb": self._kb}

    @property
    def retriever_query_example(self) -> str:
        return "When does the lease end?"


class TestAsAnyEmbeddings(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return QuireEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embedder": FakeEmbedder()}


class TestTheStartersEmbeddings(Lent, EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return QuireEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embedder": self._kb.embedder}


# -- the retriever ----------------------------------------------------------------------------


def test_a_found_chunk_tells_the_place_that_proves_it(sample_kb: KnowledgeBase) -> None:
    (found,) = QuireRetriever(kb=sample_kb, k=1, boxes=True).invoke("When does the lease end?")
    told = found.metadata
    source = sample_kb.document(told["document_id"])
    text = "\n\n".join(page.text for page in sample_kb.pages(source))
    assert text[told["start"] : told["end"]] == found.page_content
    assert (told["document"], told["sha256"]) == ("lease-and-handbook.pdf", source.content_hash)
    assert told["source"] == source.uri
    assert 1 <= told["page"] <= told["page_last"]
    (drawn, *_) = told["boxes"]
    assert drawn["page"] == told["page"]
    assert all(
        0 <= left < right <= drawn["width"] and 0 <= top < bottom <= drawn["height"]
        for left, top, right, bottom in drawn["boxes"]
    )
    assert QuireVectorStore(sample_kb).get_by_ids([found.id or ""])[0].page_content == (
        found.page_content
    )


def test_a_retriever_keeps_to_a_scope_and_refuses_what_it_does_not_know(
    sample_kb: KnowledgeBase,
) -> None:
    retriever = QuireRetriever(kb=sample_kb, scope=Scope(file="visitor-faq.md"))
    found = retriever.invoke("When does the lease end?")
    assert {each.metadata["document"] for each in found} == {"visitor-faq.md"}
    assert {each.metadata["page"] for each in found} == {None}
    with pytest.raises(TypeError, match="knows no top"):
        retriever.invoke("When?", top=3)


async def test_searching_in_many_tasks_at_once_finds_the_same(sample_kb: KnowledgeBase) -> None:
    retriever = QuireRetriever(kb=sample_kb, k=2)
    found = await asyncio.gather(*(retriever.ainvoke("When is rent due?") for _ in range(4)))
    assert all(each == found[0] for each in found)


# -- the vector store -------------------------------------------------------------------------


def test_an_added_text_is_a_document_like_any_other(store: QuireVectorStore) -> None:
    kb = store.kb
    (id_,) = store.add_texts(["The boiler hums in May."], [{"title": "Log", "page": 7}])
    (document,) = kb.documents()
    assert (document.title, document.chunks, document.pages) == ("Log", 1, None)
    assert kb.search("boiler")[0].document == document
    answer = kb.ask("When does the boiler hum?")
    assert [citation.quote for citation in answer.citations] == ["The boiler hums in May."]
    assert kb.verify() == []
    assert store.delete([id_])
    assert kb.documents() == []
    kb.restore(document.id)
    assert store.get_by_ids([id_])[0].metadata == {"title": "Log", "page": 7}


def test_a_long_text_comes_back_whole_and_once(store: QuireVectorStore) -> None:
    long = "\n\n".join(f"Gate {n} opens at {n} o'clock for the night shift." for n in range(200))
    store.add_texts([long, "The dog sleeps."], ids=["gates", "dog"])
    assert store.kb.documents()[-1].chunks > 3
    found = store.similarity_search("gate opens for the night shift", k=2)
    assert [each.id for each in found] == ["gates", "dog"]
    assert found[0].page_content == long


def test_texts_of_one_id_follow_each_other_and_the_rest_stays(store: QuireVectorStore) -> None:
    store.add_texts(["The fee is 30.", "It rains."], ids=["fee", "rain"])
    store.add_texts(["The fee is 40.", "The fee is 50."], ids=["fee", "fee"])
    assert [each.page_content for each in store.get_by_ids(["rain", "fee"])] == [
        "It rains.",
        "The fee is 50.",
    ]
    assert len(store.kb.documents()) == 2
    assert len([*(store.kb.folder / "originals").rglob("[!.]*/*")]) == 2
    assert store.kb.verify() == []


@pytest.mark.parametrize("id_", ["a/b\\..", "条例", "CON", " .x. ", "x" * 3_000, "*?[a]", "\n"])
def test_any_text_can_be_an_id(store: QuireVectorStore, id_: str) -> None:
    assert store.add_texts(["It rains.", "It rains."], ids=[id_, id_ + "!"]) == [id_, id_ + "!"]
    assert [each.id for each in store.get_by_ids([id_ + "!", id_])] == [id_ + "!", id_]
    store.delete([id_])
    assert [each.id for each in store.similarity_search("rain")] == [id_ + "!"]


def test_a_filter_holds_inside_the_search(store: QuireVectorStore, tmp_path: Path) -> None:
    texts = [f"The gold tower of town {n}." for n in range(30)]
    ids = store.add_texts(
        texts, [{"town": n, "even": n % 2 == 0, "tags": ["t", str(n)]} for n in range(30)]
    )
    (tmp_path / "file [1].txt").write_text("The gold tower stands.", encoding="utf-8")
    store.kb.add(tmp_path / "file [1].txt")

    def towns(kept: Any) -> list[Any]:
        found = store.similarity_search("gold tower", k=2, filter=kept)
        return [each.metadata.get("town", each.metadata.get("document")) for each in found]

    assert towns({"town": 17}) == [17]
    assert towns({"town": [17, 99]}) == [17]
    assert towns({"tags": "8"}) == [8]
    assert towns(lambda metadata: metadata.get("town") == 3) == [3]
    assert towns({"document": "file [1].txt"}) == ["file [1].txt"]
    assert towns(Scope(file="file [[]1].txt")) == ["file [1].txt"]
    assert towns({"town": 99}) == []
    assert set(towns({"even": True})) < set(range(0, 30, 2))
    store.kb.tag("file [1].txt", add="metal")
    assert towns({"tags": "metal"}) == ["file [1].txt"]
    store.add_texts(["The gold tower of town 17."], [{"town": 99}], ids=[ids[17]])
    assert (towns({"town": 17}), towns({"town": 99})) == ([], [99])


def test_scores_fall_and_relevance_is_from_0_to_1(store: QuireVectorStore) -> None:
    store.add_texts(["The boiler hums.", "The dog sleeps.", "Heating costs rise."])
    scores = [score for _, score in store.similarity_search_with_score("boiler hums", k=3)]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 3
    found = store.similarity_search_with_relevance_scores("boiler hums", k=3)
    assert all(0 <= score <= 1 for _, score in found)
    near = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.9}
    ).invoke("The boiler hums.")
    assert [each.page_content for each in near] == ["The boiler hums."]


def test_what_cannot_be_kept_is_told_before_anything_is_added(store: QuireVectorStore) -> None:
    for texts, metadatas in (
        (["It rains.", " "], [{}, {}]),
        (["It rains.", "It pours."], [{}, {"when": object()}]),
        (["It rains.", "It pours."], [{}, {"much": float("nan")}]),
    ):
        with pytest.raises(UsageError):
            store.add_texts(texts, metadatas)
    with pytest.raises(ValueError, match="2 texts, and 1 ids"):
        store.add_texts(["a", "b"], ids=["1"])
    with pytest.raises(UsageError, match="Say which"):
        store.delete()
    with pytest.raises(UsageError, match="DeterministicFakeEmbedding"):
        QuireVectorStore.from_texts(["a"], DeterministicFakeEmbedding(size=6), kb=store.kb)
    assert store.kb.documents() == []


def test_a_place_in_a_file_is_not_deleted_alone(store: QuireVectorStore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The boiler hums.", encoding="utf-8")
    store.kb.add(tmp_path / "a.txt")
    (found,) = store.similarity_search("boiler")
    with pytest.raises(UsageError, match="place in a file"):
        store.delete([found.id or ""])
    store.delete([found.metadata["document_id"]])
    assert store.get_by_ids([found.id or ""]) == []


def test_a_store_is_made_of_texts_and_documents(kb: KnowledgeBase) -> None:
    store = QuireVectorStore.from_documents(
        [Document("It rains.", metadata={"day": 1}, id="1")], QuireEmbeddings(kb.embedder), kb=kb
    )
    assert store.get_by_ids(["1"]) == [Document("It rains.", metadata={"day": 1}, id="1")]
    assert isinstance(store.embeddings, QuireEmbeddings)


async def test_the_store_works_from_tasks(store: QuireVectorStore) -> None:
    await store.aadd_texts(["It rains."], ids=["1"])
    assert [each.id for each in await store.asimilarity_search("rain")] == ["1"]
    assert await store.adelete(["1"])


def test_a_kill_between_two_versions_leaves_one_of_them(kb: KnowledgeBase) -> None:
    """The old version goes in the transaction that brings the new one."""
    kb.add_texts([GivenText("1", "The fee is 30.")])
    seen = []
    kb.add_texts(
        [GivenText("1", "The fee is 40.")],
        progress=lambda _: seen.append([text.text for _, text in kb.given_texts()]),
    )
    assert {len(each) for each in seen} == {1}
    assert [text.text for _, text in kb.given_texts()] == ["The fee is 40."]


def test_no_byte_of_a_text_is_left_once_it_is_deleted_or_replaced(store: QuireVectorStore) -> None:
    store.add_texts(
        ["The heron waits.", "The egret waits."], [{"by": "marabou"}, {"by": "spoonbill"}], ids="ab"
    )
    store.add_texts(["It rains."], ids=["a"])
    store.delete(["b"])
    store.kb.compact()
    for path in store.kb.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in (b"heron", b"egret", b"marabou", b"spoonbill"):
                assert word not in content, path
    assert [each.id for each in store.similarity_search("rains")] == ["a"]
    assert store.kb.verify() == []


def test_a_walk_of_changes_leaves_what_a_dictionary_would_hold(store: QuireVectorStore) -> None:
    chance, there = random.Random(7), {}
    for turn in range(16):
        ids = chance.sample("abcdef", 2)
        if chance.random() < 0.3:
            store.delete(ids)
            there = {id_: text for id_, text in there.items() if id_ not in ids}
        else:
            texts = [f"The gold tower of turn {turn} and {id_}." for id_ in ids]
            store.add_texts(texts, ids=ids)
            there |= dict(zip(ids, texts, strict=True))
        found = {each.id: each.page_content for each in store.get_by_ids("abcdef")}
        assert found == there
        searched = store.similarity_search("gold tower", k=6)
        assert {each.id for each in searched} == there.keys()
    assert store.kb.verify() == []


@pytest.mark.parametrize(
    "content",
    [b'{"quire_text": 1, ', b'{"quire_text": 1, "id": 3, "text": [], "metadata": {}}'],
)
def test_a_file_that_only_looks_given_is_a_row_in_the_report(
    kb: KnowledgeBase, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "odd.json").write_bytes(content)
    report = kb.add(tmp_path / "odd.json")
    assert [refused.reason for refused in report.failed] == ["is no text that was given to Quire"]


# -- the embeddings ---------------------------------------------------------------------------


def test_a_text_that_would_be_cut_is_refused() -> None:
    embeddings = QuireEmbeddings(FakeEmbedder(max_tokens=3))
    with pytest.raises(UsageError, match="Text 2 has 4 tokens"):
        embeddings.embed_documents(["one two", "one two three four"])
    assert embeddings.embed_documents([]) == []

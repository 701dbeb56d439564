"""What users can rely on: the public names, and the keys of every record that reaches them."""

import json
from types import UnionType
from typing import Any

import pytest

import quire
from quire import errors
from quire.ingest.report import Refusal
from quire.models.fakes import FakeChatModel
from quire.records import Answer, Timings, Usage

Keys = dict[str, type | UnionType]

ANSWER: Keys = {
    "id": str,
    "conversation": str,
    "status": str,
    "text": str,
    "standalone_question": str,
    "sentences": list,
    "citations": list,
    "passages": list,
    "model": str | None,
    "usage": dict,
    "timings_ms": dict,
}
USAGE: Keys = {"prompt_tokens": int, "completion_tokens": int}
TIMINGS: Keys = {"retrieve": float, "first_token": float | None, "total": float}
SENTENCE: Keys = {"text": str, "labels": list, "support": str, "quote": str}
CITATION: Keys = {
    "label": int,
    "document": str,
    "page": int | None,
    "start": int,
    "end": int,
    "quote": str,
}
PASSAGE: Keys = {
    "label": int,
    "document": str,
    "page_first": int | None,
    "page_last": int | None,
    "start": int,
    "end": int,
    "text": str,
    "score": float,
}
HIT: Keys = {
    "rank": int,
    "score": float,
    "ranks": dict,
    "document": str,
    "page_first": int | None,
    "page_last": int | None,
    "start": int,
    "end": int,
    "text": str,
    "document_id": str,
    "path": str,
}
DOCUMENT: Keys = {
    "id": str,
    "name": str,
    "path": str,
    "media_type": str,
    "pages": int | None,
    "chunks": int,
    "added_at": str,
}
REPORT: Keys = {
    "added": int,
    "updated": int,
    "unchanged": int,
    "removed": int,
    "skipped": list,
    "failed": list,
    "warnings": list,
    "chunks": int,
    "seconds": float,
}
QUESTION = "How much is the deposit?"
REPLY = "The deposit is CNY 20,400."


@pytest.fixture(scope="module")
def answer(sample_kb: quire.KnowledgeBase) -> Answer:
    """One that a model wrote: the sample documents say the same."""
    with quire.KnowledgeBase.open(
        sample_kb.folder, create=False, embedder=sample_kb.embedder, model=FakeChatModel(REPLY)
    ) as kb:
        return kb.ask(QUESTION)


def promised(record: dict[str, Any], keys: Keys) -> bool:
    """Whether a record is plain JSON and has at least the promised keys, with their types."""
    assert json.loads(json.dumps(record)) == record
    return all(name in record and isinstance(record[name], keys[name]) for name in keys)


def test_the_public_names_are_sorted_and_are_all_there_is() -> None:
    assert quire.__all__ == sorted(set(quire.__all__))
    assert dir(quire) == sorted([*quire.__all__, "__version__"])


@pytest.mark.parametrize("name", quire.__all__)
def test_each_public_name_can_be_imported(name: str) -> None:
    value = getattr(quire, name)
    assert value.__name__ == name
    assert value.__doc__


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'quire' has no attribute 'Chunk'"):
        quire.Chunk  # type: ignore[attr-defined]  # noqa: B018


def test_an_answer_has_the_promised_keys(answer: Answer) -> None:
    assert (answer.status, answer.text) == ("answered", REPLY)
    record = answer.to_dict()
    assert promised(record, ANSWER)
    assert promised(record["usage"], USAGE)
    assert promised(record["timings_ms"], TIMINGS)
    for part, keys in (("sentences", SENTENCE), ("citations", CITATION), ("passages", PASSAGE)):
        assert record[part]
        assert all(promised(row, keys) for row in record[part])


def test_the_values_of_an_answer_fit_together(answer: Answer) -> None:
    record = answer.to_dict()
    assert record["status"] in {"answered", "extractive", "not_found"}
    labels = {passage["label"]: passage["text"] for passage in record["passages"]}
    for sentence in record["sentences"]:
        assert sentence["support"] in {"supported", "computed", "partly", "unsupported"}
        assert set(sentence["labels"]) <= labels.keys()
    for citation in record["citations"]:
        assert citation["quote"] in labels[citation["label"]]
        assert citation["end"] - citation["start"] == len(citation["quote"])


def test_what_no_model_wrote_names_no_model_and_no_first_token() -> None:
    assert Timings(1.0, None, 2.0).to_dict() == {"retrieve": 1.0, "first_token": None, "total": 2.0}
    assert Usage().to_dict() == {"prompt_tokens": 0, "completion_tokens": 0}


def test_hits_have_the_promised_keys(sample_kb: quire.KnowledgeBase) -> None:
    hits = sample_kb.search(QUESTION, k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert all(promised(hit.to_dict(), HIT) for hit in hits)
    assert all(set(hit.ranks) <= {"dense", "lexical"} for hit in hits)


def test_documents_have_the_promised_keys(sample_kb: quire.KnowledgeBase) -> None:
    assert all(promised(document.to_dict(), DOCUMENT) for document in sample_kb.documents())


def test_a_report_has_the_promised_keys() -> None:
    report = quire.IngestReport(
        added=1,
        updated=0,
        unchanged=0,
        removed=0,
        skipped=(Refusal("a.pdf", "no text"),),
        failed=(Refusal("b.pdf", "parser crashed"),),
        warnings=("c.pdf: page 3 has no text",),
        chunks=4,
        seconds=0.12345,
    )
    record = report.to_dict()
    assert promised(record, REPORT)
    assert record["skipped"] == [{"path": "a.pdf", "reason": "no text", "hint": ""}]
    assert record["failed"] == [{"path": "b.pdf", "reason": "parser crashed", "hint": ""}]


def test_every_error_has_a_code_of_its_own_and_comes_from_the_one_base() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, quire.QuireError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
    error = errors.UsageError("No.", hint="Yes.")
    assert error.to_dict() == {"code": "usage", "message": "No.", "hint": "Yes."}

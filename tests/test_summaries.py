"""Summaries of a document, with quotes and with a model that can."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quire import KnowledgeBase, load_settings
from quire.answering.summaries import Summary
from quire.errors import DocumentNotFound, UsageError
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.protocols import Message
from quire.records import PAGE_BREAK

pytestmark = pytest.mark.usefixtures("parser_here")

HANDBOOK = """# Harbour handbook

## Opening

The harbour opens at six in the morning on every day. The gate of the harbour is closed at nine in
the evening. Visitors to the harbour report to the office at the gate.

## Fees

Mooring costs 25 crowns a night for boats below ten metres. Mooring costs 40 crowns a night for
boats above ten metres. The fees are paid at the office before the boat leaves.

| Boat | Fee |
| --- | --- |
| small | 25 |

## Dogs

Dogs are not allowed on the pier in summer. Dogs may be walked on the beach in winter on a leash.
"""
REGULATIONS = """# 港口规定

## 开放时间

港口每天早上六点开放，晚上九点关闭。访客须在门口的办公室登记姓名和时间。

## 费用

十米以下的船每晚停泊费为25克朗。十米以上的船每晚停泊费为40克朗。费用须在离港前到办公室缴纳。

## 宠物

夏季码头禁止带狗进入。冬季可以牵绳在海滩上遛狗。
"""
Open = Callable[..., KnowledgeBase]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    (tmp_path / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (tmp_path / "规定.md").write_text(REGULATIONS, encoding="utf-8")
    bases = []

    def opened(reply: Any = "", **options: Any) -> KnowledgeBase:
        kb = KnowledgeBase.open(
            tmp_path / "kb",
            settings=load_settings(kb=tmp_path / "kb"),
            embedder=FakeEmbedder(),
            model=FakeChatModel(reply, **options),
        )
        bases.append(kb)
        kb.add([tmp_path / "handbook.md", tmp_path / "规定.md"])
        return kb

    yield opened
    for kb in bases:
        kb.close()


def test_a_weak_model_is_not_asked_and_the_summary_is_quotes_with_their_places(
    opened: Open,
) -> None:
    kb = opened("Nonsense.")
    for name in ("handbook.md", "规定.md"):
        summary = kb.summarize(name, sentences=3)
        assert (summary.method, summary.model, summary.notes) == ("extractive", None, ())
        text = PAGE_BREAK.join(page.text for page in kb.pages(summary.document))
        assert len(summary.sentences) == 3
        for sentence in summary.sentences:
            (citation,) = sentence.citations
            assert text[citation.start : citation.end] == citation.quote
            assert sentence.text == " ".join(citation.quote.split())
        labels = [sentence.labels for sentence in summary.sentences]
        assert len(set(labels)) == 3, "one of each section comes before a second of any"
        places = [citation.start for citation in summary.citations]
        assert places == sorted(places)


def test_headings_and_rows_of_tables_are_no_summary(opened: Open) -> None:
    summary = opened().summarize("handbook.md", sentences=100)
    assert "|" not in summary.text
    assert not any(sentence.text in ("Opening", "Fees") for sentence in summary.sentences)
    assert len(summary.sentences) == 8


@pytest.mark.parametrize(
    ("text", "pointing"),
    [
        (
            "The harbour opens at six in the morning. It is closed for boats in August. "
            "The dimensions of all boats, see table 2 below. This rule binds every boat.",
            ["It is closed", "see table 2"],
        ),
        (
            "港口每天早上六点向船只开放。船只的尺寸和费用见表2。本规定由港务部负责解释。"
            "其费用在夏季会更高一些。本规定适用于所有进港船只。",
            ["见表2", "负责解释", "其费用"],
        ),
    ],
)
def test_a_sentence_that_only_points_is_taken_where_nothing_else_is_left(
    opened: Open, tmp_path: Path, text: str, pointing: list[str]
) -> None:
    kb = opened()
    (tmp_path / "boats.txt").write_text(text, encoding="utf-8")
    kb.add(tmp_path / "boats.txt")
    short = kb.summarize("boats.txt", sentences=2).text
    assert not any(words in short for words in pointing)
    whole = kb.summarize("boats.txt", sentences=10).text
    assert all(words in whole for words in pointing)


def test_what_a_capable_model_writes_is_kept_where_the_section_supports_it(opened: Open) -> None:
    def reply(messages: tuple[Message, ...]) -> str:
        if "Mooring" in messages[1].content:
            return "For boats below ten metres mooring costs 25 crowns a night. Penguins moor free."
        return "The harbour was founded in 1842."

    kb = opened(reply, parameters=None)
    summary = kb.summarize("handbook.md")
    assert (summary.method, summary.model) == ("written", "fake")
    assert "For boats below ten metres mooring costs 25 crowns a night." in summary.text
    assert "1842" not in summary.text
    assert "Penguins" not in summary.text
    assert "Dogs" in summary.text  # quoted: nothing that was written of that section held
    assert all(sentence.support == "supported" for sentence in summary.sentences)
    assert json.loads(json.dumps(summary.to_dict()))["method"] == "written"


def test_a_model_that_repeats_itself_or_fails_leaves_quotes(opened: Open) -> None:
    looping = opened("mooring costs " * 500, parameters=None).summarize("handbook.md")
    assert (looping.method, looping.notes) == ("extractive", ())

    def failing(messages: object) -> str:
        raise RuntimeError(messages)

    failed = opened(failing, parameters=None).summarize("handbook.md")
    assert failed.method == "extractive"
    assert failed.notes == ("The model fake failed (RuntimeError); the log says where.",)
    assert failed.sentences == looping.sentences


def test_a_model_is_not_asked_in_a_language_that_it_does_not_write(opened: Open) -> None:
    kb = opened("港口开放。", parameters=None, languages=frozenset({"en"}))
    assert kb.summarize("规定.md").method == "extractive"
    assert isinstance(kb.model, FakeChatModel)
    assert kb.model.asked == []


@pytest.mark.parametrize("context", [130, 200, 512])
def test_the_context_never_overflows(opened: Open, context: int) -> None:
    summary = opened("Dogs.", parameters=None, context_tokens=context).summarize("handbook.md")
    assert summary.sentences
    assert summary.notes == ()


def test_progress_is_told_and_a_stop_keeps_what_is_there(opened: Open) -> None:
    kb = opened()
    seen: list[tuple[int, int]] = []
    whole = kb.summarize("handbook.md", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, whole.sections) for n in range(1, whole.sections + 1)]
    cancel = threading.Event()
    stopped: Summary = kb.summarize("handbook.md", progress=lambda *_: cancel.set(), cancel=cancel)
    assert stopped.sections_read == 1
    assert stopped.notes == (f"Stopped after 1 of {whole.sections} sections.",)
    assert stopped.sentences


def test_what_cannot_be_summarized_is_said(opened: Open, tmp_path: Path) -> None:
    kb = opened()
    (tmp_path / "list.txt").write_text("apples\n\npears", encoding="utf-8")
    kb.add(tmp_path / "list.txt")
    summary = kb.summarize("list.txt")
    assert summary.sentences == ()
    assert "no sentences" in summary.notes[0]
    with pytest.raises(DocumentNotFound):
        kb.summarize("missing.txt")
    with pytest.raises(UsageError):
        kb.summarize("list.txt", sentences=0)

"""An answer with its proof. Answers are drawn as the chats keep them (`Answer.to_dict()`), so that
an old one looks as it did when it was new."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from quire.ui.catalogue import label, plain
from quire.ui.inert import html, markdown

_CLOSEST = 3  # passages shown under an answer that was not found
_PASSAGE = 400  # characters shown of each


def draw(answer: Mapping[str, Any], *, known: set[str]) -> None:
    """Draw an answer. `known` are the ids of the documents that are still there."""
    if answer["standalone_question"] != answer["question"]:
        st.caption(label("answer.you_asked", question=answer["standalone_question"]))
    if answer["status"] == "not_found":
        st.html(f'<div class="quire-text">{html(answer["text"])}</div>')
        _closest(answer["passages"])
    elif answer["status"] == "extractive":
        _quoted(answer["sentences"])
        _sources(answer["citations"], known=known, with_quotes=False)
    else:
        st.html(f'<div class="quire-text">{_written(answer["sentences"])}</div>')
        if any(sentence["support"] == "partly" for sentence in answer["sentences"]):
            st.caption(label("answer.legend"))
        _sources(answer["citations"], known=known, with_quotes=True)
    _footer(answer)


def place(first: int | None, last: int | None = None) -> str:
    """A page or a range of pages in words; empty for formats without pages."""
    if first is None:
        return ""
    if last is None or last == first:
        return plain("answer.page", page=first)
    return plain("answer.pages", first=first, last=last)


def _written(sentences: Sequence[Mapping[str, Any]]) -> str:
    """Sentences as HTML, each with the marks of its sources."""
    parts: list[str] = []
    for sentence in sentences:
        quiet = sentence["support"] == "supported"
        title = "" if quiet else f' title="{html(plain("answer.partly"))}"'
        parts.append(
            f'<span class="quire-sentence {html(sentence["support"])}"{title}>'
            f"{html(sentence['text'])}</span>{_marks(sentence['labels'])}"
        )
    return "".join(
        part if index == 0 or _ends_in_chinese(sentences[index - 1]["text"]) else f" {part}"
        for index, part in enumerate(parts)
    )


def _quoted(sentences: Sequence[Mapping[str, Any]]) -> None:
    quotes = "".join(
        f'<div class="quire-quote">{html(sentence["text"])}{_marks(sentence["labels"])}</div>'
        for sentence in sentences
    )
    st.html(f'<div class="quire-heading">{html(plain("answer.extractive"))}</div>{quotes}')


def _marks(labels: Sequence[int]) -> str:
    return "".join(f'<sup class="quire-ref">[{int(number)}]</sup>' for number in labels)


def _sources(citations: Sequence[Mapping[str, Any]], *, known: set[str], with_quotes: bool) -> None:
    by_label: dict[int, list[Mapping[str, Any]]] = {}
    for citation in citations:
        by_label.setdefault(citation["label"], []).append(citation)
    rows = []
    for number, cited in sorted(by_label.items()):
        pages = [citation["page"] for citation in cited if citation["page"] is not None]
        where = place(min(pages), max(pages)) if pages else ""
        gone = "" if cited[0]["document_id"] in known else f" · {plain('answer.gone')}"
        rows.append(
            f'<div class="quire-source">[{int(number)}] {html(cited[0]["document"])}'
            f'<span class="place">{html(f", {where}" if where else "")}{html(gone)}</span></div>'
        )
        if with_quotes:
            quotes = dict.fromkeys(citation["quote"] for citation in cited)
            rows += [f'<div class="quire-quote">{html(quote)}</div>' for quote in quotes]
    st.html(f'<div class="quire-heading">{html(plain("answer.sources"))}</div>' + "".join(rows))


def _closest(passages: Sequence[Mapping[str, Any]]) -> None:
    if not passages:
        return
    rows = []
    for passage in passages[:_CLOSEST]:
        where = place(passage["page_first"], passage["page_last"])
        text = passage["text"]
        shown = text if len(text) <= _PASSAGE else f"{text[:_PASSAGE].rstrip()} …"
        rows.append(
            f'<div class="quire-source">{html(passage["document"])}'
            f'<span class="place">{html(f", {where}" if where else "")}</span></div>'
            f'<div class="quire-passage">{html(shown)}</div>'
        )
    with st.expander(label("answer.closest"), expanded=True):
        st.html("".join(rows))


def _footer(answer: Mapping[str, Any]) -> None:
    seconds = f"{answer['timings_ms']['total'] / 1000:.1f}"
    if answer["model"]:
        st.caption(label("answer.by_model", model=answer["model"], seconds=seconds))
    elif answer["status"] == "extractive":
        st.caption(label("answer.by_quotes", seconds=seconds))
    for note in answer["notes"]:
        st.caption(markdown(note))


def _ends_in_chinese(text: str) -> bool:
    """Whether no space follows a sentence: its last character is a Chinese one, 。 included."""
    return bool(text) and ord(text[-1]) >= 0x2E80

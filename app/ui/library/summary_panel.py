"""A document in a few sentences, below its row in the library; each leads to its page."""

from typing import Any

import streamlit as st

from quire.answering.summaries import Summary
from quire.conversations import layout
from quire.ui import answers, problems
from quire.ui.catalogue import duration, label, plain, said
from quire.ui.inert import markdown
from quire.ui.jobs.summarizing import SummaryJob
from quire.ui.shared import Shared

_POLL = 0.5  # seconds between two looks at one that is being made


def draw(opened: Shared, document_id: str) -> None:
    """Draw the summary of a document, or how far it is."""
    job = opened.summaries.known(document_id)
    if job is None:  # a reload, after the server was started anew
        return
    with st.container(key="summary"):
        if job.state == "working":
            _working(opened, job)
        elif job.summary is not None:
            _finished(job.summary)
        elif job.problem is not None:
            problems.show(job.problem)


@st.fragment(run_every=_POLL)
@problems.guarded
def _working(opened: Shared, job: SummaryJob) -> None:
    if job.state != "working":
        st.rerun()
    if job.sections:
        words = [plain("summary.progress", n=job.read, total=job.sections)]
        if (seconds := job.remaining) is not None:
            words.append(plain("intake.remaining", time=duration(seconds)))
    else:
        words = [plain("chat.loading" if opened.model_state == "loading" else "summary.begun")]
    if job.stopping:
        words = [plain("chat.stopping")]
    part = job.read / job.sections if job.sections else 0.0
    st.progress(part, text=markdown(" · ".join(words)))
    if not job.stopping:
        st.button(
            label("chat.stop"),
            icon=":material/stop_circle:",
            key="stop-summary",
            on_click=job.stop,
        )


def _finished(summary: Summary) -> None:
    citations = summary.citations
    pressed = answers.proof(_drawn(summary), key=f"summary-{summary.document.id}")
    if pressed is not None:
        answers.open_place(citations[pressed].to_dict())
    if summary.method == "written":
        st.caption(label("summary.by_model", model=summary.model))
    elif summary.sentences:
        st.caption(label("summary.by_quotes"))
    for note in summary.notes:
        st.caption(markdown(said(note)))


def _drawn(summary: Summary) -> dict[str, Any]:
    """What the component of answers draws: sentences whose marks are pages, and no list of sources
    below, which are all of one document."""
    citations = summary.citations
    quoted = summary.method == "extractive"
    kept = [sentence.to_dict() for sentence in summary.sentences]
    name = summary.document.name
    nodes: list[list[dict[str, Any]]] = []
    copied = ""
    for at, sentence in enumerate(summary.sentences):
        marks = [
            {"ref": _mark(name, cited.page, at), "citation": citations.index(cited), "doubt": False}
            for cited in sentence.citations
        ]
        before = "\n" if quoted and at else layout.space_before(kept, at)
        copied += before + sentence.text + "".join(f" {mark['ref']}" for mark in marks)
        text = {"text": sentence.text, "support": sentence.support}
        nodes.append([{"text": "" if quoted else before, "support": ""}, text, *marks])
    lines = nodes if quoted else [[node for part in nodes for node in part]]
    kind = "quote" if quoted else "paragraph"
    return answers.data(
        [{"kind": kind, "lines": [[line]]} for line in lines],
        citations=[cited.to_dict() for cited in citations],
        copied=f"{copied}\n\n{name}" if nodes else "",
    )


def _mark(name: str, page: int | None, at: int) -> str:
    """The page, or for formats without pages the number of the sentence."""
    return f"[{at + 1}]" if page is None else plain(f"summary.at_{answers.unit(name)}", page=page)

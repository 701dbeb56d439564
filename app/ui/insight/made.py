"""How one answer came about: what was searched, read and left out, the check of each statement, the
time that each step took, and the receipt. All of it is what the chat has kept; nothing is computed
anew, and no text is shown that the answer does not hold."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.conversations import layout
from quire.conversations.schema import Turn
from quire.errors import ConversationNotFound
from quire.records import Step
from quire.ui import answers, statements
from quire.ui.catalogue import label, plain
from quire.ui.chat.agent import told
from quire.ui.inert import html
from quire.ui.insight import tables
from quire.ui.shared import Shared
from quire.ui.state import state

ANSWER = "answer"
"""The part of the address that names an answer by its id."""

_LEGS = ("dense", "lexical", "fused")
_MADE_WITH = ("model", "prompt", "embedder", "settings", "versions")
_LONGEST = 300  # characters of a statement or a sentence in a table

Kept = Mapping[str, Any]


def link(page: StreamlitPage, turn: Turn) -> None:
    """Draw what leads from an answer to its page."""
    st.page_link(
        page,
        label=label("made.open"),
        icon=":material/query_stats:",
        query_params={ANSWER: turn.id},
        help=label("made.about"),
    )


def draw(opened: Shared, *, chat: StreamlitPage) -> None:
    """Draw the page of the answer that the address names."""
    st.header(label("made.title"), anchor=False)
    try:
        conversation, turn = opened.conversations.turn(st.query_params.get(ANSWER, ""))
    except ConversationNotFound:
        turn = None
    if turn is None or not turn.readable:
        st.info(label("made.missing"))
        return
    if st.button(label("made.back"), key="to-chat", icon=":material/arrow_back:", type="tertiary"):
        state().conversation = conversation
        st.switch_page(chat)
    st.html(f'<div class="quire-text quire-title">{html(turn.question)}</div>')
    if turn.standalone != turn.question:
        st.caption(label("answer.you_asked", question=turn.standalone))
    receipt = turn.receipt or {}
    _facts(turn)
    _times(turn.answer)
    _steps(receipt.get("steps", ()))
    _statements(turn.answer)
    _passages(turn.answer, receipt)
    _hits(turn.answer, receipt)
    _receipt(turn, receipt)


def _facts(turn: Turn) -> None:
    answer = turn.answer
    found = [(plain("made.asked_at"), _moment(turn.asked_at))]
    found.append((plain("made.by"), answer["model"] or plain("made.by_quotes")))
    if answer.get("confidence") is not None:
        found.append((plain("made.confidence"), f"{answer['confidence']:.0%}"))
    if answer["model"]:
        used = answer["usage"]
        found.append((plain("made.tokens_read"), f"{used['prompt_tokens']:,}"))
        found.append((plain("made.tokens_written"), f"{used['completion_tokens']:,}"))
    if turn.feedback:
        found.append((plain("made.judged"), plain(f"made.judged_{turn.feedback.verdict}")))
    tables.facts(found)


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}" if iso else "–"


# -- time ----------------------------------------------------------------------------------------


def times(answer: Kept) -> list[tuple[str, float]]:
    """The steps of an answer by name, with the seconds that each took."""
    kept = answer["timings_ms"]
    searched, first, total = kept["retrieve"], kept["first_token"], kept["total"]
    if first is None:
        return [("search", searched / 1000), ("check", max(0.0, total - searched) / 1000)]
    return [
        ("search", searched / 1000),
        ("read", max(0.0, first - searched) / 1000),
        ("write", max(0.0, total - first) / 1000),
    ]


def _times(answer: Kept) -> None:
    taken = times(answer)
    total = sum(seconds for _, seconds in taken) or 1
    named = [(plain(f"made.{name}"), seconds) for name, seconds in taken]
    said = ", ".join(f"{name}: {_seconds(seconds)}" for name, seconds in named)
    bar = "".join(f'<i style="width:{seconds / total:.2%}"></i>' for _, seconds in named)
    legend = "".join(
        f"<li><i></i>{html(name)} <b>{_seconds(seconds)}</b></li>" for name, seconds in named
    )
    _heading("times")
    st.html(
        f'<div class="quire-times"><div role="img" aria-label="{html(said)}">{bar}</div>'
        f"<ul>{legend}</ul></div>"
    )


def _seconds(seconds: float) -> str:
    told = f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"
    return plain("made.seconds", seconds="<0.01" if 0 < seconds < 0.005 else told)


# -- what was looked up, read and found ----------------------------------------------------------


def _steps(steps: Sequence[Kept]) -> None:
    if not steps:
        return
    _heading("steps")
    lines = "".join(
        f"<li>{html(told(Step(each['tool'], each['arguments'], '', each['refused'])))}</li>"
        for each in steps
    )
    st.html(f'<ol class="quire-steps">{lines}</ol>')


def _statements(answer: Kept) -> None:
    """The verdict on each statement, with what it rests on."""
    if not answer["sentences"]:
        return
    _heading("checked")
    said = as_read(answer)
    columns = ["statement", "verdict", "rests_on", "probability"]
    tables.draw(
        plain("made.checked"),
        [plain(f"made.{name}") for name in columns],
        [
            [
                _cut(said.get(at, each["text"])),
                plain(f"made.{each['support'] or 'absence'}"),
                "\n".join(_grounds(answer, each)),
                _share(each.get("probability")),
            ]
            for at, each in enumerate(answer["sentences"])
        ],
    )


def as_read(answer: Kept) -> dict[int, str]:
    """The words of each statement as the answer shows them: without what only draws its form."""
    found: dict[int, list[str]] = {}
    for block in layout.of(answer):
        for cell in itertools.chain.from_iterable(block.lines):
            words: dict[int, str] = {}
            for run in cell:
                if run.statement is not None:
                    words[run.statement] = words.get(run.statement, "") + run.text
            for at, text in words.items():
                found.setdefault(at, []).append(text.strip())
    return {at: " · ".join(filter(None, parts)) for at, parts in found.items()}


def _grounds(answer: Kept, sentence: Kept) -> Iterator[str]:
    """The quotes that a statement rests on, or the sum that it was computed by."""
    if formula := sentence.get("formula"):
        yield formula
    for at in statements.own(sentence, answer["citations"]):
        cited = answer["citations"][at]
        where = answers.where(cited["document"], cited["page"])
        yield plain("made.quote", n=cited["label"], where=where, quote=_cut(cited["quote"]))


def _passages(answer: Kept, receipt: Kept) -> None:
    """The passages, whether the model read them, and the sentence of each that bears most."""
    if not answer["passages"]:
        return
    _heading("passages")
    labels, prompt = read(answer, receipt), receipt.get("prompt") or {}
    n = len(answer["passages"])
    if prompt:
        st.caption(
            label("made.read_of", n=n, read=len(labels), tokens=f"{prompt.get('tokens', 0):,}")
        )
    else:
        st.caption(label("made.quoted_of", n=n))
    best = _best(answer, receipt)
    columns = ["number", "place", *["was_read"] * bool(prompt), "bears", "score"]
    rows = []
    for each in answer["passages"]:
        told = plain("made.yes" if each["label"] in labels else "made.no")
        bears = best.get(each["label"], ("–", "–"))
        rows.append([f"[{each['label']}]", _place(each), *[told] * bool(prompt), *bears])
    tables.draw(plain("made.passages"), [plain(f"made.{name}") for name in columns], rows)


def read(answer: Kept, receipt: Kept) -> set[int]:
    """The labels of the passages of which the model read something. Where it reads sentences, the
    receipt tells it of these; where it reads passages whole, it names those that did not fit."""
    prompt = receipt.get("prompt") or {}
    if prompt.get("name", "").startswith("answer."):
        return {each["label"] for each in receipt["evidence"] if each["passage_read"]}
    left_out = prompt.get("left_out", ())
    return {
        each["label"] for each in answer["passages"] if prompt and each["label"] not in left_out
    }


def _best(answer: Kept, receipt: Kept) -> dict[int, tuple[str, str]]:
    """Of each passage the sentence that bears on the question most, and its score."""
    by_label = {each["label"]: each for each in answer["passages"]}
    found: dict[int, tuple[str, str]] = {}
    for each in sorted(receipt.get("evidence", ()), key=lambda one: -one["score"]):
        passage = by_label.get(each["label"])
        if passage is None or each["label"] in found:
            continue
        start = each["start"] - passage["start"]
        text = passage["text"][max(0, start) : each["end"] - passage["start"]]
        found[each["label"]] = _cut(text), f"{each['score']:.2f}"
    return found


def _hits(answer: Kept, receipt: Kept) -> None:
    """What each way of searching found, and where it ranked it."""
    hits = receipt.get("hits", ())
    if not hits:
        return
    _heading("hits")
    st.caption(label("made.hits_about"))
    extra = {leg for hit in hits for leg in hit["scores"]} - set(_LEGS)
    legs = [*_LEGS, *sorted(extra)]
    names = [plain(f"made.{leg}") if leg in _LEGS else leg for leg in legs]
    tables.draw(
        plain("made.hits"),
        [plain("made.rank"), plain("made.place"), *names, plain("made.passage")],
        [
            [
                str(hit["rank"]),
                answers.where(hit["document"], hit["page"]),
                *(_standing(hit, leg) for leg in legs),
                _passage_of(answer, hit),
            ]
            for hit in hits
        ],
    )


def _standing(hit: Kept, leg: str) -> str:
    """The rank that a way of searching gave, with its score."""
    score = hit["scores"].get(leg)
    if score is None:
        return "–"
    rank = hit["ranks"].get(leg)
    return (
        f"{score:.3f}" if rank is None else plain("made.standing", rank=rank, score=f"{score:.3f}")
    )


def _passage_of(answer: Kept, hit: Kept) -> str:
    """The number of the passage that a hit has become a part of."""
    for each in answer["passages"]:
        same = each["document_id"] == hit["document_id"]
        if same and each["start"] <= hit["start"] < each["end"]:
            return f"[{each['label']}]"
    return "–"


def _receipt(turn: Turn, receipt: Kept) -> None:
    """What the answer was made with, to be read and to be had as a file."""
    _heading("receipt")
    if not receipt:
        st.caption(label("made.no_receipt"))
        return
    rows = [
        [f"{part}.{name}", _value(value)]
        for part in _MADE_WITH
        for name, value in receipt.get(part, {}).items()
    ]
    with st.expander(label("made.receipt_about")):
        tables.draw(plain("made.receipt"), [plain("made.what"), plain("made.value")], rows)
    st.download_button(
        label("made.download"),
        json.dumps(turn.to_dict(), ensure_ascii=False, indent=2),
        file_name=f"quire-answer-{turn.id}.json",
        mime="application/json",
        icon=":material/download:",
        key="receipt-file",
        on_click="ignore",
    )


def _value(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


def _heading(name: str) -> None:
    st.subheader(label(f"made.{name}"), anchor=False)


def _place(passage: Kept) -> str:
    name = passage["document"]
    where = answers.place(name, passage["page_first"], passage["page_last"])
    return f"{name}{plain('answer.at', where=where)}" if where else str(name)


def _share(probability: float | None) -> str:
    return "–" if probability is None else f"{probability:.0%}"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST].rstrip()} …"

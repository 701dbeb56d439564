"""An answer with its proof. Answers are drawn as the chats keep them (`Answer.to_dict()`), so that
an old one looks as it did when it was new."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Literal

import streamlit as st

from quire.conversations import layout
from quire.records import Document, Draft, Sentence, with_citations
from quire.reports.turns import marks_in
from quire.text import languages
from quire.ui import statements, style
from quire.ui.catalogue import label, plain, said
from quire.ui.inert import html, markdown
from quire.ui.source import Source
from quire.ui.state import state

_CLOSEST = 3  # passages shown under an answer that was not found
_PASSAGE = 400  # characters shown of each

Unit = Literal["page", "sheet", "slide", "message"]
_UNITS: Mapping[str, Unit] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm", ".ods", ".fods"), "sheet"),
    **dict.fromkeys(
        (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm", ".odp", ".fodp"), "slide"
    ),
    ".mbox": "message",
}

Kept = Mapping[str, Any]

_component = st.components.v2.component(
    "quire.answer",
    html='<div class="quire-answer"></div>',
    js=style.file("answer.js"),
    isolate_styles=False,  # it takes its look from style.css, as the answer on its way does
)


def draw(answer: Kept, *, known: set[str]) -> None:
    """Draw an answer. `known` are the ids of the documents that are still there."""
    if not answer["sentences"]:
        lines = "".join(f"<div>{html(line)}</div>" for line in _said_lines(answer))
        st.html(f'<div class="quire-text quire-said">{lines}</div>')
        _listed(answer, known=known)
        _looked_at(answer)
        _closest(answer)
    else:
        pressed = proof(_drawn(answer, known=known), key=f"answer-{answer['id']}")
        if pressed is not None:
            open_place(answer["citations"][pressed])
    if answer.get("scan"):
        _scan(answer["scan"])
    _seen(answer, known=known)
    _footer(answer)


def proof(data: Kept, *, key: str) -> int | None:
    """Draw sentences with the marks of their sources; see answer.js for `data`. Returns which of
    the citations was pressed, if one was."""
    pressed = _component(data=data, key=key, on_opened_change=lambda: None)
    return None if pressed.opened is None else int(pressed.opened)


def draw_so_far(text: str, tail: str, sentences: Sequence[Sentence]) -> None:
    """Draw an answer while it is written: the `text` that was checked, with the marks of its
    `sentences` where they are known, and the `tail` that was not."""
    kept = with_citations(sentences)
    drawn = statements.blocks_so_far(text, kept["sentences"], kept["citations"], tail=tail)
    pressed = proof(data(drawn, citations=kept["citations"]), key="answer-so-far")
    if pressed is not None:
        open_place(kept["citations"][pressed])


def draw_draft(draft: Draft, *, question: str, seconds: float) -> None:
    """Draw quotes while a model still reads."""
    if draft.standalone_question != question:
        st.caption(label("answer.you_asked", question=draft.standalone_question))
    quotes = "".join(
        f'<div class="quire-quote">{html(sentence.text)}'
        f'<div class="quire-meta">{html(", ".join(_sources_of(sentence)))}</div></div>'
        for sentence in draft.sentences
    )
    st.html(f'<div class="quire-heading">{html(plain("answer.extractive"))}</div>{quotes}')
    st.caption(f"{label('answer.draft')} … {seconds:.0f} s")


def _sources_of(sentence: Sentence) -> list[str]:
    return [where(cited.document.name, cited.page) for cited in sentence.citations]


def where(name: str, page: int | None) -> str:
    """A document and the page, where it has pages."""
    return f"{name}{_at(place(name, page))}"


def _where_and_how(cited: Kept) -> str:
    """A document, the page, and that OCR read it, with the numbers that it is not sure of."""
    parts = [where(cited["document"], cited["page"]), *_how([cited]), *_doubts([cited])]
    return " · ".join(parts)


def _how(cited: Sequence[Kept]) -> list[str]:
    return [plain("answer.ocr")] if any(each.get("ocr") for each in cited) else []


def _doubts(cited: Sequence[Kept]) -> list[str]:
    words = dict.fromkeys(word for each in cited for word in each.get("unsure", ()))
    return [plain("answer.unsure", words=plain("answer.between").join(words))] if words else []


def place(name: str, first: int | None, last: int | None = None) -> str:
    """A page or a range of pages of a document in words; empty for formats without pages."""
    if first is None:
        return ""
    if last is None or last == first:
        return plain(f"answer.{unit(name)}", page=first)
    return plain(f"answer.{unit(name)}s", first=first, last=last)


def unit(name: str) -> Unit:
    """What a reader calls the pages of a document of this name."""
    return _UNITS.get(PurePath(name).suffix.lower(), "page")


def extent(name: str, pages: int) -> str:
    """Of how many pages a document is."""
    return plain(f"documents.{unit(name)}s", n=pages)


def copied(answer: Kept) -> str:
    """An answer as plain text to paste elsewhere: statements with marks, then the sources."""
    text = "\n".join(layout.text_lines(answer, marks_in(plain)))
    sources = [
        " · ".join([f"[{number}] {cited[0]['document']}{_at(_span(cited))}", *_how(cited)])
        for number, cited in _by_label(answer["citations"]).items()
    ]
    seen = [
        f"{plain('answer.seen')} · {where(each['document'], each['page'])}: {each['text']}"
        for each in answer.get("seen", ())
    ]
    return text + "\n\n" + "\n".join([*sources, *seen])


def _drawn(answer: Kept, *, known: set[str]) -> dict[str, Any]:
    """What the component draws; see answer.js."""
    quoted = answer["status"] == "extractive"
    counted = layout.found(answer)
    doubted = {sentence["support"] for sentence in answer["sentences"]}
    return data(
        statements.blocks(answer),
        citations=answer["citations"],
        found="" if counted is None else plain("answer.found", found=counted[0], n=counted[1]),
        heading=_heading(answer),
        legend=[
            {"support": support, "text": plain(f"answer.{support}")}
            for support in ("computed", "partly")
            if support in doubted
        ],
        sources=_sources(answer, known=known, with_quotes=not quoted),
        copied=copied(answer),
    )


def data(blocks: list[dict[str, Any]], *, citations: Sequence[Kept], **rest: Any) -> dict[str, Any]:
    """The component's data; what is not in `rest` is not drawn."""
    return {
        "found": "",
        "heading": "",
        "blocks": blocks,
        "legend": [],
        "citations": [{"place": _where_and_how(each)} for each in citations],
        "sources": [],
        "copied": "",
        "texts": {
            "open": plain("answer.open"),
            "sources": plain("answer.sources"),
            "copy": plain("answer.copy"),
            "copied": plain("answer.copied"),
            "partly": plain("answer.partly"),
        },
    } | rest


def _heading(answer: Kept) -> str:
    """What is said above quotes. A count comes with quotes, and is none itself."""
    if answer["status"] != "extractive":
        return ""
    if request := answer.get("request"):
        return plain("answer.summarized") if request == "summary" else ""
    if any(sentence["support"] == "computed" for sentence in answer["sentences"]):
        return plain("answer.tabled")
    return plain("answer.counted" if answer.get("scan") else "answer.extractive")


def _scan(scan: Kept) -> None:
    """Every document that mentions what was counted, where the answer does not list them all."""
    found = scan["found"]
    if not found:
        return
    with st.expander(label("answer.scan", n=len(found))):
        rows = "".join(
            f'<div><span class="quire-name">{html(each["document"])}</span> '
            f'<span class="quire-meta">{html(_mentions(each))}</span></div>'
            for each in found
        )
        st.html(f'<div class="quire-rows">{rows}</div>')


def _mentions(found: Kept) -> str:
    times = plain("answer.mentions", n=found["mentions"])
    pages = ", ".join(str(page) for page in found["pages"])
    if not pages:
        return times
    where = plain(f"answer.on_{unit(found['document'])}s", pages=pages)
    return f"{times} · {where}"


def _sources(answer: Kept, *, known: set[str], with_quotes: bool) -> list[dict[str, Any]]:
    citations = answer["citations"]
    return [
        {
            "label": number,
            "document": cited[0]["document"],
            "place": " · ".join([_at(_span(cited)), *_how(cited)]),
            "note": " · ".join(
                [plain("answer.gone")] * (cited[0]["document_id"] not in known) + _doubts(cited)
            ),
            "citations": [
                {
                    "citation": citations.index(citation),
                    "quote": citation["quote"] if with_quotes else "",
                }
                for citation in cited
            ],
        }
        for number, cited in _by_label(citations).items()
    ]


def _by_label(citations: Sequence[Kept]) -> dict[int, list[Kept]]:
    grouped: dict[int, list[Kept]] = {}
    for citation in citations:
        grouped.setdefault(citation["label"], []).append(citation)
    return dict(sorted(grouped.items()))


def _span(cited: Sequence[Kept]) -> str:
    pages = [citation["page"] for citation in cited if citation["page"] is not None]
    return place(cited[0]["document"], min(pages), max(pages)) if pages else ""


def _at(where: str) -> str:
    return plain("answer.at", where=where) if where else ""


def _said_lines(answer: Kept) -> list[str]:
    """What is said without a source. Of documents that are listed below only the sum is."""
    lines: list[str] = answer["text"].splitlines() or [""]
    listed = answer.get("listed")
    return [line for line in lines if not (listed and line.startswith("- "))]


def _listed(answer: Kept, *, known: set[str]) -> None:
    """The documents that an answer names; a press opens one."""
    with st.container(gap=None):
        for at, each in enumerate(answer.get("listed", ())):
            name, pages = each["document"], each["pages"]
            told = name if pages is None else f"{name} · {extent(name, pages)}"
            there = each["document_id"] in known
            pressed = st.button(
                markdown(told),
                key=f"listed-{answer['id']}-{at}",
                type="tertiary",
                disabled=not there,
                help=label("answer.open_document" if there else "answer.gone"),
            )
            if pressed:
                beginning = {
                    "page": None if pages is None else 1,
                    "start": 0,
                    "end": 0,
                    "quote": "",
                }
                open_place({**each, **beginning})


def _looked_at(answer: Kept) -> None:
    """How much was looked at where nothing was found; earlier versions did not keep the pages."""
    refusal = answer.get("refusal")
    if answer["status"] != "not_found" or not refusal or "pages" not in refusal:
        return
    said = []
    if not (refusal["nowhere"] or refusal["looked_for"]):  # else the answer itself tells it
        counted = refusal["documents"], refusal["passages"]
        said.append(plain("answer.looked_at", n=counted[0], passages=counted[1]))
    if refusal["pages_without_text"]:
        said.append(plain("answer.without_text", n=refusal["pages_without_text"]))
    if said:
        st.html(f'<div class="quire-meta">{html(" ".join(said))}</div>')


def closest(answer: Kept) -> list[Kept]:
    """The passages that come nearest, the first ones first: those with words of the question, and
    of the others those that its reader can be thought to read."""
    asked = languages.detect(answer["question"])
    words = _nearness(answer)

    def far(passage: Kept) -> tuple[bool, bool]:
        has = words.get(passage["label"], {}).get("has")
        return not has, languages.are_apart(asked, languages.detect(passage["text"]))

    return sorted(answer["passages"][:_CLOSEST], key=far)


def _nearness(answer: Kept) -> dict[int, Kept]:
    """By label of a passage, which words of the question it has and lacks."""
    nearest = (answer.get("refusal") or {}).get("nearest", ())
    return {near["label"]: near for near in nearest}


def _closest(answer: Kept) -> None:
    """What comes nearest where nothing was found: its best sentence whole, with what it lacks; all
    else is folded away."""
    passages = closest(answer)
    if not passages or answer["status"] != "not_found":
        return
    first, *others = passages
    words = _nearness(answer)
    near = words.get(first["label"])
    quote = (near or {}).get("quote", "")  # earlier versions kept none
    st.html(f'<div class="quire-heading">{html(plain("answer.nearest"))}</div>')
    _passage(answer, first, near, shown=quote or _cut(first["text"]))
    rest = ([first] if quote and quote != first["text"] else []) + others
    if rest:
        with st.expander(label("answer.closest")):
            for passage in rest:
                if passage is first:
                    st.caption(label("answer.around"))
                    st.html(f'<div class="quire-passage">{html(passage["text"])}</div>')
                else:
                    near = words.get(passage["label"])
                    _passage(answer, passage, near, shown=_cut(passage["text"]))


def _passage(answer: Kept, passage: Kept, near: Kept | None, *, shown: str) -> None:
    """A passage, or what of it is shown, with where it stands and what it lacks."""
    name = passage["document"]
    where = _at(place(name, passage["page_first"], passage["page_last"]))
    st.html(f'<div class="quire-passage">{html(shown)}</div>')
    if found := _found(near):
        st.html(f'<div class="quire-meta">{html(found)}</div>')
    if st.button(
        markdown(f"{name}{where}"),
        key=f"closest-{answer['id']}-{passage['label']}",
        type="tertiary",
        help=label("answer.open"),
    ):
        at = {**passage, "page": passage["page_first"], "quote": passage["text"]}
        if near and near.get("quote"):
            start, quote = near["start"], near["quote"]
            at |= {"start": start, "end": start + len(quote), "quote": quote}
        open_place(at)


def _cut(text: str) -> str:
    return text if len(text) <= _PASSAGE else f"{text[:_PASSAGE].rstrip()} …"


def _found(near: Kept | None) -> str:
    """Which words of the question a passage has, and which it lacks."""
    if near is None:
        return ""
    between = plain("answer.between")
    told = [plain("answer.has", words=between.join(near["has"]))] * bool(near["has"])
    told += [plain("answer.lacks", words=between.join(near["lacks"]))] * bool(near["lacks"])
    return " · ".join(told)


def _seen(answer: Kept, *, known: set[str]) -> None:
    """What the model says that it sees on pages, apart from what was checked."""
    for at, seen in enumerate(answer.get("seen", ())):  # earlier versions showed no pages
        st.html(
            f'<div class="quire-heading">{html(plain("answer.seen"))}</div>'
            f'<div class="quire-passage">{html(seen["text"])}</div>'
        )
        if st.button(
            markdown(where(seen["document"], seen["page"])),
            key=f"seen-{answer['id']}-{at}",
            type="tertiary",
            help=label("answer.open"),
            disabled=seen["document_id"] not in known,
        ):
            open_place({**seen, "start": 0, "end": 0, "quote": ""})


def open_place(cited: Kept) -> None:
    """Open the source beside the chat."""
    state().source = Source(
        document_id=cited["document_id"],
        name=cited["document"],
        page=cited["page"],
        start=cited["start"],
        end=cited["end"],
        quote=cited["quote"],
    )
    st.rerun()


def open_document(document: Document) -> None:
    """Open a document at its beginning."""
    at = {"page": 1 if document.pages else None, "start": 0, "end": 0, "quote": ""}
    open_place({"document_id": document.id, "document": document.name, **at})


def _footer(answer: Kept) -> None:
    took = answer["timings_ms"]["total"] / 1000
    seconds = f"{took:.1f}" if took >= 1 else f"{max(took, 0.01):.2f}"  # quotes take hundredths
    if answer["model"]:
        st.caption(label("answer.by_model", model=answer["model"], seconds=seconds))
    elif answer["status"] == "extractive":
        how = "answer.by_counting" if answer.get("scan") else "answer.by_quotes"
        how = "answer.by_comparing" if answer.get("request") == "compare" else how
        st.caption(label(how, seconds=seconds))
    if answer.get("sent_to"):
        st.caption(label("answer.sent_to", host=answer["sent_to"]))
    for note in answer["notes"]:
        st.caption(markdown(said(note)))

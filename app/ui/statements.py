"""The statements of an answer in their form, each with its mark, as the component draws them.

kept answer -> blocks of lines of cells of nodes (see answer.js)
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quire.conversations import layout
from quire.ui.catalogue import plain

_QUOTES = 4  # shown beside a formula; its operands seldom stand in more

Kept = Mapping[str, Any]
Node = dict[str, Any]


def blocks(answer: Kept) -> list[dict[str, Any]]:
    """The blocks of a kept answer."""
    return _drawn(layout.of(answer), answer["sentences"], answer["citations"])


def blocks_so_far(
    text: str, sentences: Sequence[Kept], citations: Sequence[Kept], *, tail: str
) -> list[dict[str, Any]]:
    """The blocks of an answer on its way: of what was checked, and of the `tail` that was not."""
    if tail:
        start = len(text) + bool(text)
        text += "\n" * bool(text) + tail
        draft = {"support": "draft", "labels": [], "start": start, "end": len(text)}
        sentences = [*sentences, draft]
    places = [(sentence["start"], sentence["end"]) for sentence in sentences]
    return _drawn(layout.laid_out(text, places), sentences, citations)


def _drawn(
    laid: Sequence[layout.Block], sentences: Sequence[Kept], citations: Sequence[Kept]
) -> list[dict[str, Any]]:
    return [
        {
            "kind": block.kind,
            "level": block.level,
            "marker": block.marker,
            "header": block.header,
            "lines": [
                [list(_nodes(cell, sentences, citations)) for cell in line] for line in block.lines
            ],
        }
        for block in laid
    ]


def _nodes(
    cell: layout.Cell, sentences: Sequence[Kept], citations: Sequence[Kept]
) -> Iterator[Node]:
    for run in cell:
        if run.text:
            sentence = None if run.statement is None else sentences[run.statement]
            yield {
                "text": run.text,
                "strong": run.strong,
                "emphasis": run.emphasis,
                "code": run.code,
                "support": "" if sentence is None else _support(sentence),
            }
        for number in run.ends:
            yield from marks(sentences[number], citations)


def _support(sentence: Kept) -> str:
    return sentence["support"] or str(sentence.get("kind"))


def marks(sentence: Kept, citations: Sequence[Kept]) -> Iterator[Node]:
    """What stands behind a statement."""
    support, formula = sentence["support"], sentence.get("formula")
    cited = own(sentence, citations)
    if support == "unsupported":
        yield {"flag": support, "text": plain("answer.not_found")}
    elif support == "draft":
        yield {"flag": support, "text": plain("answer.unchecked")}
    elif support == "superseded":
        yield {
            "flag": support,
            "text": plain("answer.superseded"),
            "told": plain("answer.superseded_by", quote=layout.says(sentence)),
        }
    elif support == "contradicted":
        yield {
            "flag": support,
            "text": plain("answer.contradicted"),
            "told": plain("answer.contradicted_by", quote=layout.says(sentence)),
            "right": plain("answer.right", formula=formula) if formula else "",
        }
    elif support == "computed":
        yield {
            "flag": support,
            "text": "=",
            "about": f"{plain('answer.computed_as')}: {formula}" if formula else "",
            "told": formula or plain("answer.computed"),
            "quotes": [citations[at]["quote"] for at in cited[:_QUOTES]],
        }
    labelled = {citations[at]["label"]: at for at in reversed(cited)}
    for number in sentence["labels"]:
        yield {"ref": f"[{number}]", "citation": labelled[number], "doubt": _is_doubtful(sentence)}


def _is_doubtful(sentence: Kept) -> bool:
    """Whether what a sentence cites is to be looked at, and no proof of it."""
    return sentence["support"] in {"partly", None}


def own(sentence: Kept, citations: Sequence[Kept]) -> list[int]:
    """Where a sentence's citations stand among those of the answer. An answer of an earlier version
    does not tell: then, of each label, the one with the sentence's quote, else the first."""
    if "citations" in sentence:
        return list(sentence["citations"])
    found = []
    for number in sentence["labels"]:
        fitting = [at for at, cited in enumerate(citations) if cited["label"] == number]
        quoted = [at for at in fitting if citations[at]["quote"] == sentence["quote"]]
        found.append((quoted or fitting)[0])
    return found

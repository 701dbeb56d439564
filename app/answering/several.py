"""The answers that several documents have to one question, side by side.

Each document is asked by itself (`quire.search.each`), and what it says is shown under its name.
Where one of them says nothing to it, the answer says so.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from quire.records import Document, Passage, Sentence

_NOTHING = {
    "en": "Nothing was found on that in {names}.",
    "zh": "在{names}中没有找到相关内容。",
}


@dataclass(frozen=True, slots=True)
class Several:
    """What is shown of several documents: sentences with their quotes, the passages that these are
    in, and notes on documents that say nothing to the question."""

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


def beside(
    said: Sequence[tuple[Document, Sequence[Sentence], Sequence[Passage]]],
    *,
    silent: Sequence[Document],
    language: str,
) -> Several:
    """What each document says, one after the other, with the passages labelled anew."""
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    for document, shown, its in said:
        labels: dict[int, int] = {}
        for passage in its:
            labels[passage.label] = len(passages) + 1
            passages.append(dataclasses.replace(passage, label=len(passages) + 1))
        for number, sentence in enumerate(shown):
            cited = tuple(
                dataclasses.replace(each, label=labels[each.label]) for each in sentence.citations
            )
            text = sentence.text if number else f"{document.name}: {sentence.text}"
            kind = sentence.kind if number else "item"
            sentences.append(dataclasses.replace(sentence, text=text, citations=cited, kind=kind))
    names = ", ".join(document.name for document in silent)
    note = _NOTHING["zh" if language == "zh" else "en"].format(names=names)
    return Several(tuple(sentences), tuple(passages), (note,) if silent else ())

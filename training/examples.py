"""The examples of this folder: each statement with the places of its document that decide it.

A document is read as Quire reads any: through its loader, statement by statement. The line numbers
of a pair are those of the file, and are brought to the places that the loader made of them.
"""

import json
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quire import KnowledgeBase, load_settings
from quire.models.fakes import FakeEmbedder
from quire.records import Passage
from quire.verification import premises
from quire.verification.premises import Source

HERE = Path(__file__).parent
TOGETHER = 8  # documents in one knowledge base, as a person's stand beside each other
Split = Literal["train", "development", "test"]
_WHOLE = 300  # chunks of a document
_SAID = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Example:
    """A statement (or a question) and the places that decide it, `gold`, among all of its
    document, `sources`."""

    text: str
    label: str
    kind: str
    document: str
    gold: tuple[Source, ...]
    sources: tuple[Source, ...]

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Those of its document."""
        return tuple({source.passage.label: source.passage for source in self.sources}.values())

    @property
    def split(self) -> Split:
        return split(self.document)


def split(document: str) -> Split:
    """By document: of ten, eight are trained on, one is looked at while choosing, and one is only
    counted at the end."""
    at = zlib.crc32(document.encode()) % 10
    return "train" if at < 8 else "development" if at < 9 else "test"


def together(language: str, *parts: Split) -> list[dict[Path, Path]]:
    """The files of questions about the documents of some parts, each with its document; those of
    one knowledge base together."""
    documents = {each.stem: each for each in (HERE / "documents" / language).iterdir()}
    files = sorted((HERE / "questions" / language).glob("*.jsonl"))
    files = [each for each in files if split(f"{language}/{each.stem}") in parts]
    groups = max(1, round(len(files) / TOGETHER))
    return [{each: documents[each.stem] for each in files[at::groups]} for at in range(groups)]


def read(folder: Literal["pairs", "questions"]) -> list[Example]:
    """All examples of a folder whose documents say something."""
    found: list[Example] = []
    for documents in sorted((HERE / "documents").iterdir()):
        with (
            tempfile.TemporaryDirectory() as at,
            KnowledgeBase.open(
                Path(at), settings=load_settings(model="none"), embedder=FakeEmbedder()
            ) as kb,
        ):
            kb.add(documents)
            with kb._search().snapshot() as snapshot:  # noqa: SLF001  as answers read them
                for document in kb.documents():
                    passages = snapshot.whole(document, most=_WHOLE)
                    found.extend(_of_document(documents / document.name, passages, folder))
    return [example for example in found if example.sources]


def _of_document(path: Path, passages: list[Passage], folder: str) -> Iterator[Example]:
    name = f"{path.parent.name}/{path.stem}"
    pairs = HERE / folder / f"{name}.jsonl"
    if not pairs.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    sources = tuple(premises.sources(passages))
    for line in pairs.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        wanted = [lines[number - 1] for number in row["lines"]]
        yield Example(
            row.get("statement") or row["question"],
            row["label"],
            row["kind"],
            name,
            tuple(source for source in sources if any(_tells(source, line) for line in wanted)),
            sources,
        )


def _tells(source: Source, line: str) -> bool:
    """Whether a place was made of a line of the file, or a line is a part of it."""
    ours, theirs = _SAID.sub("", source.statement.text), _SAID.sub("", line)
    return len(ours) > 1 and len(theirs) > 1 and (ours in theirs or theirs in ours)

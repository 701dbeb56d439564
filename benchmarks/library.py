"""How long the page of documents takes the server with many documents in the knowledge base.

    python benchmarks/library.py                10,000 small documents
    python benchmarks/library.py --documents N --kb FOLDER

The documents are rows of a catalog, each with one passage and a vector by chance, in folders, with
tags and remarks; no file is read for them. The page is run by Streamlit's own driver: the script,
without a browser and a network. Each press is the median of several.
"""

import argparse
import hashlib
import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase, ui
from quire.indexes import documents, filing, tags
from quire.indexes.documents import Location
from quire.indexes.embeddings import EmbeddedChunk
from quire.records import Blocks, Chunk, Pages, PageText, ParsedDocument, Span

_TAGS = ("contract", "draft", "2024", "2025", "letters", "财务")
_ENDINGS = (".pdf", ".docx", ".md", ".txt", ".xlsx")


def fill(folder: Path, count: int) -> None:
    """A knowledge base with so many documents."""
    rng = np.random.default_rng(7)
    with KnowledgeBase.open(folder) as base:
        base.add_upload("first.txt", b"The first document tells of a lamp.")
        width = base.embedder.dimension
        with base._catalog.writing() as connection:  # noqa: SLF001
            for n in range(count - 1):
                _put(connection, n, rng.standard_normal(width).astype(np.float16))


def _put(connection, n, vector) -> None:  # type: ignore[no-untyped-def]
    text = f"Lamp number {n} stands in hall {n % 97}, and its key hangs behind clock {n % 13}."
    pages = Pages.of([PageText(1, text)])
    content_hash = hashlib.sha256(text.encode()).hexdigest()
    remarks = ("page 1 has no text",) * (n % 50 == 0)
    parsed = ParsedDocument(content_hash, "text/plain", f"Lamp {n}", pages, Blocks(), remarks)
    chunk = Chunk(0, parsed.id, 0, text, Span(1, 1, 0, len(text)), (), 20)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    language = "zh" if n % 3 == 0 else "en"
    documents.insert(
        connection, parsed, language=language, chunks=[EmbeddedChunk(chunk, digest, vector)]
    )
    name = f"lamp {n:05}{_ENDINGS[n % len(_ENDINGS)]}"
    path = Path("/made") / f"house {n % 40}" / f"floor {n % 7}" / name
    documents.put_location(connection, Location(path, parsed.id, 1, n * 10**9))
    tags.add(connection, parsed.id, {_TAGS[n % 6], _TAGS[n % 5]})
    if n % 20 == 0:
        filing.put(connection, parsed.id, f"Contracts/{date(2020 + n % 6, 1, 1):%Y}")


def measure(folder: Path) -> dict[str, float]:
    """Seconds of server time: the page for the first time, and after each kind of press."""
    os.environ |= {"QUIRE_KB": str(folder), "QUIRE_MODEL": "none"}
    tab = AppTest.from_file(str(Path(ui.__file__).parent / "main.py"), default_timeout=300)
    tab.run()
    pages = tab._registered_pages  # noqa: SLF001  it knows only pages that are files
    there = next(key for key, each in pages.items() if each["url_pathname"] == "documents")
    tab._page_hash = there  # noqa: SLF001
    found = {"first": _seconds(tab.run)}
    mine = tab.session_state["quire"]

    def pressed(change: Callable[[int], object]) -> float:
        def go(n: int) -> float:
            change(n)
            return _seconds(tab.run)

        return statistics.median(map(go, range(5)))

    found["again"] = pressed(lambda _: None)
    found["sort"] = pressed(lambda n: setattr(mine, "order", ("added", "kind")[n % 2]))
    field = tab.text_input(key="search-documents")
    found["search"] = pressed(lambda n: field.set_value(f"hall {n + 3}"))
    found["mark all"] = pressed(lambda _: mine.checked.update(_ids(folder)))
    if tab.exception:
        raise RuntimeError(tab.exception[0].message)
    return found


def _ids(folder: Path) -> list[str]:
    with KnowledgeBase.open(folder) as base:
        return [document.id for document in base.documents()]


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument(
        "--kb", type=Path, help="a folder that keeps them; else one is made and goes"
    )
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # of Streamlit, that there is no server
    with tempfile.TemporaryDirectory(prefix="quire-") as place:
        folder = given.kb or Path(place) / "kb"
        if not folder.exists():
            fill(folder, given.documents)
        told = {what: round(seconds, 3) for what, seconds in measure(folder).items()}
    print(json.dumps({"documents": given.documents, "load": os.getloadavg()[0], "seconds": told}))


if __name__ == "__main__":
    main()

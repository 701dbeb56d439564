"""How long the browser interface takes to draw a page again, in a full knowledge base.

Usage: python benchmarks/redraw.py [--documents 1000] [--turns 200] [--clicks 20]

Documents are registered with a stand-in for the embedding model, and the turns of one chat are
copies of a real answer; the pages are those of `quire ui`, driven without a browser. What is timed
is the run of the script, from a click to the last element, which the target of 200 ms is about;
a browser then needs some more time to show it.
"""

import argparse
import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase, ui
from quire.conversations.store import new_id
from quire.models.fakes import FakeEmbedder
from quire.models.store import starter


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the redrawing of the interface's pages.")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--clicks", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "kb"
        os.environ |= {"QUIRE_KB": str(folder), "QUIRE_MODEL": "none"}
        chat = fill(folder, documents=given.documents, turns=given.turns)
        tab = AppTest.from_file(str(Path(ui.__file__).parent / "main.py"), default_timeout=120)
        tab.query_params["chat"] = chat
        tab.run()
        timed("chat, last turns", tab.run, given.clicks)
        open_page(tab, "documents")
        timed("documents", tab.run, given.clicks)
        open_page(tab, "settings")
        timed("settings", tab.run, given.clicks)


def fill(folder: Path, *, documents: int, turns: int) -> str:
    """Make a knowledge base; returns the id of its long chat."""
    files = folder.parent / "files"
    files.mkdir()
    for n in range(documents):
        text = f"The lamp number {n} stands in hall {n % 40} of the observatory."
        (files / f"note {n:05}.txt").write_text(text, encoding="utf-8")
    embedder = FakeEmbedder(name=starter.ENGLISH.name)  # the pages only compare the name
    with KnowledgeBase.open(folder, embedder=embedder) as base:
        base.add(files)
        answer = base.ask("Where does lamp number 7 stand?")
        for _ in range(turns - 1):
            base.conversations.add(dataclasses.replace(answer, id=new_id()))
        for _ in range(30):
            base.conversations.add(dataclasses.replace(answer, id=new_id(), conversation=new_id()))
    return answer.conversation


def open_page(tab: AppTest, page: str) -> None:
    # AppTest.switch_page knows only pages that are files
    pages = tab._registered_pages  # noqa: SLF001
    found = next(key for key, info in pages.items() if info["url_pathname"] == page)
    tab._page_hash = found  # noqa: SLF001
    tab.run()


def timed(what: str, act: Callable[[], object], times: int) -> None:
    """Tell how long it takes, and how much of that is work: others may keep the machine busy."""
    taken, worked = [], []
    for _ in range(times):
        began, began_work = time.perf_counter(), time.process_time()
        act()
        taken.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - began_work))
    print(
        f"{what:18} median {statistics.median(taken):5.0f} ms, slowest {max(taken):5.0f} ms; "
        f"processor time: median {statistics.median(worked):5.0f} ms"
    )


if __name__ == "__main__":
    main()

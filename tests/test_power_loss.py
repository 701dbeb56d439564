"""A power loss keeps only what was flushed to the device; every acknowledged document was.

All that SQLite does to the disk is written down. Then, for many moments, the files are put together
as the device may have them at that moment: what was flushed, and of what was not, nothing, zeros,
or a part. From each of these the knowledge base must open, and be as it was after the last
operation that had returned, or after the one under way.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults import watched_disk
from made_documents import state
from parser_here import ParserHere
from quire import KnowledgeBase, load_settings
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

Change = tuple[str, str, int, bytes]  # kind, path, offset, data
Recorded = tuple[list[Change], list[bytes], list[tuple[int, dict[str, Any]]]]
Fate = Callable[[bytes], bytes | None]
"""What became of a write that was not flushed: the bytes that reached the device, or None."""

_FATES: dict[str, Fate] = {
    "dropped": lambda _: None,
    "zeroed": lambda data: bytes(len(data)),
    "cut": lambda data: data[: len(data) // 2],
    "kept": lambda data: data,
}


def opened(folder: Path) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none")
    return KnowledgeBase.open(settings=settings, embedder=FakeEmbedder())


def documents_in(kb: KnowledgeBase) -> dict[str, Any]:
    found = state(kb._catalog)
    return {uri: document for uri, document in found.items() if uri.startswith("/")}


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Recorded:
    """Everything that SQLite does to the disk in the life of a knowledge base, with the ledger as
    it was on the disk by then; and after how many changes each operation had returned, with the
    documents that there were then."""
    folder = tmp_path_factory.mktemp("power")
    files = [folder / f"{number}.md" for number in range(4)]
    changes: list[Change] = []
    ledgers: list[bytes] = []
    ledger = folder / "kb" / "catalog.ledger"
    returned: list[tuple[int, dict[str, Any]]] = [(0, {})]
    with pytest.MonkeyPatch.context() as patch, watched_disk() as disk:
        patch.setattr("quire.indexes.index._STALE_LEAST", 3)
        patch.setattr("quire.ingest.pipeline.ParserPool", ParserHere)

        def record(*change: Any) -> None:
            changes.append(change)
            ledgers.append(ledger.read_bytes() if ledger.exists() else b"")

        disk.on_change = record
        kb = opened(folder / "kb")

        def operate(operation: Callable[[], object]) -> None:
            operation()
            returned.append((len(changes), documents_in(kb)))

        for number, path in enumerate(files):
            path.write_text(f"# File {number}\n\n" + f"Words of file {number}. " * 400)
            operate(lambda path=path: kb.add(path))  # type: ignore[misc]
        files[1].write_text("# File 1\n\nChanged.")
        operate(lambda: kb.add(files[1]))
        operate(lambda: kb.remove("2.md"))
        operate(kb.compact)
        operate(lambda: kb.add_upload("upload.txt", b"An upload."))
        kb.close()
        returned.append((len(changes), returned[-1][1]))
    return changes, ledgers, returned


def survivors(changes: list[Change], folder: Path, fate: Fate) -> None:
    """Put the files into `folder` as the device has them after these changes."""
    last_flush = {path: at for at, (kind, path, _, _) in enumerate(changes) if kind == "sync"}
    contents: dict[str, bytearray] = defaultdict(bytearray)
    for at, (kind, path, offset, data) in enumerate(changes):
        if kind == "delete":
            contents.pop(path, None)
        elif kind == "sync":
            contents[path]  # it is there now
        elif at < last_flush.get(path, -1):
            _apply(contents[path], kind, offset, data)
        elif kind == "write" and (reached := fate(data)) is not None:
            _apply(contents[path], kind, offset, reached)
    folder.mkdir()
    for path, content in contents.items():
        if path and not path.endswith("-shm"):
            (folder / Path(path).name).write_bytes(content)


def _apply(content: bytearray, kind: str, offset: int, data: bytes) -> None:
    if kind == "truncate":
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fate", _FATES)
@pytest.mark.parametrize("moments", [15, pytest.param(10_000, marks=pytest.mark.soak)])
def test_no_acknowledged_document_is_lost(
    recorded: Recorded,
    tmp_path: Path,
    fate: str,
    moments: int,
) -> None:
    changes, ledgers, returned = recorded
    every = range(1, len(changes) + 1)
    chosen = random.Random(fate).sample(every, min(moments, len(changes)))
    for moment in sorted(chosen):
        folder = tmp_path / str(moment)
        survivors(changes[:moment], folder, _FATES[fate])
        if written := ledgers[min(moment, len(changes) - 1)]:
            (folder / "catalog.ledger").write_bytes(written)
        last = max(at for at, (count, _) in enumerate(returned) if count <= moment)
        possible = [documents for _, documents in returned[last : last + 2]]
        with opened(folder) as kb:
            assert documents_in(kb) in possible, f"after {moment} changes"
            assert kb.warnings == ()  # the ledger is never ahead of what the device has
            found = kb.verify()
            assert found in ([], [("SQLite: the ledger is damaged or gone", "catalog.sqlite3")])
            assert not (written and found)
            for name in ("lexical", "dense"):
                kb.search("words of file", mode=name)


def test_the_life_that_is_recorded_is_long_enough(
    recorded: Recorded,
) -> None:
    changes, _, returned = recorded
    assert len(changes) > 100
    assert [len(documents) for _, documents in returned] == [0, 1, 2, 3, 4, 4, 3, 3, 4, 4]
    kinds = {(kind, Path(path).suffix) for kind, path, _, _ in changes}
    assert {("sync", ".sqlite3"), ("sync", ".sqlite3-wal"), ("write", ".sqlite3")} <= kinds

"""The process that is killed: started once, it forks for each job, so that a kill costs no imports.

A job is a line of JSON on standard input: {"kb", "scenario", "kill_at": n or null, "kill_after":
seconds or null, "real_parsers"}. `kill_at` ends the child just before its n-th change of the disk,
where each write, flush, cut, rename and deletion of SQLite and of Quire's own files counts;
`kill_after` ends it after some time, wherever it is. The answer is a line {"status", "changes"}.
What a child has finished it notes in `KB.done`, line by line.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults import Disk, watched_disk
from parser_here import ParserHere
from quire import KnowledgeBase, load_settings
from quire.answering import chain  # noqa: F401  the chain takes long to import
from quire.errors import KnowledgeBaseMismatch
from quire.indexes import index, migrations
from quire.ingest import pipeline, reindexing
from quire.models.fakes import FakeEmbedder

STEP = "CREATE TABLE of_a_later_version (a); INSERT INTO of_a_later_version VALUES (7)"

Note = Callable[[str], None]


def other_embedder() -> FakeEmbedder:
    """The model that a knowledge base is brought over to."""
    return FakeEmbedder(name="other", fingerprint="other", dimension=48)


def opened(kb: Path) -> KnowledgeBase:
    settings = load_settings(kb=kb, model="none")
    try:
        return KnowledgeBase.open(settings=settings, embedder=FakeEmbedder())
    except KnowledgeBaseMismatch as error:
        if "embedding model other" not in error.message:
            raise
        return KnowledgeBase.open(settings=settings, embedder=other_embedder())


def documents_of(kb: Path) -> Path:
    """The folder that a knowledge base is made from."""
    return kb.with_name("files")


def ingest(kb: Path, note: Note) -> None:
    done = 0

    def hear(progress: pipeline.Progress) -> None:
        nonlocal done
        if progress.files_done > done:
            done = progress.files_done
            note(Path(progress.current).name)

    with opened(kb) as base:
        base.add(documents_of(kb), progress=hear)


def change(kb: Path, note: Note) -> None:
    """Every second file says something else."""
    for path in sorted(documents_of(kb).iterdir())[::2]:
        path.write_text(f"# Changed\n\n{path.name} was changed.\n\n# More\n\nSome more.")
    ingest(kb, note)


def remove(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        names = [document.name for document in base.documents()][::2]
        base.remove(names)
        for name in names:
            note(name)


def restore(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        for removed in base.removed():
            note(base.restore(removed.document_id).name)


def compact(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        base.compact()


def repair(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        base.repair()


def reindex(kb: Path, note: Note) -> None:
    """Bring it over to another model, while it goes on answering."""
    with opened(kb) as base:
        base.reindex(other_embedder(), progress=lambda _: base.search("What does file three say?"))
        note("switched")


def chat(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        conversation = None
        for _ in range(4):
            answer = base.ask("What does file three say?", conversation=conversation)
            conversation = answer.conversation
            note(answer.id)


def upload(kb: Path, note: Note) -> None:
    with opened(kb) as base:
        for number in range(3):
            base.add_upload(f"upload{number}.txt", f"Upload {number} has words.".encode())
            note(f"upload{number}.txt")


def upgrade(kb: Path, note: Note) -> None:
    """Open with a version that knows one more step."""
    migrations._STEPS = (*migrations._STEPS, STEP)
    opened(kb).close()


SCENARIOS: dict[str, Callable[[Path, Note], None]] = {
    scenario.__name__: scenario
    for scenario in (
        ingest,
        change,
        remove,
        restore,
        compact,
        repair,
        reindex,
        chat,
        upload,
        upgrade,
    )
}


def run(job: dict[str, Any]) -> int:
    """In the child: the scenario, with every change of the disk counted; returns how many."""
    kb = Path(job["kb"])
    done = os.open(kb.with_suffix(".done"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    pipeline._GROUP = 1  # each document is embedded and committed by itself
    reindexing._BATCH = 3
    index._STALE_LEAST = 4  # snapshots are written often
    if not job["real_parsers"]:
        pipeline.ParserPool = ParserHere
    with watched_disk() as disk:

        def look(*_: object) -> None:
            if disk.writes == job["kill_at"]:
                os.kill(os.getpid(), signal.SIGKILL)

        disk.on_change = look
        _watch_own_files(disk)
        SCENARIOS[job["scenario"]](kb, lambda text: os.write(done, f"{text}\n".encode()))
    return disk.writes


def _watch_own_files(disk: Disk) -> None:
    """Count what Python does to the disk, each file of a folder that is deleted by itself."""

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            disk.change(function.__name__, "", 0)
            return function(*arguments, **options)

        return counting

    for name in ("fsync", "fdatasync", "replace", "rename", "link", "unlink", "mkdir", "rmdir"):
        setattr(os, name, watched(getattr(os, name)))
    Path.touch = watched(Path.touch)  # type: ignore[method-assign]


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, str(run(job)).encode())
            os._exit(0)
        os.close(writing)
        if job["kill_after"] is not None:
            time.sleep(job["kill_after"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        changes = os.read(reading, 100).decode()
        os.close(reading)
        print(json.dumps({"status": status, "changes": int(changes or 0)}), flush=True)


if __name__ == "__main__":
    main()

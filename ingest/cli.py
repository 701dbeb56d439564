"""`quire ingest`: progress on standard error, the report on standard output."""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quire import output
from quire.config import Settings, load_settings
from quire.errors import QuireError
from quire.indexes.catalog import is_there
from quire.ingest.discover import discover
from quire.ingest.report import IngestReport, Progress
from quire.knowledge_base import CATALOG, KnowledgeBase

_PATIENCE = 3.0  # seconds given to a batch, or to a parser, to come to an end
_REDRAW = 0.2  # seconds between two states of the progress line


def run(paths: list[Path], *, kb: Path | None, as_json: bool, **options: Any) -> int:
    """Ingest, print, and return the exit code: 0 done, 1 stopped, 3 with failed files."""
    discover(paths)  # raises for a path that does not exist, before a folder is made
    line = _ProgressLine()
    settings = load_settings(kb=kb)
    dry_run = options.get("dry_run", False)
    with _opened(settings, dry_run=dry_run) as base, _stopped_by_signal(as_json=as_json) as cancel:
        report = base.add(paths, progress=line.show, cancel=cancel, **options)
        line.clear()
    if as_json:
        output.print_json(report.to_dict())
    else:
        output.print_text(*_lines(report, settings.kb))
    if report.cancelled:
        return 1
    return 3 if report.failed else 0


@contextmanager
def _opened(settings: Settings, *, dry_run: bool) -> Iterator[KnowledgeBase]:
    """The knowledge base, made where there is none. A dry run makes none and counts on an empty
    one that is gone again afterwards."""
    with contextlib.ExitStack() as stack:
        folder = settings.kb
        if dry_run and not is_there(folder / CATALOG):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(KnowledgeBase.open(folder, settings=settings))


@contextmanager
def _stopped_by_signal(*, as_json: bool) -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that what was taken in is reported. A second one
    does what it always does, and so does waiting: loading a model cannot be interrupted, and
    nothing is lost by ending in the middle of it."""
    cancel = threading.Event()
    patience = threading.Timer(_PATIENCE, _leave, kwargs={"as_json": as_json})
    patience.daemon = True
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        cancel.set()
        restore()
        patience.start()

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield cancel
    finally:
        patience.cancel()
        restore()


def _leave(*, as_json: bool) -> None:
    said = QuireError("Stopped.", hint="What was taken in stays; run the same command again.")
    output.print_error(said, as_json=as_json)
    sys.stdout.flush()
    os._exit(1)


def _lines(report: IngestReport, folder: Path) -> Iterator[str]:
    counts = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": len(report.skipped),
        "failed": len(report.failed),
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no files"
    yield f"{folder}: {said}; {report.chunks} chunks in {report.seconds:.1f} s"
    for refusal in report.skipped:
        yield f"  skipped  {refusal.path}: {refusal.reason}. {refusal.hint}".rstrip(" .")
    for refusal in report.failed:
        yield f"  FAILED   {refusal.path}: {refusal.reason}. {refusal.hint}".rstrip(" .")
    for warning in report.warnings:
        yield f"  note     {warning}"
    if report.cancelled:
        yield "Stopped. What was taken in stays; run the same command again for the rest."


class _ProgressLine:
    """One line on a terminal, redrawn in place; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._drawn = 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self._live or now - self._drawn < _REDRAW:
            return
        self._drawn = now
        left = "" if progress.remaining is None else f", {_duration(progress.remaining)} left"
        text = (
            f"{progress.files_done}/{progress.files_total} files, {progress.pages} pages, "
            f"{progress.chunks} chunks, {progress.rate:.0f} a second{left}"
            f"  {Path(progress.current).name}"
        )
        sys.stderr.write(f"\r\x1b[2K{text[:100]}")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

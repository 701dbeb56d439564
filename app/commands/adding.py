"""`quire ingest`: progress on standard error, the report on standard output."""

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quire.commands import output
from quire.commands.shared import warned
from quire.commands.terminal import ProgressLine, duration, stopped_by_signal
from quire.config import Settings, load_settings
from quire.indexes.catalog import is_there
from quire.indexes.folder.names import CATALOG
from quire.ingest.discover import discover
from quire.ingest.report import IngestReport, Progress
from quire.knowledge_base import KnowledgeBase

_AGAIN = "What was taken in stays; run the same command again."


def run(paths: list[Path], *, kb: Path | None, as_json: bool, **options: Any) -> int:
    """Ingest, print, and return the exit code: 0 done, 1 stopped, 3 with failed files."""
    discover(paths)  # raises for a path that does not exist, before a folder is made
    line = ProgressLine()
    settings = load_settings(kb=kb)
    dry_run = options.get("dry_run", False)
    with (
        _opened(settings, dry_run=dry_run) as base,
        warned(base),
        stopped_by_signal(as_json=as_json, hint=_AGAIN) as cancel,
    ):
        warnings = [warning.message for warning in base.warnings]
        report = base.add(paths, progress=lambda p: line.show(_told(p)), cancel=cancel, **options)
        line.clear()
    if as_json:
        said = report.to_dict()
        output.print_json({**said, "warnings": [*warnings, *said["warnings"]]})
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


def _told(progress: Progress) -> str:
    left = "" if progress.remaining is None else f", {duration(progress.remaining)} left"
    if progress.to_read:
        page = min(progress.read + 1, progress.to_read)
        name = Path(progress.current).name
        return f"reading page {page} of {progress.to_read}{left}  {name}"
    return (
        f"{progress.files_done}/{progress.files_total} files, {progress.pages} pages, "
        f"{progress.chunks} chunks, {progress.rate:.0f} a second{left}"
        f"  {Path(progress.current).name}"
    )

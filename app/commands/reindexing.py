"""The command that brings a knowledge base over to another embedding model, or another version."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app, warned
from quire.commands.terminal import ProgressLine, duration, stopped_by_signal
from quire.errors import UsageError

if TYPE_CHECKING:
    from quire.ingest.reindexing import ReindexProgress, ReindexReport
    from quire.ingest.report import Progress
    from quire.knowledge_base import KnowledgeBase

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_AGAIN = "What is embedded stays; run the same command again for the rest."


@app.command(epilog="Example: quire reindex --embedder granite-embedding-97m-multilingual-r2")
def reindex(
    embedder: Annotated[
        str | None,
        typer.Option("--embedder", metavar="NAME", help="A name from `quire models list`, a path."),
    ] = None,
    read: Annotated[
        bool,
        typer.Option("--read", help="Read the files again that another version of Quire has read."),
    ] = False,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Embed all documents anew with another embedding model.

    The old vectors answer until all new ones are there; then they are exchanged at once. Ctrl-C
    keeps what is done, and the same command goes on. With --read, the files are read anew instead,
    and each document answers as it was until it is replaced.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    if read == (embedder is not None):
        raise UsageError(
            "Either --embedder or --read says what is to be done.",
            hint="Name a model with --embedder, or have the files read again with --read.",
        )
    settings, line = load_settings(), ProgressLine()
    with (
        KnowledgeBase.open(kb, create=False, settings=settings, as_made=True) as base,
        warned(base),
        stopped_by_signal(as_json=json, hint=_AGAIN) as cancel,
    ):
        if embedder is None:
            return _read_again(base, line, cancel=cancel, json=json)
        try:
            report = base.reindex(embedder, progress=lambda p: line.show(_told(p)), cancel=cancel)
        finally:
            line.clear()
        folder = base.folder
    if json:
        output.print_json(report.to_dict())
    else:
        output.print_text(*_lines(report, folder))
        if "embedder" in settings.model_fields_set and not report.cancelled:
            output.print_text(f"Choose it for good, if it is not: quire models use {embedder}")
    return 1 if report.cancelled else 0


def _read_again(
    base: "KnowledgeBase", line: ProgressLine, *, cancel: threading.Event, json: bool
) -> int:
    def show(progress: "Progress") -> None:
        line.show(f"{progress.files_done}/{progress.files_total} files: {progress.current}")

    try:
        report = base.read_again(progress=show, cancel=cancel)
    finally:
        line.clear()
    if json:
        output.print_json(report.to_dict())
        return 1 if report.cancelled else 0
    output.print_text(f"{report.read} documents read again in {duration(report.seconds)}")
    if report.cancelled:
        output.print_text("Stopped. Run the same command again for the rest.")
        return 1
    for name in report.left:
        output.print_text(
            f"  {name} stays as it was: its file is gone or cannot be read, or OCR has read it"
        )
    return 0


def _lines(report: "ReindexReport", folder: Path) -> list[str]:
    from quire.models.reading import can_read  # noqa: PLC0415  NumPy

    lines = [
        f"{folder}: {report.embedded} of {report.chunks} chunks embedded with {report.embedder} "
        f"in {duration(report.seconds)}"
    ]
    if report.cancelled:
        return [*lines, f"Stopped. {_AGAIN} The old model answers until then."]
    for language in report.reading:
        read = can_read(report.reading, language)
        understood = "is found by meaning" if read else "is found by its words alone"
        lines.append(f"  {_LANGUAGES[language]} {understood}")
    if report.in_parts:
        lines.append(
            f"  {report.in_parts} chunks are longer than the model reads; each was embedded in "
            "parts. Ingesting the files into a new knowledge base cuts them to fit."
        )
    return lines


def _told(progress: "ReindexProgress") -> str:
    left = "" if progress.remaining is None else f", {duration(progress.remaining)} left"
    return f"{progress.done}/{progress.total} chunks{left}"

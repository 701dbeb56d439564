"""The command that measures search and answers."""

import hashlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app
from quire.errors import UsageError

if TYPE_CHECKING:
    from quire.config import Settings
    from quire.evaluation.datasets import Dataset
    from quire.evaluation.results import Evaluation
    from quire.ingest.report import IngestReport
    from quire.knowledge_base import KnowledgeBase

_REDRAW = 0.2  # seconds between two states of the progress line


@app.command("eval", epilog="Example: quire eval my-questions/ --what retrieval")
def evaluate(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder with documents/ and questions.jsonl.")
    ],
    what: Annotated[
        Literal["retrieval", "answers", "all"], typer.Option("--what", help="What to measure.")
    ] = "all",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first so many questions.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="An earlier --json to compare with."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write an HTML page with plots as well."),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Measure search and answers on questions whose answers are known.

    The set's documents go into a knowledge base of their own, in the cache unless --kb names one.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.evaluation import comparison, datasets, pages, tables  # noqa: PLC0415

    loaded = datasets.load(dataset)
    earlier = None
    if baseline is not None:
        earlier = comparison.load_baseline(baseline, dataset=loaded.first(limit))
    if report is not None:
        _require_place(report)
    result = _measured(loaded, load_settings(), kb=kb, what=what, limit=limit).to_dict()
    compared = None
    if baseline is not None and earlier is not None:
        compared = comparison.compare(earlier, result, name=baseline.name)
    if report is not None:
        _write(report, pages.page(result, compared))
    if json:
        output.print_json(result | ({"comparison": compared} if compared else {}))
        return
    output.print_text(*tables.evaluation_lines(result))
    if compared is not None:
        output.print_text(*tables.comparison_lines(compared))


def _measured(
    dataset: "Dataset",
    settings: "Settings",
    *,
    kb: Path | None,
    what: Literal["retrieval", "answers", "all"],
    limit: int | None,
) -> "Evaluation":
    from quire.evaluation import runner  # noqa: PLC0415
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    line = _ProgressLine()
    folder = kb or settings.cache / "evaluation" / _key(dataset, settings)
    with KnowledgeBase.open(folder, settings=settings) as base:
        taken_in = base.add(
            dataset.documents,
            sync=True,
            progress=lambda p: line.show("documents", p.files_done, p.files_total, p.remaining),
        )
        line.clear()
        began = time.monotonic()

        def asked(done: int, total: int) -> None:
            left = (time.monotonic() - began) / done * (total - done)
            line.show("questions", done, total, left)

        result = runner.run(
            base, dataset, what=what, limit=limit, notes=_refused(taken_in, base), progress=asked
        )
        line.clear()
    return result


def _key(dataset: "Dataset", settings: "Settings") -> str:
    """The folder of a set's knowledge base: another one for another set of the same name, and for
    what a knowledge base cannot change."""
    from quire.ingest import chunking  # noqa: PLC0415
    from quire.models import opening  # noqa: PLC0415
    from quire.text import analysis  # noqa: PLC0415

    made_with = (opening.embedder_name(settings), chunking.VERSION, analysis.VERSION)
    told = repr((str(dataset.documents.resolve()), *made_with))
    return f"{dataset.name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def _refused(report: "IngestReport", base: "KnowledgeBase") -> tuple[str, ...]:
    """What of the documents is not in the knowledge base. A second copy of one is."""
    known = {document.content_hash for document in base.documents()}
    return tuple(
        f"{refusal.path} was not taken in: {refusal.reason}."
        for refusal in (*report.failed, *report.skipped)
        if not Path(refusal.path).is_file() or _hash(Path(refusal.path)) not in known
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_place(path: Path) -> None:
    """Refuse a place for the report before the work, not after it."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(
            f"{path} cannot be written: " + ("it is a folder." if path.is_dir() else "no folder."),
            hint="Name a file in a folder that exists, such as --report report.html",
        )


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


class _ProgressLine:
    """One line on a terminal, redrawn in place; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._drawn = 0.0

    def show(self, what: str, done: int, total: int, seconds: float | None) -> None:
        now = time.monotonic()
        if self._live and now - self._drawn >= _REDRAW:
            self._drawn = now
            left = "" if seconds is None else f", {_duration(seconds)} left"
            sys.stderr.write(f"\r\x1b[2K{done}/{total} {what}{left}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

"""The command that holds a text against the documents."""

import json as json_module
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from quire.checked import ORDER, CheckedStatement, CheckedText
from quire.commands import output
from quire.commands.shared import (
    Dates,
    File,
    Folder,
    Json,
    Kb,
    Language,
    Since,
    Tag,
    Until,
    app,
    opened,
    scope_of,
)
from quire.commands.terminal import ProgressLine, stopped_by_signal
from quire.errors import UsageError

FAILED = 4
"""The exit code of `--strict` where a statement is contradicted, not found or not looked at."""

_QUOTES = 3  # shown under a statement


@app.command(epilog="Example: quire check report.docx --strict")
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text, or - for standard input.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 4 if a statement is contradicted or not found."),
    ] = False,
    to: Annotated[
        str | None,
        typer.Option("--output", metavar="REPORT", help="Write a .html, .docx or .json file."),
    ] = None,
    password: Annotated[
        str | None, typer.Option("--password", metavar="TEXT", help="Opens an encrypted file.")
    ] = None,
    among: File = None,
    folder: Folder = None,
    since: Since = None,
    until: Until = None,
    dates: Dates = "modified",
    language: Language = None,
    tag: Tag = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Hold a text against the documents, statement by statement: a report, a draft, an answer."""
    scope = scope_of(among, folder, since, until, dates, language, tag)
    report = _report(to, of=file) if to is not None else None
    line = ProgressLine()

    def show(done: int, of: int) -> None:
        line.show(f"{done} of {of} statements checked")

    hint = "Nothing was written."
    with opened(kb) as base, stopped_by_signal(as_json=json, hint=hint) as cancel:
        if file == "-":
            found = base.check(sys.stdin.read(), scope=scope, progress=show, cancel=cancel)
        else:
            found = base.check_file(
                Path(file), scope=scope, password=password, progress=show, cancel=cancel
            )
        line.clear()
    if to is not None and report is not None:
        output.write_file(Path(to), report(found))
    if json:
        output.print_json(found.to_dict())
    else:
        output.print_text(*_lines(found))
    if strict and not found.holds:
        raise typer.Exit(FAILED)


def _report(to: str, *, of: str) -> Callable[[CheckedText], bytes]:
    """What writes a report of this name. Raises UsageError before anything is checked."""
    reports = {".html": _html, ".htm": _html, ".docx": _docx, ".json": _json}
    write = reports.get(Path(to).suffix.lower())
    if write is None:
        raise UsageError(
            f"A report cannot be written as {to}.", hint="Name it .html, .docx or .json."
        )
    if not Path(to).expanduser().absolute().parent.is_dir():
        raise UsageError(
            f"{to} cannot be written: there is no such folder.", hint="Make the folder first."
        )
    if of != "-" and Path(to).exists() and Path(of).exists() and Path(to).samefile(of):
        raise UsageError(f"{to} is the text itself.", hint="Give the report another name.")
    return write


def _html(found: CheckedText) -> bytes:
    from quire.reports import webpage  # noqa: PLC0415  keeps --help fast

    return webpage.page(found).encode()


def _docx(found: CheckedText) -> bytes:
    from quire.reports import word  # noqa: PLC0415  keeps --help fast

    return word.file(found)


def _json(found: CheckedText) -> bytes:
    return (json_module.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n").encode()


def _lines(found: CheckedText) -> Iterator[str]:
    """The overview, then each statement under its verdict, what needs a look first."""
    from quire.reports.wording import ENGLISH  # noqa: PLC0415  keeps --help fast

    counts = found.counts
    told = ", ".join(f"{counts[support]} {ENGLISH.verdicts[support]}" for support in ORDER)
    yield f"{len(found.judged)} statements: {told}."
    searched = found.searched
    where = f" {searched.scope}" if searched.scope else ""
    yield (
        f"Held against {searched.documents:,} documents{where} ({searched.passages:,} passages; "
        f"{searched.pages:,} pages, {searched.pages_without_text:,} of them without text)."
    )
    for support in ORDER:
        some = [one for one in found.judged if one.support == support]
        if not some:
            continue
        yield ""
        yield f"{ENGLISH.verdicts[support].upper()} ({len(some)})"
        for one in some:
            yield from _statement_lines(one)
    for note in found.notes:
        yield f"Note: {note}"


def _statement_lines(one: CheckedStatement) -> Iterator[str]:
    where = f"page {one.page}: " if one.page is not None else ""
    yield f"- {where}{output.shown(one.text)}"
    if one.sentence.formula:
        yield f"    {output.shown(one.sentence.formula)}"
    for citation in one.citations[:_QUOTES]:
        at = output.place(citation.document, citation.page)
        yield f"    {at}: “{output.shown(citation.quote, most=300)}”"
    if one.nowhere:
        yield f"    in no document: {output.shown(', '.join(one.nowhere))}"
    if one.support == "unsupported":
        for passage in one.nearest:
            at = output.place(passage.document, passage.span.page_first)
            yield f"    nearest: {at}: {output.shown(passage.text, most=120)}"

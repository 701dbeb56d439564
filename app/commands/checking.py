"""The command that holds a text against the documents."""

import sys
from collections.abc import Iterator
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

FAILED = 4
"""The exit code of `--strict` where a statement is contradicted, not found or not looked at."""

_QUOTES = 3  # shown under a statement
_WORDS = {
    "contradicted": "contradicted",
    "unsupported": "not found",
    "partly": "partly, or in other words",
    "computed": "computed",
    "supported": "supported",
}


@app.command(epilog="Example: quire check report.docx --strict")
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text, or - for standard input.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 4 if a statement is contradicted or not found."),
    ] = False,
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
    if json:
        output.print_json(found.to_dict())
    else:
        output.print_text(*_lines(found))
    if strict and not found.holds:
        raise typer.Exit(FAILED)


def _lines(found: CheckedText) -> Iterator[str]:
    """The overview, then each statement under its verdict, what needs a look first."""
    counts = found.counts
    told = ", ".join(f"{counts[support]} {_WORDS[support]}" for support in ORDER)
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
        yield f"{_WORDS[support].upper()} ({len(some)})"
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

"""Commands that search and answer."""

import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quire.commands import output
from quire.commands.shared import (
    Dates,
    File,
    Folder,
    Json,
    Kb,
    Language,
    Model,
    Since,
    Tag,
    Until,
    app,
    opened,
    scope_of,
)

if TYPE_CHECKING:
    from quire.knowledge_base import KnowledgeBase


@app.command(epilog="Example: quire search 'notice period' -k 5")
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 8,
    mode: Annotated[
        Literal["hybrid", "dense", "lexical"], typer.Option("--mode", help="Which index to ask.")
    ] = "hybrid",
    why: Annotated[
        str | None,
        typer.Option("--why", metavar="FILE[:PAGE]", help="Tell why this is found, or is not."),
    ] = None,
    file: File = None,
    folder: Folder = None,
    since: Since = None,
    until: Until = None,
    dates: Dates = "modified",
    language: Language = None,
    tag: Tag = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Find the chunks that fit a text best."""
    scope = scope_of(file, folder, since, until, dates, language, tag)
    with opened(kb) as base:
        if why:
            document, page = _document_and_page(base, why)
            found = base.explain(text, document, page=page, k=k, mode=mode, scope=scope)
            if json:
                output.print_json(found.to_dict())
            else:
                output.print_text(*(step.text for step in found.steps))
            return
        began = time.perf_counter()
        hits = base.search(text, k=k, mode=mode, scope=scope)
        elapsed = (time.perf_counter() - began) * 1000
    if json:
        output.print_json(
            {
                "hits": [hit.to_dict() for hit in hits],
                "timings_ms": {"total": round(elapsed, 1)},
            }
        )
        return
    for hit in hits:
        output.print_text(*output.hit_lines(hit))
    if not hits:
        output.print_text("Nothing was found.")


@app.command(epilog="Example: quire ask 'When does the lease end?'")
def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The question.")],
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="ID", help="Continue this one.")
    ] = None,
    model: Model = None,
    agent: Annotated[
        bool,
        typer.Option("--agent", help="Let the model look things up by itself; steps are told."),
    ] = False,
    look: Annotated[
        bool,
        typer.Option("--look", help="Show the pages that were found to a model that takes some."),
    ] = False,
    max_risk: Annotated[
        float | None,
        typer.Option(
            "--max-risk", metavar="R", help="Bear this share of wrong answers, such as 0.25."
        ),
    ] = None,
    file: File = None,
    folder: Folder = None,
    since: Since = None,
    until: Until = None,
    dates: Dates = "modified",
    language: Language = None,
    tag: Tag = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Answer a question from the documents, each sentence with its page."""
    scope = scope_of(file, folder, since, until, dates, language, tag)
    with opened(kb, model=model) as base:
        if conversation is not None:
            conversation = base.conversations.find(conversation).id
        answer = base.ask(
            text,
            conversation=conversation,
            scope=scope,
            max_risk=max_risk,
            agent=agent,
            look=look,
            on_step=output.print_step,
        )
    if json:
        output.print_json(answer.to_dict())
    else:
        output.print_text(*output.answer_lines(answer))


def _document_and_page(base: "KnowledgeBase", reference: str) -> tuple[str, int | None]:
    """The parts of FILE:PAGE, unless there is a document that is called so altogether."""
    document, _, page = reference.rpartition(":")
    if document and page.isascii() and page.isdigit() and not base.has_document(reference):
        return document, int(page)
    return reference, None

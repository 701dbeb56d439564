"""Commands about the documents of a knowledge base."""

from pathlib import Path
from typing import Annotated

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app, opened


@app.command(epilog="Example: quire ingest ~/contracts --sync")
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders.")],
    sync: Annotated[
        bool, typer.Option("--sync", help="Forget files under PATH that are gone from the disk.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=64, help="Parser processes; by cores unless given."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be done.")
    ] = False,
    verify_content: Annotated[
        bool, typer.Option("--verify-content", help="Read files even if size and time are equal.")
    ] = False,
    password: Annotated[
        str | None, typer.Option("--password", help="Opens encrypted files; kept nowhere.")
    ] = None,
    ocr: Annotated[
        bool | None,
        typer.Option("--ocr/--no-ocr", help="Read pages that are pictures; by the settings."),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Take files and folders into the knowledge base; makes it where there is none."""
    from quire.commands import adding as ingesting  # noqa: PLC0415  keeps --help fast

    return ingesting.run(
        paths,
        kb=kb,
        as_json=json,
        sync=sync,
        jobs=jobs,
        dry_run=dry_run,
        verify_content=verify_content,
        password=password,
        ocr=ocr,
    )


@app.command("list", epilog="Example: quire list --json")
def list_documents(kb: Kb = None, json: Json = False) -> None:
    """List the documents."""
    with opened(kb) as base:
        documents = base.documents()
    if json:
        output.print_json({"documents": [document.to_dict() for document in documents]})
        return
    for document in documents:
        pages = f"{document.pages} pages" if document.pages else document.media_type
        tags = "".join(f"  #{tag}" for tag in document.tags)
        output.print_text(
            f"{document.id}  {document.name}  ({pages}, {document.chunks} chunks){tags}"
        )
    output.print_text(f"{len(documents)} documents")


@app.command(epilog="Example: quire stats --json")
def stats(kb: Kb = None, json: Json = False) -> None:
    """Count what the knowledge base holds, and what it was asked on each day."""
    with opened(kb) as base:
        holds, days = base.holdings(), base.conversations.days()
    if json:
        asked = [day.to_dict() for day in days]
        output.print_json({"holdings": holds.to_dict(), "days": asked})
        return
    languages = ", ".join(f"{code} {n}" for code, n in holds.languages.items())
    output.print_text(
        f"{holds.documents} documents ({languages or 'none'}), {holds.with_remarks} not read whole",
        f"{holds.pages} pages, {holds.unread_pages} without text; {holds.passages} passages",
        *(
            f"{day.day}  {day.asked} asked: {day.written} written, {day.quotes} quotes, "
            f"{day.refused} refused, {day.itself} about Quire itself; judged good {day.good}, "
            f"bad {day.bad}"
            for day in days
        ),
    )


@app.command(epilog="Example: quire show lease.pdf")
def show(
    document: Annotated[str, typer.Argument(metavar="DOC", help="Name, path or start of an id.")],
    text: Annotated[bool, typer.Option("--text", help="Print the text that was read.")] = False,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Show what is known about a document, and what of it will never be found."""
    with opened(kb) as base:
        found = base.document(document)
        pages = base.pages(found) if text else ()
    if json:
        shown = [{"number": page.number, "text": page.text} for page in pages]
        output.print_json(found.to_dict() | ({"text": shown} if text else {}))
        return
    output.print_text(
        found.name,
        f"  title     {found.title}",
        f"  path      {found.uri}",
        f"  id        {found.id}",
        f"  format    {found.media_type}, language {found.language}",
        f"  pages     {found.pages or 'none'}",
        f"  chunks    {found.chunks}",
        f"  added     {found.added_at}",
        f"  modified  {found.modified}",
        f"  folder    {found.folder or 'none'}",
        f"  tags      {', '.join(found.tags) or 'none'}",
        *(f"  warning   {warning}" for warning in found.warnings),
    )
    for page in pages:
        output.print_text("", f"--- page {page.number} ---" if page.number else "---", page.text)


@app.command(epilog="Example: quire remove lease.pdf")
def remove(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOC…", help="Names, paths or starts of ids.")
    ],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Remove documents from the knowledge base; the files themselves stay."""
    with opened(kb) as base:
        removed = base.remove(documents)
    if json:
        output.print_json({"removed": [document.to_dict() for document in removed]})
    else:
        output.print_text(*(f"Removed {document.name} ({document.id})" for document in removed))


@app.command(epilog="Example: quire tag lease.pdf --add contract --remove draft")
def tag(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOC…", help="Names, paths or starts of ids.")
    ],
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="TAG", help="Give this tag.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="TAG", help="Take this tag away.")
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Give documents tags, by which searches can be confined to them."""
    with opened(kb) as base:
        tagged = base.tag(documents, add=add or (), remove=remove or ())
    if json:
        output.print_json({"documents": [document.to_dict() for document in tagged]})
        return
    for document in tagged:
        output.print_text(
            f"{document.name} ({document.id}): {', '.join(document.tags) or 'no tag'}"
        )


@app.command(epilog="Example: quire move lease.pdf --to Contracts/2024")
def move(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOC…", help="Names, paths or starts of ids.")
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="FOLDER", help='"" is the folder of the file itself.')
    ],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Put documents into a folder of the library; the files themselves stay."""
    with opened(kb) as base:
        moved = base.move(documents, to)
    if json:
        output.print_json({"documents": [document.to_dict() for document in moved]})
        return
    for document in moved:
        output.print_text(f"{document.name} ({document.id}): {document.folder or 'no folder'}")


@app.command(epilog="Example: quire compact")
def compact(kb: Kb = None, json: Json = False) -> None:
    """Overwrite what was deleted and give its space back."""
    with opened(kb) as base:
        before = _size(base.folder)
        base.compact()
        after = _size(base.folder)
    if json:
        output.print_json({"bytes_before": before, "bytes_after": after})
    else:
        output.print_text(f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB now")


@app.command(epilog="Example: quire verify --repair")
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the search indexes anew from the texts.")
    ] = False,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Check that catalog, lexical rows and vectors agree."""
    with opened(kb) as base:
        if repair:
            base.repair()
        problems = base.verify()
    if json:
        rows = [{"what": what, "where": where} for what, where in problems]
        output.print_json({"ok": not problems, "problems": rows})
    elif problems:
        output.print_text(*(f"{where}: {what}" for what, where in problems))
        output.print_text("Put the indexes right with: quire verify --repair")
    else:
        output.print_text("All is well: catalog, lexical rows and vectors agree.")
    return 1 if problems else 0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

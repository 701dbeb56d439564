"""The command line: parse, one call, print.

With --json standard output holds exactly one JSON document, and an error is
`{"error": {"code", "message", "hint"}}`. Exit codes: 0 done, 1 error, 2 usage, 3 finished with
failed files.
"""

from quire.models.openmp import wait_passively

wait_passively()  # before anything loads torch or llama.cpp

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from quire import __version__, output
from quire.errors import QuireError, UsageError

if TYPE_CHECKING:
    from quire.knowledge_base import KnowledgeBase

app = typer.Typer(
    name="quire",
    help="A private knowledge base that answers from your own documents, with the page of each "
    "sentence.\n\nBegin with: quire ingest YOUR_FOLDER, then: quire ask 'YOUR QUESTION'",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Kb = Annotated[
    Path | None,
    typer.Option("--kb", metavar="PATH", help="Folder of the knowledge base (or QUIRE_KB)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_CannotParse: type[Exception] = typer.BadParameter.__mro__[1]  # any wrong usage of a command


def main() -> None:
    """The console script `quire`."""
    as_json = "--json" in sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 must not end the program
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except _CannotParse as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "quire")
        usage = UsageError(_said(error), hint=f"See: {command} --help")
        output.print_error(usage, as_json=as_json)
        sys.exit(2)
    except QuireError as error:
        output.print_error(error, as_json=as_json)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except (KeyboardInterrupt, typer.Abort):
        output.print_error(QuireError("Stopped."), as_json=as_json)
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe has left
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def opened(kb: Path | None, **settings: Any) -> Iterator["KnowledgeBase"]:
    """The knowledge base that a command names; it must exist."""
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    with KnowledgeBase.open(kb, create=False, settings=load_settings(**settings)) as base:
        yield base


@app.command(epilog="Example: quire ingest ~/contracts --sync")
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders.")],
    sync: Annotated[
        bool, typer.Option("--sync", help="Forget files under PATH that are gone from the disk.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Parser processes.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be done.")
    ] = False,
    verify_content: Annotated[
        bool, typer.Option("--verify-content", help="Read files even if size and time are equal.")
    ] = False,
    password: Annotated[
        str | None, typer.Option("--password", help="Opens encrypted files; kept nowhere.")
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Take files and folders into the knowledge base; makes it where there is none."""
    from quire.ingest import cli as ingesting  # noqa: PLC0415  keeps --help fast

    return ingesting.run(
        paths,
        kb=kb,
        as_json=json,
        sync=sync,
        jobs=jobs,
        dry_run=dry_run,
        verify_content=verify_content,
        password=password,
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
        output.print_text(f"{document.id}  {document.name}  ({pages}, {document.chunks} chunks)")
    output.print_text(f"{len(documents)} documents")


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


@app.command(epilog="Example: quire search 'notice period' -k 5")
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 8,
    mode: Annotated[
        Literal["hybrid", "dense", "lexical"], typer.Option("--mode", help="Which index to ask.")
    ] = "hybrid",
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Find the chunks that fit a text best."""
    with opened(kb) as base:
        began = time.perf_counter()
        hits = base.search(text, k=k, mode=mode)
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
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="starter, none, or the path of a GGUF file."),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Answer a question from the documents, each sentence with its page."""
    with opened(kb, model=model) as base:
        answer = base.ask(text, conversation=conversation)
    if json:
        output.print_json(answer.to_dict())
    else:
        output.print_text(*output.answer_lines(answer))


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


@app.command(epilog="Example: quire doctor")
def doctor(kb: Kb = None, json: Json = False) -> int:
    """Look at the machine, the models and the paths, and say what to do about what is missing."""
    from quire import diagnosis  # noqa: PLC0415  keeps --help fast
    from quire.config import load_settings  # noqa: PLC0415

    result = diagnosis.examine(load_settings(kb=kb))
    if json:
        output.print_json(result.to_dict())
    else:
        output.print_text(*result.lines())
    return 0 if result.ok else 1


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
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Measure search and answers on questions whose answers are known.

    The set's documents go into a knowledge base of their own, in the cache unless --kb names one.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.evaluation import datasets, runner  # noqa: PLC0415
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    loaded = datasets.load(dataset)
    settings = load_settings()
    folder = kb or settings.cache / "evaluation" / loaded.name
    with KnowledgeBase.open(folder, settings=settings) as base:
        base.add(loaded.documents, sync=True)
        result = runner.run(base, loaded, what=what, limit=limit)
    if json:
        output.print_json(result.to_dict())
    else:
        output.print_text(*result.lines())


@app.command(epilog="Example: quire ui --port 8501")
def ui(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="On this machine.")] = 8501,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser window.")
    ] = True,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Open the chat in a browser; only this machine can reach it."""
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.ui.launch import launch  # noqa: PLC0415

    def announce(address: str) -> None:
        if json:
            output.print_json({"url": address})
        else:
            output.print_text(f"Quire is at {address} until you press Ctrl-C.")

    folder = load_settings(kb=kb).kb
    return launch(folder, port=port, open_browser=browser, announce=announce)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        output.print_text(f"quire {__version__}")
        raise typer.Exit


def _said(error: Exception) -> str:
    """The parser's message with the name of the argument in it."""
    said = getattr(error, "format_message", None)
    return str(said() if said else error)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()

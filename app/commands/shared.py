"""What all commands share: the application they belong to, and the options that each has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from quire.commands import output
from quire.errors import UsageError

if TYPE_CHECKING:
    from quire.indexes.scope import Scope
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

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="A name from `quire models list`, starter, remote, none for quotes only, or the path "
        "of a GGUF file.",
    ),
]

File = Annotated[
    list[str] | None,
    typer.Option("--file", metavar="NAME", help="Only in this file; a name, path or pattern."),
]
Folder = Annotated[
    list[str] | None, typer.Option("--folder", metavar="FOLDER", help="Only in this folder.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only files modified since then.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only files modified until then.")
]
Dates = Annotated[
    Literal["modified", "added"],
    typer.Option("--dates", help="What --since and --until look at: the file, or its ingest."),
]
Language = Annotated[
    list[str] | None,
    typer.Option("--language", metavar="CODE", help="Only in this language: en, zh."),
]
Tag = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Only in documents tagged so.")
]


def scope_of(
    file: File,
    folder: Folder,
    since: Since,
    until: Until,
    dates: Dates,
    language: Language,
    tag: Tag,
) -> "Scope":
    """The scope that the options of a command name."""
    from quire.indexes.scope import Scope  # noqa: PLC0415  keeps --help fast

    return Scope(
        file=file or (),
        folder=folder or (),
        since=since,
        until=until,
        dates=dates,
        language=language or (),
        tag=tag or (),
    )


@contextmanager
def opened(kb: Path | None, **settings: Any) -> Iterator["KnowledgeBase"]:
    """The knowledge base that a command names; it must exist. Raises ModelError where the command
    names a `model` too that cannot be had: of one in the settings, an answer would only say so."""
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    with (
        KnowledgeBase.open(kb, create=False, settings=load_settings(**settings)) as base,
        warned(base),
    ):
        if settings.get("model") and base.model is None and base.model_problem:
            raise base.model_problem
        yield base


@contextmanager
def warned(base: "KnowledgeBase") -> Iterator[None]:
    """Tell on standard error, each once, what is wrong with a knowledge base and does not keep it
    from being used: at once what is known when it is opened, and at the end what has turned up."""
    told: set[str] = set()

    def tell() -> None:
        for warning in base.warnings:
            if warning.message not in told:
                told.add(warning.message)
                output.print_error(warning, as_json=False)

    tell()
    try:
        yield
    finally:
        tell()


@contextmanager
def installed(extra: str) -> Iterator[None]:
    """Raises UsageError where a package of an extra is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The server needs a package that is not installed: {error.name}.",
            hint=f'Install what it needs with: pip install "quire[{extra}]"',
        ) from error

"""What all commands share: the application they belong to, and the options that each has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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


@contextmanager
def opened(kb: Path | None, **settings: Any) -> Iterator["KnowledgeBase"]:
    """The knowledge base that a command names; it must exist."""
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    with KnowledgeBase.open(kb, create=False, settings=load_settings(**settings)) as base:
        yield base

"""Commands about the models: which there are, and getting better ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quire import output
from quire.commands.shared import Json, Kb, app

if TYPE_CHECKING:
    from quire.models.library import ModelEntry, Models

models = typer.Typer(
    name="models",
    help="List models, get better ones, choose one, and measure them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(models)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `quire models list`.")]


@models.command("list", epilog="Example: quire models list")
def list_models(kb: Kb = None, json: Json = False) -> None:
    """List the models that are known by name, and those on this machine."""
    entries = _library(kb).all()
    if json:
        output.print_json({"models": [entry.to_dict() for entry in entries]})
        return
    output.print_text(*_table(entries))


@models.command(epilog="Example: quire models info Qwen3-4B-Instruct-2507")
def info(name: Name, kb: Kb = None, json: Json = False) -> None:
    """Show what is known about a model: size, memory, languages, licence, where it comes from."""
    entry = _library(kb).info(name)
    if json:
        output.print_json(entry.to_dict())
        return
    output.print_text(*_facts(entry))


def _library(kb: Path | None) -> "Models":
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.models.library import Models  # noqa: PLC0415

    return Models(load_settings(kb=kb))


def _table(entries: "list[ModelEntry]") -> Iterator[str]:
    width = max(len(entry.name) for entry in entries)
    for kind, title in (("chat", "Chat models"), ("embedding", "Embedding models")):
        yield title
        for entry in entries:
            if entry.kind == kind:
                state = "in use" if entry.in_use else "here" if entry.here else ""
                note = entry.known.notes["en"] if entry.known else ""
                size = _bytes(entry.size)
                yield f"  {entry.name:<{width}}  {size:>7}  {state:<6}  {note}".rstrip()
    yield "Get one with: quire models pull NAME"


def _facts(entry: "ModelEntry") -> Iterator[str]:
    yield f"{entry.name}: {'a chat' if entry.kind == 'chat' else 'an embedding'} model"
    state = "in use" if entry.in_use else "on this machine" if entry.here else "not on this machine"
    yield f"  state      {state}"
    if entry.here:
        yield f"  path       {entry.here.path}"
    yield f"  size       {_bytes(entry.size)}"
    if entry.memory is not None:
        yield f"  memory     {entry.memory / 1e9:.1f} GB while it runs"
    if (known := entry.known) is None:
        return
    yield f"  weights    {known.parameters / 1e6:,.0f} million"
    yield f"  languages  {', '.join(sorted(known.languages))}"
    yield f"  licence    {known.licence}"
    yield f"  note       {known.notes['en']}"
    for each in known.repositories:
        yield f"  from       {each.hub}: {each.repo} at {each.revision[:12]}"
    if known.package:
        yield f"  from       the Python package {known.package}"
    if known.sha256:
        yield f"  SHA-256    {known.sha256}"


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"

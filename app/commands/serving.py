"""The commands that let other programs in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, Model, app, installed

if TYPE_CHECKING:
    from quire.config import Settings

Base = Annotated[
    list[Path] | None,
    typer.Option("--base", metavar="PATH", help="Another knowledge base to serve."),
]


@app.command(epilog="Example: quire serve --port 8765")
def serve(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="On this machine; 0 takes a free one.")
    ] = 8765,
    host: Annotated[
        str, typer.Option("--host", help="Address; others than this machine's are for a network.")
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="A name by which the server may be called, too."
        ),
    ] = None,
    base: Base = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="PATH", help="Where the key lies.")
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a new key in the file, print it, and end.")
    ] = False,
    model: Model = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Serve the documents to other programs: as a model that OpenAI's clients can ask, and by
    routes of Quire's own.

    Each request has to show the key. It is that in QUIRE_API_KEY, else in a file for you alone,
    which is made at the first start. Only this machine reaches the server unless --host names
    another address; put a proxy with TLS before it then.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.server import keys  # noqa: PLC0415

    settings = load_settings(kb=kb, model=model)
    file = (key_file or keys.default_file()).expanduser().absolute()
    if new_key:
        key = keys.write_new(file)
        if json:
            output.print_json({"key": key, "key_file": str(file)})
        else:
            output.print_text(f"The new key, which is in {file}:", key)
        return
    _require_model(model, settings)
    key, origin = keys.found_or_made(file)
    folders = [settings.kb, *(base or ())]

    def announce(address: str) -> None:
        if json:
            output.print_json({"url": address, "key_from": origin})
            return
        names = ", ".join(folder.name for folder in folders)
        output.print_text(
            f"Quire serves {names} at {address} until you press Ctrl-C.",
            f"OpenAI's clients take {address}/v1 for their address, and the key from {origin}.",
        )

    with installed("api"):
        from quire.server.running import serve as run  # noqa: PLC0415
    run(
        folders,
        settings=settings,
        key=key,
        host=host,
        port=port,
        allowed=allow_host or (),
        announce=announce,
    )


@app.command(epilog="Example: quire mcp --kb ~/contracts")
def mcp(base: Base = None, model: Model = None, kb: Kb = None) -> None:
    """Serve the documents as tools to an agent that starts this command: search, fetch, ask, check,
    list_documents and page_image, by the Model Context Protocol over standard input and output.

    It ends when the agent closes them. docs/mcp.md says how to set clients up.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast

    settings = load_settings(kb=kb, model=model)
    _require_model(model, settings)
    with installed("mcp"):
        from quire.server.tools.protocol import over_pipe  # noqa: PLC0415
    over_pipe([settings.kb, *(base or ())], settings=settings)


def _require_model(model: str | None, settings: "Settings") -> None:
    """Raises ModelError for one that is named and cannot be had: later it would only be logged."""
    if model and model not in {"none", "remote"}:
        from quire.models.store import installed as models  # noqa: PLC0415  keeps --help fast

        models.located(model, kind="chat", folder=settings.models)

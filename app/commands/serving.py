"""The command that lets other programs in."""

from pathlib import Path
from typing import Annotated

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, Model, app
from quire.errors import UsageError


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
    base: Annotated[
        list[Path] | None,
        typer.Option("--base", metavar="PATH", help="Another knowledge base to serve."),
    ] = None,
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
    if model and model not in {"none", "remote"}:  # one that cannot be had is an error now
        from quire.models.store import installed  # noqa: PLC0415

        installed.located(model, kind="chat", folder=settings.models)
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

    try:
        from quire.server.running import serve as run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The server needs a package that is not installed: {error.name}.",
            hint='Install what it needs with: pip install "quire[api]"',
        ) from error
    run(
        folders,
        settings=settings,
        key=key,
        host=host,
        port=port,
        allowed=allow_host or (),
        announce=announce,
    )

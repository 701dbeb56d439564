"""Commands about the machine and the interface."""

from typing import Annotated

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app, installed


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


@app.command(epilog="Example: quire ui --port 8501")
def ui(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="On this machine.")] = 8501,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser window.")
    ] = True,
    host: Annotated[
        str,
        typer.Option("--host", help="Address; one that others can reach needs a password."),
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="A name by which a proxy calls it; with password."
        ),
    ] = None,
    key: Annotated[
        bool, typer.Option("--key/--no-key", help="Ask each browser for the key of this start.")
    ] = True,
    api: Annotated[
        int | None,
        typer.Option(
            "--api",
            metavar="PORT",
            min=1,
            max=65535,
            help="Serve other programs too, as serve does.",
        ),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> int:
    """Open the chat in a browser.

    Only this machine can reach it, and of its users only who has the key of this start: the link
    that is printed works once, another browser asks for the key. With --host another address can be
    named; then QUIRE_PASSWORD in the environment is the password that each visitor is asked for.
    With --api the same process, with one loaded model, answers other programs on this machine.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.ui.launch import launch  # noqa: PLC0415

    folder = load_settings(kb=kb).kb
    served, told = None, None
    if api is not None:
        with installed("api"):
            from quire.server import keys, running  # noqa: F401, PLC0415
        secret, origin = keys.found_or_made(keys.default_file())
        served = (api, secret)
        told = {"url": f"http://127.0.0.1:{api}", "key_from": origin}

    def announce(address: str, secret: str | None) -> None:
        if json:
            output.print_json({"url": address, "key": secret, "api": told})
            return
        output.print_text(f"Quire is at {address} until you press Ctrl-C.")
        if secret:
            output.print_text(f"The link works once. Another browser asks for the key: {secret}")
        if told:
            output.print_text(
                f"Other programs: {told['url']}, with the key from {told['key_from']}"
            )

    return launch(
        folder,
        port=port,
        host=host,
        allowed=allow_host or (),
        with_key=key,
        open_browser=browser,
        api=served,
        announce=announce,
    )

"""The command line: parse, one call, print.

With --json standard output holds exactly one JSON document, and an error is
`{"error": {"code", "message", "hint"}}`. Exit codes: 0 done, 1 error, also about something that is
named and not there, 2 wrong usage, 3 finished with failed files, 4 `check --strict` found a
statement that is contradicted or not found.
"""

from quire.models.engine.openmp import wait_passively

wait_passively()  # before anything loads torch or llama.cpp

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Annotated

import typer

from quire import __version__
from quire.commands import (  # noqa: F401  they register
    answers,
    checking,
    conversations,
    documents,
    measuring,
    models,
    output,
    questions,
    reindexing,
    serving,
    system,
)
from quire.commands.shared import app
from quire.errors import QuireError, UsageError

_INTERRUPTED = 130  # what Typer makes of Ctrl-C, without a word
_MOMENT = 0.05  # seconds
_CannotParse: type[Exception] = typer.BadParameter.__mro__[1]  # any wrong usage of a command


def main() -> None:
    """The console script `quire`."""
    as_json = "--json" in sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 must not end the program
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _hearing_ctrl_c():
            code = app(standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
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


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        output.print_text(f"quire {__version__}")
        raise typer.Exit


@contextlib.contextmanager
def _hearing_ctrl_c() -> Iterator[None]:
    """Ctrl-C while llama.cpp calls back into Python ends only that call: it is sent once more, in a
    moment, until the program hears it."""
    before = sys.unraisablehook

    def hear(unraisable: "sys.UnraisableHookArgs") -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            before(unraisable)
            return
        again = threading.Timer(_MOMENT, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()

    sys.unraisablehook = hear
    try:
        yield
    finally:
        sys.unraisablehook = before


def _said(error: Exception) -> str:
    """The parser's message with the name of the argument in it."""
    said = getattr(error, "format_message", None)
    return str(said() if said else error)


if __name__ == "__main__":
    main()

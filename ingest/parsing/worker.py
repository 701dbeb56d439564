"""The process in which files of unknown origin are parsed: `python -m quire.ingest.parsing.worker`.

Reads requests from standard input and answers on standard output, one at a time, as messages of
`quire.ingest.parsing.framing`. It ends when standard input closes, in
the middle of a file if need be, so it never outlives the process that started it. Nothing that
comes back is executed: no pickle. Parsers are imported when first needed.

    any request, before its file is looked at                       -> {"begun": true}
    {"action": "parse", "path", "within", "password", "limits"}     -> {"content_hash": …}
        {"wanted": true}                                            -> the pieces of a document
        {"wanted": false}                                           -> nothing more
    {"action": "boxes", "path", "password", "page", "start", "end"} -> {"boxes": {…}}
    {"action": "render", "path", "password", "page", "scale"}       -> {"png": base64}
    {"action": "recognize", "png": base64}                          -> {"recognition": {…}}
    any of them, at any point                                       -> {"error": {…}}
    after each                                                      -> {"last": …}

`"last": true` says that the worker has grown and ends now, to give memory back.
"""

import base64
import dataclasses
import gc
import os
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from quire.errors import Skipped, Unreadable
from quire.ingest import loaders
from quire.ingest.limits import Limits
from quire.ingest.loaders import formats
from quire.ingest.loaders.ocr.words import Recognition
from quire.ingest.loaders.opening import Within, read_bytes
from quire.ingest.parsing import framing
from quire.ingest.parsing.framing import Message

if sys.platform != "win32":  # there the parent's wall clock is the only limit
    import resource


def main() -> None:
    requests, answers = _take_over_pipes()
    waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    _deny()
    # Parsing makes many objects and few cycles; the default collects every 700.
    gc.set_threshold(50_000, 20, 50)
    while True:
        request = waiting.get()
        for message in _answers(request, waiting):
            framing.send(answers, message)
        grown = _resident_bytes() > request["limits"]["resident_bytes"]
        framing.send(answers, {"last": grown})
        if grown:
            return


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; what libraries print goes to standard error from here on."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _listen(requests: BinaryIO, waiting: "queue.SimpleQueue[Message]") -> None:
    """Passes on requests; ends the process at once when the parent is gone."""
    while (request := framing.receive(requests)) is not None:
        waiting.put(request)
    os._exit(0)


def _answers(request: Message, waiting: "queue.SimpleQueue[Message]") -> Iterator[Message]:
    """What there is to say to a request."""
    yield {"begun": True}
    path = Path(request["path"])
    limits = Limits(**request["limits"])
    try:
        _allow(limits, _size(path))
        if request["action"] == "recognize":
            yield {"recognition": _recognize(base64.b64decode(request["png"]))}
        elif request["action"] == "parse":
            yield from _parse(request, path, limits, waiting)
        else:
            yield _page_view(request, path, limits)
    except Unreadable as error:
        yield {"error": {**error.to_dict(), "skipped": isinstance(error, Skipped)}}
    except MemoryError:
        yield {"error": _error(f"limit: more than {limits.memory_bytes / 1e6:,.0f} MB of memory")}
    except RecursionError:
        yield {"error": _error("limit: nested too deeply")}
    # A parser may raise anything on a hostile file; this is the seam where it becomes a reason.
    except Exception as error:
        yield {"error": _error(f"damaged file: its parser failed ({type(error).__name__})")}


def _parse(
    request: Message, path: Path, limits: Limits, waiting: "queue.SimpleQueue[Message]"
) -> Iterator[Message]:
    """The hash first: what is known by it already need not be parsed."""
    place = request["within"]
    within = Within(place["root"], tuple(place["names"])) if place else None
    data = read_bytes(path, limits=limits, within=within)
    yield {"content_hash": loaders.hash_of(data)}
    if waiting.get()["wanted"]:
        recognized = {
            int(n): Recognition.of(said) for n, said in request.get("recognized", {}).items()
        }
        document = loaders.parse(
            data, path, password=request["password"], limits=limits, recognized=recognized
        )
        del data
        yield from framing.pieces(document)


def _page_view(request: Message, path: Path, limits: Limits) -> Message:
    from quire.ingest.loaders import pdf, picture  # noqa: PLC0415 — slow to import

    data = read_bytes(path, limits=limits)
    draw = (
        picture.render
        if formats.media_type_of(data, "", limits=limits) in formats.PICTURES
        else pdf.render
    )
    page, password = request["page"], request["password"]
    if request["action"] == "boxes":
        found = pdf.boxes(
            data,
            page=page,
            start=request["start"],
            end=request["end"],
            says=request["says"],
            password=password,
        )
        return {"boxes": dataclasses.asdict(found)}
    png = draw(data, page=page, scale=request["scale"], password=password)
    return {"png": base64.b64encode(png).decode("ascii")}


def _recognize(png: bytes) -> Message:
    from quire.ingest.loaders.ocr import engine  # noqa: PLC0415 — takes seconds to import

    return engine.recognize(png).to_dict()


def _error(message: str) -> dict[str, Any]:
    return {**Unreadable(message).to_dict(), "skipped": False}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # opening it will say what is wrong


def _deny() -> None:
    """Takes from this process what no parser needs: writing files, dumping core."""
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _allow(limits: Limits, size: int) -> None:
    """Sets this request's budgets: processor time and memory on top of what is used so far."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime + limits.cpu_budget(size)
    _limit(resource.RLIMIT_CPU, int(seconds) + 1)
    if (address_space := _address_space()) is not None:
        _limit(resource.RLIMIT_AS, address_space + limits.memory_bytes)


def _limit(kind: int, value: int) -> None:
    """Sets a soft limit, as far as the hard one, which the system's administrator set, allows."""
    if sys.platform == "win32":
        return
    _, hard = resource.getrlimit(kind)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (most, hard))


def _address_space() -> int | None:
    """Bytes of address space in use, or None where the system does not say (not Linux)."""
    return _statm(0)


def _resident_bytes() -> int:
    """Bytes of memory in use, 0 where the system does not say."""
    return _statm(1) or 0


def _statm(field: int) -> int | None:
    try:
        fields = Path("/proc/self/statm").read_text("ascii").split()
        return int(fields[field]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return None


if __name__ == "__main__":
    main()

"""One at a time changes a model in the models folder, whether it pulls, adds or removes.

What is claimed is the file, or folder, that the model has there: two names may mean the same one.
The lock belongs to an open file and ends with its process, so that a kill leaves none held; who
holds it stands in the file. It is deleted before it is let go, and whoever gets a deleted one tries
again (`filelock` sees to that), so no files are left of names that never came to be.

What a kill leaves of a copy or of a removal has a name of its own kind, and is swept away by
whoever comes next. The part of a download is no such thing: it is gone on with.
"""

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from quire.errors import DownloadFailed, DownloadStopped, ModelBusy

Doing = Literal["downloaded", "added", "removed"]

_LOOK = 0.2  # seconds between two tries
_COPY, _GONE = "copy", "gone"


@contextlib.contextmanager
def claimed(
    target: Path,
    doing: Doing,
    *,
    wait: float | None = None,
    cancel: threading.Event | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Have what stands, or is to stand, at `target` to oneself; its folder must exist.

    Waits `wait` seconds, or without an end; `waiting` is called now and then. Raises ModelBusy that
    says who has it, DownloadStopped once `cancel` is set, and DownloadFailed for a folder that
    cannot be written to.
    """
    path = target.with_name(f".{target.name}.lock")
    lock = FileLock(path)
    until = None if wait is None else time.monotonic() + wait
    while True:
        try:
            lock.acquire(timeout=_LOOK if wait is None else min(_LOOK, wait))
            break
        except Timeout:
            waiting()
            if cancel is not None and cancel.is_set():
                raise DownloadStopped from None
            if until is not None and time.monotonic() >= until:
                raise ModelBusy(
                    f"{target.name} is being {_holder(path)}.",
                    hint="Stop that, or wait until it is done.",
                ) from None
        except OSError as error:
            raise DownloadFailed(
                f"{target.parent} cannot be written to: {error.strerror or error}.",
                hint="Name another folder with QUIRE_MODELS.",
            ) from error
    try:
        _sign(path, doing)
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows deletes no open file: there it stays
            path.unlink()
        lock.release()


def copy_of(target: Path) -> Path:
    """Where a model lies while it is copied."""
    return target.with_name(f".{target.name}.{_COPY}")


def gone_of(target: Path) -> Path:
    """Where a model lies while it is deleted."""
    return target.with_name(f".{target.name}.{_GONE}")


def sweep(folder: Path) -> None:
    """Delete what a kill has left of copies and removals that nobody is at any more."""
    for kind in (_COPY, _GONE):
        for path in folder.glob(f".*.{kind}"):
            target = path.with_name(path.name[1:].removesuffix(f".{kind}"))
            with (
                contextlib.suppress(ModelBusy, DownloadFailed, OSError),
                claimed(target, "removed", wait=0.0),
            ):
                delete(path)


def delete(path: Path) -> None:
    """Delete a file, a link, or a folder with all that is in it; or nothing where nothing is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sign(path: Path, doing: Doing) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with contextlib.suppress(OSError):
        path.write_text(json.dumps({"doing": doing, "process": os.getpid(), "since": now}), "utf-8")


def _holder(path: Path) -> str:
    """What is done with it, by whom and since when, as far as that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return f"{told['doing']} by process {int(told['process'])} since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "changed by another process"

"""One writer among all processes: an operating system lock on `writer.lock`.

It is held for a change alone, and never while a file of unknown origin is read, which may take
minutes. Whoever takes in documents holds another one, `ingest.lock`, from the first file to the
last, and whatever must not happen in between takes that too, before the writer's.

The lock belongs to an open file, so it ends with its process, however that ends. The file's text
(process id and time) is only there for the message to whoever has to wait.
"""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from quire.errors import KnowledgeBaseError, KnowledgeBaseLocked

_POLL = 0.05  # seconds between two tries
_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # what a lock in other hands looks like
_NOTE_AT = 1024  # Windows locks bytes: the lock lies behind the note, so that others can read it


@contextlib.contextmanager
def writer_lock(
    path: Path, *, wait: float, cancel: threading.Event | None = None
) -> Iterator[None]:
    """Hold the lock; waits up to `wait` seconds, or until `cancel` is set.

    Raises KnowledgeBaseLocked with the owner's process id and since when it writes.
    """
    try:
        path.touch(0o600)
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise KnowledgeBaseError(
            f"{path.parent} cannot be written to: {error.strerror}.",
            hint="Reading and asking still work; to add documents, make the folder writable.",
        ) from error
    with file:
        deadline = time.monotonic() + wait
        while not _try_lock(file, path):
            if time.monotonic() >= deadline or (cancel and cancel.is_set()):
                raise KnowledgeBaseLocked(
                    f"Another process is writing to {path.parent}{_owner(file)}.",
                    hint="Wait until it has finished, or stop it, then try again.",
                )
            time.sleep(_POLL)
        _note(file, f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        try:
            yield
        finally:
            _note(file, "")
            _unlock(file)


def _note(file: IO[bytes], text: str) -> None:
    """A full disk takes no note, and is told of by whatever is written under the lock."""
    with contextlib.suppress(OSError):
        file.truncate(0)
        file.write(text.encode())


def _owner(file: IO[bytes]) -> str:
    file.seek(0)
    note = file.read(100).decode(errors="replace").split()
    return f" (process {note[0]}, since {note[1]})" if len(note) == 2 else ""


def _try_lock(file: IO[bytes], path: Path) -> bool:
    try:
        if os.name == "posix":
            import fcntl  # noqa: PLC0415  not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt  # noqa: PLC0415  only on Windows

            file.seek(_NOTE_AT)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise KnowledgeBaseError(
            f"{path} cannot be locked: {error.strerror}.",
            hint="Move the knowledge base to a disk of this machine: some network drives have no "
            "locks, and two programs that write at once would damage it.",
        ) from error
    return True


def _unlock(file: IO[bytes]) -> None:
    if os.name != "posix":
        import msvcrt  # noqa: PLC0415  only on Windows

        file.seek(_NOTE_AT)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]

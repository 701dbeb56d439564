"""Downloads one file so that it is whole, right and durable when it stands under its name.

What has arrived lies in a part file beside, and grows only at its end: whatever interrupts a
download, the next one goes on from there. When all is there, the part is read back and its size and
hash are compared with what was promised; only then it is flushed to the disk and renamed. A part
with another content is deleted, never used.
"""

import contextlib
import hashlib
import json
import os
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quire.errors import DownloadFailed, DownloadStopped, ModelError
from quire.models.store.hubs import RemoteFile
from quire.models.store.placing import (
    blocks,
    megabytes,
    no_room,
    part_of,
    place,
    require_space,
    size_of,
)
from quire.models.store.provenance import Verified
from quire.models.store.web import Interrupted, Response, Web, count, host, web_page

Stage = Literal["waiting", "asking", "downloading", "checking", "copying"]

_TRIES = 5  # in a row, none of which brought anything
_LONGEST_WAIT = 8.0  # seconds between two tries
_WINDOW = 10.0  # seconds over which the speed is measured
_LEAST = 0.05  # seconds before there is one
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is. `done` and `total` are bytes of all its files; `total` is None while
    it is not known, `rate` is in bytes per second, and `remaining` in seconds or None."""

    stage: Stage
    file: str
    done: int = 0
    total: int | None = None
    rate: float = 0.0
    remaining: float | None = None


HearProgress = Callable[[DownloadProgress], None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is there and right. `verified` says what its content was held against."""

    size: int
    sha256: str
    verified: Verified


class Download:
    """Fetches files one after the other. `expected` is how many bytes there are in all, or None.

    `pause` is how many seconds it waits after a first failure; it doubles.
    """

    def __init__(
        self,
        web: Web,
        *,
        expected: int | None,
        progress: HearProgress = lambda _: None,
        pause: float = 1.0,
    ) -> None:
        self._web = web
        self._expected = expected
        self._progress = progress
        self._pause = pause
        self._finished = 0  # bytes of the files before
        self._seen: deque[tuple[float, int]] = deque()

    def have(self, file: RemoteFile, target: Path, *, promised: str = "") -> Arrived:
        """`fetch` a file unless it stands there, and is right."""
        if target.is_file():
            with contextlib.suppress(_Wrong):
                arrived = self._verified(file, target, promised)
                self._finished += arrived.size
                return arrived
        return self.fetch(file, target, promised=promised)

    def fetch(
        self,
        file: RemoteFile,
        target: Path,
        *,
        promised: str = "",
        check: Callable[[Path, Path], None] = lambda _part, _target: None,
    ) -> Arrived:
        """Have a file at `target`, whose folder exists. `promised` is the SHA-256 that it must have
        whatever the hub says, or empty. `check` is given the finished part and the target, and
        raises for a file that is not to be used.

        Raises DownloadFailed, and DownloadStopped when it is cancelled; the part that is there
        stays in both cases, unless its content is wrong.
        """
        part = part_of(target)
        if promised and file.sha256 and promised != file.sha256:
            raise DownloadFailed(
                f"{host(file.url)} has another {file.path} than the one that is known "
                f"(SHA-256 {file.sha256[:12]}… instead of {promised[:12]}…).",
                hint="Nothing was downloaded. Take it from another place with --from, or update "
                "Quire, which may know the new one.",
            )
        resumed = size_of(part) > 0
        self._bring(file, part)
        try:
            arrived = self._verified(file, part, promised)
        except _Wrong as wrong:
            discard(target)
            if not resumed:  # nothing but this source to blame
                raise wrong.told() from None
            return self.fetch(file, target, promised=promised, check=check)
        try:
            check(part, target)
        except ModelError:
            discard(target)
            raise
        place(part, target)
        with contextlib.suppress(OSError):
            _note_of(part).unlink()
        self._finished += arrived.size
        return arrived

    def _bring(self, file: RemoteFile, part: Path) -> None:
        """Have all bytes in the part, with as many requests as it takes."""
        failures = 0
        while True:
            before = size_of(part)
            try:
                if self._more(file, part):
                    return
                raise Interrupted(f"The connection to {host(file.url)} broke off.")
            except Interrupted as error:
                failures = 0 if size_of(part) > before else failures + 1
                if failures >= _TRIES or (error.unreachable and not size_of(part)):
                    raise self._so_far(error, file, part) from error
            self._wait(min(self._pause * 2 ** max(0, failures - 1), _LONGEST_WAIT))

    def _more(self, file: RemoteFile, part: Path) -> bool:
        """One request for what is missing. Whether the part is complete afterwards."""
        start, etag = _resumable(file, part)
        if file.size is not None and start == file.size > 0:
            return True
        require_space(part.parent, (file.size or 0) - start)
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and not _hash_of(file):  # else the hash tells in the end whether all is one file
            headers["If-Range"] = etag
        with self._web.ask(file.url, headers=headers, token=file.token) as response:
            if response.status == 416:
                discard_part(part)
                raise Interrupted(f"{host(file.url)} has no more of {file.path} to send.")
            response.require_success(file.path)
            begins, total = _extent(response)
            if begins not in {0, start}:
                discard_part(part)
                raise Interrupted(f"{response.host} sends another part than it was asked for.")
            start = begins
            if "html" in response.headers.get("content-type", ""):
                raise web_page(file.url, file.path)
            if file.size is not None and total is not None and total != file.size:
                raise DownloadFailed(
                    f"{host(file.url)} sends {total:,} bytes of {file.path}, and {file.size:,} "
                    "were promised.",
                    hint="Take it from another place with --from, or try again later.",
                )
            _write_note(part, file, response.headers.get("etag", ""))
            if total is None:
                total = file.size
            elif file.size is None:  # it is told only now
                require_space(part.parent, total - start)
            self._append(response, file, part, start, total)
        return total is None or size_of(part) == total

    def _append(
        self, response: Response, file: RemoteFile, part: Path, start: int, total: int | None
    ) -> None:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, start)
            os.lseek(descriptor, start, os.SEEK_SET)
            done = start
            for chunk in response:
                if total is not None and done + len(chunk) > total:
                    raise DownloadFailed(
                        f"{host(file.url)} sends more of {file.path} than it has.",
                        hint="Take it from another place with --from, or try again later.",
                    )
                if total is None:  # it may go on until the disk is full
                    require_space(part.parent, len(chunk))
                _write(descriptor, chunk)
                done += len(chunk)
                self._tell("downloading", file, done)
        except OSError as error:
            raise no_room(part, error) from error
        finally:
            os.close(descriptor)

    def _verified(self, file: RemoteFile, part: Path, promised: str) -> Arrived:
        """Read the part back from the disk and compare. Raises _Wrong."""
        size = size_of(part)
        sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode())  # noqa: S324  Git's
        done = 0
        for block in blocks(part, self._web.cancel):
            sha256.update(block)
            if file.git_sha1:
                git.update(block)
            done += len(block)
            self._tell("checking", file, done)
        found = sha256.hexdigest()
        wanted = promised or file.sha256
        if file.size is not None and size != file.size:
            raise _Wrong(file, f"{size:,} bytes", f"{file.size:,}")
        if wanted and found != wanted:
            raise _Wrong(file, f"the SHA-256 {found[:12]}…", f"{wanted[:12]}…")
        if not wanted and file.git_sha1 and git.hexdigest() != file.git_sha1:
            raise _Wrong(file, f"the Git hash {git.hexdigest()[:12]}…", f"{file.git_sha1[:12]}…")
        if promised:
            return Arrived(size, found, "promised")
        verified: Verified = "size" if file.size is not None else "nothing"
        return Arrived(size, found, "hub" if _hash_of(file) else verified)

    def _tell(self, stage: Stage, file: RemoteFile, done: int) -> None:
        now, all_done = time.monotonic(), self._finished + done
        if stage != "downloading":
            self._seen.clear()
        elif not self._seen or now - self._seen[-1][0] > _WINDOW / 50:
            self._seen.append((now, all_done))
            while now - self._seen[0][0] > _WINDOW:
                self._seen.popleft()
        rate = 0.0
        if self._seen and now - self._seen[0][0] > _LEAST:
            rate = (all_done - self._seen[0][1]) / (now - self._seen[0][0])
        total = self._expected if self._expected is not None else file.size
        left = max(0, total - all_done) / rate if total is not None and rate > 0 else None
        self._progress(DownloadProgress(stage, file.path, all_done, total, max(rate, 0.0), left))

    def _wait(self, seconds: float) -> None:
        if self._web.cancel.wait(seconds):
            raise DownloadStopped

    def _so_far(self, error: Interrupted, file: RemoteFile, part: Path) -> DownloadFailed:
        done = size_of(part)
        if not done:
            return error
        of = f" of {megabytes(file.size)}" if file.size else ""
        return Interrupted(f"{error.message} {megabytes(done)}{of} of {file.path} are here.")


class _Wrong(Exception):
    """A part that is not what was promised."""

    def __init__(self, file: RemoteFile, found: str, wanted: str) -> None:
        super().__init__()
        self._message = (
            f"{host(file.url)} sent a wrong {file.path}: it has {found} instead of {wanted}. "
            "It was deleted."
        )

    def told(self) -> DownloadFailed:
        return DownloadFailed(
            self._message,
            hint="Try again; if that does not help, take it from another place with --from.",
        )


def discard(target: Path) -> None:
    """Delete the part of a file."""
    discard_part(part_of(target))


def discard_part(part: Path) -> None:
    for path in (part, _note_of(part)):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _hash_of(file: RemoteFile) -> str:
    return file.sha256 or file.git_sha1


def _resumable(file: RemoteFile, part: Path) -> tuple[int, str]:
    """From where a download may go on, and the ETag of what is there: from the start where the part
    is of another version, or where nobody could tell."""
    size = size_of(part)
    try:
        note = json.loads(_note_of(part).read_text(encoding="utf-8"))
        etag = str(note["etag"])
        same = note["hash"] == _hash_of(file) and note["path"] == file.path
    except (OSError, ValueError, KeyError, TypeError):
        etag, same = "", False
    known = bool(_hash_of(file)) or (etag.startswith('"') and len(etag) > 2)  # a strong one
    if size and (not same or not known or size > (file.size if file.size is not None else size)):
        discard_part(part)
        return 0, ""
    return size, etag


def _write_note(part: Path, file: RemoteFile, etag: str) -> None:
    """Keep beside the part what it is a part of."""
    note = {"path": file.path, "hash": _hash_of(file), "etag": etag}
    try:
        _note_of(part).write_text(json.dumps(note), encoding="utf-8")
    except OSError as error:
        raise no_room(part, error) from error


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _extent(response: Response) -> tuple[int, int | None]:
    """Where in the file the body of a response begins, or -1, and how long the file is, if it
    says."""
    length = response.headers.get("content-length", "")
    if response.status != 206:
        return 0, count(length)
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if not found:
        return -1, None
    return int(found[1]), None if found[3] == "*" else int(found[3])


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

"""Copies of files that came by upload, kept for the page view.

`originals/<SHA-256>/<name>`: the folder's name is computed and the file's name is cleaned, so that
no name that a browser sends is ever a path.
"""

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path

from quire.indexes.folder import files
from quire.indexes.folder.names import ORIGINALS

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_RESERVED = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_TOO_LARGE = 1_000_000_000  # bytes
_BLOCK = 1 << 20
_LONGEST_NAME = 200  # bytes: file systems allow 255, and a temporary name is longer


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Store `content` below `folder` and return where."""
    content_hash = hashlib.sha256(content).hexdigest()
    files.make_private_folder(place(folder, content_hash))
    path = place(folder, content_hash) / safe_name(name)
    if not holds(path, content_hash):
        files.write_file(path, content)
    return path


def drop(path: Path) -> None:
    """Delete one copy that `keep` has made."""
    files.remove(path)
    with contextlib.suppress(OSError):  # the same content is kept under another name
        path.parent.rmdir()


def discard_all_but(
    folder: Path, content_hashes: Collection[str], *, beginning_with: Collection[str] = ()
) -> None:
    """Delete the copies of all contents that are not among these, such as those that were being
    taken in when their process was killed. Those whose hash begins with one of `beginning_with`
    are spared too."""
    for kept in (folder / ORIGINALS).glob("*"):
        if kept.name not in content_hashes and not kept.name.startswith(tuple(beginning_with)):
            files.remove(kept)


def copies(folder: Path, content_hash: str) -> list[Path]:
    """The copies of a content, wherever the folder has been moved to."""
    return sorted(place(folder, content_hash).glob("[!.]*"))


def holds(path: Path, content_hash: str) -> bool:
    """Whether the file at `path` has exactly this content; `content_hash` may be its beginning."""
    return (hash_of(path) or "").startswith(content_hash)


def hash_of(path: Path) -> str | None:
    """The SHA-256 of a file, in hexadecimal; None where there is none that could be a document.

    What stands there now may be anything. It is not waited for, and no more of it is read than it
    has when it is opened; what is as large as `_TOO_LARGE` was never taken in.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, _AT_ONCE)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and 0 < status.st_size < _TOO_LARGE:
                return _hash_of(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    return None


def _hash_of(descriptor: int, size: int) -> str:
    digest = hashlib.sha256()
    while size and (block := os.read(descriptor, min(size, _BLOCK))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()


def safe_name(name: str) -> str:
    r"""A file name that is nothing but a name, on every system.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\x\\报告.pdf"), safe_name("..")
    ('passwd', '报告.pdf', 'document')
    """
    last = re.split(r"[/\\]", name)[-1][-2 * _LONGEST_NAME :]
    shown = "".join(c for c in _UNSAFE.sub("_", last) if c.isprintable())
    cleaned = shown.encode("utf-8", "ignore").decode().strip(" .")
    if _RESERVED.match(cleaned):
        cleaned = f"_{cleaned}"
    while len(cleaned.encode()) > _LONGEST_NAME:
        stem, dot, suffix = cleaned.rpartition(".")
        cleaned = f"{stem[:-1]}.{suffix}" if dot and len(suffix) < 10 and stem else cleaned[:-1]
    return cleaned.rstrip(" .") or "document"


def place(folder: Path, content_hash: str) -> Path:
    """Where the copies of a content are kept."""
    return folder / ORIGINALS / content_hash

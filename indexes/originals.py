"""Copies of files that came by upload, kept for the page view.

`originals/<SHA-256>/<name>`: the folder's name is computed and the file's name is cleaned, so that
no name that a browser sends is ever a path.
"""

import hashlib
import re
import shutil
from pathlib import Path

from quire.indexes import files

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_RESERVED = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")
_LONGEST_NAME = 200  # bytes: file systems allow 255, and a temporary name is longer


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Store `content` below `folder` and return where."""
    place = _place(folder, hashlib.sha256(content).hexdigest())
    files.make_private_folder(place)
    path = place / safe_name(name)
    if not path.exists():
        files.write_file(path, lambda beside: _write(beside, content))
    return path


def discard(folder: Path, content_hash: str) -> None:
    """Delete the copies of a content, if there are any."""
    shutil.rmtree(_place(folder, content_hash), ignore_errors=True)


def holds(path: Path, content_hash: str) -> bool:
    """Whether the file at `path` has exactly this content."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == content_hash
    except OSError:
        return False


def safe_name(name: str) -> str:
    r"""A file name that is nothing but a name, on every system.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\x\\报告.pdf"), safe_name("..")
    ('passwd', '报告.pdf', 'document')
    """
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _UNSAFE.sub("_", last).strip(" .")
    cleaned = "".join(c for c in cleaned if c.isprintable())
    if _RESERVED.match(cleaned):
        cleaned = f"_{cleaned}"
    while len(cleaned.encode("utf-8", "ignore")) > _LONGEST_NAME:
        stem, dot, suffix = cleaned.rpartition(".")
        cleaned = f"{stem[:-1]}.{suffix}" if dot and len(suffix) < 10 and stem else cleaned[:-1]
    return cleaned.encode("utf-8", "ignore").decode() or "document"


def _place(folder: Path, content_hash: str) -> Path:
    return folder / "originals" / content_hash


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)

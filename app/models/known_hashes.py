"""SHA-256 of large files, kept by what the file system tells of them.

A model of some hundred megabytes is hashed at each start, for the hash is what identifies it. A
file with the inode, the size and the times of the last look is taken for the same one: no program
can set the time at which a file's status changed. One that changed within the last seconds is
hashed again the next time, since two changes may share a tick of the clock (as in git's index).
"""

import hashlib
import time
from pathlib import Path

from quire.models import remembering

FILE = "hashes.json"  # in the cache
_SETTLED = 10.0  # seconds since the last change of a file whose hash is kept


def sha256(path: Path, kept: Path | None) -> str:
    """The hash of a file in hexadecimal; `kept` is the file of hashes, if any. Raises OSError."""
    with path.open("rb") as file:
        if kept is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        stat = path.stat()
        stamp = f"{stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
        known = remembering.remembered(kept).get(str(path))
        if isinstance(known, list) and known[:1] == [stamp] and len(known) == 2:
            return str(known[1])
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time() - max(stat.st_mtime, stat.st_ctime) > _SETTLED:
        remembering.remember(kept, str(path), [stamp, found])
    return found

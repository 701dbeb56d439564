"""Which files of this machine the browser's path field may lead to.

Whoever has the key of this start may name them, and only below the folders that the settings allow:
a page that could be made to name any file would hand over keys and passwords too.
"""

from collections.abc import Sequence
from pathlib import Path

from quire.errors import UsageError


def checked_path(given: str, *, folders: Sequence[Path]) -> Path:
    """The file or folder that was named, where it may be read: below one of `folders`, or of the
    home folder where there are none, and in no hidden one. Links are followed first.

    Raises UsageError.
    """
    try:
        named = Path(given.strip()).expanduser()
        path = (named if named.is_absolute() else Path.home() / named).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # no such user, links in a circle, NUL
        raise UsageError(
            "This is not a path of this machine.", hint="Check the path's spelling."
        ) from error
    roots = [folder.expanduser().resolve() for folder in folders or [Path.home()]]
    below = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
    if not below:
        raise UsageError(
            f"{path} is outside of the folders that may be read from here.",
            hint="Allow its folder in the setting 'folders', or use: quire ingest",
        )
    if all(any(part.startswith(".") for part in inside.parts) for inside in below):
        raise UsageError(
            f"{path} is hidden, and hidden files are not read from here.",
            hint="Move it, or use: quire ingest",
        )
    return path

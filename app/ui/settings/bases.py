"""Several knowledge bases: folders beside the one that the settings name."""

from pathlib import Path

from quire.errors import UsageError
from quire.indexes.catalog import Catalog, is_there
from quire.indexes.folder import files, originals
from quire.indexes.folder.lock import writer_lock
from quire.indexes.folder.names import CATALOG, INGEST_LOCK, LOCK, is_own


def names(configured: Path) -> list[str]:
    """The folders' names, in order. The configured one may not be there yet."""
    beside = configured.parent
    found = {path.name for path in beside.glob("*") if is_there(path / CATALOG)}
    return sorted({configured.name, *found}, key=str.casefold)


def folder(configured: Path, name: str | None) -> Path:
    """The folder of this name, or the configured one where there is none."""
    return configured.parent / name if name and name in names(configured) else configured


def new(configured: Path, name: str) -> str:
    """A name for a new knowledge base, made fit for a folder. Raises UsageError."""
    cleaned = originals.safe_name(name.strip()) if name.strip(" ./\\") else ""
    if not cleaned:
        raise UsageError("The knowledge base has no name.", hint="Write a name.")
    if (configured.parent / cleaned).exists():
        raise UsageError(f"There is already something called {cleaned}.", hint="Take another name.")
    return cleaned


def make(path: Path) -> None:
    """Begin a knowledge base without documents."""
    files.make_private_folder(path)
    Catalog(path / CATALOG, create=True).close()


def delete(path: Path, *, wait: float) -> None:
    """Delete a knowledge base with its chats. Whatever else somebody put into its folder stays,
    and the folder with it.

    Raises KnowledgeBaseLocked when another process writes to it for longer than `wait` seconds.
    """
    locks = (INGEST_LOCK, LOCK)
    with writer_lock(path / INGEST_LOCK, wait=wait), writer_lock(path / LOCK, wait=wait):
        for part in path.iterdir():
            if is_own(part.name) and part.name not in locks:
                files.remove(part)
    for lock in locks:
        files.remove(path / lock)
    if not any(path.iterdir()):
        files.remove(path)

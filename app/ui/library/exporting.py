"""Documents to take along: their files, and a table of what is known of them, as one ZIP file."""

import contextlib
import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePath

from quire.errors import UsageError
from quire.indexes.folder.originals import safe_name
from quire.knowledge_base import KnowledgeBase
from quire.records import Document

MOST = 500 * 1024**2  # bytes of files in one: it is made in memory
_LIST = "list.csv"
_COLUMNS = ("file", "name", "folder", "path", "tags", "type", "language", "pages", "added", "notes")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def packed(base: KnowledgeBase, documents: Iterable[Document]) -> bytes:
    """A ZIP file of documents. Of one whose file has changed or is gone there is the text that was
    read. Raises UsageError where they are more than `MOST` bytes."""
    names: set[str] = {_LIST}
    rows: list[list[str]] = []
    content, size = io.BytesIO(), 0
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in documents:
            path = base.original(document)
            if path is None:
                text = "\n\n".join(page.text for page in base.pages(document))
                name, held = f"{document.name}.txt", text.encode()
            else:
                name, held = document.name, path.read_bytes()
            size += len(held)
            if size > MOST:
                raise UsageError(
                    f"The files are larger than {MOST // 1024**2} MB together.",
                    hint="Export fewer at once.",
                )
            name = _own_name(safe_name(name), names)
            archive.writestr(name, held)
            rows.append([name, *_known(document)])
        archive.writestr(_LIST, _table(rows))
    return content.getvalue()


def size(documents: Iterable[Document]) -> int:
    """Bytes of the files of documents, as far as they are where they were."""
    total = 0
    for document in documents:
        with contextlib.suppress(OSError):
            total += Path(document.uri).stat().st_size
    return total


def _known(document: Document) -> list[str]:
    return [
        document.name,
        document.folder,
        document.uri,
        ", ".join(document.tags),
        document.media_type,
        document.language,
        str(document.pages or ""),
        document.added_at,
        " ".join(document.warnings),
    ]


def _own_name(name: str, names: set[str]) -> str:
    """A name that none of the others has, also where case is one: notes (2).txt."""
    path, number, own = PurePath(name), 1, name
    while own.casefold() in names:
        number += 1
        own = f"{path.stem} ({number}){path.suffix}"
    names.add(own.casefold())
    return own


def _table(rows: Iterable[list[str]]) -> bytes:
    """Comma-separated values that spreadsheets read right, and compute nothing from."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")

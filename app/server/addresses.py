"""Where a cited page is, for clients to open."""

from pathlib import Path
from urllib.parse import quote

from quire.records import Document


def on_server(root: str, base: str, document: Document, page: int | None) -> str:
    """The address of a document, or of a page of it, on a server at `root`."""
    of_page = "" if page is None else f"/pages/{page}"
    return f"{root.rstrip('/')}/api/documents/{document.id}{of_page}?kb={quote(base)}"


def on_disk(document: Document, page: int | None) -> str:
    """The address of its file, at the page where the format has pages as viewers count them."""
    path = Path(document.uri)
    if not path.is_absolute():  # it came by upload
        return f"quire:{document.id}"
    of_page = f"#page={page}" if page and document.media_type == "application/pdf" else ""
    return path.as_uri() + of_page

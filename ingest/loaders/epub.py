"""EPUB: the chapters in reading order, each read as a web page. There are no pages."""

import posixpath
import re
from typing import Any
from urllib.parse import unquote

from lxml import etree

from quire.errors import Skipped, Unreadable
from quire.ingest.loaders.archive import Archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.webpage import add_html

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE = re.compile("html|svg")  # a picture of drawn text may be a page of a book


def read(source: Source) -> Content:
    """All chapters. Raises Skipped if they are protected, Unreadable if damaged or too large."""
    parts = Archive(source.data, limits=source.limits, types_allowed=True)
    builder = ContentBuilder(source.limits)
    try:
        package_path = parts.tree(_CONTAINER).find(".//{*}rootfile").get("full-path")
        package = parts.tree(package_path)
        title = clean_line(package.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "")
        chapters = _chapters(package, posixpath.dirname(package_path))
        _refuse_protected(parts, chapters)
        for path in chapters:
            if path not in parts:
                builder.warn(f"The chapter {path[:100]} is missing.")
                continue
            text, _ = decode(parts.read(path), limit=2 * source.limits.characters)
            add_html(text, builder, limits=source.limits)
            if builder.full:
                break
    except (etree.LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("damaged EPUB") from error
    return builder.finish(title or source.stem)


def _chapters(package: Any, folder: str) -> list[str]:
    """Paths of the chapters in reading order."""
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    paths = []
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and _PAGE.search(item.get("media-type", "html")):
            target = unquote(item.get("href", "")).split("#")[0]
            paths.append(posixpath.normpath(posixpath.join(folder, target)))
    return list(dict.fromkeys(paths))


def _refuse_protected(parts: Archive, chapters: list[str]) -> None:
    # Shops scramble fonts, too, which does no harm; scrambled chapters are a protected book.
    if _ENCRYPTION not in parts:
        return
    for reference in parts.tree(_ENCRYPTION).iter("{*}CipherReference"):
        if unquote(reference.get("URI", "")) in chapters:
            raise Skipped("password needed: the book is copy-protected")

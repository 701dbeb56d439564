"""EPUB: the chapters in reading order, each read as a web page. There are no pages."""

import io
import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from lxml import etree

from quire.errors import Skipped, Unreadable
from quire.ingest.loaders import archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.webpage import add_html

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"


def read(source: Source) -> Content:
    """All chapters. Raises Skipped if they are protected, Unreadable if damaged or too large."""
    archive.check(source.data, limits=source.limits, xml_types_allowed=True)
    builder = ContentBuilder(source.limits)
    title = ""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as parts:
            root = _tree(parts, _CONTAINER).find(".//{*}rootfile")
            package_path = root.get("full-path")
            package = _tree(parts, package_path)
            title = clean_line(package.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "")
            chapters = _chapters(package, posixpath.dirname(package_path))
            _refuse_protected(parts, chapters)
            for path in chapters:
                if path not in parts.namelist():
                    builder.warn(f"The chapter {path[:100]} is missing.")
                    continue
                limit = 2 * source.limits.characters
                text, _ = decode(parts.read(path), limit=limit)
                add_html(text, builder, columns=source.limits.table_columns)
                if builder.full:
                    break
    except (etree.LxmlError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise Unreadable("damaged EPUB") from error
    return builder.finish(title or source.stem)


def _chapters(package: Any, folder: str) -> list[str]:
    """Paths of the chapters in reading order."""
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    paths = []
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and "html" in item.get("media-type", "html"):
            target = unquote(item.get("href", "")).split("#")[0]
            paths.append(posixpath.normpath(posixpath.join(folder, target)))
    return list(dict.fromkeys(paths))


def _refuse_protected(parts: zipfile.ZipFile, chapters: list[str]) -> None:
    # Shops scramble fonts, too, which does no harm; scrambled chapters are a protected book.
    if _ENCRYPTION not in parts.namelist():
        return
    for reference in _tree(parts, _ENCRYPTION).iter("{*}CipherReference"):
        if unquote(reference.get("URI", "")) in chapters:
            raise Skipped("password needed: the book is copy-protected")


def _tree(parts: zipfile.ZipFile, path: str) -> Any:
    return etree.fromstring(parts.read(path), archive.xml_parser())

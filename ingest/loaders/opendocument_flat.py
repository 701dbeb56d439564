"""OpenDocument in one flat XML file (.fodt, .fods, .fodp), as the parts that an archive would have.

What lies in files of its own in an archive, such as the data of a chart, stands in place there. It
is taken out of the way, so that its text and its styles are not the document's.
"""

import re
from typing import Any

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders.archive import xml_tree
from quire.ingest.loaders.opendocument_text import DRAW, OFFICE

_HREF = "{http://www.w3.org/1999/xlink}href"
# Pictures and films, in letters: never needed, and longer than a parser lets a text be.
_BINARY = re.compile(rb"(<(?:\w{1,50}:)?binary-data(?:\s[^<>]{0,200})?>)[^<]+")


class FlatParts:
    """The parts of a flat file, by the names that they have in an archive.

    Raises Unreadable where there is more XML than may be, and LxmlError where it is damaged.
    """

    def __init__(self, data: bytes, *, limits: Limits) -> None:
        data = _BINARY.sub(rb"\1", data)
        if len(data) > limits.archive_part_bytes:
            raise Unreadable(
                f"limit: the file has {len(data) / 1e6:,.0f} MB of XML, more than "
                f"{limits.archive_part_bytes / 1e6:g} MB"
            )
        root = xml_tree(data)
        self._parts: dict[str, Any] = {"content.xml": root}
        if (meta := root.find(OFFICE + "meta")) is not None:
            self._parts["meta.xml"] = meta
        for number, holder in enumerate([*root.iter(DRAW + "object")], start=1):
            inner = next(holder.iterchildren(OFFICE + "document"), None)
            if inner is not None and next(holder.iterancestors(DRAW + "object"), None) is None:
                holder.remove(inner)
                holder.set(_HREF, f"./Object {number}")
                self._parts[f"Object {number}/content.xml"] = inner

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def tree(self, name: str) -> Any:
        """The root element of a part. Raises KeyError where there is none."""
        return self._parts[name]

"""Open XML packages: DOCX, PPTX, XLSX, their templates, shows and files with macros.

A part is found by the relations that lead to it from the package's root, as the names of parts are
free, and what a file calls itself (template, show, with macros) changes nothing of its text.
Strict Open XML says the same in other namespaces, which are read as the usual ones.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from quire.ingest.loaders.archive import Archive, Part, xml_tree
from quire.ingest.loaders.cleaning import clean_line

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""Namespace of the attributes that name a relation: `r:id`, `r:embed`."""

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/"
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(document|presentation|workbook)[\s>/]")
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_HEAD = 8192  # bytes in which a part's root element begins
# Where the main part stands in a package whose own relations are lost.
_USUALLY = {
    "word/document.xml": "document",
    "ppt/presentation.xml": "presentation",
    "xl/workbook.xml": "workbook",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation from one part to another: `kind` is the last word of its type, `target` a path."""

    kind: str
    target: str


class Package:
    """The parts of a package. What asks for a part that is not there raises KeyError."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._relations: dict[str, dict[str, Relation]] = {}
        # Some writers name parts with backslashes, or in other letters than their relations do.
        self._names = {name.replace("\\", "/").lower(): name for name in archive.names}
        roots = [to.target for to in self.relations("").values() if to.kind == "officeDocument"]
        self.main = next(filter(self._has, (*roots, *_USUALLY)), "")

    def tree(self, path: str) -> Any:
        """The root element of a part."""
        return xml_tree(_STRICT.sub(_USUAL, self.read(path)))

    def read(self, path: str) -> bytes:
        """The bytes of a part."""
        return self.archive.read(self._name(path))

    def open(self, path: str) -> Part:
        """A part to be read as a stream."""
        return self.archive.open(self._name(path))

    def relations(self, path: str) -> dict[str, Relation]:
        """What a part leads to inside of the package, by the ids of the relations."""
        if path not in self._relations:
            self._relations[path] = self._related_by(path)
        return self._relations[path]

    def _related_by(self, path: str) -> dict[str, Relation]:
        folder, name = posixpath.split(path)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self._has(rels):
            return {}
        return {
            each.get("Id", ""): Relation(
                each.get("Type", "").rpartition("/")[2], _joined(folder, each.get("Target", ""))
            )
            for each in self.tree(rels).iter("{*}Relationship")
            if each.get("TargetMode") != "External"
        }

    def related(self, path: str, *kinds: str) -> Iterator[str]:
        """The parts that a part leads to by a relation of one of these kinds."""
        for relation in self.relations(path).values():
            if relation.kind in kinds and self._has(relation.target):
                yield relation.target

    @property
    def title(self) -> str:
        """The title that the file's properties give it; empty where they give none."""
        for path in self.related("", "core-properties", "coreProperties"):
            return clean_line(self.tree(path).findtext(_TITLE) or "")
        return ""

    def _has(self, path: str) -> bool:
        return path.lower() in self._names

    def _name(self, path: str) -> str:
        return self._names[path.lower()]


def kind(archive: Archive) -> str:
    """What a package's main part is: "document", "presentation" or "workbook", "binary" where it is
    no XML, and empty where the archive is no package."""
    package = Package(archive)
    if not package.main:
        return ""
    with package.open(package.main) as part:
        head = part.read(_HEAD)
    if root := _ROOT.search(head.replace(b"\x00", b"")):
        return root[1].decode("ascii")
    return "binary" if package.main.endswith(".bin") else _USUALLY.get(package.main, "")


def _joined(folder: str, target: str) -> str:
    target = unquote(target).replace("\\", "/").split("#")[0]
    return posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")

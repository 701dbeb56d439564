"""Checks an answer that was exported from Quire, with Python alone (3.8 or later).

    python check_answer.py ANSWER.html FILE_OR_FOLDER ...

Each document that the answer cites must be among the files, bit by bit (SHA-256), and each quote
and each picture of a page must be what its SHA-256 says. A quote from a text file is looked for in
the file. What stands on a page of a PDF, a person must compare: the picture shows the place.

It ends with 0 when all is well, and with 1 when something is missing or another.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DATA = re.compile(r'<script type="application/json" id="proof">(.*?)</script>', re.DOTALL)
PICTURE = re.compile(r'<img id="picture-(\d+)" src="data:image/png;base64,([^"]*)"')
QUOTE = re.compile(r'<blockquote id="quote-(\d+)">(.*?)</blockquote>', re.DOTALL)
TEXT = ("text/plain", "text/markdown", "text/csv")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def files_in(paths: list[str]) -> Iterator[Path]:
    """All files that are named, and those in the folders that are."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file())
        else:
            yield path


def found_in(paths: list[str]) -> dict[str, Path]:
    """The paths of files by their SHA-256."""
    found = {}
    for path in files_in(paths):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        found[digest.hexdigest()] = path
    return found


def words(text: str) -> str:
    return " ".join(text.split())


def shown(text: str) -> str:
    """A text as the page shows it, without controls."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def check(page: str, found: Mapping[str, Path]) -> Iterator[tuple[bool, str]]:
    """What is found of an exported page, as (well or not, a sentence)."""
    data = DATA.search(page)
    try:
        yield from compare(json.loads(data[1] if data else ""), page, found)
    except (KeyError, TypeError, ValueError):
        yield False, "This is no answer that Quire exported, or it is damaged."


def compare(
    proof: dict[str, Any], page: str, found: Mapping[str, Path]
) -> Iterator[tuple[bool, str]]:
    quotes = {int(number): html.unescape(text) for number, text in QUOTE.findall(page)}
    pictures = {int(number): base64.b64decode(text) for number, text in PICTURE.findall(page)}
    documents = {one["id"]: one for one in proof["documents"]}
    for one in proof["documents"]:
        path = found.get(one["sha256"])
        said = f"is the file {path}" if path else "is not among the files, or is another version"
        yield bool(path), f"Document {one['name']}: {said}."
    for quote in proof["quotes"]:
        number, text, document = quote["number"], quote["text"], documents[quote["document_id"]]
        name = f"Quote {number}, from {document['name']}"
        if quote["page"] is not None:
            name += f", page {quote['page']}"
        same = sha256(text.encode()) == quote["sha256"] and quotes.get(number) == shown(text)
        yield same, f"{name}: its text {'is as exported' if same else 'was changed'}."
        if quote["picture_sha256"]:
            same = sha256(pictures.get(number, b"")) == quote["picture_sha256"]
            yield same, f"{name}: its picture {'is as exported' if same else 'was changed'}."
        path = found.get(document["sha256"])
        if path and document["media_type"] in TEXT:
            there = words(text) in words(path.read_text("utf-8", "replace"))
            yield there, f"{name}: it {'stands' if there else 'does not stand'} in the file."


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        sys.stdout.write(__doc__ or "")
        return 1
    content = Path(arguments[0]).read_bytes()
    sys.stdout.write(f"SHA-256 of {arguments[0]}: {sha256(content)}\n")
    well = True
    for fine, said in check(content.decode("utf-8", "replace"), found_in(arguments[1:])):
        well = well and fine
        sys.stdout.write(f"{'   ' if fine else '!! '}{said}\n")
    sys.stdout.write("All is as exported.\n" if well else "Not all is as exported.\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

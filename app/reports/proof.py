"""An answer as one HTML file that can be checked on another machine.

It holds the answer with its marks, each quote with its page cut out as a picture, the SHA-256 of
each document, quote and picture, and the script that compares them with the files.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from quire.conversations import layout
from quire.conversations.transcripts import SEEN
from quire.records import Document
from quire.reports.webpage import document, escaped

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Turn

_NEAREST = 3  # passages shown where nothing was found
_PASSAGE = 600  # characters of each
_SCRIPT = "check_answer.py"

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cited:
    """A document that an answer cites, by what its file was when it was cited. `media_type` is
    empty where the document is no longer there."""

    id: str
    name: str
    sha256: str
    media_type: str

    def to_dict(self) -> dict[str, str]:
        return {
            "id": self.id,
            "name": self.name,
            "sha256": self.sha256,
            "media_type": self.media_type,
        }


def page(turn: "Turn", *, documents: Sequence[Document], pictures: Sequence[bytes | None]) -> str:
    """The HTML of a kept answer, over the documents that there are. `pictures` are PNG images of
    the places of its citations, in their order, None where there is none."""
    answer, asked_at = turn.answer, turn.asked_at
    cited = list(_cited(answer, turn.receipt or {}, documents))
    proof = {
        "id": answer["id"],
        "question": answer["question"],
        "asked_at": asked_at,
        "documents": [one.to_dict() for one in cited],
        "quotes": list(_quotes(answer["citations"], pictures)),
    }
    body = "\n".join(_body(answer, asked_at, cited, pictures))
    data = json.dumps(proof, ensure_ascii=False).replace("<", "\\u003c")
    script = escaped(files("quire.reports").joinpath(_SCRIPT).read_text("utf-8"))
    body += (
        f'\n<script type="application/json" id="proof">{data}</script>\n'
        f"<h2>Check it</h2>\n<p>Save this script as {_SCRIPT}, and run it with this page and the "
        f"documents:\n<code>python {_SCRIPT} ANSWER.html FILE_OR_FOLDER …</code>\nIt needs nothing "
        "but Python. That nothing of this page was changed, the SHA-256 of the page tells, which "
        f"the script prints: compare it with that of whoever sent it.</p>\n<pre>{script}</pre>"
    )
    return document(answer["question"], body, chinese=False)


def _cited(answer: Kept, receipt: Kept, documents: Sequence[Document]) -> Iterator[Cited]:
    """Each document that an answer cites, once. An id is the beginning of its file's SHA-256; the
    whole stands in the catalog, or in the receipt where the document is gone."""
    there = {one.id: one for one in documents}
    kept = {hit["document_id"]: hit["sha256"] for hit in receipt.get("hits", ())}
    for id_, name in {c["document_id"]: c["document"] for c in answer["citations"]}.items():
        one = there.get(id_)
        sha256 = one.content_hash if one else kept.get(id_, id_)
        yield Cited(id_, name, sha256, one.media_type if one else "")


def _quotes(
    citations: Sequence[Kept], pictures: Sequence[bytes | None]
) -> Iterator[dict[str, Any]]:
    for number, (cited, picture) in enumerate(zip(citations, pictures, strict=True), start=1):
        yield {
            "number": number,
            "document_id": cited["document_id"],
            "page": cited["page"],
            "start": cited["start"],
            "end": cited["end"],
            "text": cited["quote"],
            "sha256": _hash(cited["quote"].encode()),
            "picture_sha256": _hash(picture) if picture else None,
        }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _body(
    answer: Kept,
    asked_at: str,
    documents: Sequence[Cited],
    pictures: Sequence[bytes | None],
) -> Iterator[str]:
    yield f"<h1>{escaped(answer['question'])}</h1>"
    written = f"Written by {answer['model']}" if answer["model"] else "Quoted from the documents"
    yield f'<p class="about">{escaped(written)}, {escaped(asked_at[:10])}, {answer["id"]}</p>'
    lines = layout.text_lines(answer) if answer["sentences"] else [answer["text"]]
    yield f"<p>{escaped(chr(10).join(lines))}</p>"
    if counted := layout.found_line(answer):
        yield f'<p class="about">{escaped(counted)}.</p>'
    if answer["status"] == "not_found":
        yield from _looked(answer)
    if answer["citations"]:
        yield "<h2>Quotes</h2>"
    for number, (cited, picture) in enumerate(
        zip(answer["citations"], pictures, strict=True), start=1
    ):
        yield from _quote(number, cited, picture)
    for seen in answer.get("seen", ()):
        where = escaped(f"{SEEN}, on {_place(seen['document'], seen['page'])}")
        yield f'<p class="about">{where}</p>\n<p>{escaped(seen["text"])}</p>'
    if documents:
        yield "<h2>Documents</h2>\n<ul>"
        for one in documents:
            yield f"<li>{escaped(one.name)}\n<code>{escaped(one.sha256)}</code></li>"
        yield "</ul>"


def _looked(answer: Kept) -> Iterator[str]:
    """What was looked at, and what came nearest."""
    refusal = answer.get("refusal")
    if refusal:
        searched = [f"{refusal['documents']:,} documents", f"{refusal['passages']:,} passages"]
        if "pages" in refusal:  # of earlier versions it was not kept
            searched.append(
                f"{refusal['pages']:,} pages, of which {refusal['pages_without_text']:,} have no "
                "text, so that nothing can be found on them"
            )
        said = f"Looked at {', '.join(searched)}."
        if refusal["scope"]:
            said += f" Only documents {refusal['scope']}."
        if refusal["nowhere"]:
            said += f" In none of them: {', '.join(refusal['nowhere'])}."
        yield f"<p>{escaped(said)}</p>"
    if answer["passages"]:
        yield "<h2>Nearest passages</h2>"
    for passage in answer["passages"][:_NEAREST]:
        where = escaped(_place(passage["document"], passage["page_first"]))
        text = escaped(passage["text"][:_PASSAGE])
        yield f'<blockquote>{text}<div class="about">{where}</div></blockquote>'


def _quote(number: int, cited: Kept, picture: bytes | None) -> Iterator[str]:
    where = escaped(f"[{cited['label']}] {_place(cited['document'], cited['page'])}")
    yield f'<p class="about">{where}</p>'
    yield f'<blockquote id="quote-{number}">{escaped(cited["quote"])}</blockquote>'
    if picture:
        data = base64.b64encode(picture).decode("ascii")
        alt = escaped(f"The place on the page of {cited['document']}")
        yield f'<img id="picture-{number}" src="data:image/png;base64,{data}" alt="{alt}">'
    yield f'<p class="about"><code>{_hash(cited["quote"].encode())}</code></p>'


def _place(document_name: str, number: int | None) -> str:
    return document_name if number is None else f"{document_name}, page {number}"

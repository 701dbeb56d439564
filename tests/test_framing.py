"""Documents in pieces, between a process that reads hostile files and one that believes little."""

import io
import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_documents import parsed
from quire.errors import Unreadable
from quire.ingest.parsing import framing, pool
from quire.ingest.parsing.pool import ParserPool
from quire.records import Block, Blocks, Pages, PageText, ParsedDocument

_PAGES = st.lists(st.text(alphabet="ab# \n中😀", max_size=40), min_size=1, max_size=5)


def put_together(messages: Iterable[Any]) -> ParsedDocument:
    """As they come over a pipe. Raises EOFError where one more was expected."""
    pipe = io.BytesIO()
    for message in messages:
        framing.send(pipe, message)
    pipe.seek(0)

    def hear() -> framing.Message:
        message = framing.receive(pipe, piece=True)
        if message is None:
            raise EOFError
        return message

    document = framing.put_together(hear()["document"], hear)
    assert pipe.read() == b""
    return document


@given(_PAGES, st.integers(1, 7))
def test_the_pieces_of_a_document_make_the_same_document(pages: list[str], size: int) -> None:
    document = parsed(*pages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "_TEXT", size)
        patch.setattr(framing, "_BLOCKS", size)
        assert put_together(framing.pieces(document)) == document


def test_no_piece_of_a_large_document_is_large() -> None:
    text = "😀 中文 " * 400_000
    blocks = Blocks(Block("paragraph", at, at + 4) for at in range(0, len(text), 5))
    document = ParsedDocument(
        "0" * 64, "text/plain", "title", Pages.of([PageText(None, text)]), blocks
    )
    messages = list(framing.pieces(document))
    assert max(len(json.dumps(message)) for message in messages) < 3_000_000
    assert put_together(messages) == document


def lying(*instead: Any, **changed: Any) -> list[Any]:
    """The pieces of a document of sixteen characters and three blocks, of which the first says
    something else, or the last ones are others."""
    first, *rest = framing.pieces(parsed("# One\n\ntext", "two"))
    pieces = [{"document": {**first["document"], **changed}}, *rest]
    return [*pieces[: len(pieces) - len(instead)], *instead]


LIES = {
    "fewer characters": lying(characters=5),
    "more characters": lying(characters=17),
    "fewer blocks": lying(blocks=1),
    "more blocks": lying(blocks=4),
    "a page that begins where the one before does": lying(starts=[0, 0]),
    "a page behind the end": lying(starts=[0, 17]),
    "a page without a number": lying(starts=[0, 5, 7]),
    "no pages": lying(starts=[], numbers=[]),
    "a number that is none": lying(numbers=[1, "2"]),
    "blocks in disorder": lying({"blocks": [["code", 4, 6, 0], ["code", 1, 3, 0]]}),
    "a block behind the end": lying({"blocks": [["code", 4, 999, 0]]}),
    "a block of an unknown kind": lying({"blocks": [["poem", 0, 1, 0]]}),
    "no blocks": lying({"blocks": []}),
    "a text that is none": lying({"text": ["a"] * 16}, {}),
    "an empty text": lying({"text": ""}, {"text": ""}),
    "a piece of something else": lying({"png": ""}, {}),
}


@pytest.mark.parametrize("messages", LIES.values(), ids=LIES.keys())
def test_pieces_that_do_not_fit_together_are_no_document(messages: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, LookupError, EOFError)):
        put_together(messages)


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">I", 2**32 - 1) + b"x",
        struct.pack(">I", 200 * 2**20) + b"x",
        struct.pack(">I", 3) + b"{x}",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 5_000_000) + b"[" * 5_000_000,
    ],
    ids=["four gigabytes", "two hundred megabytes", "no JSON", "no object", "nested"],
)
def test_a_worker_that_sends_nonsense_has_crashed(
    tmp_path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next file is parsed by another one."""
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "nonsense").write_bytes(sent)
    with ParserPool() as parsers:
        with monkeypatch.context() as patch:
            patch.setattr(pool, "_WORKER", ["-c", _NONSENSE, str(tmp_path / "nonsense")])
            with pytest.raises(Unreadable, match=r"^parser crashed$"):
                parsers.parse(tmp_path / "a.txt")
        assert parsers.parse(tmp_path / "a.txt").text == "text"


_NONSENSE = """
import sys
from pathlib import Path
sys.stdin.buffer.read(4)
sys.stdout.buffer.write(Path(sys.argv[1]).read_bytes())
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
"""

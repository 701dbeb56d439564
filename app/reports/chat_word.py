"""Turns of a chat as a DOCX: questions, answers in their form, quotes, pictures of their places."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quire.reports import turns as written
from quire.reports.marked import printable
from quire.reports.turns import Cell, Piece

if TYPE_CHECKING:
    from docx.document import Document

    from quire.conversations.schema import Turn

_WIDTH = 6.0  # inches of a picture; the page has 6.5 between its margins of an inch
_DEEPEST = 3  # levels of a list for which Word has a style
_INDENT = 0.25  # inches of a level of a list
_MARK = "5F5F5F"


def file(title: str, turns: "Sequence[Turn]", pictures: Sequence[Sequence[bytes | None]]) -> bytes:
    """The bytes of the DOCX. `pictures` are those of each turn; see `quire.reports.turns`."""
    import docx  # noqa: PLC0415  a quarter of a second
    from docx.shared import Inches  # noqa: PLC0415

    made = docx.Document()
    made.core_properties.title = printable(title)
    made.core_properties.author = ""
    for section in made.sections:
        section.left_margin = section.right_margin = Inches(1)
    if len(turns) != 1 or turns[0].question != title:
        made.add_heading(printable(title), 0)
    for turn, its in zip(turns, pictures, strict=True):
        for piece in written.pieces(turn, its):
            if piece.what == "picture":  # the words and their picture on one page
                made.paragraphs[-1].paragraph_format.keep_with_next = True
            _write(made, piece)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _write(made: "Document", piece: Piece) -> None:
    from docx.shared import Inches, Pt  # noqa: PLC0415

    if piece.what == "picture":
        made.add_picture(io.BytesIO(piece.picture), width=Inches(_WIDTH))
    elif piece.what == "question":
        made.add_heading(piece.said, 1)
    elif piece.what == "heading":
        made.add_heading(piece.said, 3)
    elif piece.what == "quote":
        made.add_paragraph(piece.said, style="Quote")
    elif piece.what in {"about", "source"}:
        paragraph = made.add_paragraph("")
        paragraph.paragraph_format.keep_with_next = piece.what == "source"
        run = paragraph.add_run(piece.said)
        run.bold = piece.what == "source"
        run.font.size = Pt(9.5)
    elif piece.kind == "table":
        _table(made, piece)
    elif piece.kind == "rule":
        made.add_paragraph("―" * 12)
    else:
        _lines(made, piece)


def _lines(made: "Document", piece: Piece) -> None:
    from docx.shared import Inches  # noqa: PLC0415

    style = None
    marker = ""
    if piece.kind == "item":
        depth = min(piece.level, _DEEPEST - 1)
        style = "List Bullet" + (f" {depth + 1}" if depth else "")
        if any(map(str.isalnum, piece.marker)):  # as it was written, and not counted anew
            style = "List Continue" + (f" {depth + 1}" if depth else "")
            marker = f"{piece.marker}\t"
    elif piece.kind == "quote":
        style = "Quote"
    elif piece.kind == "heading":
        style = "Heading 3"
    paragraph = made.add_paragraph(marker, style=style)
    if piece.kind == "item":  # the styles of items and of their numbers stand apart
        paragraph.paragraph_format.left_indent = Inches(_INDENT * (piece.level + 1))
        paragraph.paragraph_format.first_line_indent = Inches(-_INDENT)
    for number, line in enumerate(piece.lines):
        if number:
            paragraph.add_run("\n")
        for cell in line:
            _cell(paragraph, cell, code=piece.kind == "code")


def _table(made: "Document", piece: Piece) -> None:
    columns = max(map(len, piece.lines))
    table = made.add_table(rows=0, cols=columns, style="Table Grid")
    for number, line in enumerate(piece.lines):
        cells = table.add_row().cells
        for at, cell in enumerate(line):
            _cell(cells[at].paragraphs[0], cell, strong=piece.header and number == 0)
    made.add_paragraph("")


def _cell(paragraph: Any, cell: Cell, *, strong: bool = False, code: bool = False) -> None:
    from docx.shared import RGBColor  # noqa: PLC0415

    for span in cell:
        run = paragraph.add_run(span.text)
        run.bold = strong or span.strong or None
        run.italic = span.emphasis or None
        if code or span.code:
            run.font.name = "Consolas"
        if span.mark:
            run.font.color.rgb = RGBColor.from_string(_MARK)

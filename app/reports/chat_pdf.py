"""Turns of a chat as a PDF: questions, answers in their form, quotes and pictures of their places.

What Latin-1 cannot write is set in STSong-Light, a Chinese font that readers of PDF have or stand
in for: nothing of it is in the file, which would be ten megabytes otherwise.
"""

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from quire.reports import turns as written
from quire.reports.marked import printable
from quire.reports.turns import Cell, Piece

if TYPE_CHECKING:
    from quire.conversations.schema import Turn

_MARGIN = 56.0  # points
_HAN = "STSong-Light"
_NARROWEST = 40.0  # points of a column
_INDENT = 16.0  # points for a level of a list
_LATIN = re.compile(r"[\u0000-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac]+")
"""What the fonts that every reader of PDF has can write."""


def file(title: str, turns: "Sequence[Turn]", pictures: Sequence[Sequence[bytes | None]]) -> bytes:
    """The bytes of the PDF. `pictures` are those of each turn; see `quire.reports.turns`."""
    from reportlab.lib.fonts import addMapping  # noqa: PLC0415
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415  a fifth of a second
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont(_HAN))
    for bold, italic in itertools.product((0, 1), repeat=2):  # it has one weight
        addMapping(_HAN, bold, italic, _HAN)
    buffer = io.BytesIO()
    made = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=printable(title),
        author="",
        creator="Quire",
    )
    writer = _Writer(width=A4[0] - 2 * _MARGIN, height=A4[1] - 3 * _MARGIN)
    story: list[Any] = []
    if len(turns) != 1 or turns[0].question != title:
        story.append(writer.line(title, "title"))
    for turn, its in zip(turns, pictures, strict=True):
        for piece in written.pieces(turn, its):
            if piece.what == "picture" and story:  # the words and their picture on one page
                story[-1].keepWithNext = 1
            story += writer.write(piece)
    made.build(story)
    return buffer.getvalue()


class _Writer:
    """Pieces as what reportlab lays out, on pages whose text is so wide and high."""

    def __init__(self, *, width: float, height: float) -> None:
        from reportlab.lib.colors import HexColor  # noqa: PLC0415
        from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415

        self._width = width
        self._height = height
        body = ParagraphStyle(
            "body", fontName="Helvetica", fontSize=10.5, leading=15.5, spaceAfter=5, wordWrap="CJK"
        )
        soft = HexColor("#555555")

        def style(name: str, **changed: Any) -> Any:
            return ParagraphStyle(name, parent=body, **changed)

        self._styles = {
            "body": body,
            "title": style("title", fontSize=19, leading=25, spaceAfter=12),
            "question": style(
                "question", fontSize=14, leading=20, spaceBefore=16, spaceAfter=7, keepWithNext=1
            ),
            "heading": style("heading", fontSize=11, leading=16, spaceBefore=8, keepWithNext=1),
            "about": style("about", fontSize=8.5, leading=12, textColor=soft),
            "source": style(
                "source", fontSize=9, leading=13, spaceBefore=4, spaceAfter=2, keepWithNext=1
            ),
            "quote": style("quote", leftIndent=12, fontSize=9.5, leading=14, textColor=soft),
            "cell": style("cell", fontSize=9, leading=12.5, spaceAfter=0),
        }

    def line(self, text: str, style: str) -> Any:
        """One line of text that is not marked up."""
        strong = style in {"title", "question", "heading", "source"}
        return self._paragraph(_set(printable(text), strong=strong), style)

    def write(self, piece: Piece) -> Iterator[Any]:
        """What a piece is drawn as."""
        from reportlab.lib.colors import HexColor  # noqa: PLC0415
        from reportlab.platypus import HRFlowable  # noqa: PLC0415

        if piece.what == "picture":
            yield self._picture(piece.picture)
        elif piece.what != "block":
            yield self.line(piece.said, piece.what)
        elif piece.kind == "table":
            yield from self._table(piece)
        elif piece.kind == "rule":
            yield HRFlowable(width="100%", color=HexColor("#bbbbbb"), spaceBefore=6, spaceAfter=6)
        else:
            yield self._text(piece)

    def _text(self, piece: Piece) -> Any:
        code = piece.kind == "code"
        lines = [
            "".join(_cell(cell, code=code, strong=piece.kind == "heading") for cell in line)
            for line in piece.lines
        ]
        if piece.kind == "item":
            marker = piece.marker if any(map(str.isalnum, piece.marker)) else "•"
            indent = _INDENT * (piece.level + 1)
            return self._paragraph(
                "<br/>".join(lines), "body", bullet=marker, leftIndent=indent + 6
            )
        return self._paragraph("<br/>".join(lines), "quote" if piece.kind == "quote" else "body")

    def _table(self, piece: Piece) -> Iterator[Any]:
        """A table; one of more columns than can be read, row by row."""
        from reportlab.lib.colors import HexColor  # noqa: PLC0415
        from reportlab.platypus import Table, TableStyle  # noqa: PLC0415

        columns = max(map(len, piece.lines))
        if self._width / columns < _NARROWEST:
            for line in piece.lines:
                yield self._paragraph(" · ".join(map(_cell, line)), "body")
            return
        rows = [
            [
                self._paragraph(_cell(cell, strong=piece.header and number == 0), "cell")
                for cell in (*line, *((),) * (columns - len(line)))
            ]
            for number, line in enumerate(piece.lines)
        ]
        table = Table(
            rows,
            colWidths=[self._width / columns] * columns,
            repeatRows=int(piece.header),
            splitInRow=1,
            spaceBefore=2,
            spaceAfter=8,
        )
        table.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#bbbbbb")),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ]
            )
        )
        yield table

    def _picture(self, png: bytes) -> Any:
        from reportlab.lib.utils import ImageReader  # noqa: PLC0415
        from reportlab.platypus import Image  # noqa: PLC0415

        width, height = ImageReader(io.BytesIO(png)).getSize()
        scale = min(self._width / width, self._height / height, 0.75)
        drawn = Image(io.BytesIO(png), width=width * scale, height=height * scale, hAlign="LEFT")
        drawn.spaceAfter = 8
        return drawn

    def _paragraph(self, markup: str, style: str, *, bullet: str = "", **changed: Any) -> Any:
        from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
        from reportlab.platypus import Paragraph  # noqa: PLC0415

        chosen = self._styles[style]
        if changed:
            chosen = ParagraphStyle(style, parent=chosen, **changed)
        han = bool(bullet) and not _LATIN.fullmatch(bullet)
        if han:
            chosen = ParagraphStyle(style, parent=chosen, bulletFontName=_HAN)
        indent = max(0.0, chosen.leftIndent - _INDENT)
        chosen.bulletIndent = indent
        return Paragraph(markup, chosen, bulletText=printable(bullet) or None)


def _cell(cell: Cell, *, strong: bool = False, code: bool = False) -> str:
    return "".join(
        _set(
            span.text,
            strong=strong or span.strong,
            emphasis=span.emphasis,
            code=code or span.code,
            mark=span.mark,
        )
        for span in cell
    )


def _set(
    text: str,
    *,
    strong: bool = False,
    emphasis: bool = False,
    code: bool = False,
    mark: bool = False,
) -> str:
    """A text as reportlab's markup, each stretch in a font that can write it."""
    said = []
    at = 0
    for latin in _LATIN.finditer(text):
        said += [_in(_HAN, text[at : latin.start()]), _in("Courier" * code, latin[0])]
        at = latin.end()
    said.append(_in(_HAN, text[at:]))
    markup = "".join(said).replace("\n", "<br/>")
    for on, tag in ((strong, "b"), (emphasis, "i")):
        markup = f"<{tag}>{markup}</{tag}>" if on else markup
    return f'<font color="#5f5f5f" size="8.5">{markup}</font>' if mark else markup


def _in(font: str, text: str) -> str:
    if not text:
        return ""
    said = escape(text, quote=False)
    return f'<font name="{font}">{said}</font>' if font else said

"""Makes the sample documents in `examples/documents` from the texts in `examples/sources`.

    python examples/make_documents.py [--font FILE] [--out FOLDER]

Two runs give the same bytes: nothing in a file depends on the clock. `visitor-faq.md` is its own
source and is copied. The Chinese PDF embeds a subset of Droid Sans Fallback (Apache-2.0), which
Debian and Ubuntu install with `apt-get install fonts-droid-fallback`; Latin letters in both PDFs
are Bitstream Vera, which reportlab brings along.

The sources hold one block a line: `#` headings, `>` a line below the title, `-` list items,
`|` table rows with the header first, `^` a table's caption, `=== page` and `=== columns` for a new
page in one or two columns; every other line is a paragraph.
"""

import argparse
import datetime as dt
import itertools
import math
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import reportlab
from docx.shared import Pt
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Table,
)

HERE = Path(__file__).resolve().parent
CHINESE_FONT = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
EDITION = dt.datetime(2024, 11, 22, 9, 0)

INK, ACCENT, RULE, SHADE = (HexColor(c) for c in ("#222222", "#1f4e5f", "#b8c4c8", "#eef3f4"))
MARGIN = 62.0  # points
GUTTER = 24.0
CELL_PADDING = 5.0


@dataclass(frozen=True)
class Block:
    """A block of a source: `kind` is the mark that opens its line, "" for a paragraph."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def read_source(path: Path) -> Iterator[Block]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for is_table, group in itertools.groupby(lines, lambda line: line.startswith("|")):
        if is_table:
            yield Block(
                "|",
                rows=tuple(
                    tuple(cell.strip() for cell in line.strip("|").split("|")) for line in group
                ),
            )
            continue
        for line in group:
            mark = re.match(r"(#+|>|-|\^|===) ", line)
            yield Block(mark[1], line[mark.end() :]) if mark else Block("", line)


class Typesetter:
    """Styles, fonts and line breaking for one language: "en" or "zh"."""

    def __init__(self, language: str) -> None:
        self.chinese = language == "zh"
        self.body_font = "Chinese" if self.chinese else "Vera"
        bold = "Chinese" if self.chinese else "Vera-Bold"  # Droid Sans Fallback has no bold
        size = 11 if self.chinese else 10.8
        body = ParagraphStyle(
            "body",
            fontName=self.body_font,
            fontSize=size,
            leading=size * (1.75 if self.chinese else 1.55),
            spaceAfter=size * 0.7,
            textColor=INK,
        )
        indent = 2 * size if self.chinese else 0
        heading = {"parent": body, "fontName": bold, "textColor": ACCENT, "keepWithNext": 1}
        self.styles = {
            "": ParagraphStyle("paragraph", body, firstLineIndent=indent),
            "-": ParagraphStyle(
                "item",
                body,
                leftIndent=2 * size,
                bulletIndent=size,
                bulletFontName="Vera",
                spaceAfter=size * 0.2,
            ),
            ">": ParagraphStyle("note", body, fontSize=size * 0.9, spaceAfter=size * 1.6),
            "^": ParagraphStyle("caption", body, fontSize=size * 0.92, keepWithNext=1),
            "#": ParagraphStyle("title", fontSize=19, leading=28, spaceAfter=4, **heading),
            "##": ParagraphStyle("h1", fontSize=14.5, leading=22, spaceBefore=10, **heading),
            "###": ParagraphStyle("h2", fontSize=11.3, leading=17, spaceBefore=6, **heading),
            "cell": ParagraphStyle(
                "cell", body, fontSize=size * 0.86, leading=size * 1.25, spaceAfter=0
            ),
        }
        self.styles["head"] = ParagraphStyle("head", self.styles["cell"], fontName=bold)

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """The text in pieces with the font of each: Droid Sans Fallback has no Latin letters."""
        if not self.chinese:
            yield "", text
            return
        glyphs = pdfmetrics.getFont("Chinese").face.charToGlyph
        for in_font, piece in itertools.groupby(text, lambda c: ord(c) in glyphs):
            yield "" if in_font else "Vera", "".join(piece)

    def markup(self, text: str) -> str:
        return "".join(
            f'<font name="{font}">{escape(piece)}</font>' if font else escape(piece)
            for font, piece in self.runs(text)
        )

    def width(self, text: str, style: ParagraphStyle) -> float:
        return math.fsum(
            pdfmetrics.stringWidth(piece, font or style.fontName, style.fontSize)
            for font, piece in self.runs(text)
        )

    def paragraph(self, text: str, style: ParagraphStyle, *, width: float) -> Paragraph:
        bullet = "•" if style.name == "item" else None
        if not self.chinese:
            return Paragraph(escape(text), style, bulletText=bullet)
        lines = self.chinese_lines(text, style, width - style.leftIndent - 0.5)
        return Paragraph(
            "<br/>".join(self.markup(line) for line in lines), style, bulletText=bullet
        )

    def chinese_lines(self, text: str, style: ParagraphStyle, width: float) -> Iterator[str]:
        """Lines that break between Chinese characters, never inside a code or number.

        reportlab's own CJK wrapping may break `GB/T 4208-2017` in two. A line neither begins with
        a closing mark nor ends with an opening one.
        """
        units = re.findall(
            r"[（《]*(?:[A-Za-z0-9.,/%°-]+(?: (?=[\dA-Z])[A-Za-z0-9.,/%°-]+)?|.)[，。；：、）》]*",
            text,
        )
        line, room = "", width - style.firstLineIndent
        for unit in units:
            if line and self.width(line + unit, style) > room:
                yield line.rstrip()
                line, room = "", width
            line += unit
        yield line

    def table(self, rows: tuple[tuple[str, ...], ...], *, width: float) -> Table:
        """The columns share the frame's width in proportion to their longest cells."""
        longest = [
            max(self.width(cell, self.styles["head"]) for cell in c)
            for c in zip(*rows, strict=True)
        ]
        spare = width - sum(longest) - 2 * CELL_PADDING * len(longest)
        if spare < 0:
            raise ValueError(f"the table that begins with {rows[0]} is wider than the page")
        columns = [one + 2 * CELL_PADDING + spare / len(longest) for one in longest]
        cells = [
            [
                self.paragraph(cell, self.styles["cell" if n else "head"], width=column)
                for cell, column in zip(row, columns, strict=True)
            ]
            for n, row in enumerate(rows)
        ]
        return Table(
            cells,
            columns,
            repeatRows=1,
            spaceAfter=12,
            style=[
                ("FONTNAME", (0, 0), (-1, -1), "Vera"),  # as for initialFontName below
                ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                ("GRID", (0, 0), (-1, -1), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ],
        )


def flowables(blocks: list[Block], setter: Typesetter) -> list[Flowable]:
    full = A4[0] - 2 * MARGIN
    width = full
    story: list[Flowable] = []
    caption: list[Flowable] = []
    for block in blocks:
        if block.kind == "===":
            two = block.text == "columns"
            width = (full - GUTTER) / 2 if two else full
            story += [NextPageTemplate("two" if two else "one"), PageBreak()]
        elif block.kind == "|":
            story.append(KeepTogether([*caption, setter.table(block.rows, width=width)]))
            caption = []
        elif block.kind == "^":
            caption = [setter.paragraph(block.text, setter.styles["^"], width=width)]
        else:
            story.append(setter.paragraph(block.text, setter.styles[block.kind], width=width))
    return story


def make_pdf(source: Path, target: Path, *, language: str, header: str, footer: str) -> None:
    """Two passes, because the footer names the number of pages: `footer` holds {page}, {pages}."""
    blocks = list(read_source(source))
    setter = Typesetter(language)
    fonts = [pdfmetrics.getFont(name) for name in ("Vera", setter.body_font)]
    text = header + footer + source.read_text(encoding="utf-8").replace("\n", "")
    if missing := {c for c in text if all(ord(c) not in font.face.charToGlyph for font in fonts)}:
        sys.exit(f"{target.name} was not made: the fonts lack {' '.join(sorted(missing))}")
    full = A4[0] - 2 * MARGIN
    half = (full - GUTTER) / 2
    frame_box = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    height = A4[1] - 2 * MARGIN - 10
    small = ParagraphStyle("small", fontName=setter.body_font, fontSize=8, textColor=ACCENT)

    def build(pages: int) -> tuple[int, bytes]:
        buffer = BytesIO()

        def furniture(canvas, doc) -> None:  # type: ignore[no-untyped-def]
            canvas.saveState()
            canvas.setStrokeColor(RULE)
            canvas.line(MARGIN, A4[1] - MARGIN + 12, A4[0] - MARGIN, A4[1] - MARGIN + 12)
            for text, top in ((header, A4[1] - MARGIN + 18), (footer, MARGIN - 30)):
                line = text.format(page=doc.page, pages=pages)
                x = MARGIN if text is header else (A4[0] - setter.width(line, small)) / 2
                for font, piece in setter.runs(line):
                    name = font or small.fontName
                    canvas.setFont(name, small.fontSize)
                    canvas.setFillColor(ACCENT)
                    canvas.drawString(x, top, piece)
                    x += pdfmetrics.stringWidth(piece, name, small.fontSize)
            canvas.restoreState()

        def outline(flowable: Flowable) -> None:
            level = {"title": 0, "h1": 1, "h2": 2}.get(getattr(flowable, "style", small).name)
            if level is not None:
                text = flowable.getPlainText()
                document.canv.bookmarkPage(text)
                document.canv.addOutlineEntry(text, text, level, closed=False)

        document = BaseDocTemplate(
            buffer,
            pagesize=A4,
            title=next(block.text for block in blocks if block.kind == "#"),
            author="鹿鸣岭天文台" if setter.chinese else "Luming Ridge Observatory",
            subject="Quire sample document",
            creator="examples/make_documents.py",
            lang="zh-CN" if setter.chinese else "en-GB",
            initialFontName="Vera",  # or every page names Helvetica, which is not embedded
            invariant=1,
        )
        document.afterFlowable = outline
        document.addPageTemplates(
            [
                PageTemplate("one", [Frame(MARGIN, MARGIN, full, height, **frame_box)], furniture),
                PageTemplate(
                    "two",
                    [
                        Frame(MARGIN, MARGIN, half, height, **frame_box),
                        Frame(MARGIN + half + GUTTER, MARGIN, half, height, **frame_box),
                    ],
                    furniture,
                ),
            ]
        )
        document.build(flowables(blocks, setter))
        return document.page, buffer.getvalue()

    pages, _ = build(0)
    target.write_bytes(build(pages)[1])


def make_docx(source: Path, target: Path) -> None:
    document = docx.Document()
    properties = document.core_properties
    properties.author = "Luming Ridge Observatory"
    properties.comments = "Quire sample document"
    properties.created = properties.modified = EDITION
    document.styles["Normal"].font.size = Pt(11)
    for block in read_source(source):
        if block.kind == "#":
            properties.title = block.text
        if block.kind.startswith("#"):
            document.add_heading(block.text, level=len(block.kind) - 1)
        elif block.kind == "|":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Light Grid Accent 1")
            for row, texts in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
            document.add_paragraph()
        else:
            style = {"-": "List Bullet", ">": "Subtitle"}.get(block.kind)
            document.add_paragraph(block.text, style)
    buffer = BytesIO()
    document.save(buffer)
    # python-docx stamps the members of the archive with the time of writing.
    with zipfile.ZipFile(buffer) as stamped, zipfile.ZipFile(target, "w") as fixed:
        for name in stamped.namelist():
            member = zipfile.ZipInfo(name, EDITION.timetuple()[:6])
            fixed.writestr(member, stamped.read(name), zipfile.ZIP_DEFLATED)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make Quire's sample documents.")
    parser.add_argument("--font", type=Path, default=CHINESE_FONT, help="Chinese TrueType font")
    parser.add_argument("--out", type=Path, default=HERE / "documents", help="where to write")
    arguments = parser.parse_args()
    sources, out = HERE / "sources", arguments.out
    out.mkdir(parents=True, exist_ok=True)

    vera = Path(reportlab.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont("Vera", vera / "Vera.ttf"))
    pdfmetrics.registerFont(TTFont("Vera-Bold", vera / "VeraBd.ttf"))
    make_pdf(
        sources / "lease-and-handbook.txt",
        out / "lease-and-handbook.pdf",
        language="en",
        header="Luming Ridge Observatory: East Dome Lease and Operating Handbook",
        footer="Page {page} of {pages}",
    )
    make_docx(sources / "board-minutes.txt", out / "board-minutes.docx")
    faq = HERE / "documents" / "visitor-faq.md"
    if out.resolve() != faq.parent:
        shutil.copyfile(faq, out / faq.name)

    if not arguments.font.is_file():
        sys.exit(
            f"The Chinese PDF was not made, because there is no font at {arguments.font}.\n"
            "Install it with `apt-get install fonts-droid-fallback`, or name the file of another "
            "TrueType font that has Chinese with --font."
        )
    pdfmetrics.registerFont(TTFont("Chinese", arguments.font))
    make_pdf(
        sources / "maintenance-rules.txt",
        out / "设备维护规程.pdf",
        language="zh",
        header="鹿鸣岭天文台设备维护规程　LM-WH-2024　第 3 版",
        footer="第 {page} 页 共 {pages} 页",
    )


if __name__ == "__main__":
    main()

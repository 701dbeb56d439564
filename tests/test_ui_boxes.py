"""Twenty citations on real pages: the boxes hold the quoted words and nothing of other lines.

The boxes are those that the page view draws, as shares of the picture. They are led back to places
on the page by pdfium's own conversion, which knows of rotation and crop boxes, and pdfium's bounded
text says what is in them: another way than the one by which they were found.
"""

import ctypes
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from made_fonts import register_squares
from quire import KnowledgeBase
from quire.ingest.loaders.pdf.pdfium import PdfiumPage
from quire.ingest.parsing.pool import ParserPool
from quire.models.fakes import FakeEmbedder
from quire.records import Citation
from quire.ui.source import PageView, Source, look

DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"
SHORTEST = 20  # citations, on at least so many the boxes are looked at
ENGLISH = (
    "The {n} lease of the dome begins in May and runs for three years. Either party may end it "
    "with notice of six months in writing. The rent is due on the first working day of each month "
    "and covers heating and water, while electricity is paid by the tenant. A yearly inspection "
    "of the roof, gutters and lightning rods belongs to the duties of the landlord. "
)
CHINESE = (
    "第{n}份租赁合同自签订之日起生效，租赁期限为三年整。任何一方均可提前六个月书面通知对方解除合同。"
    "租金应于每月第一个工作日支付，包括暖气费和水费，电费由承租人自行承担。"
    "出租人每年负责检查屋顶、排水沟和避雷装置，并保存检查记录备查。"
)


SQUARES = "SquaresOfBoxes"  # of characters of its own: a name keeps those it was given first


@dataclass(frozen=True)
class Sheet:
    """A page to be made. `size` is as shown, `crop` in points of the page before it is turned."""

    name: str
    size: tuple[float, float] = (400, 600)
    rotation: int = 0
    crop: tuple[float, float, float, float] | None = None
    columns: int = 1
    chinese: bool = False
    leading: float = 1.2
    origin: tuple[float, float] = (0, 0)

    @property
    def font(self) -> str:
        return SQUARES if self.chinese else "Times-Roman"


SHEETS = [
    Sheet("turned-90", rotation=90),
    Sheet("turned-180-zh", rotation=180, chinese=True),
    Sheet("turned-270-columns", rotation=270, columns=2),
    Sheet("cropped", crop=(25, 40, 380, 590)),
    Sheet("cropped-turned-zh", crop=(40, 25, 590, 380), rotation=90, chinese=True),
    Sheet("columns-zh", columns=2, chinese=True),
    Sheet("columns", columns=2),
    Sheet("poster", size=(2384, 1684), columns=2),
    Sheet("card", size=(260, 420)),
    Sheet("odd-corner", origin=(-120, 75.5)),
    Sheet("tight", leading=1.05),
    Sheet("tight-zh", leading=1.1, chinese=True),
]


def make(sheet: Sheet, folder: Path) -> Path:
    """A PDF of one page."""
    path = folder / f"{sheet.name}.pdf"
    wide, high = sheet.size
    canvas = Canvas(str(path), pagesize=sheet.size)  # reportlab swaps the sides when it is turned
    if sheet.crop:
        canvas.setCropBox(sheet.crop)
    canvas.setPageRotation(sheet.rotation)
    corner = {0: (0, 0), 90: (high, 0), 180: (wide, high), 270: (0, wide)}[sheet.rotation]
    canvas.translate(*corner)
    canvas.rotate(sheet.rotation)
    size = 10 * max(1, wide / 1200)
    canvas.setFont(sheet.font, size)
    column = (wide - 100) / sheet.columns - 20 * (sheet.columns - 1)
    text = CHINESE if sheet.chinese else ENGLISH
    body = wrapped(text.format(n=sheet.name), sheet.font, size, column)
    share = -(-len(body) // sheet.columns)
    for at, line in enumerate(body):
        x = 50 + (at // share) * (column + 40)
        canvas.drawString(x, high - 70 - (at % share) * size * sheet.leading, line)
    canvas.save()
    if sheet.origin != (0, 0):
        return moved(path, *sheet.origin)
    return path


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """Lines of at most this width; Chinese is broken anywhere, and marks may hang."""
    pieces = re.findall(r"\S+\s*" if font == "Times-Roman" else ".[，。、]?", text)
    lines = [""]
    for piece in pieces:
        if pdfmetrics.stringWidth(lines[-1] + piece.rstrip(), font, size) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def moved(path: Path, x: float, y: float) -> Path:
    """The same page, its lower left corner at another place than (0, 0)."""
    writer = PdfWriter()
    page = writer.add_page(PdfReader(path).pages[0])
    left, bottom, right, top = (float(value) for value in page.mediabox)
    page.add_transformation((1, 0, 0, 1, x, y))
    page.mediabox = RectangleObject((left + x, bottom + y, right + x, top + y))
    page.cropbox = page.mediabox
    writer.write(path)
    return path


@dataclass(frozen=True)
class Looked:
    """A citation, the file, and what the page view shows of it."""

    citation: Citation
    path: Path
    view: PageView

    def __str__(self) -> str:
        return f"{self.citation.document.name}, page {self.citation.page}: {self.citation.quote}"


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> list[Looked]:
    """Citations of summaries, which are sentences from all over a document."""
    folder = tmp_path_factory.mktemp("boxes")
    names = "".join(sheet.name for sheet in SHEETS)
    register_squares(folder, CHINESE + names, name=SQUARES)
    paths = [make(sheet, folder) for sheet in SHEETS] + sorted(DOCUMENTS.glob("*.pdf"))
    found = []
    with (
        KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as base,
        ParserPool() as parsers,
    ):
        base.add(paths)
        for path in paths:
            for cited in base.summarize(path.name, sentences=2).citations:
                source = Source(
                    cited.document.id,
                    path.name,
                    cited.page,
                    cited.start,
                    cited.end,
                    cited.quote,
                )
                view = look(base, source, parsers=parsers).page
                assert view is not None, path.name
                found.append(Looked(cited, path, view))
    keep(found)
    return found


def test_the_boxes_hold_the_quoted_words_and_nothing_else(looked: list[Looked]) -> None:
    assert len(looked) >= SHORTEST
    assert {each.path.stem for each in looked} >= {sheet.name for sheet in SHEETS}
    for each in looked:
        assert letters(bounded(each)) == letters(each.citation.quote), each


def test_there_is_one_box_a_line_and_each_is_on_the_picture(looked: list[Looked]) -> None:
    for each in looked:
        boxes = each.view.boxes
        assert boxes, each
        for left, top, width, height in boxes:
            assert 0 <= left < left + width <= 1, each
            assert 0 <= top < top + height <= 1, each
        for one, other in itertools.pairwise(boxes):
            beside = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            overlap = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
            assert beside or overlap < 0.5 * min(one[3], other[3]), each


def bounded(each: Looked) -> str:
    """What pdfium finds within the boxes, as the page view draws them."""
    found = []
    with pypdfium2.PdfDocument(each.path) as document:
        page = document[(each.citation.page or 1) - 1]
        # Where the machine has no Chinese font, pdfium finds nothing on a page that is turned.
        PdfiumPage(page.raw, [])._widen()
        text = page.get_textpage()
        for left, top, width, height in each.view.boxes:
            corners = [
                on_page(page, left, top),
                on_page(page, left + width, top + height),
            ]
            (x0, x1), (y0, y1) = (sorted(values) for values in zip(*corners, strict=True))
            # The marks of a neighbour begin where a box ends: a touch is no cover.
            narrow, low = 0.12 * min(x1 - x0, 8), 0.1 * (y1 - y0)
            if page.get_rotation() % 180:
                narrow, low = 0.1 * (x1 - x0), 0.12 * min(y1 - y0, 8)
            found.append(text.get_text_bounded(x0 + narrow, y0 + low, x1 - narrow, y1 - low))
        text.close()
        page.close()
    return "".join(found)


def on_page(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """The place on a page, in its own points, of a place on its picture."""
    far = 1_000_000  # device units: the finest that pdfium's whole numbers allow
    page_x, page_y = ctypes.c_double(), ctypes.c_double()
    done = pdfium.FPDF_DeviceToPage(
        page, 0, 0, far, far, 0, round(x * far), round(y * far), page_x, page_y
    )
    assert done
    return page_x.value, page_y.value


def letters(text: str) -> str:
    """Without white space, hyphens at the ends of lines, and the bars between cells."""
    return re.sub(r"[\s|\u00ad\ufffe\x02-]", "", text)


def keep(found: list[Looked]) -> None:
    """Pictures to look at, in the folder that QUIRE_KEEP_PAGES names."""
    folder = os.environ.get("QUIRE_KEEP_PAGES")
    if not folder:
        return
    import base64  # noqa: PLC0415
    import io  # noqa: PLC0415

    from PIL import Image, ImageDraw  # noqa: PLC0415

    for number, each in enumerate(found):
        picture = Image.open(io.BytesIO(base64.b64decode(each.view.png))).convert("RGB")
        draw = ImageDraw.Draw(picture, "RGBA")
        for left, top, width, height in each.view.boxes:
            corners = (left, top, left + width, top + height)
            sides = (picture.width, picture.height) * 2
            draw.rectangle(
                [a * b for a, b in zip(corners, sides, strict=True)], (255, 213, 74, 120)
            )
        picture.save(Path(folder) / f"{number:02} {each.path.stem}.png")

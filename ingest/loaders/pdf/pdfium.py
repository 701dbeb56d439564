"""The one door to pdfium: opening PDFs, the words of a page with their places, page images.

pdfium is native code and fed with files of unknown origin: only a worker process may import this
module. Every call from Python costs about a microsecond, so a page is asked for its text once and
then for two boxes a line, or two a word where a line has gaps, never for one a character.
`char_boxes` asks for single characters, of the few that are to be highlighted.
"""

import ctypes
import io
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from quire.errors import Skipped, Unreadable
from quire.ingest.loaders.cleaning import PRIVATE_BULLETS, count_cjk
from quire.ingest.loaders.pdf.calls import fast, shared
from quire.ingest.loaders.pdf.drawn import rules_of
from quire.ingest.loaders.pdf.ruling import Box, Grid, grids
from quire.ingest.loaders.pdf.runs import PageRuns, Run, centre, covered, turned, view_size
from quire.ingest.loaders.pdf.typed import Form, Typed, flatten, is_shown, typed_on

_ERROR_PASSWORD = 4
_INVISIBLE_MODES = {3, 7}  # text render modes that paint nothing: "invisible" and "clip only"
_FILL_AND_STROKE = 2  # how word processors fake a bold weight
_FORCE_BOLD = 1 << 18  # of the font descriptor's flags
_BOLD_NAME = re.compile(r"bold|black|heavy|semibold|demi|(?<!ya)hei|黑", re.IGNORECASE)
_PALE = 250  # from here on, of 255, a colour is taken for the paper's white
_LEGIBLE = 1.0  # points; smaller text is there for machines
_HAIR = 0.01  # points; pdfium takes no text for text that is narrower
_MOST_OBJECTS = 20_000  # of a page that are looked at one by one
_TYPED = 10.0  # points: the size of what was typed into a field and is not drawn
_GAPS = 3  # in the lines of a page, from which on it is searched for ruling lines
_FEW_OBJECTS = 500  # of a page that is searched in any case
_MAX_PIXELS = 30_000_000  # of a page image: A0 at 120 dpi

# pdfium joins two lines where a hyphen parts a word, and puts one of these in the hyphen's place.
_HYPHEN_MARKS = "\x02\ufffe"
_LINE = re.compile(f"[^\r\n\x00{_HYPHEN_MARKS}]+[{_HYPHEN_MARKS}]?")
_WORD = re.compile(r"\S+")
# What stands for a character where a font does not say which one it is: control characters and
# others without a meaning, of the private use area those that symbol fonts do not draw as bullets.
_UNDECODED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\uffff\ue000-\uf8ff]+")
_BULLETS = str.maketrans("", "", PRIVATE_BULLETS)
_DECODED = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ufffd\uffff\ue000-\uf8ff]+")
# Characters are narrower than this on average, in sizes of the font, unless there are gaps between
# them; Chinese ones count one and a half.
_TIGHT = 0.62

pdfium.FPDF_InitLibrary()


_loose_box = fast(pdfium.FPDFText_GetLooseCharBox, ctypes.c_int)
_text_object = fast(pdfium.FPDFText_GetTextObject, ctypes.c_void_p)
_matrix = fast(pdfium.FPDFText_GetMatrix, ctypes.c_int)
_fill = fast(pdfium.FPDFText_GetFillColor, ctypes.c_int)
_font_size = fast(pdfium.FPDFText_GetFontSize, ctypes.c_double)
_render_mode = fast(pdfium.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ctypes.c_void_p)
_font = fast(pdfium.FPDFTextObj_GetFont, ctypes.c_void_p, ctypes.c_void_p)
_font_weight = fast(pdfium.FPDFFont_GetWeight, ctypes.c_int)
_font_flags = fast(pdfium.FPDFFont_GetFlags, ctypes.c_int)
_font_name = fast(pdfium.FPDFFont_GetBaseFontName, ctypes.c_size_t)


@dataclass(slots=True)  # not frozen: that makes making one four times as slow
class _Look:
    """How the characters of one text object are drawn."""

    size: float
    quadrant: int
    bold: bool
    painted: bool
    white: bool


class PdfiumFile:
    """An open PDF. Raises Skipped if it needs a password and Unreadable if it is damaged."""

    def __init__(self, data: bytes, *, password: str | None = None) -> None:
        # subtle: pdfium keeps no copy, so the bytes must live as long as the document
        self._data = data
        secret = None if password is None else password.encode()
        self._document = pdfium.FPDF_LoadMemDocument64(data, len(data), secret)
        if not self._document:
            if pdfium.FPDF_GetLastError() == _ERROR_PASSWORD:
                if password is None:
                    raise Skipped("password needed", hint="Give its password to read it.")
                raise Skipped("wrong password", hint="Give the right password to read it.")
            raise Unreadable("damaged PDF", hint="Open it in a viewer and save it anew.")
        self.page_count: int = pdfium.FPDF_GetPageCount(self._document)
        self._form = Form(self._document)

    def __enter__(self) -> "PdfiumFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._form.close()
        pdfium.FPDF_CloseDocument(self._document)

    def title(self) -> str:
        """The title in the file's metadata, or an empty string."""
        size = pdfium.FPDF_GetMetaText(self._document, b"Title", None, 0)
        buffer = ctypes.create_string_buffer(size)
        pdfium.FPDF_GetMetaText(self._document, b"Title", buffer, size)
        return buffer.raw.decode("utf-16-le", "replace").rstrip("\x00")

    @contextmanager
    def page(self, number: int) -> Iterator["PdfiumPage"]:
        """Page `number`, from 1. Raises Unreadable if it cannot be loaded."""
        page = self._load(number)
        try:
            typed = typed_on(page, self._form)
            if typed is not None and flatten(page):
                pdfium.FPDF_ClosePage(page)
                page = self._load(number)
            yield PdfiumPage(page, typed or [])
        finally:
            pdfium.FPDF_ClosePage(page)

    def _load(self, number: int) -> Any:
        page = pdfium.FPDF_LoadPage(self._document, number - 1)
        if not page:
            raise Unreadable(f"page {number} is damaged")
        return page


class PdfiumPage:
    """One loaded page. `typed` is what was typed onto it, whether it has an appearance or not."""

    def __init__(self, page: Any, typed: list[Typed]) -> None:
        self._page = page
        self.typed = typed
        rect = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, rect)
        self.box: Box = (rect.left, rect.bottom, rect.right, rect.top)
        self.rotation: int = pdfium.FPDFPage_GetRotation(page) % 4

    @contextmanager
    def text(self) -> Iterator["PdfiumText"]:
        """The page's characters. Raises Unreadable if pdfium cannot have them."""
        if self.rotation % 2:
            self._widen()
        text = pdfium.FPDFText_LoadPage(self._page)
        if not text:
            raise Unreadable("the page's text is damaged")
        try:
            yield PdfiumText(text, self)
        finally:
            pdfium.FPDFText_ClosePage(text)

    def _widen(self) -> None:
        """Give text a width that has none, which pdfium passes over: text that runs up or down the
        page in a font that neither the file nor the machine has, as Chinese may on a server. Each
        object leans by the width of a hair, and stays where it is."""
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        for at in range(min(pdfium.FPDFPage_CountObjects(self._page), _MOST_OBJECTS)):
            item = pdfium.FPDFPage_GetObject(self._page, at)
            if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_TEXT:
                continue
            pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
            height = top.value - bottom.value
            if right.value - left.value < _HAIR and height > 0:
                lean = 2 * _HAIR / height
                pdfium.FPDFPageObj_Transform(item, 1, 0, lean, 1, -lean * bottom.value, 0)

    def backgrounds(self, *, images_only: bool) -> list[Box]:
        """The boxes of what is painted under text: images, and shapes that are not white."""
        boxes = []
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        for at in range(min(pdfium.FPDFPage_CountObjects(self._page), _MOST_OBJECTS)):
            item = pdfium.FPDFPage_GetObject(self._page, at)
            kind = pdfium.FPDFPageObj_GetType(item)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
                if images_only or min(red.value, green.value, blue.value) >= _PALE:
                    continue
            elif kind not in {
                pdfium.FPDF_PAGEOBJ_IMAGE,
                pdfium.FPDF_PAGEOBJ_SHADING,
                pdfium.FPDF_PAGEOBJ_FORM,
            }:
                continue
            if pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
                boxes.append((left.value, bottom.value, right.value, top.value))
        return boxes

    @property
    def objects(self) -> int:
        """How many texts, pictures and shapes stand on the page."""
        return int(pdfium.FPDFPage_CountObjects(self._page))

    def pictured(self) -> float:
        """The share of the page that its largest picture covers, from 0 to 1."""
        left, bottom, right, top = self.box
        whole = max((right - left) * (top - bottom), 1.0)
        return max(
            (
                max(0.0, min(right, box[2]) - max(left, box[0]))
                * max(0.0, min(top, box[3]) - max(bottom, box[1]))
                / whole
                for box in self.backgrounds(images_only=True)
            ),
            default=0.0,
        )

    def rules(self) -> list[Box]:
        """The boxes of straight lines that are painted upright or level, thin boxes included."""
        return rules_of(self._page)

    def png(self, *, scale: float) -> bytes:
        """The page as a viewer shows it; `scale` 1 is 72 dots per inch."""
        from PIL import Image  # noqa: PLC0415 — slow to import, and most workers never draw

        width, height = view_size(self.box, self.rotation)
        scale = min(scale, math.sqrt(_MAX_PIXELS / max(width * height, 1)))
        pixels = (max(round(width * scale), 1), max(round(height * scale), 1))
        bitmap = pdfium.FPDFBitmap_CreateEx(*pixels, pdfium.FPDFBitmap_BGRx, None, 0)
        if not bitmap:
            raise Unreadable("the page is too large to draw")
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, *pixels, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, self._page, 0, 0, *pixels, 0, pdfium.FPDF_ANNOT)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * pixels[1])
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        png = io.BytesIO()
        Image.frombytes("RGB", pixels, raw, "raw", "BGRX", stride).save(
            png, "PNG", compress_level=1
        )
        return png.getvalue()


class PdfiumText:
    """The characters of one page, with their boxes."""

    def __init__(self, pointer: Any, page: PdfiumPage) -> None:
        self._handle = ctypes.cast(pointer, ctypes.c_void_p)
        self._page = page
        count = max(pdfium.FPDFText_CountChars(pointer), 0)
        self._marked = self.characters = _characters(pointer, count)
        for mark in _HYPHEN_MARKS:
            self.characters = self.characters.replace(mark, "-")
        self._count = count
        self._values = [each for each in page.typed if not is_shown(pointer, each)]
        self.characters += "".join(each.text for each in self._values)
        self._rect, (self._rect_at, *_) = shared("f", 4)  # left, top, right, bottom
        self._matrix, (self._matrix_at, *_) = shared("f", 6)
        self._colour, self._channels = shared("I", 4)
        self._looks: dict[tuple[float, ...], _Look] = {}
        self._bold_fonts: dict[int, bool] = {}

    def runs(self) -> PageRuns:
        """All visible text of the page."""
        found, looks = self._all_runs()
        for run, look in self._value_runs(found[-1].line + 1 if found else 0):
            found.append(run)
            looks.append(look)
        hidden = self._hidden(found, looks)
        turns = [0, 0, 0, 0]
        for run, look in zip(found, looks, strict=True):
            turns[look.quadrant] += run.end - run.start
        main = turns.index(max(turns))
        ruled = self._grids(found, main)
        runs: list[Run] = []
        astray: list[Run] = []
        for at, run in enumerate(found):
            if at in hidden:
                continue
            if looks[at].quadrant != main:
                astray.append(run)
            elif ruled:
                runs += self._parted(run, ruled, main)
            else:
                runs.append(run)
        return PageRuns(runs, astray, main, self._page.box, len(hidden), ruled, self._undecoded())

    def _undecoded(self) -> float:
        text = self.characters
        strange = sum(len(found.translate(_BULLETS)) for found in _UNDECODED.findall(text))
        return strange / (strange + sum(map(len, _DECODED.findall(text)))) if strange else 0.0

    def _grids(self, runs: list[Run], quadrant: int) -> list[Grid]:
        """The ruled tables of the page, in the direction in which it is read. Many objects take
        their time, and are not searched where the lines have hardly a gap."""
        gaps = sum(
            run.line == before.line
            and max(run.box[0] - before.box[2], run.box[1] - before.box[3]) > run.size
            for before, run in itertools.pairwise(runs)
        )
        if gaps < _GAPS and self._page.objects > _FEW_OBJECTS:
            return []
        box = self._page.box
        return grids(
            [turned(rule, page=box, quarter_turns=quadrant) for rule in self._page.rules()]
        )

    def _parted(self, run: Run, ruled: list[Grid], quadrant: int) -> Iterator[Run]:
        """A run cut at its blanks, and where a ruling line stands between two characters."""
        box = self._page.box
        left, top, right, bottom = turned(run.box, page=box, quarter_turns=quadrant)
        middle = (top + bottom) / 2
        grid = next((grid for grid in ruled if grid.parts(left, right, middle)), None)
        if grid is None:
            yield run
            return
        for word in _WORD.finditer(self.characters, run.start, run.end):
            places = [
                turned(self._box(at), page=box, quarter_turns=quadrant)
                for at in range(*word.span())
            ]
            cells = [grid.cell((place[0] + place[2]) / 2, middle) for place in places]
            start = word.start()
            for _, members in itertools.groupby(cells):
                end = start + sum(1 for _ in members)
                text, around = self.characters[start:end], self._ends(start, end)
                yield Run(start, end, text, around, run.line, run.size, run.bold)
                start = end

    def char_boxes(self, characters: Iterable[int]) -> list[Box]:
        """The loose box, from descender to ascender, of each character."""
        return [self._box(at) for at in characters]

    def _box(self, at: int) -> Box:
        if at >= self._count:
            return self._box_of_value(at - self._count)
        _loose_box(self._handle, at, self._rect_at)
        left, top, right, bottom = self._rect
        return left, bottom, right, top

    def _box_of_value(self, at: int) -> Box:
        """Where one of the characters would stand that the page does not draw."""
        for each in self._values:
            if at < len(each.text):
                left, bottom, right, top = each.box
                width = (right - left) / len(each.text)
                return left + at * width, bottom, left + (at + 1) * width, top
            at -= len(each.text)
        raise IndexError(at)

    def _value_runs(self, lines: int) -> Iterator[tuple[Run, _Look]]:
        """What was typed and has no appearance, as runs where it would be seen."""
        start = self._count
        for line, each in enumerate(self._values, lines):
            height = each.box[3] - each.box[1]
            look = _Look(min(height, _TYPED), 0, bold=False, painted=True, white=False)
            end = start + len(each.text)
            yield Run(start, end, each.text, each.box, line, look.size, bold=False), look
            start = end

    def _all_runs(self) -> tuple[list[Run], list[_Look]]:
        """Every run of the page, and the look of each."""
        handle, characters = self._handle, self.characters
        runs: list[Run] = []
        looks: list[_Look] = []
        owner, look = -1, _Look(0.0, 0, bold=False, painted=True, white=False)
        for line, match in enumerate(_LINE.finditer(self._marked)):
            text = characters[match.start() : match.end()].rstrip()
            start = match.start() + len(text) - len(text.lstrip())
            text = text.lstrip()
            if not text:
                continue
            end = start + len(text)
            item = _text_object(handle, start) or 0
            if item == (_text_object(handle, end - 1) or 0):
                if item != owner:
                    owner, look = item, self._look(start, item)
                box = self._ends(start, end)
                if _is_tight(text, box, look):
                    runs.append(Run(start, end, text, box, line, look.size, look.bold))
                    looks.append(look)
                    continue
            for word in _WORD.finditer(characters, start, end):
                start, end = word.span()
                item = _text_object(handle, start) or 0
                if item != owner:
                    owner, look = item, self._look(start, item)
                box = self._ends(start, end)
                runs.append(Run(start, end, word[0], box, line, look.size, look.bold))
                looks.append(look)
        return runs, looks

    def _ends(self, start: int, end: int) -> Box:
        """The box around the first and the last of the characters [start, end)."""
        handle, rect, address = self._handle, self._rect, self._rect_at
        _loose_box(handle, start, address)
        left, top, right, bottom = rect
        if end - start > 1:
            _loose_box(handle, end - 1, address)
            first, above, last, below = rect
            # Comparisons, because min and max take as long as asking pdfium.
            left = first if first < left else left
            bottom = below if below < bottom else bottom
            right = last if last > right else right
            top = above if above > top else top
        return left, bottom, right, top

    def _look(self, at: int, item: int) -> _Look:
        """How character `at`, of the text object `item`, is drawn."""
        handle = self._handle
        _matrix(handle, at, self._matrix_at)
        a, b, c, d, _, _ = self._matrix
        height = _font_size(handle, at)
        mode = _render_mode(item) if item else 0
        font = (_font(item) if item else 0) or 0
        white = False
        if _fill(handle, at, *self._channels):
            red, green, blue, alpha = self._colour
            white = (red >= _PALE and green >= _PALE and blue >= _PALE) or alpha == 0
        # A page has few looks, and as many text objects as words.
        key = a, b, c, d, height, mode, font, white
        look = self._looks.get(key)
        if look is None:
            size = height * math.hypot(c, d)
            look = self._looks[key] = _Look(
                size,
                quadrant=round(math.atan2(b, a) / (math.pi / 2)) % 4,
                bold=mode == _FILL_AND_STROKE or _is_bold(font, self._bold_fonts),
                painted=mode not in _INVISIBLE_MODES and size >= _LEGIBLE,
                white=white,
            )
        return look

    def _hidden(self, runs: list[Run], looks: list[_Look]) -> set[int]:
        """Numbers of the runs that nobody sees. An invisible text over a scan is its OCR: kept."""
        left, bottom, right, top = self._page.box
        hidden: set[int] = set()
        unpainted: list[int] = []
        white: list[int] = []
        for at, run in enumerate(runs):
            x, y = centre(run.box)
            if not (left <= x <= right and bottom <= y <= top):
                hidden.add(at)
            elif not looks[at].painted:
                unpainted.append(at)
            elif looks[at].white:
                white.append(at)
        for group, images_only in ((unpainted, True), (white, False)):
            if group:
                under = self._page.backgrounds(images_only=images_only)
                hidden.update(at for at in group if not covered(centre(runs[at].box), under))
        return hidden


def _characters(pointer: Any, count: int) -> str:
    """The page's characters, exactly one for each of pdfium's, halves of pairs included."""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(pointer, 0, count, buffer)
    if written == count + 1:
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text
    codes = (pdfium.FPDFText_GetUnicode(pointer, at) for at in range(count))
    return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)


def _is_tight(text: str, box: Box, look: _Look) -> bool:
    """True if there is no room for a wide gap between the words of `text`."""
    length = box[3] - box[1] if look.quadrant % 2 else box[2] - box[0]
    letters = len(text) if text.isascii() else len(text) + 0.5 * count_cjk(text)
    return length < _TIGHT * look.size * letters or " " not in text


def _is_bold(font: int, known: dict[int, bool]) -> bool:
    if font not in known:
        name = ctypes.create_string_buffer(200)
        pointer = ctypes.c_void_p(font)
        if font:
            _font_name(pointer, name, ctypes.c_size_t(200))
        known[font] = bool(font) and (
            _font_weight(pointer) >= 600
            or _font_flags(pointer) & _FORCE_BOLD != 0
            or _BOLD_NAME.search(name.value.decode("utf-8", "replace")) is not None
        )
    return known[font]

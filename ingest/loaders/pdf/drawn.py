"""The ruling lines of a page, among all that is drawn on it."""

import ctypes
import itertools
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from quire.ingest.loaders.pdf.calls import fast, shared
from quire.ingest.loaders.pdf.ruling import Box

_MOST_OBJECTS = 20_000  # of a page that are looked at one by one
_MOST_SEGMENTS = 4_000  # of a path that are looked at
_THIN = 3.0  # points; a box that is not thicker is a line

_object = fast(pdfium.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_object_in_form = fast(
    pdfium.FPDFFormObj_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong
)
_object_type = fast(pdfium.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_bounds = fast(pdfium.FPDFPageObj_GetBounds, ctypes.c_int)
_draw_mode = fast(pdfium.FPDFPath_GetDrawMode, ctypes.c_int)
_fill = fast(pdfium.FPDFPageObj_GetFillColor, ctypes.c_int)
_matrix = fast(pdfium.FPDFPageObj_GetMatrix, ctypes.c_int)
_count = fast(pdfium.FPDFPath_CountSegments, ctypes.c_int)
_segment = fast(pdfium.FPDFPath_GetPathSegment, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_point = fast(pdfium.FPDFPathSegment_GetPoint, ctypes.c_int)
_kind = fast(pdfium.FPDFPathSegment_GetType, ctypes.c_int)
_closes = fast(pdfium.FPDFPathSegment_GetClose, ctypes.c_int)

_Colour = tuple[int, int, int]


def rules_of(page: Any) -> list[Box]:
    """The boxes of straight lines that are painted upright or level, thin boxes included."""
    address = ctypes.cast(page, ctypes.c_void_p).value
    count = min(pdfium.FPDFPage_CountObjects(page), _MOST_OBJECTS)
    items = list(map(_object, itertools.repeat(address, count), range(count)))
    paths = _Paths()
    for item, kind in zip(items, map(_object_type, items), strict=True):
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            continue
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            paths.add(item, None)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            form = ctypes.cast(item, pdfium.FPDF_PAGEOBJECT)
            matrix = pdfium.FS_MATRIX()
            pdfium.FPDFPageObj_GetMatrix(form, matrix)
            inside = min(pdfium.FPDFFormObj_CountObjects(form), _MOST_OBJECTS)
            for each in (_object_in_form(item, at) for at in range(inside)):
                if _object_type(each) == pdfium.FPDF_PAGEOBJ_PATH:
                    paths.add(each, matrix)
    return paths.rules()


class _Paths:
    """The paths of a page, as far as they may be ruling lines: what is stroked, and thin boxes."""

    def __init__(self) -> None:
        self._stroked: list[Box] = []
        self._thin: list[tuple[Box, _Colour]] = []
        self._grounds: set[_Colour] = {(255, 255, 255)}
        self._edges, self._edges_at = shared("f", 4)
        self._modes, self._modes_at = shared("i", 2)
        self._channels, self._channels_at = shared("I", 4)

    def rules(self) -> list[Box]:
        """The lines. A thin box in the colour of a wide one is part of the ground of a table."""
        thin = [box for box, colour in self._thin if colour not in self._grounds]
        return [*self._stroked, *thin]

    def add(self, item: int, matrix: Any) -> None:
        path = ctypes.c_void_p(item)
        if not _bounds(path, *self._edges_at):
            return
        left, bottom, right, top = self._edges
        _draw_mode(path, *self._modes_at)
        filled, stroked = self._modes
        thin = right - left <= _THIN or top - bottom <= _THIN
        if stroked and thin:
            self._stroked.append(_moved((left, bottom, right, top), matrix))
        elif stroked:
            self._stroked += _outline(path, matrix)
        if filled and not (stroked and thin):
            _fill(path, *self._channels_at)
            red, green, blue, _ = self._channels
            if thin:
                box = _moved((left, bottom, right, top), matrix)
                self._thin.append((box, (red, green, blue)))
            else:
                self._grounds.add((red, green, blue))


def _outline(path: Any, matrix: Any) -> Iterator[Box]:
    """The upright and level lines of a path."""
    own, (own_at, *_) = shared("f", 6)
    _matrix(path, own_at)
    a, b, c, d, e, f = own
    place, place_at = shared("f", 2)
    before = begin = (0.0, 0.0)
    for at in range(min(_count(path), _MOST_SEGMENTS)):
        segment = ctypes.c_void_p(_segment(path, at))
        _point(segment, *place_at)
        x, y = place
        point = (a * x + c * y + e, b * x + d * y + f)
        kind = _kind(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            begin = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _straight(before, point, matrix)
        if _closes(segment):
            yield from _straight(point, begin, matrix)
        before = point


def _straight(start: tuple[float, float], end: tuple[float, float], matrix: Any) -> Iterator[Box]:
    """The line between two points, if it is upright or level."""
    left, right = sorted((start[0], end[0]))
    bottom, top = sorted((start[1], end[1]))
    if min(right - left, top - bottom) < 1 < max(right - left, top - bottom):
        yield _moved((left, bottom, right, top), matrix)


def _moved(box: Box, matrix: Any) -> Box:
    """A box within a form, as it stands on the page."""
    if matrix is None:
        return box
    xs, ys = zip(
        *(
            (matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f)
            for x, y in ((box[0], box[1]), (box[2], box[3]))
        ),
        strict=True,
    )
    return min(xs), min(ys), max(xs), max(ys)

"""What was typed onto a page afterwards: the values of form fields, and notes.

Most have an appearance, which becomes part of the page's content once it is flattened; this happens
in memory, and the file stays as it is. Programs that fill in forms often write the value alone and
leave its appearance to the viewer: such values are read from the field.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.pdf.ruling import Box

_MOST = 5_000  # annotations of a page that are looked at
_LONGEST = 20_000  # characters of a value
_WRITTEN = {
    pdfium.FPDF_ANNOT_FREETEXT,
    pdfium.FPDF_ANNOT_STAMP,
    pdfium.FPDF_ANNOT_TEXT,
    pdfium.FPDF_ANNOT_WATERMARK,
    pdfium.FPDF_ANNOT_WIDGET,
}
_UNSEEN = (
    pdfium.FPDF_ANNOT_FLAG_INVISIBLE | pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
)
_WITH_VALUE = {
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
}
_PASSWORD = 1 << 13  # of a text field's flags


@dataclass(frozen=True, slots=True)
class Typed:
    """A text in one line, and the box on the page that it was typed into."""

    text: str
    box: Box


class Form:
    """The form of a document, opened when a page first has a field."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._handle: Any = None
        self._info: Any = None

    def handle(self) -> Any:
        if self._handle is None:
            # subtle: pdfium keeps the address, so the structure must live as long as the form
            self._info = pdfium.FPDF_FORMFILLINFO(version=2)
            self._handle = pdfium.FPDFDOC_InitFormFillEnvironment(self._document, self._info)
        return self._handle

    def close(self) -> None:
        if self._handle:
            pdfium.FPDFDOC_ExitFormFillEnvironment(self._handle)


def typed_on(page: Any, form: Form) -> list[Typed] | None:
    """What was typed onto a page, where a reader sees it; None where nothing was."""
    count = min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)
    found: list[Typed] = []
    written = False
    for at in range(count):
        annotation = pdfium.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind in _WRITTEN and not pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
            written = True
            rect = pdfium.FS_RECTF()
            text = clean_line(_text_of(annotation, kind, form))
            if text and pdfium.FPDFAnnot_GetRect(annotation, rect):
                found.append(Typed(text, (rect.left, rect.bottom, rect.right, rect.top)))
        pdfium.FPDFPage_CloseAnnot(annotation)
    return found if written else None


def flatten(page: Any) -> bool:
    """Makes the appearances of what was typed a part of the page, in memory; it must be loaded anew
    after that. False if there was none."""
    return bool(pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS)


def is_shown(text: Any, typed: Typed) -> bool:
    """True if the page has text where something was typed, and so its appearance."""
    left, bottom, right, top = typed.box
    return bool(pdfium.FPDFText_GetBoundedText(text, left, top, right, bottom, None, 0) > 0)


def _text_of(annotation: Any, kind: int, form: Form) -> str:
    if kind != pdfium.FPDF_ANNOT_WIDGET:
        return _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
    handle = form.handle()
    if not handle:
        return ""
    field = pdfium.FPDFAnnot_GetFormFieldType(handle, annotation)
    if field not in _WITH_VALUE:
        return ""
    if pdfium.FPDFAnnot_GetFormFieldFlags(handle, annotation) & _PASSWORD:
        return ""
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, handle, annotation)


def _string(function: Any, *arguments: Any) -> str:
    """A string that pdfium writes as UTF-16 into as many bytes as it says that it needs."""
    size = min(function(*arguments, None, 0), 2 * _LONGEST)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    function(*arguments, buffer, size)
    return bytes(buffer)[:size].decode("utf-16-le", "replace").partition("\x00")[0]

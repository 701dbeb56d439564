"""What is typed into a form's fields and onto a page is read, with an appearance or without."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text
from pypdf.generic import ArrayObject, NameObject, NumberObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas

from quire.ingest.limits import Limits
from quire.ingest.loaders import parse, pdf
from quire.records import ParsedDocument

LABELS = (("Tenant:", "tenant", "Marta Olsson"), ("Rent:", "rent", "1,340 euros"))


def form(*, labels: bool = True, values: bool = True) -> PdfWriter:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(400, 600))
    for at, (label, name, value) in enumerate(LABELS):
        y = 500 - 20 * at
        if labels:
            canvas.drawString(50, y, label)
        canvas.acroForm.textfield(
            name=name,
            value=value if values else "",
            x=150,
            y=y - 4,
            width=200,
            height=16,
            fontSize=10,
        )
    canvas.showPage()
    canvas.save()
    return PdfWriter(clone_from=PdfReader(io.BytesIO(file.getvalue())))


def read(writer: PdfWriter) -> tuple[ParsedDocument, bytes]:
    file = io.BytesIO()
    writer.write(file)
    return parse(file.getvalue(), Path("a.pdf"), limits=Limits()), file.getvalue()


def fields(writer: PdfWriter) -> list[dict[str, object]]:
    return [annotation.get_object() for annotation in writer.pages[0]["/Annots"]]  # type: ignore[union-attr]


def without_appearance(writer: PdfWriter) -> PdfWriter:
    for field in fields(writer):
        field.pop("/AP")
    return writer


@pytest.mark.parametrize("drawn", [True, False])
def test_values_of_fields_stand_beside_their_labels(*, drawn: bool) -> None:
    document, data = read(form() if drawn else without_appearance(form()))
    assert document.text == "Tenant: | Marta Olsson\nRent: | 1,340 euros"
    assert document.warnings == ()
    start = document.text.index("Marta")
    found = pdf.boxes(data, page=1, start=start, end=start + len("Marta Olsson"))
    ((left, top, right, bottom),) = found.boxes
    assert 149 < left < right < 351
    assert 80 < top < bottom < 110


def test_a_value_whose_appearance_is_empty_is_read_from_its_field() -> None:
    writer = form(values=False)
    for field, (_, _, value) in zip(fields(writer), LABELS, strict=True):
        field[NameObject("/V")] = TextStringObject(value)
    assert read(writer)[0].text == "Tenant: | Marta Olsson\nRent: | 1,340 euros"


@pytest.mark.parametrize("drawn", [True, False])
def test_a_page_of_fields_alone_is_no_scan(*, drawn: bool) -> None:
    writer = form(labels=False)
    document, _ = read(writer if drawn else without_appearance(writer))
    assert document.text.split() == ["Marta", "Olsson", "1,340", "euros"]


def test_a_form_that_nobody_filled_in_and_has_no_text_is_still_a_page_without_text() -> None:
    document, _ = read(form(labels=False, values=False))
    assert not document.text.strip()
    assert document.warnings == ("Page 1: no text (a scan or a picture).",)


def test_values_in_any_script_are_read() -> None:
    writer = without_appearance(form())
    fields(writer)[0][NameObject("/V")] = TextStringObject("北京市海淀区\u200b 5 号 𠮷")
    assert "Tenant: | 北京市海淀区 5 号 𠮷" in read(writer)[0].text


def test_what_is_hidden_or_a_password_stays_so() -> None:
    writer = without_appearance(form())
    first, second = fields(writer)
    first[NameObject("/F")] = NumberObject(2)
    second[NameObject("/Ff")] = NumberObject(1 << 13)
    assert read(writer)[0].text.split() == ["Tenant:", "Rent:"]


@pytest.mark.parametrize("kind", [FreeText, Text])
def test_a_note_on_the_page_is_read(kind: type) -> None:
    writer = form()
    note = kind(text="Keys were handed over on 3 May", rect=(50, 300, 350, 330))
    writer.add_annotation(0, note)
    document, _ = read(writer)
    assert document.text.endswith("\n\nKeys were handed over on 3 May")


@pytest.mark.parametrize(
    "wrong",
    [
        {"/Rect": ArrayObject()},
        {"/Rect": ArrayObject([TextStringObject("x")] * 4)},
        {"/V": ArrayObject([NumberObject(1)])},
        {"/FT": NameObject("/None")},
        {"/Subtype": NameObject("/Nothing")},
        {"/AP": TextStringObject("x")},
    ],
)
def test_a_damaged_field_takes_nothing_else_with_it(wrong: dict[str, object]) -> None:
    writer = form()
    first, _ = fields(writer)
    for name, value in wrong.items():
        first[NameObject(name)] = value  # type: ignore[index]
    text = read(writer)[0].text
    assert "Tenant:" in text
    assert "1,340 euros" in text

"""DOCX, XLSX, PPTX and EPUB files that are bombs, lie about their sizes, or reach outside."""

import functools
import io
import random
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import archive

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
X = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]>'
LEAK = '<!DOCTYPE x [<!ENTITY leak SYSTEM "file:///etc/passwd">]>'


def rebuilt(
    data: bytes, changes: dict[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A zip archive with some of its parts replaced, and new ones added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


def a_docx() -> bytes:
    document = docx.Document()
    document.add_paragraph("hello")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_with_body(body: str, *, prolog: str = "") -> bytes:
    root = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return rebuilt(a_docx(), {"word/document.xml": f'<?xml version="1.0"?>{prolog}{root}'})


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def an_xlsx(sheet: str, *, prolog: str = "") -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "hello"
    out = io.BytesIO()
    book.save(out)
    xml = f'{prolog}<worksheet xmlns="{X}"><sheetData>{sheet}</sheetData></worksheet>'
    return rebuilt(out.getvalue(), {"xl/worksheets/sheet1.xml": xml})


@functools.cache
def a_document_that_inflates_to_300_mb() -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts,
        parts.open("word/document.xml", "w") as part,
    ):
        for _ in range(30):
            part.write(b" " * 10_000_000)
    return out.getvalue()


def many_parts_of_six_megabytes() -> bytes:
    out = io.BytesIO()
    packed = a_hundred_to_one(6_000_000)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", "<x/>")
        for number in range(8):
            parts.writestr(f"word/{number}.xml", packed)
    return out.getvalue()


def a_hundred_to_one(size: int) -> bytes:
    """Bytes that pack about a hundred to one: under the limit on the ratio."""
    chance = random.Random(1)
    return b"".join(chance.randbytes(100) + bytes(9900) for _ in range(size // 10_000))


def a_part_that_lies_about_its_size() -> bytes:
    data = bytearray(a_document_that_inflates_to_300_mb())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)  # the size in the central directory
    return bytes(data)


def parts_that_share_one_stream() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", "<x/>")
        parts.writestr("word/0.xml", a_hundred_to_one(6_000_000))
        first = parts.infolist()[1]
        for number in range(1, 50):
            again = zipfile.ZipInfo(f"word/{number}.xml")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(again, name, getattr(first, name))
            parts.filelist.append(again)
            parts.NameToInfo[again.filename] = again
    return out.getvalue()


def twenty_thousand_parts() -> bytes:
    return rebuilt(
        a_docx(), {f"x/{number}": b"" for number in range(20_000)}, method=zipfile.ZIP_STORED
    )


def two_parts_of_one_name() -> bytes:
    out = io.BytesIO(a_docx())
    with zipfile.ZipFile(out, "a") as parts, pytest.warns(UserWarning, match="Duplicate"):
        parts.writestr("word/document.xml", "<other/>")
    return out.getvalue()


def an_encrypted_part() -> bytes:
    data = bytearray(a_docx())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def an_encrypted_office_container() -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(504)
        + "EncryptedPackage".encode("utf-16-le")
        + bytes(500)
    )


def names_that_lead_out() -> bytes:
    return rebuilt(a_docx(), {"../../../tmp/quire-escaped": b"x", "/etc/quire-escaped": b"x"})


def a_billion_laughs() -> bytes:
    return docx_with_body(paragraph("&l9;"), prolog=BOMB)


def an_entity_that_reads_a_file() -> bytes:
    return docx_with_body(paragraph("&leak;"), prolog=LEAK)


def an_entity_hidden_in_utf16() -> bytes:
    xml = f'<?xml version="1.0" encoding="utf-16"?>{LEAK}<w:document xmlns:w="{W}"/>'
    return rebuilt(a_docx(), {"word/document.xml": xml.encode("utf-16")})


def an_entity_in_the_relations() -> bytes:
    return rebuilt(a_docx(), {"word/_rels/document.xml.rels": f"{LEAK}<r>&leak;</r>"})


def a_template_on_a_server() -> bytes:
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/attachedTemplate" Target="http://127.0.0.1:9/x" TargetMode="External"/>'
        "</Relationships>"
    )
    return rebuilt(a_docx(), {"word/_rels/document.xml.rels": relation})


def tables_nested_a_thousand_deep() -> bytes:
    opening, closing = "<w:tbl><w:tr><w:tc>", "<w:p/></w:tc></w:tr></w:tbl>"
    return docx_with_body(opening * 80 + paragraph("hello") + closing * 80)


def controls_nested_without_end() -> bytes:
    return docx_with_body("<w:sdt><w:sdtContent>" * 50_000 + paragraph("hello"))


def a_million_empty_paragraphs() -> bytes:
    return docx_with_body(paragraph("hello") + "<w:p/>" * 1_000_000)


def styles_based_on_each_other() -> bytes:
    styles = f'<w:styles xmlns:w="{W}">' + "".join(
        f'<w:style w:type="paragraph" w:styleId="s{n}"><w:name w:val="s{n}"/>'
        f'<w:basedOn w:val="s{1 - n}"/></w:style>'
        for n in (0, 1)
    )
    return rebuilt(a_docx(), {"word/styles.xml": styles + "</w:styles>"})


def a_docx_without_a_body() -> bytes:
    return rebuilt(a_docx(), {"word/document.xml": f'<w:document xmlns:w="{W}"/>'})


def a_docx_that_is_no_xml() -> bytes:
    return rebuilt(a_docx(), {"word/document.xml": b"\x00\xff not XML"})


def half_a_docx() -> bytes:
    data = a_docx()
    return data[: len(data) // 2]


def cells_at_the_far_corner() -> bytes:
    return an_xlsx(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>near</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>'
    )


def cells_on_a_diagonal() -> bytes:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    return an_xlsx(
        "".join(
            f'<row r="{n}"><c r="{get_column_letter(n)}{n}"><v>{n}</v></c></row>'
            for n in range(1, 16_000)
        )
    )


def a_string_that_does_not_exist() -> bytes:
    return an_xlsx('<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>')


def cells_with_absurd_places_and_values() -> bytes:
    return an_xlsx(
        '<row r="1"><c r="-5" s="999999"><v>1e999</v></c><c r="ZZZ1"><v>nan</v></c></row>'
        '<row r="99999999999999999999"><c r="A1" s="0"><v>hello</v></c></row>'
    )


def a_workbook_of_laughs() -> bytes:
    return an_xlsx('<row r="1"><c t="inlineStr"><is><t>&l9;</t></is></c></row>', prolog=BOMB)


def shapes_grouped_five_hundred_deep() -> bytes:
    deck = pptx.Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    for _ in range(100):
        shapes = shapes.add_group_shape().shapes
    shapes.add_textbox(Inches(1), Inches(1), Inches(1), Inches(1)).text_frame.text = "hello"
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def an_epub_that_reads_a_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        book.writestr(
            "b.opf",
            f"{LEAK}<package><metadata><x>&leak;</x></metadata><manifest>"
            '<item id="a" href="a.xhtml"/><item id="b" href="../../../../etc/passwd"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        book.writestr("a.xhtml", f"{LEAK}<html><body><p>hello &leak;</p></body></html>")
    return out.getvalue()


def an_epub_of_laughs() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("META-INF/container.xml", f'{BOMB}<c><rootfile full-path="&l9;"/></c>')
    return out.getvalue()


def opendocument(kind: str, body: str, *, prolog: str = "") -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table")
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        parts.writestr(
            "content.xml",
            f"{prolog}<office:document-content {names}><office:body><office:{kind}>{body}"
            f"</office:{kind}></office:body></office:document-content>",
        )
    return out.getvalue()


def an_opendocument_of_laughs() -> bytes:
    return opendocument("text", "<text:p>hello &l9;</text:p>", prolog=BOMB)


def an_opendocument_that_reads_a_file() -> bytes:
    return opendocument("text", "<text:p>hello &leak;</text:p>", prolog=LEAK)


def cells_repeated_without_end() -> bytes:
    cell = '<table:table-cell table:number-columns-repeated="99999999"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="99999999">{cell}</table:table-cell>'
    return opendocument("spreadsheet", f"<table:table>{row}</table:table-row></table:table>")


def cells_that_span_without_end() -> bytes:
    cell = '<table:table-cell table:number-columns-spanned="99999999" '
    cell += 'table:number-rows-spanned="99999999"><text:p>hello</text:p></table:table-cell>'
    rows = f"<table:table-row>{cell * 10}</table:table-row>" * 1_000
    return opendocument("text", f"<table:table>{rows}</table:table>")


def blanks_without_end() -> bytes:
    blanks = '<text:s text:c="99999999"/>' * 1_000
    return opendocument("text", f"<text:p>hello{blanks}</text:p>")


def lists_nested_without_end() -> bytes:
    return opendocument("text", "<text:list><text:list-item>" * 50_000)


def a_chart_that_is_itself() -> bytes:
    body = paragraph("hello") + (
        "<w:p><w:r><w:drawing>"
        + '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="s"/>'
        * 1_000
        + "</w:drawing></w:r></w:p>"
    )
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="s" Type="x/chart" Target="document.xml"/></Relationships>'
    )
    return rebuilt(docx_with_body(body), {"word/_rels/document.xml.rels": relation})


def a_header_that_a_thousand_sections_have() -> bytes:
    section = '<w:p><w:pPr><w:sectPr><w:headerReference r:id="h" xmlns:r="http://schemas.'
    section += 'openxmlformats.org/officeDocument/2006/relationships"/></w:sectPr></w:pPr></w:p>'
    header = f'<w:hdr xmlns:w="{W}">{paragraph("word " * 2_000)}</w:hdr>'
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="h" Type="x/header" Target="header1.xml"/></Relationships>'
    )
    return rebuilt(
        docx_with_body(section * 1_000 + paragraph("hello")),
        {"word/_rels/document.xml.rels": relation, "word/header1.xml": header},
    )


CASES: list[tuple[str, Callable[[], bytes], str]] = [
    ("docx", a_document_that_inflates_to_300_mb, r"failed: limit: .*"),
    ("docx", many_parts_of_six_megabytes, r"failed: limit: the archive inflates.*"),
    ("docx", a_part_that_lies_about_its_size, r"failed: (limit|damaged archive).*"),
    ("docx", parts_that_share_one_stream, r"failed: (limit|damaged archive).*"),
    ("docx", twenty_thousand_parts, r"failed: limit: the archive has 20,\d+ files.*"),
    ("docx", two_parts_of_one_name, r"failed: damaged archive: two files are called.*"),
    ("docx", an_encrypted_part, r"skipped: password needed"),
    ("docx", an_encrypted_office_container, r"skipped: password needed"),
    ("docx", names_that_lead_out, r"ok: hello.*"),
    ("docx", a_billion_laughs, r"failed: damaged file: its XML brings a document type"),
    ("docx", an_entity_that_reads_a_file, r"failed: damaged file: its XML brings a document type"),
    ("docx", an_entity_hidden_in_utf16, r"failed: damaged file: its XML brings a document type"),
    ("docx", an_entity_in_the_relations, r"failed: damaged file: its XML brings a document type"),
    ("docx", a_template_on_a_server, r"ok: hello.*"),
    ("docx", tables_nested_a_thousand_deep, r"ok: hello.*"),
    ("docx", controls_nested_without_end, r"failed: .*"),
    ("docx", a_million_empty_paragraphs, r"ok: hello.*|failed: limit.*"),
    ("docx", styles_based_on_each_other, r"ok: hello.*"),
    ("docx", a_docx_without_a_body, r"skipped: no text.*|failed: damaged.*"),
    ("docx", a_docx_that_is_no_xml, r"failed: damaged DOCX"),
    ("docx", half_a_docx, r"failed: damaged archive"),
    ("xlsx", cells_at_the_far_corner, r"ok: Sheet\n\nnear\n\nfar.*"),
    ("xlsx", cells_on_a_diagonal, r"ok: .*15999.*"),
    ("xlsx", a_string_that_does_not_exist, r"failed: damaged XLSX"),
    ("xlsx", cells_with_absurd_places_and_values, r"ok: .*hello.*|failed: damaged XLSX"),
    ("xlsx", a_workbook_of_laughs, r"failed: damaged file: its XML brings a document type"),
    ("pptx", shapes_grouped_five_hundred_deep, r"ok: hello.*"),
    ("epub", an_epub_that_reads_a_file, r"ok: (?!.*root:).*hello.*is missing.*"),
    ("epub", an_epub_of_laughs, r"failed: .*"),
    ("odt", an_opendocument_of_laughs, r"ok: hello(?!.*lol).*|failed: .*"),
    ("odt", an_opendocument_that_reads_a_file, r"ok: hello(?!.*root:).*|failed: .*"),
    ("ods", cells_repeated_without_end, r"ok: .*x.*is left out.*"),
    ("odt", cells_that_span_without_end, r"ok: hello.*"),
    ("odt", blanks_without_end, r"ok: hello.*"),
    ("odt", lists_nested_without_end, r"failed: .*"),
    ("docx", a_chart_that_is_itself, r"ok: hello.*|failed: limit: .*"),
    ("docx", a_header_that_a_thousand_sections_have, r"ok: word .*hello.*"),
]


@pytest.mark.parametrize(
    ("ending", "build", "expected"), CASES, ids=[build.__name__ for _, build, _ in CASES]
)
def test_a_hostile_archive_ends_as_expected(
    tmp_path: Path,
    outcome: Callable[[Path], str],
    ending: str,
    build: Callable[[], bytes],
    expected: str,
) -> None:
    path = tmp_path / f"{build.__name__}.{ending}"
    path.write_bytes(build())
    assert re.fullmatch(expected, outcome(path), re.DOTALL)
    assert not Path("/tmp/quire-escaped").exists()


@pytest.mark.parametrize(
    "build",
    [a_document_that_inflates_to_300_mb, twenty_thousand_parts],
)
def test_a_bomb_is_refused_before_it_inflates(
    build: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "Part", None)
    with pytest.raises(Unreadable, match=r"^limit: "):
        archive.Archive(build(), limits=Limits())

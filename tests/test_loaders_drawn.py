"""What stands beside the running text of office files: headers, comments, equations, signs, the
descriptions of pictures, the data of charts."""

import zipfile
from pathlib import Path

import pptx
import pytest
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from made_office import NAMESPACES, chart, paragraph, relations, write_docx, write_package
from quire.ingest.limits import Limits
from quire.ingest.loaders import load
from quire.ingest.loaders.charts import read_chart
from quire.ingest.loaders.equations import in_a_line
from quire.ingest.loaders.symbols import _SYMBOL
from quire.records import ParsedDocument

PAGE = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>7</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)
PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{}"/></wp:inline>'
    "</w:drawing></w:r>"
)
BOX = (
    '<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>{}</w:checkBox></w:ffData></w:fldChar>'
)
LIST = '<w:fldChar w:fldCharType="begin"><w:ffData><w:ddList>{}</w:ddList></w:ffData></w:fldChar>'


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def header(text: str) -> tuple[str, str]:
    return "header", f"<w:hdr>{paragraph(text)}</w:hdr>"


def section(*references: str, more: str = "") -> str:
    return "<w:sectPr>" + "".join(references) + more + "</w:sectPr>"


def reference(what: str, name: str, kind: str = "default") -> str:
    return f'<w:{what}Reference w:type="{kind}" r:id="{name}"/>'


def test_headers_and_footers_stand_once_for_each_section_that_has_its_own(tmp_path: Path) -> None:
    one = section(reference("header", "h1"), reference("footer", "f1"))
    two = section()  # goes on with those of the section before
    three = section(reference("header", "h3"), reference("footer", "f1"))
    body = paragraph("Body.", one) + paragraph("More.", two) + paragraph("Annex.") + three
    footer = "footer", f"<w:ftr>{paragraph('Harbour Road 3')}</w:ftr>"
    path = write_docx(
        tmp_path / "a.docx", body, h1=header("Contract 17"), f1=footer, h3=header("Annex to 17")
    )
    assert [text for _, text in blocks(load(path))] == [
        "Contract 17", "Body.", "Harbour Road 3", "More.", "Annex to 17", "Annex.",
    ]  # fmt: skip


def test_a_header_of_a_first_or_an_even_page_stands_only_where_such_a_page_has_its_own(
    tmp_path: Path,
) -> None:
    references = [reference("header", f"h{kind}", kind) for kind in ("first", "even", "default")]
    parts = {f"h{kind}": header(f"The {kind} one") for kind in ("first", "even", "default")}
    plain = write_docx(tmp_path / "a.docx", paragraph("x") + section(*references), **parts)
    assert "The first one" not in load(plain).text
    assert "The even one" not in load(plain).text
    both = write_docx(
        tmp_path / "b.docx",
        paragraph("x") + section(*references, more="<w:titlePg/>"),
        settings=("settings", "<w:settings><w:evenAndOddHeaders/></w:settings>"),
        **parts,
    )
    assert load(both).text == "The first one\n\nThe default one\n\nThe even one\n\nx"


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (f"<w:r><w:t>Contract 17</w:t><w:tab/><w:t>Page </w:t></w:r>{PAGE}", "Contract 17"),
        (f"<w:r><w:t>第</w:t></w:r>{PAGE}<w:r><w:t>页</w:t></w:r>", ""),
        ('<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>9</w:t></w:r></w:fldSimple>', ""),
        ('<w:fldSimple w:instr=" TITLE "><w:r><w:t>Lease</w:t></w:r></w:fldSimple>', "Lease"),
    ],
)
def test_a_header_is_read_without_the_number_of_the_page(
    tmp_path: Path, inside: str, text: str
) -> None:
    part = "header", f"<w:hdr><w:p>{inside}</w:p></w:hdr>"
    path = write_docx(
        tmp_path / "a.docx", paragraph("Body.") + section(reference("header", "h1")), h1=part
    )
    assert load(path).text == f"{text}\n\nBody.".strip()


def test_a_document_that_is_nothing_but_a_header_is_not_empty(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", section(reference("header", "h")), h=header("Letter"))
    assert load(path).text == "Letter"


def test_a_comment_stands_behind_the_paragraph_that_it_is_about(tmp_path: Path) -> None:
    comments = (
        "comments",
        '<w:comments><w:comment w:id="4" w:author="Marta"><w:p><w:r><w:t>Moved to the 8th.</w:t>'
        "</w:r></w:p></w:comment></w:comments>",
    )
    marked = (
        '<w:p><w:r><w:t>Due on the 5th.</w:t></w:r><w:r><w:commentReference w:id="4"/></w:r></w:p>'
    )
    path = write_docx(tmp_path / "a.docx", marked + paragraph("Next."), c=comments)
    assert [text for _, text in blocks(load(path))] == [
        "Due on the 5th.", "[Marta: Moved to the 8th.]", "Next.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ('<w:sym w:font="Symbol" w:char="F0B0"/>', "°"),
        ('<w:sym w:font="Wingdings" w:char="F0FE"/>', "☑"),
        ('<w:sym w:font="Wingdings" w:char="F0A8"/>', "☐"),
        ('<w:sym w:font="Symbol" w:char="61"/>', "α"),
        ('<w:sym w:font="Arial" w:char="2260"/>', "≠"),
        ('<w:sym w:font="Symbol" w:char="nonsense"/>', ""),
        ('<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>\uf062 b</w:t>', "β β"),
        ('<w:ruby><w:rt><w:r><w:t>kana</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢字</w:t></w:r>'
         "</w:rubyBase></w:ruby>", "漢字"),
        ("<w:noBreakHyphen/>", "-"),
        (BOX.format("<w:checked/>"), "☒"),
        (BOX.format('<w:default w:val="0"/>'), "☐"),
        (LIST.format('<w:result w:val="1"/><w:listEntry w:val="a"/><w:listEntry w:val="b"/>'), "b"),
        ('<w:pict><v:shape alt="The quay"/></w:pict>', "[The quay]"),
        ('<w:pict><v:shape><v:textpath string="DRAFT"/></v:shape></w:pict>', "DRAFT"),
    ],
)  # fmt: skip
def test_signs_boxes_and_fields_of_a_docx_read_as_they_are_shown(
    tmp_path: Path, inside: str, text: str
) -> None:
    body = f"<w:p><w:r><w:t>It is </w:t></w:r><w:r>{inside}</w:r><w:r><w:t> so</w:t></w:r></w:p>"
    expected = " ".join(f"It is {text} so".split())
    assert load(write_docx(tmp_path / "a.docx", body)).text == expected


def test_text_in_controls_moved_text_and_boxes_of_a_docx_is_found(tmp_path: Path) -> None:
    control = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = (
        control.format(paragraph("In a control."))
        + f"<w:p>{control.format('<w:r><w:t>Inline.</w:t></w:r>')}</w:p>"
        + f'<w:moveTo w:id="1">{paragraph("Moved here.")}</w:moveTo>'
        + f'<w:moveFrom w:id="1">{paragraph("Moved away.")}</w:moveFrom>'
        + "<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>"
        + paragraph("In a box.")
        + "</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
        + "<w:tbl><w:tr><w:tc>" + paragraph("kept") + "</w:tc></w:tr>"
        + "<w:tr><w:trPr><w:del/></w:trPr><w:tc>" + paragraph("gone") + "</w:tc></w:tr></w:tbl>"
    )  # fmt: skip
    assert [text for _, text in blocks(load(write_docx(tmp_path / "a.docx", body)))] == [
        "In a control.", "Inline.", "Moved here.", "In a box.", "kept",
    ]  # fmt: skip


def test_cells_of_a_docx_that_span_stand_under_their_headers(tmp_path: Path) -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    rows = [
        cell("Berth") + cell("Fee", '<w:gridSpan w:val="2"/>'),
        cell("North", '<w:vMerge w:val="restart"/>') + cell("day") + cell("12"),
        cell("", "<w:vMerge/>") + cell("year") + cell("900"),
        cell("Closed in August", '<w:gridSpan w:val="2"/>') + cell("-"),
    ]
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert load(write_docx(tmp_path / "a.docx", body)).text == (
        "Berth | Fee | Fee\nNorth | day | 12\nNorth | year | 900\nClosed in August |  | -"
    )


# Pictures and charts


def test_the_description_of_a_picture_stands_where_the_picture_does(tmp_path: Path) -> None:
    said = "<w:p><w:r><w:t>Before</w:t></w:r>{}<w:r><w:t>after.</w:t></w:r></w:p>"
    body = said.format(PICTURE.format("A map of the quays")) + paragraph("Figure 1: The quays")
    assert load(write_docx(tmp_path / "a.docx", body)).text == (
        "Before [A map of the quays] after.\n\nFigure 1: The quays"
    )


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("image3.png", ""),
        (r"C:\scans\quay.jpg", ""),
        ("https://example.org/a/b", ""),
        ("图片 3", ""),
        ("A quay. Description automatically generated", "[A quay.]"),
        ("Two boats, one red", "[Two boats, one red]"),
        ("码头平面图", "[码头平面图]"),
    ],
)
def test_descriptions_that_nobody_wrote_are_left_out(
    tmp_path: Path, description: str, text: str
) -> None:
    body = f"<w:p>{PICTURE.format(description)}</w:p>" + paragraph("Body.")
    assert load(write_docx(tmp_path / "a.docx", body)).text == f"{text}\n\nBody.".strip()


def test_what_many_parts_of_a_document_lead_to_is_read_once(tmp_path: Path) -> None:
    drawn = '<w:r><w:drawing><c:chart r:id="nowhere"/></w:drawing></w:r>'
    part = f"<w:p><w:pPr>{section(reference('header', 'h'))}</w:pPr>{drawn}</w:p>"
    path = write_docx(tmp_path / "a.docx", part * 500 + paragraph("End."), h=header("Boats"))
    with zipfile.ZipFile(path) as parts:
        size = sum(entry.file_size for entry in parts.infolist())
    assert load(path, limits=Limits(archive_bytes=size)).text == "Boats\n\nEnd."


def test_a_web_page_in_a_document_is_read_where_it_stands(tmp_path: Path) -> None:
    body = paragraph("Before.") + '<w:altChunk r:id="page"/>' + '<w:altChunk r:id="other"/>'
    path = write_docx(tmp_path / "a.docx", body + paragraph("After."))
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("word/page.html", "<p>Inside.<p hidden>no")
    changed = tmp_path / "b.docx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            links = [("page", "aFChunk", "page.html"), ("other", "aFChunk", "other.rtf")]
            data = relations(links) if name.startswith("word/_rels/") else old.read(name)
            new.writestr(name, data)
    document = load(changed)
    assert document.text == "Before.\n\nInside.\n\nAfter."
    assert document.warnings == ("A part of the document is in another format; it is left out.",)


def test_a_remark_on_a_slide_is_read_behind_it(tmp_path: Path) -> None:
    inside = '<p:sldIdLst><p:sldId r:id="s1"/></p:sldIdLst>'
    said = "<a:p><a:r><a:t>Plan</a:t></a:r></a:p>"
    slide = f"<p:sld><p:sp><p:txBody>{said}</p:txBody></p:sp></p:sld>"
    path = write_package(
        tmp_path / "a.pptx", "ppt/main.xml", "p:presentation", inside, {"s1": ("slide", slide)}
    )
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("ppt/_rels/s1.xml.rels", relations([("c", "comments", "c.xml")]))
        parts.writestr(
            "ppt/c.xml",
            f"<p:cmLst {NAMESPACES}><p:cm><p:text>why?</p:text></p:cm></p:cmLst>",
        )
    assert load(path).text == "Plan\n\n[why?]"


SALES = chart("Sales of boats", ["North", "South"], Dinghies=["17", "23.46"], Skiffs=["4", "5"])
TABLE = "Shore | Dinghies | Skiffs\nNorth | 17.0 | 4.0\nSouth | 23.5 | 5.0"


def test_a_chart_in_a_docx_is_a_table_behind_its_paragraph(tmp_path: Path) -> None:
    drawn = (
        "<w:p><w:r><w:t>See the chart.</w:t></w:r><w:r><w:drawing><wp:inline><a:graphic>"
        '<a:graphicData><c:chart r:id="s"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
        "</w:r></w:p>"
    )
    path = write_docx(tmp_path / "a.docx", drawn + paragraph("Next."), s=("chart", SALES))
    assert blocks(load(path)) == [
        ("paragraph", "See the chart."), ("paragraph", "Sales of boats"), ("table", TABLE),
        ("paragraph", "Next."),
    ]  # fmt: skip
    broken = write_docx(tmp_path / "b.docx", drawn, s=("chart", "<c:chartSpace><c:chart>"))
    document = load(broken)
    assert document.text == "See the chart."
    assert document.warnings == ("A chart or a diagram is damaged; its data is left out.",)


def test_a_chart_and_a_picture_on_a_slide_are_read_where_they_stand(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    data = CategoryChartData(number_format='0.0"k"')
    data.categories = ["North", "South"]
    data.add_series("Dinghies", (17, 23.46))
    place = [Inches(1)] * 4
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    box = slide.shapes.add_textbox(*place)
    box.text_frame.text = "Below it."
    box._element.nvSpPr.cNvPr.set("descr", "A red frame")
    table = slide.shapes.add_table(2, 3, *place).table
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 1).text = "Fee"
    for at, text in enumerate(("North", "12", "900")):
        table.cell(1, at).text = text
    deck.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").text == (
        "Sales\n\n| Dinghies\nNorth | 17.0k\nSouth | 23.5k\n\n[A red frame]\n\nBelow it.\n\n"
        "| Fee | Fee\nNorth | 12 | 900"
    )


def test_a_diagram_and_what_is_there_twice_are_read_once(tmp_path: Path) -> None:
    diagram = "<dgm:dataModel><a:p><a:r><a:t>Ask</a:t></a:r></a:p><a:p/></dgm:dataModel>"
    graphic = '<a:graphic><a:graphicData><dgm:relIds r:dm="d"/></a:graphicData></a:graphic>'
    drawn = f"<w:drawing><wp:inline>{graphic}</wp:inline></w:drawing>"
    twice = (
        f"<w:p><w:r><mc:AlternateContent><mc:Choice>{drawn}</mc:Choice><mc:Fallback>{drawn}"
        "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    path = write_docx(tmp_path / "a.docx", twice, d=("diagramData", diagram))
    assert blocks(load(path)) == [("list", "• Ask")]


def test_the_data_of_scattered_points_names_in_levels_and_newer_charts() -> None:
    def parsed(inside: str) -> tuple[str, str]:
        return read_chart(etree.fromstring(f"<c:chartSpace {NAMESPACES}>{inside}</c:chartSpace>"))

    def column(tag: str, *values: str, first: int = 0) -> str:
        points = "".join(
            f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values, first)
        )
        return f"<c:{tag}><c:numRef><c:numCache>{points}</c:numCache></c:numRef></c:{tag}>"

    scattered = f"<c:ser>{column('xVal', '1', '2')}{column('yVal', '5')}</c:ser>"
    assert parsed(f"<c:chart><c:plotArea>{scattered}</c:plotArea></c:chart>") == ("", "1 | 5\n2")
    levels = (
        '<c:lvl><c:pt idx="0"><c:v>Jan</c:v></c:pt><c:pt idx="1"><c:v>Feb</c:v></c:pt></c:lvl>'
        '<c:lvl><c:pt idx="0"><c:v>2024</c:v></c:pt></c:lvl>'
    )
    cat = f"<c:multiLvlStrRef><c:multiLvlStrCache>{levels}</c:multiLvlStrCache></c:multiLvlStrRef>"
    ser = f"<c:ser><c:cat>{cat}</c:cat>{column('val', '3', '4')}</c:ser>"
    assert parsed(f"<c:chart><c:plotArea>{ser}</c:plotArea></c:chart>")[1] == (
        "2024, Jan | 3\n2024, Feb | 4"
    )
    newer = (
        '<c:chartData><c:data id="0"><c:strDim><c:lvl><c:pt idx="0">Rent</c:pt></c:lvl></c:strDim>'
        '<c:numDim><c:lvl formatCode="0.0"><c:pt idx="0">7</c:pt></c:lvl></c:numDim></c:data>'
        "</c:chartData><c:chart><c:plotArea><c:series/></c:plotArea></c:chart>"
    )
    assert parsed(newer) == ("", "Rent | 7.0")
    assert parsed("<c:chart><c:plotArea/></c:chart>") == ("", "")


# Equations


def part(name: str, **parts: str) -> str:
    inside = "".join(f"<m:{key}>{value}</m:{key}>" for key, value in parts.items())
    return f"<m:{name}>{inside}</m:{name}>"


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("equation", "line"),
    [
        (run("A=") + part("f", num=run("bh"), den=run("2")), "A=bh/2"),
        (part("f", num=run("a+b"), den=run("c")), "(a+b)/c"),
        (part("sSup", e=run("x"), sup=run("2")) + run("+1"), "x^2+1"),
        (part("sSubSup", e=run("x"), sub=run("i"), sup=run("n+1")), "x_i^(n+1)"),
        (part("rad", deg="", e=run("x+1")), "√(x+1)"),
        (part("rad", deg=run("3"), e=run("x")), "∛x"),
        ('<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>' + run("i=1") + "</m:sub><m:sup>"
         + run("n") + "</m:sup><m:e>" + run("i") + "</m:e></m:nary>", "∑_(i=1)^n i"),
        ('<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>' + run("a")
         + "</m:e><m:e>" + run("b") + "</m:e></m:d>", "[a|b]"),
        (f"<m:m><m:mr><m:e>{run('1')}</m:e><m:e>{run('0')}</m:e></m:mr></m:m>", "[1, 0]"),
        (part("func", fName=run("sin"), e=run("x")), "sin x"),
        (part("acc", e=run("v")), "v"),
    ],
)  # fmt: skip
def test_an_equation_of_a_word_processor_is_written_in_a_line(
    tmp_path: Path, equation: str, line: str
) -> None:
    body = f"<w:p><w:r><w:t>So </w:t></w:r><m:oMath>{equation}</m:oMath></w:p>"
    assert load(write_docx(tmp_path / "a.docx", body)).text == f"So {line}"


def test_an_equation_on_a_slide_is_written_in_a_line(tmp_path: Path) -> None:
    body = (
        f"<p:txBody><a:p><a:r><a:t>So </a:t></a:r><m:oMath>{run('E=m')}</m:oMath></a:p></p:txBody>"
    )
    slide = f"<p:sld><p:cSld><p:spTree><p:sp>{body}</p:sp></p:spTree></p:cSld></p:sld>"
    inside = '<p:sldIdLst><p:sldId r:id="s1"/></p:sldIdLst>'
    path = write_package(
        tmp_path / "a.pptx", "ppt/main.xml", "p:presentation", inside, {"s1": ("slide", slide)}
    )
    assert load(path).text == "So E=m"


def test_an_equation_nested_without_end_ends() -> None:
    deep = "<m:rad><m:e>" * 100 + run("x") + "</m:e></m:rad>" * 100
    root = etree.fromstring(f"<m:oMath {NAMESPACES}>{deep}</m:oMath>")
    assert set(in_a_line(root)) <= set("√()x")


def test_the_symbol_font_is_known_whole() -> None:
    assert set(_SYMBOL) == {*range(0x20, 0x7F), *range(0xA0, 0xFF)}
    assert [_SYMBOL[code] for code in (0x61, 0x44, 0xB0, 0xB3, 0xD6, 0xE5, 0xF2, 0xFE)] == list(
        "αΔ°≥√∑∫⎭"
    )

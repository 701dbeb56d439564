"""OpenDocument: texts, sheets and slides, written part by part."""

import zipfile
from pathlib import Path

import pytest

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import load
from quire.records import ParsedDocument

URN = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = " ".join(
    [f'xmlns:{name}="{URN}{name}:1.0"'
     for name in ("office", "text", "table", "style", "chart", "presentation", "manifest")]
    + [f'xmlns:draw="{URN}drawing:1.0"', f'xmlns:svg="{URN}svg-compatible:1.0"',
       'xmlns:dc="http://purl.org/dc/elements/1.1/"', 'xmlns:xlink="http://www.w3.org/1999/xlink"',
       'xmlns:math="http://www.w3.org/1998/Math/MathML"']
)  # fmt: skip


def write(
    path: Path, kind: str, body: str, *, styles: str = "", automatic: str = "", **parts: str
) -> Path:
    """A file of a kind; `parts` are further ones, "Object_1" the content of an object."""
    inner = kind.split("-", maxsplit=1)[0]
    content = (
        f"<office:document-content {NAMESPACES}><office:automatic-styles>{automatic}"
        f"</office:automatic-styles><office:body><office:{inner}>{body}</office:{inner}>"
        "</office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", content)
        archive.writestr(
            "styles.xml", f"<office:document-styles {NAMESPACES}>{styles}</office:document-styles>"
        )
        for name, xml in parts.items():
            root = xml[1:].split(">")[0].split()[0]
            place = name.replace("Object_1", "Object 1/content").replace("META", "META-INF/")
            archive.writestr(f"{place}.xml", xml.replace(root, f"{root} {NAMESPACES}", 1))
    return path


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def test_a_text_has_headings_lists_and_tables_in_their_order(tmp_path: Path) -> None:
    item = "<text:list-item>{}</text:list-item>"
    body = (
        '<text:h text:outline-level="1">租赁合同</text:h>'
        + '<text:h text:outline-level="2">Term</text:h>'
        + p("The lease<text:s/> runs for<text:line-break/>three <text:span>years</text:span>.")
        + "<text:section>" + p("In a section.") + "</text:section>"
        + '<text:section text:display="none">' + p("no") + "</text:section>"
        + '<text:list text:style-name="L">' + item.format(p("Keys") + p("two of them")
            + "<text:list>" + item.format(p("front")) + "</text:list>") + item.format(p("Lamp"))
        + "</text:list>" + "<table:table><table:table-header-rows><table:table-row>"
        + "<table:table-cell>" + p("Item") + "</table:table-cell><table:table-cell>" + p("Fee")
        + "</table:table-cell></table:table-row></table:table-header-rows><table:table-row>"
        + '<table:table-cell table:number-columns-repeated="2">' + p("x") + "</table:table-cell>"
        + "</table:table-row></table:table>" + p("After.")
    )  # fmt: skip
    meta = "<office:document-meta><dc:title>A lease</dc:title></office:document-meta>"
    document = load(write(tmp_path / "a.odt", "text", body, meta=meta))
    assert blocks(document) == [
        ("heading", "租赁合同"), ("heading", "Term"),
        ("paragraph", "The lease runs for\nthree years."), ("paragraph", "In a section."),
        ("list", "• Keys"), ("paragraph", "two of them"), ("list", "• front"), ("list", "• Lamp"),
        ("table", "Item | Fee\nx | x"), ("paragraph", "After."),
    ]  # fmt: skip
    assert "  • front" in document.text
    assert [b.level for b in document.blocks if b.kind == "heading"] == [1, 2]
    assert document.title == "A lease"
    assert document.media_type == "application/vnd.oasis.opendocument.text"
    assert load(write(tmp_path / "b.ott", "text-template", body)).title == "租赁合同"


def test_lists_and_headings_are_numbered_as_their_styles_say(tmp_path: Path) -> None:
    def level(number: int, form: str, more: str = "") -> str:
        return (
            f'<text:list-level-style-number text:level="{number}" style:num-format="{form}" '
            f'style:num-suffix="." {more}/>'
        )

    styles = (
        f'<text:list-style style:name="L">{level(1, "1")}{level(2, "a")}</text:list-style>'
        '<text:outline-style><text:outline-level-style text:level="1" style:num-format="1"/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
        "</text:outline-style>"
    )
    item = "<text:list-item>{}</text:list-item>"
    inner = "<text:list>" + item.format(p("x")) + item.format(p("y")) + "</text:list>"
    one = '<text:list text:style-name="L">' + item.format(p("a") + inner) + item.format(p("b"))
    again = '<text:list text:style-name="L" text:continue-numbering="true">' + item.format(p("c"))
    anew = '<text:list text:style-name="L">' + item.format(p("d"))
    h = '<text:h text:outline-level="{}">{}</text:h>'
    body = (
        h.format(1, "A") + h.format(2, "B") + h.format(2, "C") + h.format(1, "D") + h.format(2, "E")
    )
    body += "".join(each + "</text:list>" for each in (one, again, anew))
    document = load(write(tmp_path / "a.odt", "text", body, styles=styles))
    assert [text for _, text in blocks(document)] == [
        "1 A", "1.1 B", "1.2 C", "2 D", "2.1 E",
        "1. a", "a. x", "b. y", "2. b", "3. c", "1. d",
    ]  # fmt: skip


def test_what_stands_beside_a_text_is_read_and_what_is_hidden_is_not(tmp_path: Path) -> None:
    hidden = (
        '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    )
    master = (
        "<office:master-styles><style:master-page><style:header>" + p("Contract 17")
        + p("Page <text:page-number>3</text:page-number>") + "</style:header><style:footer>"
        + p("Harbour Road 3") + "</style:footer></style:master-page></office:master-styles>"
    )  # fmt: skip
    body = (
        "<text:tracked-changes>" + p("deleted") + "</text:tracked-changes>"
        + p('Due on the 5th.<office:annotation><dc:creator>Marta</dc:creator>'
            + p("moved to the 8th") + "</office:annotation>"
            + '<text:note><text:note-citation>1</text:note-citation><text:note-body>'
            + p("By noon.") + "</text:note-body></text:note> So"
            + '<text:span text:style-name="H">unseen</text:span> it is.')
        + p("<text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text>kana</text:ruby-text>"
            "</text:ruby>")
    )  # fmt: skip
    path = write(tmp_path / "a.odt", "text", body, styles=master, automatic=hidden)
    assert [text for _, text in blocks(load(path))] == [
        "Contract 17", "Due on the 5th. So it is.", "[Marta: moved to the 8th]", "漢字",
        "Harbour Road 3", "By noon.",
    ]  # fmt: skip


CHART = (
    "<office:document-content><office:body><office:chart><chart:chart><chart:title>"
    + p("Sales of boats")
    + "</chart:title><table:table><table:table-header-rows><table:table-row><table:table-cell>"
    + "<text:p/></table:table-cell><table:table-cell>" + p("Dinghies") + "</table:table-cell>"
    + "</table:table-row></table:table-header-rows><table:table-row><table:table-cell>" + p("North")
    + "</table:table-cell><table:table-cell>" + p("17") + "</table:table-cell></table:table-row>"
    + "</table:table></chart:chart></office:chart></office:body></office:document-content>"
)  # fmt: skip


def test_pictures_charts_and_equations_are_read_where_they_stand(tmp_path: Path) -> None:
    frame = '<draw:frame><draw:image xlink:href="a.png"/><svg:title>Quay</svg:title></draw:frame>'
    chart = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    box = "<draw:frame><draw:text-box>" + p("In a box.") + "</draw:text-box></draw:frame>"
    body = p(f"See {frame} here.") + p(f"The chart{chart}") + p(box) + p("End.")
    document = load(write(tmp_path / "a.odt", "text", body, Object_1=CHART))
    assert [text for _, text in blocks(document)] == [
        "See [Quay] here.", "The chart", "Sales of boats", "| Dinghies\nNorth | 17", "In a box.",
        "End.",
    ]  # fmt: skip
    math = "<math:math><math:msup><math:mi>x</math:mi><math:mn>2</math:mn></math:msup></math:math>"
    document = load(write(tmp_path / "b.odt", "text", p(f"So {chart} is."), Object_1=math))
    assert document.text == "So x^2 is."


def cell(text: str = "", attributes: str = "", inside: str = "") -> str:
    return f"<table:table-cell {attributes}>{inside}{p(text) if text else ''}</table:table-cell>"


def sheet(name: str, *rows: str, attributes: str = "", more: str = "") -> str:
    return f'<table:table table:name="{name}" {attributes}>{more}{"".join(rows)}</table:table>'


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def test_sheets_are_pages_and_only_cells_that_hold_something_are_visited(tmp_path: Path) -> None:
    far = cell("", 'table:number-columns-repeated="16000"')
    body = sheet(
        "Rent",
        row(cell("Month"), cell("Rent"), cell("Note"), far),
        row(cell("May"), cell("", 'table:number-columns-repeated="1"'), cell("paid"), far),
        row(cell("June"), cell("€1,340.00", 'office:value="1340"'), far),
        row(far, attributes='table:number-rows-repeated="1048000"'),
        row(cell("last")),
    ) + sheet("Hidden", row(cell("no")), attributes='table:style-name="T"')
    styles = (
        '<style:style style:name="T"><style:table-properties table:display="false"/></style:style>'
    )
    document = load(write(tmp_path / "a.ods", "spreadsheet", body, automatic=styles))
    assert [page.number for page in document.pages] == [1, 2]
    assert blocks(document) == [
        ("heading", "Rent"),
        ("table", "Month | Rent | Note\nMay |  | paid\nJune | €1,340.00"),
        ("table", "last"),
    ]
    assert document.warnings == ("Sheet 2 (Hidden) is hidden; it is left out.",)


@pytest.mark.parametrize(
    ("shown", "stored", "text"),
    [
        ("01/03/24", "2024-03-01", "2024-03-01"),
        ("1. März 2024", "2024-03-01", "2024-03-01"),
        ("2024年3月1日", "2024-03-01", "2024年3月1日"),
        ("Mar 24", "2024-03-01", "Mar 24"),
        ("01/03/24 18:00", "2024-03-01T18:00:00", "2024-03-01 18:00:00"),
    ],
)
def test_dates_of_cells_have_one_order(tmp_path: Path, shown: str, stored: str, text: str) -> None:
    body = sheet("S", row(cell(shown, f'office:date-value="{stored}"')))
    assert load(write(tmp_path / "a.ods", "spreadsheet", body)).text == f"S\n\n{text}"


def test_comments_and_shapes_of_a_sheet_stand_behind_its_tables(tmp_path: Path) -> None:
    remark = (
        "<office:annotation><dc:creator>Marta</dc:creator>" + p("raised") + "</office:annotation>"
    )
    shapes = (
        "<table:shapes><draw:frame><draw:text-box>" + p("Without heating.") + "</draw:text-box>"
        '</draw:frame><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
        "</table:shapes>"
    )  # fmt: skip
    body = sheet("Rent", row(cell("May"), cell("1340", inside=remark)), more=shapes)
    document = load(write(tmp_path / "a.ods", "spreadsheet", body, Object_1=CHART))
    assert [text for _, text in blocks(document)] == [
        "Rent", "May | 1340", "Without heating.", "Sales of boats", "| Dinghies\nNorth | 17",
        "B1 [Marta: raised]",
    ]  # fmt: skip


def test_rows_that_are_repeated_without_end_stop_at_the_limit(tmp_path: Path) -> None:
    body = sheet("S", row(cell("x" * 1000), attributes='table:number-rows-repeated="99999999"'))
    document = load(
        write(tmp_path / "a.ods", "spreadsheet", body), limits=Limits(characters=100_000)
    )
    assert len(document.text) <= 100_000
    assert document.warnings == ("Text past the limit of 100,000 characters is left out.",)


def test_slides_are_pages_with_their_title_text_and_notes(tmp_path: Path) -> None:
    def frame(kind: str, inside: str) -> str:
        return (
            f'<draw:frame presentation:class="{kind}"><draw:text-box>{inside}</draw:text-box>'
            "</draw:frame>"
        )

    listed = "<text:list><text:list-item>" + p("Hire") + "</text:list-item></text:list>"
    notes = "<presentation:notes>" + frame("notes", p("Say it slowly.")) + "</presentation:notes>"
    styles = (
        '<style:style style:name="H"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )
    group = "<draw:g><draw:custom-shape>" + p("In a group.") + "</draw:custom-shape></draw:g>"
    body = (
        "<draw:page>" + frame("outline", listed) + frame("title", p("Plan 计划"))
        + frame("footer", p("no")) + group + notes + "</draw:page>"
        + '<draw:page draw:style-name="H">' + frame("title", p("no")) + "</draw:page>"
    )  # fmt: skip
    document = load(write(tmp_path / "a.odp", "presentation", body, automatic=styles))
    assert blocks(document) == [
        ("heading", "Plan 计划"), ("list", "• Hire"), ("paragraph", "In a group."),
        ("paragraph", "Say it slowly."),
    ]  # fmt: skip
    assert document.title == "Plan 计划"
    assert document.warnings == ("Slide 2 is hidden; it is left out.",)


def test_an_encrypted_file_asks_for_its_password_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    manifest = (
        "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
        "</manifest:manifest>"
    )
    with pytest.raises(Skipped, match="password needed"):
        load(write(tmp_path / "a.odt", "text", p("x"), METAmanifest=manifest))
    with zipfile.ZipFile(tmp_path / "b.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(Unreadable, match="damaged OpenDocument file"):
        load(tmp_path / "b.odt")
    with pytest.raises(Skipped, match="unsupported format: OpenDocument base") as told:
        load(write(tmp_path / "c.odb", "base", ""))
    assert told.value.hint == "Save it as PDF, then add it."


def test_an_entity_in_an_opendocument_file_reads_nothing(tmp_path: Path) -> None:
    leak = '<!DOCTYPE x [<!ENTITY leak SYSTEM "file:///etc/passwd">]>'
    path = write(tmp_path / "a.odt", "text", p("x"))
    with zipfile.ZipFile(path) as old:
        content = old.read("content.xml").decode()
    with zipfile.ZipFile(tmp_path / "b.odt", "w") as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        new.writestr("content.xml", leak + content.replace(">x<", ">hello &leak;<"))
    assert load(tmp_path / "b.odt").text.startswith("hello")
    assert "root" not in load(tmp_path / "b.odt").text


# Flat files


def flat(path: Path, kind: str, body: str, *, before: str = "") -> Path:
    """A file in one piece; `before` stands before its body."""
    inner = kind.split("-", maxsplit=1)[0]
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<office:document {NAMESPACES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}">{before}'
        f"<office:body><office:{inner}>{body}</office:{inner}></office:body></office:document>",
        "utf-8",
    )
    return path


def test_a_flat_text_is_read_with_its_title_its_charts_and_without_its_pictures(
    tmp_path: Path,
) -> None:
    picture = (
        "<draw:frame><draw:image><office:binary-data>\niVBORw0KGgo=\n"
        "</office:binary-data></draw:image><svg:desc>A pump</svg:desc></draw:frame>"
    )
    chart = (
        "<draw:frame><draw:object><office:document><office:meta><dc:title>not this</dc:title>"
        '</office:meta><office:automatic-styles><style:style style:name="S">'
        '<style:text-properties text:display="none"/></style:style></office:automatic-styles>'
        "<office:body><office:chart><chart:chart><chart:title>"
        + p("Tonnes")
        + "</chart:title><table:table><table:table-row><table:table-cell>"
        + p("2023")
        + "</table:table-cell><table:table-cell>"
        + p("42")
        + "</table:table-cell></table:table-row></table:table></chart:chart></office:chart>"
        "</office:body></office:document></draw:object></draw:frame>"
    )
    path = flat(
        tmp_path / "a.fodt",
        "text",
        '<text:h text:outline-level="1">租赁合同</text:h>'
        + p(f'Before {picture} and <text:span text:style-name="S">after</text:span>.')
        + p(chart),
        before="<office:meta><dc:title>Lease</dc:title></office:meta>",
    )
    document = load(path)
    assert document.media_type == "application/vnd.oasis.opendocument.text"
    assert document.title == "Lease"
    assert blocks(document) == [
        ("heading", "租赁合同"),
        ("paragraph", "Before [A pump] and after."),
        ("paragraph", "Tonnes"),
        ("table", "2023 | 42"),
    ]


def test_flat_sheets_and_slides_are_pages_whatever_their_names(tmp_path: Path) -> None:
    rent = sheet("Rent", row(cell(p("May")), cell(p("30"))))
    sheets = load(flat(tmp_path / "a.xml", "spreadsheet", rent))
    assert [page.number for page in sheets.pages] == [1]
    assert "May | 30" in sheets.text
    slide = "<draw:page><draw:frame><draw:text-box>{}</draw:text-box></draw:frame></draw:page>"
    slides = load(
        flat(tmp_path / "a.fodp", "presentation", slide.format(p("One")) + slide.format(p("Two")))
    )
    assert [(page.number, page.text) for page in slides.pages] == [(1, "One"), (2, "Two")]


def test_a_flat_file_that_is_damaged_or_too_large_says_so(tmp_path: Path) -> None:
    path = flat(tmp_path / "a.fodt", "text", p("One"))
    with pytest.raises(Unreadable, match="MB of XML"):
        load(path, limits=Limits(archive_part_bytes=100))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unreadable, match="damaged OpenDocument"):
        load(path)
    picture = (
        f"<draw:image><office:binary-data>{'A' * 11_000_000}</office:binary-data></draw:image>"
    )
    assert load(flat(tmp_path / "b.fodt", "text", p(f"One {picture}"))).text == "One"

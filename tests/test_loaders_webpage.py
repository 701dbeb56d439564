"""Web pages as they are seen on a wide screen: what styles hide, equations, drawings, tables."""

import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ingest.loaders import load
from quire.ingest.loaders.stylesheets import hidden_names, is_for_screen
from quire.records import ParsedDocument


def read(tmp_path: Path, page: str) -> ParsedDocument:
    (tmp_path / "a.html").write_text(f"<!doctype html><html>{page}</html>", "utf-8")
    return load(tmp_path / "a.html")


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


@pytest.mark.parametrize(
    ("style", "is_shown"),
    [
        (".x{display:none}", False),
        ("p{color:red} .y,\n .x { DISPLAY : none }", False),
        ("/* .x{display:block} */ .x{display:none}", False),
        ("@media screen{.x{display:none}}", False),
        ("@media all and (min-width: 600px){.x{display:none}}", False),
        ("@media not print{.x{visibility:hidden}}", False),
        ("@supports (display:grid){@media screen{.x{display:none}}}", False),
        ("@import 'a.css'; .x{font-size:0}", False),
        # Hidden on another medium
        ("@media print{.x{display:none}}", True),
        ("@media (max-width:600px){.x{display:none}}", True),
        ("@media (width <= 40em){.x{display:none}}", True),
        ("@media (min-width: 2000px){.x{display:none}}", True),
        ("@media (orientation: portrait){.x{display:none}}", True),
        ("@media print{p{color:red} @media all{.x{display:none}}} .y{display:none}", True),
        ("@media (prefers-reduced-motion: reduce){.x{display:none}}", True),
        # Hidden until something shows it
        (".x{display:none} .x.open{display:block}", True),
        (".x{display:none} .tab:target .x{display:flex}", True),
        (".x{display:none} input:checked ~ .x{display:block}", True),
        (".x{opacity:0} .x.seen{opacity:1}", True),
        (".x{opacity:0; transition: opacity 1s}", True),
        (".x{display:none} .x{display:block}", True),
        (".x{display:none} .x .y{display:block}", False),
        # Nothing hidden
        (".x{opacity:0.5}", True),
        (".x .y{display:none}", True),
        ("@keyframes fade{from{opacity:0}} @font-face{.x{display:none}}", True),
        (".x{display:none", True),
    ],
)
def test_what_a_style_sheet_hides_is_what_a_wide_screen_never_shows(
    tmp_path: Path, style: str, is_shown: bool
) -> None:
    page = f"<head><style>{style}</style></head><p class='a x'>The lease ends.</p><p>End.</p>"
    assert ("The lease ends." in read(tmp_path, page).text) is is_shown


@pytest.mark.parametrize(
    ("head", "is_shown"),
    [
        ("<style>.panel{display:none}</style>", False),
        ("<style media=print>.panel{display:none}</style>", True),
        ("<noscript><style>.panel{display:none}</style></noscript>", True),
        ("<!-- <style>.panel{display:none}</style> -->", True),
        ("<style><!-- .panel{display:none} --></style>", False),
        ("<style>.panel{display:none}</style><script>show('.panel')</script>", True),
        ("<style>.panel{display:none}</style><script>show('.panels')</script>", False),
        ("<script>show('.panel')</script><style>.panel{display:none}</style>", True),
    ],
)
def test_what_a_script_shows_is_shown(tmp_path: Path, head: str, is_shown: bool) -> None:
    page = f"<head>{head}</head><p class=panel>The lease ends.</p><p>End.</p>"
    assert ("The lease ends." in read(tmp_path, page).text) is is_shown


def test_a_style_behind_what_it_hides_counts_too(tmp_path: Path) -> None:
    assert read(tmp_path, "<p id=x>no</p><p>yes</p><style>#x{display:none}</style>").text == "yes"


@given(st.text("@media{}():;.x#,/*<>-style'\" print0px\n", max_size=200))
def test_no_style_sheet_breaks(style: str) -> None:
    assert isinstance(hidden_names(f"<style>{style}</style>"), set)
    is_for_screen(style)


@pytest.mark.parametrize("flood", ["<style>", "<script>", "<!--", "a{", "@media x{", "}", ".a,"])
def test_styles_take_time_in_proportion_to_their_length(flood: str) -> None:
    def seconds(size: int) -> float:
        page = "<style>" + flood * (size // len(flood))
        begin = time.process_time()
        hidden_names(page)
        return time.process_time() - begin

    seconds(100_000)
    assert seconds(800_000) < 12 * seconds(200_000) + 0.1


# Equations and drawings


@pytest.mark.parametrize(
    ("math", "line"),
    [
        ("<mi>A</mi><mo>=</mo><mfrac><mrow><mi>b</mi><mi>h</mi></mrow><mn>2</mn></mfrac>",
         "A=bh/2"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>1</mn>", "x^2+1"),
        ("<msub><mi>x</mi><mrow><mi>i</mi><mo>+</mo><mn>1</mn></mrow></msub>", "x_(i+1)"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "∛x"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
         "<mi>i</mi>", "∑_(i=1)^n" + "i"),
        ("<semantics><mi>x</mi><annotation encoding='x-tex'>\\x</annotation></semantics>", "x"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a, b)"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr></mtable>", "[1, 0]"),
        ("<mtext>for all</mtext><mspace/><mi>x</mi>", "for all x"),
    ],
)  # fmt: skip
def test_an_equation_of_a_page_is_written_in_a_line(tmp_path: Path, math: str, line: str) -> None:
    document = read(tmp_path, f"<p>So <math>{math}</math> holds.</p>")
    assert document.text == f"So {line} holds."


def test_an_equation_that_is_drawn_as_well_stands_once(tmp_path: Path) -> None:
    page = (
        "<p>So <span><span><math><mi>E</mi></math></span><span aria-hidden=true>E</span></span> "
        "is <span aria-hidden=true>really</span> so.</p>"
    )
    assert read(tmp_path, page).text == "So E is really so."


def test_an_equation_nested_without_end_ends(tmp_path: Path) -> None:
    page = f"<p>So <math>{'<msqrt>' * 50_000}<mi>x</mi></math></p><p>End.</p>"
    assert read(tmp_path, page).text.startswith("So")


def test_the_words_of_a_drawing_are_read_and_its_description(tmp_path: Path) -> None:
    page = (
        "<title>Page</title><p>Here:</p><svg><title>Rent by month</title><defs><text>no</text>"
        "</defs><style>.a{}</style><g><text x=1>May <tspan>1340</tspan></text><text>June</text>"
        "</g>stray</svg><p>Press <svg><title>Save</title><path/></svg> now.</p>"
    )
    document = read(tmp_path, page)
    assert document.title == "Page"
    assert [text for _, text in blocks(document)] == [
        "Here:", "[Rent by month]\nMay 1340\nJune", "Press [Save] now.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("alt", "text"),
    [("The quay at low tide", "See [The quay at low tide] here."), ("", "See here."),
     ("quay.png", "See here."), ("码头", "See [码头] here.")],
)  # fmt: skip
def test_the_description_of_a_picture_stands_where_the_picture_does(
    tmp_path: Path, alt: str, text: str
) -> None:
    document = read(tmp_path, f"<p>See <img src=x alt='{alt}'> here.</p>")
    assert document.text == text


def test_a_figure_has_its_description_and_its_caption(tmp_path: Path) -> None:
    page = "<figure><img alt='A map'><figcaption>Figure 2: The quays</figcaption></figure>"
    assert [text for _, text in blocks(read(tmp_path, page))] == ["[A map]", "Figure 2: The quays"]


def test_a_book_whose_pages_are_drawings_is_read(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>Cover</title><text>{}</text></svg>'
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as book:
        book.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        book.writestr(
            "b.opf",
            '<package><manifest><item id="a" href="a.svg" media-type="image/svg+xml"/><item id="b" '
            'href="b.svg" media-type="image/svg+xml"/><item id="c" href="c.png" '
            'media-type="image/png"/></manifest><spine><itemref idref="b"/><itemref idref="a"/>'
            '<itemref idref="c"/></spine></package>',
        )
        book.writestr("a.svg", svg.format("潮汐表"))
        book.writestr("b.svg", '<?xml version="1.0"?>' + svg.format("The tides"))
        book.writestr("c.png", b"\x89PNG")
    assert load(tmp_path / "a.epub").text == "[Cover]\nThe tides\n\n[Cover]\n潮汐表"


# Tables


@pytest.mark.parametrize(
    ("table", "text"),
    [
        # Rows and columns that span
        ("<tr><th>Berth<th colspan=2>Fee<tr><td rowspan=2>North<td>day<td>12<tr><td>year<td>900",
         "Berth | Fee | Fee\nNorth | day | 12\nNorth | year | 900"),
        ("<thead><tr><td rowspan=2>Berth<td colspan=2>Fee<tr><td>day<td>year</thead>"
         "<tr><td>North<td>12<td>900", "Berth | Fee | Fee\nBerth | day | year\nNorth | 12 | 900"),
        ("<tr><td>a<td>b<td>c<tr><td colspan=2>both<td>d", "a | b | c\nboth |  | d"),
        ("<tr><th colspan=3>Fees<tr><td>a<td>b<td>c", "Fees\na | b | c"),
        ("<tr><td>a<td rowspan=0>b<tr><td colspan=x>c<td>d", "a | b\nc | d"),
        # A small table in a cell
        ("<tr><th>Boat<th>Fees<tr><td>Dory<td><table><tr><td>day<td>12<tr><td>year<td>900</table>"
         "<tr><td>Skiff<td>none", "Boat | Fees\nDory | day 12; year 900\nSkiff | none"),
        ("<tr><td>a<td>1<tr><td>b<td><table><tr><td>x<td>y</table>2", "a | 1\nb | 2 x y"),
    ],
)  # fmt: skip
def test_cells_stand_under_their_headers(tmp_path: Path, table: str, text: str) -> None:
    assert blocks(read(tmp_path, f"<table>{table}</table>")) == [("table", text)]


def test_a_large_table_in_a_cell_stands_behind_its_row_s_name(tmp_path: Path) -> None:
    inner = "".join(f"<tr><td>item number {n}<td>{n} euros" for n in range(30))
    page = (
        "<table><tr><th>Boat<th>Fees<tr><td>Dory<td>see list<table>"
        f"<tr><th>Item<th>Fee{inner}</table><tr><td>Skiff<td>none</table><p>After.</p>"
    )
    found = blocks(read(tmp_path, page))
    assert found[0] == ("table", "Boat | Fees\nDory | see list\nSkiff | none")
    assert found[1] == ("paragraph", "Dory")
    assert found[2][1].startswith("Item | Fee\nitem number 0 | 0 euros\n")
    assert found[3] == ("paragraph", "After.")


def test_a_table_that_lays_out_a_page_keeps_the_order_of_what_is_in_it(tmp_path: Path) -> None:
    page = (
        "<table><tr><td>Top<td>Menu<tr><td colspan=2>Before<table><caption>Fees</caption><tr><th>A"
        "<th>B<tr><td>1<td>2</table>Behind<tr><td>Foot</table>"
    )
    long = "<table><tr><td>Intro " + "word " * 200 + "<td><table><tr><td>x<td>y</table></table>"
    assert [text for _, text in blocks(read(tmp_path, long))][-1] == "x | y"
    assert [text for _, text in blocks(read(tmp_path, page))] == [
        "Top", "Menu", "Before", "Fees", "A | B\n1 | 2", "Behind", "Foot",
    ]  # fmt: skip


def test_spans_that_nobody_meant_make_no_large_text(tmp_path: Path) -> None:
    wide = "<tr>" + "<th colspan=9999 rowspan=9999>" + "x" * 400 + "</th></tr>"
    page = "<table>" + wide + "<tr><td>y</td></tr>" * 2000 + "</table>"
    assert len(read(tmp_path, page).text) < 200 * len(page)

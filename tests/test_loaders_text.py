import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import load
from quire.ingest.loaders.cleaning import clean
from quire.ingest.loaders.encoding import decode
from quire.records import ParsedDocument

Load = Callable[..., ParsedDocument]
CHINESE = "合同的期限是三年，自签订之日起计算。"


@pytest.fixture
def load_bytes(tmp_path: Path) -> Load:
    def load_bytes(name: str, data: bytes | str, **options: object) -> ParsedDocument:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return load(path, **options)  # type: ignore[arg-type]

    return load_bytes


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


# Plain text


def test_text_is_split_into_paragraphs_at_blank_lines(load_bytes: Load) -> None:
    document = load_bytes("a.txt", "One\nstill one.\r\n\r\n  \nTwo.\n\n\n")
    assert blocks(document) == [("paragraph", "One\nstill one."), ("paragraph", "Two.")]
    assert (document.title, document.media_type) == ("a", "text/plain")
    assert [page.number for page in document.pages] == [None]


def test_long_lines_without_blank_lines_are_paragraphs(load_bytes: Load) -> None:
    lines = ["word " * 40, CHINESE * 5, "word " * 30]
    document = load_bytes("a.txt", "\n".join(lines))
    assert [text for _, text in blocks(document)] == [line.strip() for line in lines]


def test_one_very_long_line_is_one_paragraph(load_bytes: Load) -> None:
    document = load_bytes("a.txt", "word " * 200_000)
    assert len(document.blocks) == 1
    assert len(document.text) == 999_999


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gbk"),
        ("你好，世界", "gb18030"),
        ("公司2024年的收入为5亿元", "gbk"),
        ("租賃期間為三年，自簽訂之日起計算，到期後得續約。", "big5"),
        ("契約の期間は三年とする。", "shift_jis"),
        ("契約の期間は三年とする。", "euc_jp"),
        ("계약 기간은 삼 년으로 한다.", "euc_kr"),
        ("naïve café, déjà vu", "cp1252"),
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        ("The lease ends in May.", "utf-16-le"),
        ("The lease ends in May.", "utf-16-be"),
        (CHINESE, "utf-32"),
    ],
)
def test_the_encoding_is_found_even_of_a_short_text(
    load_bytes: Load, text: str, encoding: str
) -> None:
    assert load_bytes("a.txt", text.encode(encoding)).text == text


def test_utf8_with_a_damaged_byte_is_still_utf8(load_bytes: Load) -> None:
    data = (CHINESE * 10).encode()
    assert load_bytes("a.txt", data[:60] + b"\xff" + data[60:]).text.count("合同") == 10


def test_text_past_the_limit_is_cut_with_a_warning(load_bytes: Load) -> None:
    document = load_bytes("a.txt", "word " * 100, limits=Limits(characters=21))
    assert document.text == "word word word word w"
    assert document.warnings == ("Text past the limit of 21 characters is left out.",)


def test_a_file_larger_than_the_limit_is_refused(load_bytes: Load) -> None:
    with pytest.raises(Unreadable, match="limit: the file has 2 MB, more than 1 MB"):
        load_bytes("a.txt", b"x" * 2_000_000, limits=Limits(file_bytes=1_000_000))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "empty file"),
        ("a.txt", b" \n\t \n", "no text in the file"),
        ("a.txt", bytes(range(256)) * 40, "unsupported format: binary data"),
        ("a.txt", b"\x7fELF" + bytes(100), "unsupported format: a program"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Office 97-2003"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le") * 50,
            "a Word 97-2003 document",
        ),
        (
            "a.ppt",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "PowerPoint Document".encode("utf-16-le") * 9,
            "a PowerPoint 97-2003 presentation",
        ),
    ],
)
def test_files_without_text_are_skipped_with_the_reason(
    load_bytes: Load, name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(Skipped, match=reason):
        load_bytes(name, data)


@given(st.binary(max_size=300))
def test_any_bytes_decode_to_text_that_can_be_stored(data: bytes) -> None:
    text, _ = decode(data, limit=1000)
    stored = clean(text)
    assert "\0" not in stored
    assert stored.encode() == stored.encode("utf-8", "strict")


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("pay\u200b\u2060ment", "payment"),
        ("\u202eevil\u202c", "evil"),
        ("a\U000e0041\U000e0042b", "ab"),
        ("soft\u00adware \ufb01le", "software file"),
        ("\ud83d\ude00 \ud800", "😀 "),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("a\u200db", "ab"),
        ("⼀⽇", "一日"),
        ("a\u00a0b\u2003c", "a b c"),
    ],
)
def test_what_a_reader_does_not_see_is_removed_and_joiners_stay_where_needed(
    text: str, cleaned: str
) -> None:
    assert clean(text) == cleaned


# Markdown


def test_markdown_blocks_are_the_source_itself(load_bytes: Load) -> None:
    source = """---
title: "The lease"
---
# Terms ##

The *term* is
three years.

Rent
----
- first
  more
- second
1. third

| a | b |
|---|:-:|
| 1 | 2 |

```python
# not a heading

x = 1
```

    indented

<!-- unseen
# unseen -->
> quoted
***
Last
===
"""
    document = load_bytes("a.md", source)
    assert document.text == source
    assert blocks(document) == [
        ("heading", "Terms"),
        ("paragraph", "The *term* is\nthree years."),
        ("heading", "Rent"),
        ("list", "- first\n  more"),
        ("list", "- second"),
        ("list", "1. third"),
        ("table", "| a | b |\n|---|:-:|\n| 1 | 2 |"),
        ("code", "```python\n# not a heading\n\nx = 1\n```"),
        ("code", "    indented"),
        ("paragraph", "> quoted"),
        ("heading", "Last"),
    ]
    assert [b.level for b in document.blocks if b.kind == "heading"] == [1, 2, 1]
    assert document.title == "The lease"


def test_a_markdown_title_is_the_first_heading_where_no_front_matter_names_one(
    load_bytes: Load,
) -> None:
    assert load_bytes("a.md", "text\n\n# 标题\n").title == "标题"
    assert load_bytes("a.md", "text").title == "a"


@given(
    st.lists(
        st.sampled_from(
            ["# h", "text", "", " ", "---", "===", "- x", "```", "    c", "|a|b|", "|-|-|", "<!--",
             "-->", "> q", "#", "\t", "1. x", "***", "中文"]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_markdown_blocks_are_in_order_apart_and_not_empty(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("md") / "a.md"
    path.write_text("\n".join(lines) + "\nend")
    try:
        document = load(path)
    except Skipped:
        return
    at = 0
    for block in document.blocks:
        assert at <= block.start < block.end
        assert document.text[block.start : block.end].strip()
        at = block.end
    assert at <= len(document.text)


# HTML


def test_html_gives_its_visible_blocks(load_bytes: Load) -> None:
    document = load_bytes(
        "a.html",
        """<!doctype html><html><head><title>The  page</title><style>.x{display:none}</style>
        <script>var a = "<p>no</p>"</script></head><body><nav>menu</nav>
        <h1>Terms</h1><p>The <b>term</b> is&nbsp;three
        years.<br>Or four.</p><ul><li>one<ul><li>inner</ul><li><p>two</p></ul>
        <table><tr><th>Item<th>Price<tr><td>Desk<td>90</table>
        <pre>x = 1
  y</pre><p hidden>a</p><p style="DISPLAY: none">b</p><div class="big x">c<div>d</div></div>
        <!-- comment --><div>loose <span>text</span></div></body></html>""",
    )
    assert blocks(document) == [
        ("heading", "Terms"),
        ("paragraph", "The term is three years.\nOr four."),
        ("list", "• one"),
        ("list", "• inner"),
        ("list", "• two"),
        ("table", "Item | Price\nDesk | 90"),
        ("code", "x = 1\n  y"),
        ("paragraph", "loose text"),
    ]
    assert document.title == "The page"


def test_html_tables_that_lay_out_a_page_become_paragraphs(load_bytes: Load) -> None:
    document = load_bytes(
        "a.html",
        "<html><table><tr><td><p>Menu</p></td><td><h2>News</h2><table><tr><td>a<td>1<tr><td>b"
        "<td>2</table><p>After</p></td></tr></table></html>",
    )
    assert blocks(document) == [
        ("paragraph", "Menu"),
        ("paragraph", "News"),
        ("table", "a | 1\nb | 2"),
        ("paragraph", "After"),
    ]


def test_html_in_the_charset_that_it_names(load_bytes: Load) -> None:
    page = f'<html><meta charset="gb2312"><p>{CHINESE}</p></html>'
    assert load_bytes("a.html", page.encode("gbk")).text == CHINESE


def test_html_is_known_without_its_name(load_bytes: Load) -> None:
    assert load_bytes("a.txt", "<!DOCTYPE html><p>x").media_type == "text/html"
    assert load_bytes("a.txt", "see <html> tags").media_type == "text/plain"


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_rows_are_read_whatever_the_delimiter(load_bytes: Load, delimiter: str) -> None:
    rows = [["name", "note"], ["a", "x, y; z"], ["b", 'say "hi"']]
    text = "\n".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
    )
    document = load_bytes("a.csv", text)
    assert blocks(document) == [("table", 'name | note\na | x, y; z\nb | say "hi"')]


def test_csv_with_a_quote_that_is_never_closed_keeps_its_rows(load_bytes: Load) -> None:
    text = 'a,b\n1,2\n3,"4\n' + "".join(f"{n},{n}\n" for n in range(1000))
    document = load_bytes("a.csv", text)
    assert "999 | 999" in document.text
    assert document.warnings == ("A quote in line 3 is never closed; quotes are kept as signs.",)


def test_csv_with_a_million_columns_keeps_the_first_ones(load_bytes: Load) -> None:
    document = load_bytes("a.csv", "a" + ",x" * 1_000_000 + "\nlast,row\n")
    assert document.text.endswith("last | row")
    assert document.warnings == ("Cells past column 1,000 are left out.",)


def test_csv_with_nul_bytes_keeps_its_rows(load_bytes: Load) -> None:
    assert load_bytes("a.csv", b"a,b\0\n" + b"1,2\n" * 20).text.startswith("a | b\n1 | 2\n")


# EPUB, mail, code


def epub(path: Path, *, encrypted: str = "") -> Path:
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://'
        'purl.org/dc/elements/1.1/"><dc:title>红楼梦</dc:title></metadata><manifest>'
        '<item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>',
        "OPS/one.xhtml": '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
        '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html><body><h1>第一回</h1>'
        "<p>甄士隐梦幻识通灵</p></body></html>",
        "OPS/two b.xhtml": "<html><body><p>Two</p></body></html>",
    }
    if encrypted:
        parts["META-INF/encryption.xml"] = (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
            f'<enc:CipherReference URI="{encrypted}"/></enc:CipherData></enc:EncryptedData>'
            "</encryption>"
        )
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return path


def test_epub_chapters_come_in_reading_order(tmp_path: Path) -> None:
    document = load(epub(tmp_path / "a.epub"))
    assert blocks(document) == [
        ("heading", "第一回"),
        ("paragraph", "甄士隐梦幻识通灵"),
        ("paragraph", "Two"),
    ]
    assert (document.title, document.media_type) == ("红楼梦", "application/epub+zip")


def test_a_copy_protected_epub_is_skipped_and_scrambled_fonts_are_not(tmp_path: Path) -> None:
    with pytest.raises(Skipped, match="copy-protected"):
        load(epub(tmp_path / "a.epub", encrypted="OPS/one.xhtml"))
    assert load(epub(tmp_path / "b.epub", encrypted="OPS/font.otf")).title == "红楼梦"


def test_mail_gives_its_header_lines_and_the_plain_body(load_bytes: Load) -> None:
    mail = (
        "From: =?utf-8?B?5byg5LiJ?= <z@example.org>\r\nTo: b@example.org\r\n"
        "Date: Wed, 01 May 2024 10:00:00 +0000\r\nSubject: =?gb2312?B?us/NrA==?= draft\r\n"
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        'Content-Type: multipart/alternative; boundary="y"\r\n\r\n'
        "--y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\nThe rent=20is=\r\n 900.\r\n"
        "--y\r\nContent-Type: text/html\r\n\r\n<p>The rent is 900.</p>\r\n--y--\r\n"
        "--x\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="lease.pdf"\r\n\r\nJVBERi0=\r\n--x--\r\n'
    )
    document = load_bytes("a.eml", mail)
    assert blocks(document) == [
        ("heading", "合同 draft"),
        ("paragraph", "From: 张三 <z@example.org>\nTo: b@example.org\n"
         "Date: Wed, 01 May 2024 10:00:00 +0000\nSubject: 合同 draft"),
        ("paragraph", "The rent is 900."),
    ]  # fmt: skip
    assert document.title == "合同 draft"
    (warning,) = document.warnings
    assert "lease.pdf" in warning
    assert load_bytes("a.txt", mail).media_type == "message/rfc822"


def test_a_mail_with_html_alone_gives_its_visible_text(load_bytes: Load) -> None:
    document = load_bytes(
        "a.eml", "From: a@b\nSubject: s\nContent-Type: text/html\n\n<p>Hi<p hidden>no"
    )
    assert blocks(document)[2:] == [("paragraph", "Hi")]


def test_code_keeps_its_indentation_and_one_block_a_definition(load_bytes: Load) -> None:
    source = "import os\n\n\ndef f():\n    a = 1\n\n    return a\n\n\nclass C:\n    pass\n"
    document = load_bytes("a.py", source)
    assert document.text == source
    assert blocks(document) == [
        ("code", "import os"),
        ("code", "def f():\n    a = 1\n\n    return a"),
        ("code", "class C:\n    pass"),
    ]
    assert document.title == "a.py"


def test_html_lists_keep_their_numbers_and_their_depth(tmp_path: Path) -> None:
    page = (
        "<ol start=3><li>Drain<ol type=a><li>warm<ul><li>wait</ul><li>cold</ol>"
        "<li value=7>Fill</ol><ul><li>Rags</ul>"
    )
    (tmp_path / "oil.html").write_text(page, "utf-8")
    text = load(tmp_path / "oil.html").text
    assert text == "3. Drain\n\n  a. warm\n\n    • wait\n\n  b. cold\n\n7. Fill\n\n• Rags"


def test_plain_text_has_headings_items_and_tables_as_they_stand(tmp_path: Path) -> None:
    text = (
        "HARBOUR RULES\nfor members\n\n"
        "1. FEES\n\n   Berth     Fee\n   A         12\n   B         9\n\n"
        "1.1 Lost keys\n\n- One key: £5\n  with its tag\n- All: £20\n\n"
        "2. HOURS\n\nWe open at eight."
    )
    (tmp_path / "rules.txt").write_text(text, "utf-8")
    document = load(tmp_path / "rules.txt")
    assert document.text == text
    assert [(block.kind, block.level) for block in document.blocks] == [
        ("heading", 1), ("paragraph", 0), ("heading", 2), ("table", 0), ("heading", 3),
        ("list", 0), ("list", 0), ("heading", 2), ("paragraph", 0),
    ]  # fmt: skip

"""RTF as word processors write it, and as nobody does."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.errors import Skipped
from quire.ingest.loaders import load
from quire.records import ParsedDocument

FONTS = (
    r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset134{\*\falt SimSun}\'cb\'ce;}"
    r"{\f2\froman\fcharset2 Symbol;}{\f3\fnil\fcharset204 Arial;}{\f4\fnil\fcharset128 MS;}}"
)


def read(
    tmp_path: Path, text: str, head: str = r"\ansi\ansicpg1252\deff0" + FONTS
) -> ParsedDocument:
    (tmp_path / "a.doc").write_bytes((r"{\rtf1" + head + text + "}").encode("latin-1"))
    return load(tmp_path / "a.doc")


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def test_headings_lists_and_tables_come_in_their_order(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 \'b1\'ea;}{\s2 heading 2;}}{\info{\title no}}"
        r"\pard\s1 Lease\par\pard\s2 Term\par\pard It runs\line for three years.\par"
        r"{\listtext\f2\'b7\tab}\pard\ls1 Keys\par{\listtext 1.\tab}\pard\ilvl1 front\par"
        r"\pard\intbl Item\cell Fee\cell\row\pard\intbl Desk\par and chair\cell 90\cell\row"
        r"\pard\outlinelevel2 Rest\par\pard After.",
    )
    assert blocks(document) == [
        ("heading", "Lease"), ("heading", "Term"), ("paragraph", "It runs\nfor three years."),
        ("list", "• Keys"), ("list", "1. front"), ("table", "Item | Fee\nDesk and chair | 90"),
        ("heading", "Rest"), ("paragraph", "After."),
    ]  # fmt: skip
    assert [b.level for b in document.blocks if b.kind == "heading"] == [1, 2, 3]
    assert document.title == "Lease"
    assert document.media_type == "application/rtf"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"The rent \endash  \'80 50 \emdash\ldblquote so\rdblquote", "The rent – € 50 —“so”"),
        (r"\f1\'d7\'e2\'bd\'f0\f0  of Ma\'df", "租金 of Maß"),
        (r"\f3\'c4\'ee\'e3\'ee\'e2\'ee\'f0", "Договор"),
        (r"\f4\'92n\'90\'7d", "地図"),
        (r"\u8364?5 \u-10179?\u-8704? \uc2\u31199\'d7\'e2\u37329\'bd\'f0.", "€5 😀 租金."),
        (r"{\uc0\u8364}5", "€5"),
        (r"Angle 30{\f2\'b0}", "Angle 30°"),
        (r"a\~b\_c\-d \{x\} \\", "a b-cd {x} \\"),
        (r"seen{\v hidden}{\deleted gone}\v0 , too", "seen, too"),
        (r"{\pict\wmetafile8 010203}{\object{\*\objdata 0102}{\result shown}}", "shown"),
        (r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt a link}}', "a link"),
        (r"{\*\unknown no}{\*\bkmkstart a}yes", "yes"),
        (r"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt In a box.\par}}}After", "After"),
        ("ra\\bin3 {}{w", "raw"),
        ("one\r\ntwo", "onetwo"),
    ],
)  # fmt: skip
def test_letters_and_signs_read_as_they_are_shown(tmp_path: Path, text: str, said: str) -> None:
    assert read(tmp_path, r"\pard " + text + r"\par").text == said


def test_a_document_in_gbk_is_read(tmp_path: Path) -> None:
    data = rb"{\rtf1\ansi\ansicpg936 " + "租金是一千元。".encode("gbk") + b"\\par}"
    (tmp_path / "a.rtf").write_bytes(data)
    assert load(tmp_path / "a.rtf").text == "租金是一千元。"


def test_headers_notes_and_comments_are_read_once(tmp_path: Path) -> None:
    number = r"{\field{\*\fldinst  PAGE }{\fldrslt 3}}"
    header = r"{\header\pard Contract 17\tab Page " + number + r"\par}"
    document = read(
        tmp_path,
        header + r"\pard Due on the 5th.{\footnote\pard By {\i noon}.\par} {\*\atnauthor Marta}"
        r"{\*\annotation\pard moved}So it is.\par\sect" + header + r"\pard End.\par",
    )  # fmt: skip
    assert [text for _, text in blocks(document)] == [
        "Contract 17", "Due on the 5th. So it is.", "End.", "By noon.", "[Marta: moved]",
    ]  # fmt: skip


def test_an_rtf_without_text_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(Skipped, match="no text"):
        read(tmp_path, r"{\pict 0102}\par")


@given(st.lists(st.sampled_from([
    r"\par ", "{", "}", r"\'e9", r"\u20320?", r"\u-10179?", r"\f1 ", r"{\*\x ", "text", r"\cell ",
    r"\row ", r"\intbl ", r"\footnote ", r"\bin99999999999 ", r"\bin-5 ", r"\field{\*\fldinst ",
    r"\listtext ", r"\v ", r"\uc-3 ", r"\header ", "\\", r"\s99999999 ", r"\ansicpg99 ", "\0",
]), max_size=40))  # fmt: skip
def test_whatever_is_written_has_an_outcome(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    document = read(tmp_path_factory.mktemp("rtf"), r"\pard seen\par " + "".join(pieces))
    assert document.text.startswith("seen")


@pytest.mark.parametrize(
    "piece", ["{", r"{\*\x ", r"\par ", r"{\footnote a}", r"\'e9", r"a\cell\row "]
)
def test_reading_takes_time_in_proportion_to_the_length(tmp_path: Path, piece: str) -> None:
    def seconds(size: int) -> float:
        begin = time.process_time()
        read(tmp_path, "seen " + piece * (size // len(piece)))
        return time.process_time() - begin

    seconds(100_000)
    shortest = min(seconds(800_000) for _ in range(3))  # what else the machine does makes it longer
    assert shortest < 8 * seconds(200_000) + 0.2

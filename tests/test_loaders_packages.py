"""Open XML files under any name: templates, shows, files with macros, strict ones, and files with
pictures and films that nobody reads."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import formats, load
from quire.ingest.loaders.ooxml import _joined


def a_docx() -> bytes:
    document = docx.Document()
    document.add_heading("Rules", 1)
    document.add_paragraph("The boat costs 5400 euros.")
    return saved(document.save)


def a_pptx() -> bytes:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "Sales of boats"
    return saved(deck.save)


def an_xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Boat", 5400])
    return saved(book.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def changed(data: bytes, change: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as parts:
        parts.writestr(name, content, compress_type=method)
    return out.getvalue()


def retyped(data: bytes, main: str) -> bytes:
    """The same file, called a template, a show or one with macros."""
    old = {
        b"wordprocessingml.document.main+xml",
        b"presentationml.presentation.main+xml",
        b"spreadsheetml.sheet.main+xml",
    }

    def change(name: str, part: bytes) -> tuple[str, bytes]:
        for kind in old:
            part = part.replace(b"openxmlformats-officedocument." + kind, main.encode())
        return name, part

    return changed(data, change)


WORD, SLIDES, SHEETS = "5400 euros", "Sales of boats", "Boat | 5400"


@pytest.mark.parametrize(
    ("name", "build", "main", "text"),
    [
        ("a.docm", a_docx, "ms-word.document.macroEnabled.main+xml", WORD),
        (
            "a.dotx",
            a_docx,
            "openxmlformats-officedocument.wordprocessingml.template.main+xml",
            WORD,
        ),
        ("a.dotm", a_docx, "ms-word.template.macroEnabledTemplate.main+xml", WORD),
        ("a.pptm", a_pptx, "ms-powerpoint.presentation.macroEnabled.main+xml", SLIDES),
        (
            "a.ppsx",
            a_pptx,
            "openxmlformats-officedocument.presentationml.slideshow.main+xml",
            SLIDES,
        ),
        (
            "a.potx",
            a_pptx,
            "openxmlformats-officedocument.presentationml.template.main+xml",
            SLIDES,
        ),
        ("a.xlsm", an_xlsx, "ms-excel.sheet.macroEnabled.main+xml", SHEETS),
        (
            "a.xltx",
            an_xlsx,
            "openxmlformats-officedocument.spreadsheetml.template.main+xml",
            SHEETS,
        ),
    ],
)
def test_what_an_office_file_calls_itself_changes_nothing_of_its_text(
    tmp_path: Path, name: str, build: Callable[[], bytes], main: str, text: str
) -> None:
    data = retyped(build(), main)
    assert data != build()
    (tmp_path / name).write_bytes(data)
    assert text in load(tmp_path / name).text


@pytest.mark.parametrize(("build", "text"), [(a_docx, WORD), (a_pptx, SLIDES), (an_xlsx, SHEETS)])
def test_strict_open_xml_is_read_like_the_usual_one(
    tmp_path: Path, build: Callable[[], bytes], text: str
) -> None:
    kinds = ("wordprocessingml", "presentationml", "spreadsheetml", "drawingml", "officeDocument")

    def strict(name: str, part: bytes) -> tuple[str, bytes]:
        for kind in kinds:
            usual = f"http://schemas.openxmlformats.org/{kind}/2006/"
            part = part.replace(usual.encode(), f"http://purl.oclc.org/ooxml/{kind}/".encode())
        return name, part

    (tmp_path / "strict").write_bytes(changed(build(), strict))
    document = load(tmp_path / "strict")
    assert text in document.text
    assert next(iter(document.blocks)).kind == "heading"


@pytest.mark.parametrize(
    ("build", "old", "new", "text"),
    [
        (a_docx, "word/document.xml", "word/document2.xml", WORD),
        (a_docx, "word/document.xml", "WORD/Main Document.xml", WORD),
        (a_pptx, "ppt/presentation.xml", "ppt/show.xml", SLIDES),
        (an_xlsx, "xl/workbook.xml", "xl/book1.xml", SHEETS),
    ],
)
def test_the_main_part_is_the_one_that_the_relations_name(
    tmp_path: Path, build: Callable[[], bytes], old: str, new: str, text: str
) -> None:
    def renamed(name: str, part: bytes) -> tuple[str, bytes]:
        folder, _, base = old.rpartition("/")
        to_folder, _, to_base = new.rpartition("/")
        if name == "_rels/.rels":
            return name, part.replace(old.encode(), new.replace(" ", "%20").encode())
        if name == f"{folder}/_rels/{base}.rels":
            name = f"{to_folder}/_rels/{to_base}.rels"
            part = part.replace(b'Target="', b'Target="/' + folder.encode() + b"/")
            return name, part.replace(b"//", b"/").replace(b"http:/", b"http://").replace(
                f"/{folder}/{folder}/".encode(), f"/{folder}/".encode()
            )
        return (new if name == old else name), part

    (tmp_path / "a").write_bytes(changed(build(), renamed))
    assert text in load(tmp_path / "a").text


def test_a_package_without_relations_of_its_own_is_read_by_its_usual_names(tmp_path: Path) -> None:
    data = changed(a_docx(), lambda name, part: (name.replace("_rels/.rels", "lost"), part))
    (tmp_path / "a").write_bytes(data)
    assert WORD in load(tmp_path / "a").text


@pytest.mark.parametrize("build", [a_docx, a_pptx, an_xlsx])
def test_pictures_and_films_are_never_inflated(tmp_path: Path, build: Callable[[], bytes]) -> None:
    data = with_part(build(), "word/media/blank.emf", bytes(3_000_000))
    data = with_part(data, "ppt/media/film.mp4", os.urandom(70_000_000), zipfile.ZIP_STORED)
    (tmp_path / "a").write_bytes(data)
    assert load(tmp_path / "a").text


def test_a_part_that_is_read_is_held_to_the_limits_whatever_its_name(tmp_path: Path) -> None:
    def hidden(name: str, part: bytes) -> tuple[str, bytes]:
        if name == "_rels/.rels":
            return name, part.replace(b"word/document.xml", b"word/media/image1.png")
        if name == "word/document.xml":
            return "word/media/image1.png", part + b" " * 3_000_000
        return name, part

    (tmp_path / "a").write_bytes(changed(a_docx(), hidden))
    with pytest.raises(Unreadable, match="packed more than 200 to one"):
        load(tmp_path / "a")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("xl/workbook.bin", "a binary workbook"),
        ("visio/document.xml", "a Visio drawing"),
        ("FixedDocSeq.fdseq", "XPS"),
        ("Index/Document.iwa", "Pages, Numbers or Keynote"),
        ("notes.txt", "a zip archive"),
    ],
)
def test_archives_that_cannot_be_read_say_what_they_are_and_what_to_do(
    part: str, reason: str
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr(part, b"\x83\x01\x00")
        parts.writestr(
            "_rels/.rels",
            '<r><Relationship Id="a" Type="x/officeDocument" '
            f'Target="{part if part.endswith(".bin") else ""}"/></r>',
        )
    with pytest.raises(Skipped, match=reason) as told:
        formats.media_type_of(out.getvalue(), "a.zip", limits=Limits())
    assert told.value.hint.endswith(".")


@pytest.mark.parametrize(
    ("folder", "target", "path"),
    [
        ("word", "styles.xml", "word/styles.xml"),
        ("ppt/slides", "../media/a.png", "ppt/media/a.png"),
        ("xl", "/xl/sheets/1.xml", "xl/sheets/1.xml"),
        ("xl", r"sheets\1.xml", "xl/sheets/1.xml"),
        ("", "../../../etc/passwd", "etc/passwd"),
    ],
)
def test_a_target_is_a_path_inside_of_the_package(folder: str, target: str, path: str) -> None:
    assert _joined(folder, target) == path
